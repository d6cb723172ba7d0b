"""The generated source for PyTorch: clean, and right where PyTorch is installed."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from rnnlib.symbolic import derive
from tests.symbolic.cells import CELLS

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="PyTorch is not installed: NOT CHECKED"
)
SIZES = {"K": 4, "d_k": 2, "d_m": 4, "d_c": 2, "d_y": 2}


def derived(name):
    """The derivation of a cell of the literature."""
    cell = CELLS[name]
    return derive(cell.text, cell.sizes, **cell.options)


@pytest.mark.parametrize("name", ["elman", "lstm", "vanilla", "mlstm_matrix", "narx"])
def test_the_source_is_clean(name):
    text = derived(name).torch()
    compile(text, name, "exec")
    for arguments in (["check", "-q", "-"], ["format", "--check", "-q", "-"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments], input=text, text=True
        )
        assert done.returncode == 0


def run_of(name, text, rng, T=4, B=2):
    """The module, and tensors for a run: params, inputs and states."""
    import torch

    d = derived(name)
    sizes = dict.fromkeys(d.program.sizes, 3) | {"d_x": 3} | SIZES
    module = {"__name__": "generated"}
    exec(compile(text, name, "exec"), module)

    def draw(shape):
        return torch.tensor(0.5 * rng.standard_normal(shape), requires_grad=True)

    def shape(n):
        rows, columns = (s.number(sizes) for s in d.program.shapes[n])
        return (rows,) if str(d.program.shapes[n][1]) == "1" else (rows, columns)

    params = module["Params"](*(draw(shape(n)) for n in d.program.parameters))
    inputs = [draw((T, B, *shape(n))) for n in d.program.inputs]
    for k, n in enumerate(d.program.inputs):
        if n in d.recursion.distributions:  # held still: moved, it is none any more
            inputs[k] = torch.softmax(inputs[k].detach(), dim=-1)
    return module, params, inputs, draw


@needs_torch
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_the_layer_agrees_with_the_check_of_torch(name, masked):
    import torch

    rng = np.random.default_rng(2)
    module, params, inputs, draw = run_of(name, derived(name).torch(), rng)
    mask = torch.tensor(rng.random((4, 2)) < 0.7) if masked else None
    frozen = CELLS[name].options.get("frozen", ())
    with torch.no_grad():
        found = module["layer"](params, *inputs, mask=mask)
    loss = not isinstance(found, tuple)
    last = None if loss else found[1]
    if isinstance(last, torch.Tensor):
        state = draw(tuple(last.shape))
        states = [state]
    elif last is not None:
        states = [draw(tuple(s.shape)) for s in last]
        state = type(last)(*states)
    else:
        state, states = None, []

    def function(*tensors):
        ps = module["Params"](*tensors[: len(params)])
        xs = tensors[len(params) : len(params) + len(inputs)]
        rest = tensors[len(params) + len(inputs) :]
        given = None if state is None else state
        if rest:
            given = rest[0] if len(rest) == 1 else type(last)(*rest)
        out = module["layer"](ps, *xs, state=given, mask=mask)
        return out if loss else (out[0], *((out[1],) if len(rest) == 1 else out[1]))

    for name_, p in zip(params._fields, params, strict=True):
        if name_ in frozen:
            p.requires_grad_(False)
    tensors = (*params, *inputs, *states)
    assert torch.autograd.gradcheck(function, tensors, eps=1e-6, atol=1e-6, rtol=1e-5)


@needs_torch
def test_a_wrong_source_is_refused_by_the_check_of_torch():
    import torch

    text = derived("elman").torch()
    assert "1 - h[1:] ** 2" in text
    wrong = text.replace("1 - h[1:] ** 2", "1 + h[1:] ** 2")
    module, params, inputs, _ = run_of("elman", wrong, np.random.default_rng(2))

    def output(*ps):
        return module["layer"](module["Params"](*ps), *inputs)[0]

    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(output, tuple(params))


@needs_torch
def test_the_lstm_agrees_with_that_of_torch_and_trains():
    import torch

    module, _, (x,), draw = run_of(
        "lstm", derived("lstm").torch(), np.random.default_rng(4)
    )
    theirs = torch.nn.LSTM(3, 3, dtype=torch.float64)
    blocks = {}
    for kind, stacked in (
        ("W_x", theirs.weight_ih_l0),
        ("W_h", theirs.weight_hh_l0),
        ("b_", theirs.bias_ih_l0 + theirs.bias_hh_l0),
    ):
        for gate, part in zip("ifno", stacked.chunk(4), strict=True):
            blocks[kind + gate] = part
    params = module["Params"](*(blocks[n] for n in module["Params"]._fields))
    ours, _ = module["layer"](params, x)
    wanted, _ = theirs(x)
    assert torch.allclose(ours, wanted, atol=1e-12)
    weights = draw(tuple(wanted.shape)).detach()
    found = torch.autograd.grad((ours * weights).sum(), theirs.weight_hh_l0)
    other = torch.autograd.grad((wanted * weights).sum(), theirs.weight_hh_l0)
    assert torch.allclose(found[0], other[0], atol=1e-12)
