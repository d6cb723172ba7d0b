"""The generated source for PyTorch: clean, and right where PyTorch is installed."""

import subprocess
import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from rnnlib.symbolic import derive
from rnnlib.trees import flatten
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


class Tensor:
    """As much of a tensor as the source asks for."""

    def __init__(self, a):
        self.a = np.array(a)

    def detach(self):
        """The tensor itself: nothing is recorded here."""
        return self

    def numpy(self):
        """The array."""
        return self.a

    def __mul__(self, other):
        return Tensor(self.a * other.a)


class Function:
    """Calls ``forward`` as PyTorch does, and keeps the context for ``backward``."""

    @classmethod
    def apply(cls, *args):
        """What forward returns."""
        cls.ctx = SimpleNamespace(args=args)
        return cls.forward(cls.ctx, *args)


@pytest.fixture
def stand_in(monkeypatch):
    """A module under the name of PyTorch, for machines without it."""
    torch, autograd, function = (
        ModuleType(f"torch{name}") for name in ("", ".autograd", ".autograd.function")
    )
    torch.tensor, torch.autograd, autograd.Function = Tensor, autograd, Function
    function.once_differentiable = lambda f: f
    for module in (torch, autograd, function):
        monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", ["elman", "lstm", "vanilla", "mlstm_matrix", "qrnn"])
def test_what_the_layer_hands_over_and_back(name, given, stand_in):
    """Tensors become arrays and arrays tensors, each in the place of its own."""
    d, rng = derived(name), np.random.default_rng(3)
    module, plain = {"__name__": "generated"}, {"__name__": "generated"}
    exec(compile(d.torch(), name, "exec"), module)
    exec(compile(d.numpy(), name, "exec"), plain)
    sizes = dict.fromkeys(d.program.sizes, 3) | SIZES

    def draw(n, *lead):
        rows, columns = (s.number(sizes) for s in d.program.shapes[n])
        flat = str(d.program.shapes[n][1]) == "1"
        return rng.standard_normal((*lead, *((rows,) if flat else (rows, columns))))

    params = [0.5 * draw(n) for n in d.program.parameters]
    inputs = [draw(n, 4, 2) for n in d.program.inputs]
    if "y" in d.recursion.distributions:
        inputs[1] = np.eye(4)[rng.integers(0, 4, (4, 2))]
    mask = np.array([[1, 1], [0, 1], [1, 0], [1, 1]], bool)
    run = plain["forward"](plain["Params"](*params), *inputs, mask=mask)
    last = [*flatten({"s": run.state}).values()]
    state = [0.3 * rng.standard_normal(a.shape) for a in last] if given else None
    options = {"mask": mask}
    if given:
        options["state"] = state[0] if len(state) == 1 else plain["State"](*state)
    run = plain["forward"](plain["Params"](*params), *inputs, **options)

    tensors = module["Params"](*map(Tensor, params))
    options = {"mask": Tensor(mask)}
    if given:
        passed = [*map(Tensor, state)]
        options["state"] = passed[0] if len(passed) == 1 else module["State"](*passed)
    found = module["layer"](tensors, *map(Tensor, inputs), **options)
    loss = d.recursion.loss is not None
    if loss:
        np.testing.assert_array_equal(found.a, run.loss)
        adjoints, sent = [np.array(1.5)], ()
    else:
        output, end = found
        np.testing.assert_array_equal(output.a, run.output)
        ends = (end,) if isinstance(end, Tensor) else end
        wanted = (run.state,) if len(last) == 1 else run.state
        for one, other in zip(ends, wanted, strict=True):
            np.testing.assert_array_equal(one.a, other)
        assert len(last) == 1 or end._fields == run.state._fields
        adjoints = [rng.standard_normal(a.shape) for a in (run.output, *wanted)]
        rest = adjoints[1:]
        sent = (adjoints[0], rest[0] if len(last) == 1 else plain["State"](*rest))

    layer = module["Layer"]
    count = 1 + len(inputs) + len(last) + len(params)
    assert len(layer.ctx.args) == count
    layer.ctx.needs_input_grad = [k % 5 != 0 for k in range(count)]
    back = layer.backward(layer.ctx, *map(Tensor, adjoints))
    right = plain["backward"](plain["Params"](*params), run, *sent)
    of_state = [right.state] if len(last) == 1 else [*right.state]
    of_inputs = [right.x] if len(inputs) == 1 else [*right.x]
    parts = [None, *of_inputs, *of_state, *right.params]
    for k, (one, other) in enumerate(zip(back, parts, strict=True)):
        if k % 5 == 0:
            assert one is None
        else:
            np.testing.assert_allclose(one.a, other * (1.5 if loss else 1), atol=1e-14)
    without = module["layer"](tensors, *map(Tensor, inputs))
    assert (without if loss else without[0]).a.shape == (() if loss else (4, 2, 3))
