"""What is derived from a text, line by line; the oracles check each text too."""

import math
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import Evaluator, float_functions
from tests.symbolic.test_trajectories import measured

DERIVED = Path(__file__).parent / "derived"
M = ("d_h", "d_x")
TEXTS = {  # name: a text, its sizes besides those of x and h, and options
    "a scalar added to a matrix": (
        "C_t = V + c_t\nc_t = u^T x_t\nh_t = C_t x_t",
        {"V": M, "c": 1},
    ),
    "a matrix without step": ("C_t = V * W + 2\nh_t = C_t x_t", {"V": M, "W": M}),
    "the maximum of a matrix": (
        "C_t = max(x_t h_{t-1}^T, c)\nh_t = U C_t h_{t-1}",
        {"c": 1, "U": M},
    ),
    "parts with and without step": (
        "h_t = [v; x_t; 2 w][n:n + m + k] * [p; q] + tanh(h_{t-1})",
        {"x": "m + k", "h": "m + k", "v": "n", "w": "n", "p": "m", "q": "k"},
    ),
    "bilinear forms": (
        """
        c_t = v^T A x_t + h_{t-1}^T B v + v^T A v + v^T u + w^T h_{t-1}
        h_t = c_t (U x_t) - h_{t-1} / 3
        """,
        {"c": 1, "A": ("d_x", "d_x"), "B": ("d_h", "d_x"), "v": "d_x", "u": "d_x"},
    ),
    "outer products": (
        "C_t = x_t h_{t-1}^T + v w^T + x_t w^T\nh_t = U C_t w + C_t^T C_t h_{t-1}",
        {"v": "d_x", "w": "d_h", "C": ("d_x", "d_h")},
    ),
    "sums of entries": (
        """
        c_t = mean(h_{t-1}) + sum(A) + sum(x_t h_{t-1}^T) + norm(x_t * v)
        h_t = c_t (U x_t) + mean(x_t x_t^T)
        """,
        {"c": 1, "A": M},
    ),
    "powers and quotients": (
        """
        s_t = exp(U x_t)
        h_t = s_t^3 / 8 - 0.1 s_t^{-2} + s_t^{3/2} / (3 * w) + 0.75 v - (2/3) v / w \
        - 1 / (4 * w) + 0.3 h_{t-1} / 4 - sqrt(s_t)
        """.replace("\\\n", ""),
        {},
    ),
    "functions of sums": (
        """
        h_t = relu(U x_t) + softplus(V h_{t-1}) + log(w^2) + exp(v) * (v + w) \
        - (v - w) * v - max(v, 0.5) - max(-0.25 * h_{t-1}, w) + phi(w) * psi(h_{t-1})
        """.replace("\\\n", ""),
        {},
    ),
    "rows of matrices": (
        "h_t = V[0:d_h] x_t + A[n:n + d_h] h_{t-1} + x_t[0:2]^T x_t[n:n + 2] u",
        {"x": "n + 2", "V": ("2 d_h", "n + 2"), "A": ("n + d_h", "d_h")},
    ),
    "a norm and a softmax": (
        r"""
        a_t = softmax(W_a h_{t-1} + \hat{\theta})
        h_t = (a_t * (U x_t) - a_t) / norm(a_t + v) + I h_{t-1}
        """,
        {},
    ),
    "numbers alone": (
        "c_t = 2\nh_t = c_t (U x_t) + 0.5 (h_{t-1} - v) / c_t - (1/3) h_{t-2}",
        {"c": 1},
    ),
    "what has no step": (
        """
        a = tanh(v)
        b = a * a + exp(a)
        h_t = b * h_{t-1} + a * (U x_t) + d
        """,
        {},
        {"frozen": "d"},
    ),
    "a loss with two terms": (
        """
        h_t = tanh(W x_t + U h_{t-1} + b)
        p_t = softmax(V h_t)
        ell_t = cross_entropy(y_t, p_t) + 0.5 sum((h_t - x_t)^2) - 0.01 c p_t^T p_t
        """,
        {"x": "d_h", "y": "K", "c": 1},
        {"distributions": "y"},
    ),
    "two states and two inputs": (
        """
        i_t = sigma(W x_t + U (r_t * h_{t-1}) + b)
        r_t = sigma(V z_t + u * c_{t-1} + P c_{t-2})
        c_t = i_t * c_{t-1} + (1 - i_t) * h_{t-1} * tanh(W x_t)
        h_t = r_t * c_t - 2 r_t * h_{t-1}
        """,
        {"z": "d_z"},
    ),
}


