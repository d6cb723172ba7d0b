"""Independent oracles agree with every recurrent layer, for all combinations.

Relative 1e-10 in float64: autograd on implementations that share no code (each entry),
the complex step and 8th-order central differences (random directions), and the complex
step of each entry for one case a layer. What all layers share is tested here too.
"""

import numpy as np
import pytest

import rnnlib
from rnnlib.trees import flatten, rebuild
from tests.support import recurrent
from tests.support.recurrent import D_H, D_X, LAYERS, T, case_of

every_case = pytest.mark.parametrize("case", recurrent.CASES, ids=str)
every_layer = pytest.mark.parametrize("layer", LAYERS)


@every_case
def test_autograd(case):
    assert recurrent.wrong_by_reference(case) == set()


@every_case
def test_complex_step(case):
    assert recurrent.wrong_by_complex_step(case) == set()


@pytest.mark.parametrize(
    "case", [c for c in recurrent.CASES if c.state == "given"], ids=str
)
def test_central_differences(case):
    assert recurrent.wrong_by_central_differences(case) == set()


@every_layer
def test_complex_step_of_each_entry(layer):
    assert recurrent.wrong_entries(case_of(layer, True, 3, "dense", "given")) == set()


def test_every_combination_is_there():
    assert len(set(recurrent.CASES)) == len(LAYERS) * 2 * 2 * 2 * 3


@every_layer
def test_check_gradients_agrees(layer):
    """What a reader sees."""
    problem = recurrent.problem(case_of(layer, True, 3, "dense", "given"))

    def function(variables):
        moved = problem._replace(variables=variables)
        gradients = rebuild(variables, moved.gradients())
        return moved.loss_at(variables), gradients

    rng = np.random.default_rng(0)
    check = rnnlib.check_gradients(function, problem.variables, rng=rng, directions=1)
    assert check.ok


