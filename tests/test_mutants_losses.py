"""Every classic mistake in a loss, a derivative or the weight decay is caught.

As in test_mutants_backward: each oracle names the same gradients as wrong.
"""

import pytest

from tests.support.mutants import FUTURE, Mutant, load, wrong_by_any

ALL = FUTURE | {"W_hy", "b_y"}

MUTANTS = [
    Mutant(
        "weight decay forgotten in the gradient",
        "objective",
        {"gradients = gradients._replace(": "gradients._replace("},
        {"W_xh", "W_hh", "W_hy"},
    ),
    Mutant(
        "weight decay on a bias in the gradient",
        "objective",
        {"for name in MATRICES": 'for name in (*MATRICES, "b_h")'},
        {"b_h"},
    ),
    Mutant(
        "p - y with the wrong sign",
        "losses",
        {"p_y - 1": "1 - p_y", "delta_z = delta_z - y": "delta_z = y - delta_z"},
        ALL,
    ),
    Mutant(
        "p instead of p - y",
        "losses",
        {"p_y - 1": "p_y", "delta_z = delta_z - y": "delta_z"},
        ALL,
    ),
    Mutant(
        "mask ignored in delta_z",
        "losses",
        {"delta_z *= keep[..., None]\n    return loss": "pass\n    return loss"},
        ALL,
    ),
    Mutant(
        "squared error without the half",
        "losses",
        {"delta_z = z - y": "delta_z = 2 * (z - y)", "return 0.5 *": "return 0.125 *"},
        ALL,
    ),
    Mutant("tanh' = 1 - h", "activations", {"1 - h * h": "1 - h"}, FUTURE),
    Mutant("relu' = 1", "activations", {"(h.real > 0)": "(h.real >= 0)"}, FUTURE),
    Mutant(
        "logistic' = h(1 + h)", "activations", {"h * (1 - h)": "h * (1 + h)"}, FUTURE
    ),
    Mutant(
        "identity' = h",
        "activations",
        {"_identity, np.ones_like": "_identity, np.copy"},
        FUTURE,
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_caught(mutant, tmp_path):
    found = wrong_by_any(load(mutant, tmp_path))
    assert found == dict.fromkeys(found, mutant.wrong)