def derivation(name):
    """The derivation of a text."""
    text, sizes, *options = TEXTS[name]
    options = dict(*options)
    if "ell_t" not in text:
        options["output"] = "h"
    return derive(text, {"x": "d_x", "h": "d_h"} | sizes, **options)


def shown(d):
    """All that a derivation prints, and how its forward pass is computed."""
    parts = [str(d), d._repr_latex_(), d.explanation().plain]
    try:
        jacobian = d.jacobian()
        parts += [jacobian.text, jacobian.latex]
    except ValueError as error:
        parts.append(str(error))
    parts.append(
        "\n".join(f"{m.where} {m.use}: {m.change}" for m in d.catalogue.mistakes)
    )
    parts.append(str(d.prove_every_size()))
    if len(d.program.inputs) == 1:
        source = d.numpy()
        start = source.index("    if state is not None")
        parts.append(source[start : source.index("    return Trace")].rstrip())
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_derived_reads_line_by_line(name):
    path = DERIVED / f"{name.replace(' ', '-')}.txt"
    assert shown(derivation(name)) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEXTS)
def test_the_oracles_agree_with_what_is_printed(name):
    d = derivation(name)
    found = d.check(np.random.default_rng(1), T=3, d=3)
    assert found and set(found.errors) >= {"complex step", "forward mode"}, found


@pytest.mark.parametrize("name", [n for n in TEXTS if "phi(" not in TEXTS[n][0]])
def test_the_code_computes_what_the_equations_say(name):
    """The generated forward pass of one sequence; phi would be another function."""
    d = derivation(name)
    module = {"__name__": "generated"}
    exec(compile(d.numpy(), name, "exec"), module)
    point = d.point(np.random.default_rng(2), T=3, d=4)
    zeros = {key: np.zeros(a.shape) for key, a in point.initial.items()}
    values = Evaluator(d.recursion, point.moved(zeros)).forward()

    def plain(a):
        return a[:, 0] if a.shape[1] == 1 else a

    params = [plain(point.parameters[n]) for n in d.program.parameters]
    inputs = [
        np.stack([plain(point.inputs[n, t])[None] for t in (1, 2, 3)])
        for n in d.program.inputs
    ]
    trace = module["forward"](module["Params"](*params), *inputs)
    for t in (1, 2, 3):
        np.testing.assert_allclose(trace.h[t, 0], plain(values["h", t]), rtol=1e-11)


def number(e, table, sizes):
    """The array of a matrix expression of SymPy, and of a number the number."""
    if isinstance(e, sp.MatrixSymbol):
        assert tuple(int(s.subs(sizes)) for s in e.shape) == table[e.name].shape
        return table[e.name]
    if isinstance(e, (sp.OneMatrix, sp.Identity)):
        kind = np.ones if isinstance(e, sp.OneMatrix) else np.eye
        shape = (int(s.subs(sizes)) for s in e.shape)
        return kind(tuple(shape)) if kind is np.ones else kind(*shape)
    if not hasattr(e, "shape"):
        return float(e.subs(sizes))
    if isinstance(e, ElementwiseApplyFunction):
        name = e.function.expr.func.__name__.replace("prime", "'")
        name = {"dphi": "phi'"}.get(name, name)
        return float_functions()[name](number(e.expr, table, sizes))
    parts = [number(a, table, sizes) for a in e.args]
    if isinstance(e, sp.MatMul):
        scalars = [p for p in parts if isinstance(p, float)]
        arrays = [p for p in parts if not isinstance(p, float)]
        return math.prod(scalars) * reduce(np.matmul, arrays)
    if isinstance(e, sp.HadamardPower):
        return parts[0] ** parts[1]
    if isinstance(e, sp.Transpose):
        return parts[0].T
    assert isinstance(e, (sp.MatAdd, sp.HadamardProduct)), type(e)
    return reduce(np.add if isinstance(e, sp.MatAdd) else np.multiply, parts)


