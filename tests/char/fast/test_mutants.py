"""Mistakes planted in the fast path do not pass for the real thing."""

import importlib

import numpy as np
import pytest

from rnnlib.char import fast
from tests.char.fast.reference import (
    CLIPS,
    check_gradients,
    check_samples,
    check_training,
)
from tests.support.text_mutants import Mutant, load

ADAGRAD = "buffer *= learning_rate"
GRADIENTS = [
    Mutant(
        "W_hh transposed",
        "fast/workspace",
        {"return W_hh_T.T.dot, W_hh_T.dot": "return W_hh_T.dot, W_hh_T.dot"},
    ),
    Mutant(
        "no transpose on the way back",
        "fast/workspace",
        {"W_hh_T.T.dot, W_hh_T.dot": "W_hh_T.T.dot, W_hh_T.T.dot"},
    ),
    Mutant(
        "an old copy of W_hh",
        "fast/step",
        {"if work.B > 1:": "if work.B > 1 and not work.W_hh.any():"},
    ),
    Mutant(
        "phi' forgotten at step 1",
        "fast/step",
        {"    multiply(work.g_t[0], work.a_t[0], work.g_t[0])\n": ""},
    ),
    Mutant(
        "phi' of h",
        "fast/step",
        {"np.subtract(1, phi_prime, out=phi_prime)": "pass"},
    ),
    Mutant("future forgotten", "fast/step", {"g_before += term": "pass"}),
    Mutant(
        "h_t for h_{t-1}",
        "fast/workspace",
        {"flat_rows[: T * B]": "flat_rows[B:]"},
    ),
    Mutant(
        "h_{t-1} for h_t",
        "fast/workspace",
        {"flat_rows[B:, d_x:]": "flat_rows[: T * B, d_x:]"},
    ),
    Mutant(
        "bias of the state forgotten",
        "fast/step",
        {"    work.a += work.A[work.d_x]\n": ""},
    ),
    Mutant("old units stay", "fast/step", {"    work.entries[work.ones] = 0\n": ""}),
    Mutant("units forgotten", "fast/step", {"    work.entries[work.ones] = 1\n": ""}),
    Mutant(
        "bias of dense inputs",
        "fast/step",
        {"columns = work.d_x + 1": "columns = work.d_x"},
    ),
    Mutant("dense inputs stay", "fast/step", {"    work.x[...] = x\n": ""}),
    Mutant("target not subtracted", "fast/step", {"    entries[index] -= 1\n": ""}),
    Mutant("not normalised", "fast/step", {"    z /= total[:, None]\n": ""}),
    Mutant(
        "mean for sum",
        "fast/step",
        {"float(np.log(total).sum() - score)": "float(np.log(total).mean())"},
    ),
    Mutant("state not carried", "fast/workspace", {"self.h[0] = self.h[-1]": "pass"}),
    Mutant(
        "first state forgotten",
        "fast/workspace",
        {'initial_state("h_0", h_0, B, params)[0]': "0"},
    ),
]
TRAINING = [
    Mutant(
        "not clipped from below",
        "fast/update",
        {
            "low >= -threshold and ": "",
            "np.clip(g, -threshold, threshold": "np.clip(g, None, threshold",
        },
    ),
    Mutant("clipped only from above", "fast/update", {"low >= -threshold and ": ""}),
    Mutant("norm not rooted", "fast/update", {"math.sqrt(squares)": "squares"}),
    Mutant("always rescaled", "fast/update", {"elif squares > threshold**2:": "else:"}),
    Mutant(
        "memory forgotten",
        "fast/update",
        {"squares += buffer": "squares[...] = buffer"},
    ),
    Mutant(
        "no root",
        "fast/update",
        {"np.sqrt(squares, out=buffer)": "buffer[...] = squares"},
    ),
    Mutant("no eps", "fast/update", {"buffer += eps": "pass"}),
    Mutant("uphill", "fast/update", {"v -= buffer": "v += buffer"}),
    Mutant("rate forgotten", "fast/update", {ADAGRAD: "pass"}),
]
SAMPLING = [
    Mutant(
        "temperature multiplied",
        "fast/sampling",
        {"type(1 / temperature)": "type(temperature)"},
    ),
    Mutant(
        "bias not divided",
        "fast/sampling",
        {"params.b_y * scale": "params.b_y"},
    ),
    Mutant(
        "one symbol on",
        "fast/sampling",
        {'cumulative[last], "right")': 'cumulative[last], "right") * 0 + 4'},
    ),
    Mutant(
        "first always",
        "fast/sampling",
        {"add(s, inputs[k], s)": "add(s, inputs[int(first)], s)"},
    ),
    Mutant("overflow", "fast/sampling", {"if shift:": "if False:"}),
    Mutant(
        "state not carried",
        "fast/sampling",
        {"add(s, inputs[k], s)": "s[...] = inputs[k]"},
    ),
]


def gradients(package):
    for B in (1, 3):
        check_gradients(package, B=B)
        check_gradients(package, B=B, dense=True)
    check_training(package, CLIPS[2], steps=3)


def training(package):
    for clip in CLIPS:
        check_training(package, clip, steps=20)
    work = package.Workspace(fast_params(), 2, 2)
    squares = np.zeros_like(work.flat)
    package.adagrad(work, squares, 0.1)  # no gradient, no step
    np.testing.assert_array_equal(work.flat, package.Workspace(fast_params(), 1).flat)


def fast_params():
    from tests.char.fast.reference import problem

    return problem(3, 4, 3, 1, 1)[0]


def sampling(package):
    check_samples(package, 0.5)
    check_samples(package, 2000.0, 3000.0)
    check_samples(package, 1e5, 3e5)


def fails(check, package):
    """True when the check notices something."""
    try:
        with np.errstate(all="ignore"):
            check(package)
    except (AssertionError, FloatingPointError, ValueError, IndexError):
        return True
    return False


CASES = [
    (check, mutant)
    for check, mutants in (
        (gradients, GRADIENTS),
        (training, TRAINING),
        (sampling, SAMPLING),
    )
    for mutant in mutants
]


@pytest.mark.parametrize(
    ("check", "mutant"), CASES, ids=lambda c: getattr(c, "name", c)
)
def test_caught(check, mutant, tmp_path):
    assert fails(check, load(mutant, tmp_path).char.fast)


def test_the_package_itself_passes():
    assert importlib.import_module("rnnlib.char.fast") is fast
    for check in (gradients, training, sampling):
        check(fast)
