"""Mistakes in the forward pass and the losses are caught by the second implementation.

A mistake made in the loss and in its gradient alike is no mistake to a difference of
losses. Only an implementation that shares no code can see it.
"""

import pytest

from tests.support import oracles
from tests.support.mutants import Mutant, load, wrong_by_any, wrong_by_reference

CARRY = "np.copyto(h[t], h[t - 1], where=held(mask, t))"
SUM_EXP = "np.log(np.exp(shifted).sum(axis=-1, keepdims=True))"
SHIFT = "return z - z.real.max(axis=-1, keepdims=True)"

MUTANTS = [
    Mutant("W_hh transposed", "vanilla", {"previous @ W_hh.T": "previous @ W_hh"}),
    Mutant(
        "b_h forgotten",
        "vanilla",
        {
            "project_inputs(params.W_xh, x) + params.b_h": "1 * project_inputs("
            "params.W_xh, x)"
        },
    ),
    Mutant("b_y forgotten", "readout", {"W_hy.T) + b_y": "W_hy.T)"}),
    Mutant("h_0 ignored", "vanilla", {"h[0] = h_0": "h[0] = 0"}),
    Mutant(
        "states of other sequences", "vanilla", {"h[0] = h_0": "h[0] = h_0[..., ::-1]"}
    ),
    Mutant(
        "logits of the state before",
        "rnn",
        {"read(h[1:], topology": "read(h[:-1], topology"},
    ),
    Mutant("state not carried over a masked step", "cell", {CARRY: "pass"}),
    Mutant(
        "dense inputs reversed",
        "cell",
        {"else times(x, W_xh.T)": "else times(x[::-1], W_xh.T)"},
    ),
    Mutant("integer inputs reversed", "cell", {"W_xh.T[x]": "W_xh.T[x[::-1]]"}),
    Mutant("last but one state", "readout", {"return h[-1]": "return h[-2]"}),
    Mutant("sum for mean", "readout", {"h.mean(axis=0)": "h.sum(axis=0)"}),
    Mutant("mean over masked steps too", "readout", {"(h * mask[..., None])": "h"}),
    Mutant(
        "exponentials summed over the wrong axis",
        "losses",
        {SUM_EXP: SUM_EXP.replace("-1", "0")},
    ),
    Mutant("shifted along the wrong axis", "losses", {SHIFT: SHIFT.replace("-1", "0")}),
    Mutant(
        "exponentials not summed",
        "losses",
        {SUM_EXP: SUM_EXP.replace("exp(shifted)", "exp(shifted[..., :1])")},
    ),
    Mutant("masked classes counted", "losses", {".sum(where=_all(keep))": ".sum()"}),
    Mutant(
        "masked numbers counted",
        "losses",
        {"delta_z *= keep[..., None]\n    return 0.5": "pass\n    return 0.5"},
    ),
    Mutant(
        "mean for sum of distributions",
        "losses",
        {"log_p, 0)).sum()": "log_p, 0)).mean()"},
    ),
    Mutant(
        "squared error twice as large", "losses", {"return 0.5 * ": "return 1.0 * "}
    ),
    Mutant(
        "weight decay twice as large",
        "losses",
        {"0.5 * weight_decay": "1.0 * weight_decay"},
    ),
    Mutant(
        "weight decay on a bias",
        "parameters",
        {'MATRICES = ("W_xh"': 'MATRICES = ("b_h", "W_xh"'},
    ),
    Mutant("weight decay without W_hy", "parameters", {', "W_hy")': ")"}),
    Mutant(
        "weight decay left out of the loss",
        "objective",
        {"value + weight_decay_penalty(params, weight_decay)": "value"},
    ),
    Mutant(
        "leaky relu",
        "activations",
        {"np.maximum(s, 0, out=out)": "np.maximum(s, s / 100, out=out)"},
    ),
    Mutant(
        "sine for tanh", "activations", {"np.tanh(s, out=out)": "np.sin(s, out=out)"}
    ),
    Mutant(
        "steep logistic",
        "activations",
        {"np.where(positive, -s, s)": "2 * np.where(positive, -s, s)"},
    ),
]

UNSTABLE = [
    Mutant("no shift", "losses", {SHIFT: "return 1 * z"}),
    Mutant("one shift for all outputs", "losses", {SHIFT: "return z - z.real.max()"}),
    Mutant(
        "zero times minus infinity",
        "losses",
        {"(y * np.where(y != 0, log_p, 0))": "(y * log_p)"},
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_caught(mutant, tmp_path):
    assert wrong_by_reference(load(mutant, tmp_path)) != set()


@pytest.mark.parametrize("mutant", UNSTABLE, ids=lambda m: m.name)
def test_caught_only_at_extreme_logits(mutant, tmp_path):
    package = load(mutant, tmp_path)
    assert oracles.wrong_at_extremes(package) != []
    assert wrong_by_reference(package) == set()


def test_an_oracle_that_shares_no_code_is_needed(tmp_path):
    """Weight decay on a bias, in loss and gradient: consistent, and still wrong."""
    mutant = next(m for m in MUTANTS if m.name == "weight decay on a bias")
    found = wrong_by_any(load(mutant, tmp_path))
    assert found.pop("wrong_by_reference") == {"loss", "b_h"}
    assert found == {"wrong_by_complex_step": set(), "wrong_by_check_gradients": set()}


def test_a_mutation_must_fit_the_source(tmp_path):
    stale = Mutant("stale", "rnn", {"no such line": ""})
    with pytest.raises(AssertionError, match="rnn.py has 0 times 'no such line'"):
        load(stale, tmp_path)
