"""Every classic mistake in the backward pass is caught, and its traces are right.

The checks are those that pass for rnnlib: the independent implementation, and, seeing
nothing but the loss of the mutant itself, the complex step and `check_gradients`. All
have to name the same gradients as wrong, and no other.
"""

import pytest

from tests.support.mutants import FUTURE, Mutant, load, wrong_by_any

PHI_PRIME = "np.multiply(g[t], phi_prime[t - 1], out=delta_s[t - 1])"
STEP_BACK = "back = delta_s[t - 1] @ W_hh"
ALL_STEPS = "for t in range(len(delta_s), 0, -1):"
OUTER = "return rows(delta).T @ rows(a)"
UNSET, ZERO = "delta_s = np.empty(", "delta_s = np.zeros("

MUTANTS = [
    Mutant("transposed W_hh", "vanilla", {STEP_BACK: STEP_BACK + ".T"}, FUTURE),
    Mutant("phi' missing", "vanilla", {PHI_PRIME: "delta_s[t - 1] = g[t]"}, FUTURE),
    Mutant(
        "phi' twice",
        "vanilla",
        {PHI_PRIME: PHI_PRIME.replace("[t - 1], out", "[t - 1] ** 2, out")},
        FUTURE,
    ),
    Mutant(
        "h_t for h_{t-1}",
        "rnn",
        {"trace.x, trace.h[:-1], read_states": "trace.x, trace.h[1:], read_states"},
        {"W_hh"},
    ),
    Mutant("future dropped", "vanilla", {STEP_BACK: "back = 0"}, FUTURE),
    Mutant(
        "delta_{T+1} not zero",
        "vanilla",
        {UNSET: "g[-1] += (g[-1] * phi_prime[-1]) @ W_hh\n    " + UNSET},
        FUTURE,
    ),
    Mutant(
        "last step left out",
        "vanilla",
        {ALL_STEPS: "for t in range(len(delta_s) - 1, 0, -1):", UNSET: ZERO},
        FUTURE,
    ),
    Mutant(
        "first step left out",
        "vanilla",
        {ALL_STEPS: "for t in range(len(delta_s), 1, -1):", UNSET: ZERO},
        FUTURE,
    ),
    Mutant(
        "mean for sum over steps and sequences",
        "cell",
        {OUTER: OUTER + " / len(rows(a))"},
        {"W_xh", "W_hh", "W_hy"},
    ),
    Mutant(
        "mean for sum in the bias of the state",
        "rnn",
        {"rows(delta_s).sum(axis=0)": "rows(delta_s).mean(axis=0)"},
        {"b_h"},
    ),
    Mutant(
        "mean for sum in the bias of the logits",
        "readout",
        {"rows(delta_z).sum(axis=0)": "rows(delta_z).mean(axis=0)"},
        {"b_y"},
    ),
    Mutant(
        "batch not summed in W_hh",
        "rnn",
        {"outer_sum(delta_s, h_before)": "delta_s[:, 0].T @ h_before[:, 0]"},
        {"W_hh"},
    ),
    Mutant(
        "batch not summed in b_h",
        "rnn",
        {"rows(delta_s).sum(axis=0)": "delta_s[:, 0].sum(axis=0)"},
        {"b_h"},
    ),
    Mutant(
        "masked steps counted",
        "vanilla",
        {"phi_prime = phi_prime * mask[..., None]": "pass"},
        FUTURE,
    ),
    Mutant(
        "adjoint lost at masked steps",
        "vanilla",
        {"np.add(g[t - 1], g[t], out": "np.add(g[t - 1], 0, out"},
        FUTURE,
    ),
    Mutant(
        "h_0 without W_hh^T",
        "rnn",
        {"of_shape(g[0].copy()": "of_shape(delta_s[0].copy()"},
        {"h_0"},
    ),
    Mutant(
        "shared h_0 not summed over the batch",
        "cell",
        {"gradient.sum(axis=0) if": "gradient[0] if"},
        {"h_0"},
    ),
    Mutant(
        "last state's adjoint one step early",
        "readout",
        {"received[-1] = d_read": "received[-2] = d_read"},
        FUTURE,
    ),
    Mutant(
        "mean not divided by T",
        "readout",
        {"received[:] = d_read / len(received)": "received[:] = d_read"},
        FUTURE,
    ),
    Mutant(
        "mean divided by T, not by the length",
        "readout",
        {"= d_read / _lengths(mask, d_read)": "= d_read / len(received)"},
        FUTURE,
    ),
    Mutant(
        "mean given to masked steps too",
        "readout",
        {"d_read) * mask[..., None]": "d_read)"},
        FUTURE,
    ),
    Mutant(
        "W_hy reads the state before",
        "rnn",
        {"read_states = read(trace.h[1:]": "read_states = read(trace.h[:-1]"},
        {"W_hy"},
    ),
    Mutant(
        "a class that comes twice is counted once",
        "cell",
        {
            "np.add.reduceat(rows(delta_s)[order], starts)": (
                "rows(delta_s)[order[starts]]"
            )
        },
        {"W_xh"},
    ),
    Mutant(
        "inputs' gradient without phi'",
        "rnn",
        {"params, delta_s, delta_z, trace.x": "params, g[1:], delta_z, trace.x"},
        {"W_xh", "W_hh", "b_h", "x"},
    ),
]


def test_nothing_is_found_without_a_mutation(tmp_path):
    found = wrong_by_any(load(Mutant("none", "rnn", {}, set()), tmp_path))
    assert found == dict.fromkeys(found, set())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_caught(mutant, tmp_path):
    found = wrong_by_any(load(mutant, tmp_path))
    assert found == dict.fromkeys(found, mutant.wrong)
