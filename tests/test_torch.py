"""Agreement with PyTorch's own recurrent layer, where PyTorch is installed."""

import numpy as np
import pytest

import rnnlib
from tests.support import cases, oracles

torch = pytest.importorskip("torch", reason="PyTorch is not installed: NOT CHECKED")

# torch.nn.RNN knows tanh and relu, takes dense inputs and one state a sequence
CASES = [c for c in cases.CASES if c.phi in ("tanh", "relu") and c.inputs == "dense"]


def tensor(array):
    """A tensor of the same numbers that collects a gradient when it is floating."""
    return torch.tensor(array, requires_grad=array.dtype.kind == "f")


def torch_gradients(problem):
    """Loss and gradients of the problem by torch.nn.RNN and torch.autograd."""
    v = {name: tensor(array) for name, array in problem.variables.items()}
    options = problem.options
    rnn = torch.nn.RNN(cases.D_X, cases.D_H, nonlinearity=options["phi"]).double()
    weights = {
        "weight_ih_l0": v["W_xh"],
        "weight_hh_l0": v["W_hh"],
        "bias_ih_l0": v["b_h"],
        "bias_hh_l0": torch.zeros(cases.D_H, dtype=torch.float64),
    }
    losses = []
    for b in range(v["x"].shape[1]):
        mask = slice(None) if options["mask"] is None else options["mask"][:, b]
        keep = np.arange(cases.T)[mask]
        h, _ = torch.func.functional_call(
            rnn, weights, (v["x"][keep, b : b + 1], v["h_0"][None, b : b + 1])
        )
        y = problem.y
        if options["topology"] == "many-to-many":
            y = y[keep, b]
        else:
            h = h[-1:] if options["topology"] == "last" else h.mean(0, keepdim=True)
            y = y[b : b + 1]
        z = h[:, 0] @ v["W_hy"].T + v["b_y"]
        losses.append(torch_loss(options["loss"], z, torch.tensor(y)))
    squares = sum((v[n] ** 2).sum() for n in ("W_xh", "W_hh", "W_hy"))
    total = sum(losses) + options["weight_decay"] / 2 * squares
    total.backward()
    return total.item(), {name: t.grad.numpy() for name, t in v.items()}


def torch_loss(name, z, y):
    """The loss of some outputs, summed."""
    if name == "cross_entropy":
        return torch.nn.functional.cross_entropy(z, y, reduction="sum")
    return torch.nn.functional.mse_loss(z, y, reduction="sum") / 2


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    problem = cases.problem(case)
    loss, gradients = problem.loss_and_gradients(rnnlib)
    wanted_loss, wanted = torch_gradients(problem)
    assert not oracles.differs(loss, wanted_loss)
    assert {n for n in wanted if oracles.differs(gradients[n], wanted[n])} == set()