@every_layer
@pytest.mark.parametrize("inputs", ["dense", "integer"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(layer, inputs, dtype):
    case = case_of(layer, True, 3, inputs, "given")
    exact = recurrent.problem(case)
    cell = exact.cell

    def cast(tree):
        return rebuild(tree, {n: a.astype(dtype) for n, a in flatten(tree).items()})

    v = cast(exact.variables)
    x = v.get("x", exact.x)
    trace = cell.forward(v["params"], x, state=v["state"], mask=exact.mask)
    d_output, d_state = exact.d_output.astype(dtype), cast(exact.d_state)
    gradients = cell.backward(v["params"], trace, d_output, d_state)
    found = flatten({n: getattr(gradients, n) for n in v})
    arrays = [trace.output, *flatten(trace.state).values(), *found.values()]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    for name, wanted in exact.gradients().items():
        error = np.abs(found[name] - wanted).max() / np.abs(wanted).max()
        assert error < 2000 * np.finfo(dtype).eps


@every_layer
def test_a_gradient_has_the_form_of_its_variable(layer):
    for state in recurrent.STATES:
        problem = recurrent.problem(case_of(layer, False, 3, "integer", state))
        cell, v = problem.cell, problem.variables
        trace = problem.trace(v)
        gradients = cell.backward(v["params"], trace, problem.d_output)
        assert type(gradients.params) is type(v["params"])
        assert flatten(gradients.params).keys() == flatten(v["params"]).keys()
        shapes = {n: a.shape for n, a in flatten(gradients.state).items()}
        assert shapes == {n: a.shape for n, a in flatten(v["state"]).items()}
        assert gradients.x is None


@every_layer
def test_a_state_carries_over_a_cut(layer):
    """Two halves, the state and its adjoint handed over, are one run."""
    problem = recurrent.problem(case_of(layer, True, 3, "dense", "given"))
    cell, v = problem.cell, problem.variables
    mask = np.ones((T, 3), bool)
    problem = problem._replace(mask=mask)
    whole = problem.gradients()
    cut, x, params = 2, v["x"], v["params"]
    first = cell.forward(params, x[:cut], state=v["state"], mask=mask[:cut])
    second = cell.forward(params, x[cut:], state=first.state)
    output = np.concatenate([first.output, second.output])
    np.testing.assert_allclose(output, problem.trace(v).output, rtol=1e-12)
    late = cell.backward(params, second, problem.d_output[cut:], problem.d_state)
    early = cell.backward(params, first, problem.d_output[:cut], late.state)
    for name, gradient in flatten(early.params).items():
        total = gradient + flatten(late.params)[name]
        np.testing.assert_allclose(total, whole[f"params.{name}"], rtol=1e-10)
    for name, gradient in flatten({"state": early.state}).items():
        np.testing.assert_allclose(gradient, whole[name], rtol=1e-10)


@every_layer
def test_masked_steps_hold_output_and_state(layer):
    """Padding changes neither; what is written there does not matter."""
    problem = recurrent.problem(case_of(layer, False, 3, "dense", "given"))
    cell, v = problem.cell, problem.variables
    short = problem.trace(v)
    x = np.concatenate([v["x"], np.full((2, 3, D_X), 7.0)])
    mask = np.repeat([True, False], [T, 2])[:, None].repeat(3, axis=1)
    long = cell.forward(v["params"], x, state=v["state"], mask=mask)
    for name, array in flatten(short.state).items():
        assert (flatten(long.state)[name] == array).all()
    assert (long.output[:T] == short.output).all()
    assert (long.output[T:] == short.output[-1]).all()


@every_layer
def test_layout_does_not_matter_and_nothing_is_written(layer):
    problem = recurrent.problem(case_of(layer, True, 3, "dense", "given"))

    def read_only(array):
        array = np.asfortranarray(array.copy())
        array.flags.writeable = False
        return array

    frozen = {n: read_only(a) for n, a in flatten(problem.variables).items()}
    other = problem._replace(
        variables=rebuild(problem.variables, frozen),
        d_output=read_only(problem.d_output),
    )
    wanted = problem.gradients()
    for name, gradient in other.gradients().items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-11, atol=1e-13)


@every_layer
def test_real_and_complex_parameters_mix(layer):
    """A complex step in one parameter needs no cast of the others."""
    problem = recurrent.problem(case_of(layer, True, 3, "dense", "zero"))
    wanted, v = problem.gradients(), problem.variables
    flat, rng = flatten(v), np.random.default_rng(0)
    for name in [n for n in flat if n.startswith("params")]:
        u = rng.standard_normal(flat[name].shape)
        moved = rebuild(v, flat | {name: flat[name] + 1e-30j * u})
        measured = problem.loss_at(moved).imag / 1e-30
        np.testing.assert_allclose(measured, (wanted[name] * u).sum(), rtol=1e-10)


@every_layer
def test_extreme_numbers_stay_finite(layer):
    """Saturated gates overflow nowhere."""
    problem = recurrent.problem(case_of(layer, False, 3, "dense", "given"))
    v = problem.variables
    flat = {n: 1e3 * a if "state" not in n else a for n, a in flatten(v).items()}
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        gradients = problem._replace(variables=rebuild(v, flat)).gradients()
    assert all(np.isfinite(g).all() for g in gradients.values())


@every_layer
def test_initial_parameters(layer):
    cell = LAYERS[layer][0]()
    a, b = (cell.init_params(D_X, D_H, rng=np.random.default_rng(1)) for _ in "ab")
    other = flatten(b)
    assert all((array == other[name]).all() for name, array in flatten(a).items())
    small = cell.init_params(D_X, D_H, rng=np.random.default_rng(1), dtype=np.float32)
    assert {p.dtype for p in flatten(small).values()} == {np.dtype(np.float32)}
    x = np.zeros((1, 1, D_X))
    assert cell.forward(a, x).output.shape == (1, 1, D_H)
