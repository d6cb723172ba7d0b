"""Every classic mistake in an optimiser or in clipping is caught."""

import pytest

import rnnlib.clipping
import rnnlib.optimisers
from tests.support.mutants import Mutant, load
from tests.support.optimiser_checks import CHECKS, clipping_check

STEP = "v - eta * _quotient(m_hat, np.sqrt(q_hat) + eps), (m, q)"
CORRECTION = "m_hat, q_hat = m / (1 - beta_1**n), q / (1 - beta_2**n)"
ADAMS = {"adam", "adam l2", "adamw"}
ROOT = "np.sqrt(q_hat) + eps"
KEPT = "if largest * root <= threshold:"
SCALED = "(g / g.dtype.type(largest)) * g.dtype.type(scale)"
OPTIMISERS = [
    Mutant("uphill", "optimisers", {STEP: STEP.replace("v -", "v +")}, ADAMS),
    Mutant(
        "no bias correction", "optimisers", {CORRECTION: "m_hat, q_hat = m, q"}, ADAMS
    ),
    Mutant(
        "bias correction of the mean alone",
        "optimisers",
        {CORRECTION: CORRECTION.replace("q / (1 - beta_2**n)", "q")},
        ADAMS,
    ),
    Mutant(
        "bias correction one step late",
        "optimisers",
        {"n = int(state.step) + 1": "n = int(state.step) + 2"},
        ADAMS,
    ),
    Mutant(
        "eps under the root",
        "optimisers",
        {STEP: STEP.replace(ROOT, "np.sqrt(q_hat + eps)")},
        ADAMS,
    ),
    Mutant(
        "decay coupled",
        "optimisers",
        {"weight_decay and not decoupled": "weight_decay"},
        {"adamw"},
    ),
    Mutant(
        "decay not multiplied by the rate",
        "optimisers",
        {"(1 - eta * weight_decay) * v": "(1 - weight_decay) * v"},
        {"adamw", "decay without gradient"},
    ),
    Mutant(
        "decay of adam decoupled",
        "optimisers",
        {"eps, weight_decay, False)": "eps, weight_decay, True)"},
        {"adam l2"},
    ),
    Mutant(
        "velocity forgotten",
        "optimisers",
        {"u = momentum * u + g": "u = momentum * g + g"},
        {"sgd"},
    ),
    Mutant(
        "squares forgotten", "optimisers", {"r = r + g * g": "r = g * g"}, {"adagrad"}
    ),
    Mutant(
        "no root",
        "optimisers",
        {"_quotient(g, np.sqrt(r) + eps)": "_quotient(g, r + eps)"},
        {"adagrad"},
    ),
]
CLIPPING = [
    Mutant(
        "each array by its own norm",
        "clipping",
        {SCALED: "g * min(1, threshold / max(1e-9, np.linalg.norm(g)))"},
    ),
    Mutant(
        "squares that overflow",
        "clipping",
        {
            "/ largest).sum": "/ 1).sum",
            "return largest, squares": "return 1.0, squares",
        },
    ),
    Mutant("rescaled below the threshold too", "clipping", {KEPT: "if largest == 0:"}),
    Mutant("never clipped", "clipping", {KEPT: "if True:"}),
    Mutant(
        "clipped on one side",
        "clipping",
        {"np.clip(g, -threshold, threshold)": "np.clip(g, None, threshold)"},
    ),
]


def broken(mutant, folder):
    """The module with the mistake in it."""
    return getattr(load(mutant, folder), mutant.module)


def fails(check, module):
    """True when the check notices something."""
    try:
        check(module)
    except (AssertionError, FloatingPointError, RuntimeWarning):
        return True
    return False


@pytest.mark.parametrize("mutant", OPTIMISERS, ids=lambda m: m.name)
def test_caught(mutant, tmp_path):
    module = broken(mutant, tmp_path)
    found = {name for name, check in CHECKS.items() if fails(check, module)}
    assert found >= mutant.wrong
    spared = {"sgd", "adagrad", "adam", "adam l2", "adamw"} - mutant.wrong
    assert not found & spared


@pytest.mark.parametrize("mutant", CLIPPING, ids=lambda m: m.name)
def test_clipping_caught(mutant, tmp_path):
    assert fails(clipping_check, broken(mutant, tmp_path))


def test_the_package_itself_passes():
    assert not any(fails(check, rnnlib.optimisers) for check in CHECKS.values())
    assert not fails(clipping_check, rnnlib.clipping)
