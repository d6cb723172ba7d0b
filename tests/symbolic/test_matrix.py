"""The dimension-free step equals the elementwise network, at exact rational points."""

import numpy as np
import pytest
import sympy as sp

from rnnlib import parameter_shapes
from rnnlib.symbolic import (
    PARAMETERS,
    at,
    bptt_equations,
    bptt_results,
    derive,
    evaluate,
    hidden,
    jacobian,
    logits,
    pre_activation,
    quantity,
    unroll,
    vector_jacobian_product,
)
from rnnlib.symbolic.derivation import expressions as ex

T, SIZES = 3, (2, 3, 4)
SIZES_OF_STATE = {"x": "d_x", "h": "d_h"}
DERIVED = bptt_equations()


def phi(s):
    """A polynomial activation: everything stays rational."""
    return s**2 / 4 - s


def dphi(s):
    """Its derivative."""
    return s / 2 - 1


def rationals(rng, shape):
    """A matrix of random fractions."""
    rows, columns = (*shape, 1)[:2]
    return sp.Matrix(
        rows, columns, lambda *_: sp.Rational(*rng.integers((-9, 1), (10, 8)))
    )


@pytest.fixture(scope="module")
def numbers():
    """Every quantity of a network at a rational point, by the elementwise graph."""
    rng = np.random.default_rng(0)
    d_x, d_h, K = SIZES
    net = unroll(T, *SIZES, phi=phi, loss="half_squared_error")
    params = [rationals(rng, shape) for shape in parameter_shapes(*SIZES)]
    x, y = rationals(rng, (T, d_x)), rationals(rng, (T, K))
    graph = net.backward()
    columns = {"x": net.x, "s": net.s, "h": net.h, "z": net.z, "y": net.y}
    symbols = {
        quantity(name, str(t)): column
        for name, steps in columns.items()
        for t, column in steps.items()
    }
    symbols |= {quantity(n): m for n, m in net.params._asdict().items()}
    for name, steps in {"g": net.h, "delta_s": net.s, "delta_z": net.z}.items():
        symbols |= {quantity(name, str(t)): net.adjoints(c) for t, c in steps.items()}
    symbols |= {
        quantity(f"d_{n}"): net.adjoints(m)
        for n, m in zip(PARAMETERS, net.params, strict=True)
    }
    at = net.values(params, x, y, rationals(rng, (d_h,)))
    exact = graph.evaluate_exactly({v for m in symbols.values() for v in m}, at)
    values = {q: m.xreplace(exact) for q, m in symbols.items()}
    values[quantity("delta_s", str(T + 1))] = sp.zeros(d_h, 1)  # of (8)
    return values


def at_step(values, t):
    """Values under the names of step t: h[t-1], h[t], s[t+1] and so on."""
    found = {"phi": phi, "dphi": dphi}
    for q, matrix in values.items():
        if not q.time:
            found[q] = matrix
        elif abs(int(q.time) - t) <= 1:
            found[quantity(q.base, ("t-1", "t", "t+1")[int(q.time) - t + 1])] = matrix
            found[q] = matrix
    return found


def wrong(derived, values):
    """Names of the derived equations that the elementwise network contradicts."""
    found, sums = set(), dict.fromkeys(PARAMETERS, 0)
    for t in range(1, T + 1):
        here = at_step(values, t)
        for name in ("g", "delta_s"):
            if evaluate(derived[name], here) != here[quantity(name, "t")]:
                found.add(name)
        sums = {
            n: s + evaluate(derived[n], here) if s else evaluate(derived[n], here)
            for n, s in sums.items()
        }
    found |= {n for n, s in sums.items() if s != values[quantity(f"d_{n}")]}
    if evaluate(derived["h_0"], at_step(values, 1)) != values[quantity("g", "0")]:
        found.add("h_0")
    return found


def test_every_equation_holds_at_every_step(numbers):
    assert DERIVED.keys() == {"g", "delta_s", "h_0", "x", *PARAMETERS}
    assert wrong(DERIVED, numbers) == set()


def test_forward_equations(numbers):
    for t in range(1, T + 1):
        here = at_step(numbers, t)
        assert evaluate(pre_activation(), here) == here[quantity("s", "t")]
        assert evaluate(hidden(), here) == here[quantity("h", "t")]
        assert evaluate(logits(), here) == here[quantity("z", "t")]