UNKNOWN = (ex.Softmax, ex.Maximum, ex.AtLeast, ex.Norm, ex.Concat, ex.Slice, ex.Pad)


@pytest.mark.parametrize("name", TEXTS)
def test_the_expressions_of_sympy_have_the_same_values(name):
    """All equations and adjoints at the first of four steps; or they are refused."""
    d = derivation(name)
    point = d.point(np.random.default_rng(4), T=4, d=3)
    evaluator = Evaluator(d.recursion, point)
    with np.errstate(invalid="ignore"):
        evaluator.backward()
    sizes = {
        sp.Symbol(n, integer=True, positive=True): k for n, k in point.sizes.items()
    }
    for e in (*d.equations, *d.adjoints):
        kinds = [type(n) for n in ex.nodes(e.right) if isinstance(n, UNKNOWN)]
        if kinds:
            with pytest.raises(
                ValueError, match="^expression: expected one that SymPy"
            ):
                d.sympy(e.right)
            continue
        leaves = [e.left, *ex.leaves(e.right)]
        table = {d.sympy(a).name: np.asarray(evaluator.of(a, 1), float) for a in leaves}
        found = number(d.sympy(e.right), table, sizes)
        wanted = table[d.sympy(e.left).name]
        np.testing.assert_allclose(found * np.ones(wanted.shape), wanted, rtol=1e-10)


@pytest.mark.parametrize("name", TEXTS)
def test_the_sides_of_an_equation_are_what_it_prints(name):
    d = derivation(name)
    p, latex = d.printer(), d.printer(latex=True)
    timed = [*d.program.definitions]
    found = [*d.equations, *map(d.adjoint, timed), *map(d.tangent, timed)]
    for e in found:
        assert e.text == f"{p(e.left)} = {p(e.right)}"
        assert e.latex == f"{latex(e.left)} = {latex(e.right)}"
        assert e.origin is d
    for n in d.program.lags:
        e = d.initial(n)
        assert e.text.endswith(f" = {d.printer(step=0)(e.right)}")
        assert e.left == ex.Adjoint((), d.program.shapes[n], n, 0)


@pytest.mark.parametrize("name", TEXTS)
def test_the_jacobian_is_that_of_the_complex_step(name):
    d = derivation(name)
    if {"AtLeast", "Maximum"} & {type(n).__name__ for n in all_nodes(d)}:
        return
    if not d.recursion.states:
        return
    point = d.point(np.random.default_rng(5), T=2, d=3)
    try:
        found = d.jacobians(point)
    except ValueError as error:
        assert str(error).startswith("jacobian: expected columns, ")
        return
    np.testing.assert_allclose(found[0, 0], measured(d, point), atol=1e-12)


def all_nodes(d):
    """All parts of the definitions."""
    return [n for e in d.program.definitions.values() for n in ex.nodes(e)]


def test_the_lag_of_a_jacobian():
    d = derive(
        """
        a_t = tanh(V h_{t-2}) + v * c_t
        c_t = tanh(U x_t) + 0.5 h_{t-3}
        h_t = a_t * c_t + 0.5 k h_{t-1} + 0.25 k tanh(h_{t-1}) + k (w * h_{t-1})
        """,
        {"x": "d_x", "h": "d_h", "c": "d_h", "k": 1},
    )
    for name, by, shown in (
        ("a", "h", "da_t/dh_{t-2} = Diag(1 - s_a_t^2) V"),
        ("a", "c", "da_t/dc_t = Diag(v)"),
        ("c", "x", "dc_t/dx_t = Diag(1 - s_c_t^2) U"),
        ("c", "h", "dc_t/dh_{t-3} = I_{d_h} / 2"),
        ("a", "a", "da_t/da_{t-1} = 0"),
    ):
        found = d.jacobian(name, by).text
        assert found.split(" = ")[0] == shown.split(" = ")[0], found
        if "s_" not in shown:
            assert found == shown
    assert d.jacobian("h", "h").text == (
        "dh_t/dh_{t-1} = k * I_{d_h} / 2 + Diag(k * (1 - tanh(h_{t-1})^2) / 4 + k * w)"
    )
