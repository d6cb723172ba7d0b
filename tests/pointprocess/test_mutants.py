"""The package passes the checks; the classic mistakes do not."""

import pytest

import rnnlib
import rnnlib.pointprocess
from tests.pointprocess.checks import CHECKS
from tests.support.mutants import Mutant, load

CHEAP = {k: v for k, v in CHECKS.items() if k not in ("score", "complex step")}
SURVIVAL = "return gains - self.compensator.sum(axis=0)"
D_W = "w=np.asarray(d_w.sum() - (batch.gaps[:-1] * batch.events).sum()),"
A_AT_EVENT = "(a[:-1] + params.w * gaps[:-1]) * batch.events,"
MUTANTS = [
    Mutant(
        "survival term dropped, loss",
        "pointprocess/likelihood",
        {SURVIVAL: "return gains - (self.compensator[:-1] * self.batch.events).sum(0)"},
    ),
    Mutant(
        "survival term dropped, gradient",
        "pointprocess/likelihood",
        {"d_a[:-1] -= batch.events": "d_a[:-1] -= batch.events; d_a[-1] = 0"},
    ),
    Mutant(
        "compensator added",
        "pointprocess/likelihood",
        {SURVIVAL: SURVIVAL.replace("-", "+")},
    ),
    Mutant(
        "sign of the compensator's gradient",
        "pointprocess/likelihood",
        {"d_a[:-1] -= batch.events": "d_a = -d_a; d_a[:-1] -= batch.events"},
    ),
    Mutant(
        "gradient of w without the events",
        "pointprocess/likelihood",
        {D_W: "w=np.asarray(d_w.sum()),"},
    ),
    Mutant(
        "gradient of w without the compensator",
        "pointprocess/likelihood",
        {D_W: D_W.replace("d_w.sum() ", "")},
    ),
    Mutant(
        "the state has seen the event it predicts",
        "pointprocess/likelihood",
        {A_AT_EVENT: A_AT_EVENT.replace("a[:-1]", "a[1:]")},
    ),
    Mutant(
        "marks from the state after them",
        "pointprocess/likelihood",
        {"log_softmax(z[:-1])": "log_softmax(z[1:])"},
    ),
    Mutant(
        "h_0 has no outputs",
        "pointprocess/likelihood",
        {"direct = d_out[0] @ net.W_hy": "direct = 0 * d_out[0] @ net.W_hy"},
    ),
    Mutant(
        "h_0 forgotten in the gradient of v",
        "pointprocess/likelihood",
        {"states.params.W_hy + d_out[0].T @ h_0": "states.params.W_hy"},
    ),
    Mutant(
        "gap from the origin",
        "pointprocess/sequences",
        {"np.diff(times, prepend=0.0, append=T)": "np.append(times, T)"},
    ),
    Mutant(
        "tau missing in the series",
        "pointprocess/intensity",
        {"np.exp(a) * tau * tau *": "np.exp(a) * tau *"},
    ),
    Mutant(
        "exprel where its derivative belongs",
        "pointprocess/intensity",
        {"DERIVATIVE = [(n + 1) /": "DERIVATIVE = [1 /"},
    ),
    Mutant(
        "no escape for a defective law",
        "pointprocess/gaps",
        {"np.where(x > -1, flat * ratio, np.inf)": "flat * ratio"},
    ),
    Mutant(
        "an event excites itself",
        "pointprocess/hawkes",
        {"before = (e[:-1] for e": "before = (e[1:] for e"},
    ),
    Mutant(
        "tau S missing in the derivative by beta",
        "pointprocess/hawkes",
        {"(D[j - 1] - gaps[j - 1] * S[j - 1])": "D[j - 1]"},
    ),
    Mutant(
        "log of the bin width forgotten",
        "pointprocess/discrete",
        {" - np.log(delta)\n": "\n"},
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_package_is_right(check):
    assert CHECKS[check](rnnlib)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mutants_are_wrong(mutant, tmp_path):
    package = load(mutant, tmp_path)
    assert not all(check(package) for check in CHEAP.values())


@pytest.mark.parametrize(
    "mutant", [MUTANTS[1], MUTANTS[3], MUTANTS[4]], ids=lambda m: m.name
)
def test_the_score_alone_finds(mutant, tmp_path):
    assert not CHECKS["score"](load(mutant, tmp_path))