W_hh, W_hy = quantity("W_hh"), quantity("W_hy")
H, PREVIOUS = quantity("h", "t"), quantity("h", "t-1")
G, DELTA_S, DELTA_Z = (quantity(n, "t") for n in ("g", "delta_s", "delta_z"))
LATER = quantity("delta_s", "t+1")
MUTANTS = {
    "transposed W_hh": {"g": W_hy.T * DELTA_Z + W_hh * LATER},
    "future dropped": {"g": W_hy.T * DELTA_Z},
    "present dropped": {"g": W_hh.T * LATER},
    "wrong step of the future": {"g": W_hy.T * DELTA_Z + W_hh.T * DELTA_S},
    "phi' missing": {"delta_s": G},
    "phi for phi'": {"delta_s": sp.HadamardProduct(G, hidden())},
    "phi' of h": {
        "delta_s": DERIVED["delta_s"].xreplace({quantity("s", "t"): H})
    },
    "h_t for h_{t-1}": {"W_hh": DELTA_S * H.T},
    "h_{t-1} for h_t": {"W_hy": DELTA_Z * PREVIOUS.T},
    "outer product transposed": {"W_hh": PREVIOUS * DELTA_S.T},
    "g for delta_s": {"b_h": G},
    "h_0 without W_hh": {"h_0": quantity("delta_s", "1")},
    "twice": {"b_y": 2 * DELTA_Z},
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_caught(numbers, name):
    assert wrong(DERIVED | MUTANTS[name], numbers) == MUTANTS[name].keys()


def test_gradient_of_the_inputs(numbers):
    for t in range(1, T + 1):
        here = at_step(numbers, t)
        W, delta = here[quantity("W_xh")], here[DELTA_S]
        assert evaluate(DERIVED["x"], here) == W.T * delta


def test_jacobians_have_a_row_for_each_result(numbers):
    here = at_step(numbers, 2)
    s, z = quantity("s", "t"), logits()
    W_hy_here = evaluate(jacobian(z, H), here)
    assert W_hy_here == here[W_hy] and W_hy_here.shape == (SIZES[2], SIZES[1])
    slopes = evaluate(jacobian(hidden(), s), here)
    assert slopes == sp.diag(*here[s].applyfunc(dphi))
    assert evaluate(jacobian(pre_activation(), PREVIOUS), here) == here[W_hh]


def test_vector_jacobian_product_is_the_transposed_jacobian(numbers):
    here = at_step(numbers, 2)
    for expression, variable, adjoint in (
        (logits(), H, DELTA_Z),
        (pre_activation(), PREVIOUS, DELTA_S),
        (hidden(), quantity("s", "t"), G),
    ):
        product = vector_jacobian_product(expression, variable, adjoint)
        J = evaluate(jacobian(expression, variable), here)
        assert evaluate(product, here) == J.T * here[adjoint]


def test_a_derivative_through_phi_by_something_else_is_refused():
    with pytest.raises(ValueError, match="variable: expected the argument .* h"):
        vector_jacobian_product(hidden(), H, G)


def test_adjoint_of_the_wrong_size_is_refused():
    with pytest.raises(
        ValueError, match=r"adjoint: expected shape \(K, 1\), got \(d_h"
    ):
        vector_jacobian_product(logits(), H, G)


def test_evaluate():
    one, two = sp.Matrix([1, 2]), sp.Matrix([3, 5])
    at = {H: one, PREVIOUS: two, G: one, W_hh: sp.Matrix([[0, 1], [2, 3]])}
    at["phi"], at["dphi"] = phi, dphi
    assert evaluate(H + 2 * PREVIOUS - G, at) == 2 * two
    assert evaluate(sp.HadamardProduct(H, PREVIOUS, G), at) == sp.Matrix([3, 20])
    assert evaluate(H * PREVIOUS.T, at) == one * two.T
    assert evaluate((W_hh * H).T, at) == sp.Matrix([[2, 8]])
    assert evaluate(sp.DiagMatrix(H), at) == sp.diag(1, 2)


def test_evaluate_asks_for_what_is_missing():
    with pytest.raises(ValueError, match=r"values: expected a value for h\[t\]"):
        evaluate(2 * H, {})
    with pytest.raises(ValueError, match="values: expected a value for phi"):
        evaluate(hidden(), {quantity("s", "t"): sp.ones(2, 1)})
    with pytest.raises(ValueError, match="expression: expected sums .* Inverse"):
        evaluate(W_hh.inverse(), {W_hh: sp.eye(2)})


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_sum_over_later_losses_is_the_recursion_put_into_itself(steps):
    """The machine substitutes; the sum of transposed products has the same value."""
    d = derive("s_t = W_xh x_t + W_hh h_{t-1} + b_h\nh_t = phi(s_t)", SIZES_OF_STATE)
    right = d.unrolled("h", steps).right
    beyond = ex.Adjoint((), d.program.shapes["h"], "h", steps)
    cut = ex.mapped(right, lambda a: ex.zero(a.shape) if a == beyond else a)
    left, whole = bptt_results()["unrolled"]
    assert left == quantity("g", "t")
    rng = np.random.default_rng(steps)
    values = {"dphi": dphi, quantity("W_hh"): rationals(rng, (2, 2))}
    for k in range(1, steps + 1):
        for name in ("s", "ell_h"):
            values[quantity(name, str(k))] = rationals(rng, (2,))
    J = d.sympy(d.jacobian("h", "h").right)
    for k in range(2, steps + 1):
        values[quantity("J", str(k))] = evaluate(at(J, t=k), values)
    named = at(whole, t=1, T=steps).doit()
    assert evaluate(named, values) == evaluate(at(d.sympy(cut), t=1), values)
