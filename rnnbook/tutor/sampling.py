"""Check sampling: which model do the drawn symbols come from?

Different right programs draw different symbols from the same generator. So they are
not compared one by one, but by their likelihood: see `sampling_models`.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.calls import Unfinished, call
from rnnbook.tutor.catalogue import Mistake
from rnnbook.tutor.layout import BOOK, Unusable, check_layout, number_array
from rnnbook.tutor.report import Diagnosis
from rnnbook.tutor.sampling_models import (
    MISTAKES,
    PIECES,
    Case,
    plausible,
    surprise,
)

LENGTH = 500  # symbols a run
MARGIN = 10.0  # nats: odds of exp(10) to one
WHERE = "eq-min-char-rnn-temperature"
GLOBAL = Mistake(
    "the global generator used",
    "Draw with the argument rng, not with np.random: a run has to be repeatable.",
    WHERE,
    {},
)
UNSEEDED = Mistake(
    "a generator of its own",
    "Draw with the argument rng, not with a generator made inside.",
    WHERE,
    {},
)
SEEDED = Mistake(
    "a seed of its own",
    "The symbols do not depend on rng: use it, and make no generator inside.",
    WHERE,
    {},
)


def network_cases():
    """A network in which the state, the input and W_hh matter; two temperatures."""
    at = problems.problem(29, scale=1.0)
    W_xh, W_hy = 2 * at.params.W_xh, 1.5 * at.params.W_hy
    params = at.params._replace(W_xh=W_xh, W_hy=W_hy)
    return [Case(params, 2 * at.h_0[:1], 3, temperature) for temperature in (0.5, 2.0)]


def check_sampling(sample, *, layout=BOOK):
    """Diagnose ``sample(params, h_0, first, length, temperature, rng)``.

    h_0 is (1, d_h), ``first`` the first input; the result has the ``length`` symbols
    drawn after it, each fed back as the next input, with probabilities
    softmax(z / temperature). Returns a `Diagnosis`.

    Source: {cite}`topcuoglu`, section 13.
    """
    check_layout(layout)
    cases = network_cases()
    try:
        runs = [_ask(sample, c, LENGTH, 0, layout) for c in cases]
        # the initial state matters at the beginning only: many short runs
        short = [_ask(sample, cases[0], 2, seed, layout) for seed in range(1, 101)]
        repeated = _ask(sample, cases[0], LENGTH, 0, layout)
        other = _ask(sample, cases[0], LENGTH, 1, layout)
    except Unfinished as stub:
        return Diagnosis("sampling", str(stub), written=False)
    except Unusable as error:
        return Diagnosis("sampling", str(error))

    everything = runs + [repeated, other, *short]
    changed = sorted({n for run in everything for n in run.changed})
    if any(run.used_global for run in everything):
        return Diagnosis("sampling", "np.random was used", mistakes=(GLOBAL,))
    if not np.array_equal(runs[0].drawn, repeated.drawn):
        problem = "the same rng gives other symbols the second time"
        return Diagnosis("sampling", problem, mistakes=(UNSEEDED,))

    groups = [(cases[0], runs[:1]), (cases[1], runs[1:]), (cases[0], short)]
    groups = [(case, np.array([r.drawn for r in found])) for case, found in groups]

    def judge(mistakes):
        """Total surprise under a candidate; infinite where it cannot be the model."""
        change = {k: f for m in mistakes for k, f in m.change.items()}
        total = np.inf if len(change) < len(mistakes) else 0.0
        for case, drawn in groups:
            if total < np.inf:
                with np.errstate(all="ignore"):
                    found = surprise(case, drawn, PIECES | change)
                total += found[0, 0] if plausible(found) else np.inf
        return total

    # more mistakes have to explain the symbols better by far than fewer do
    least, mistakes = judge(()), ()
    for count in (1, 2):
        if count == 2 and least < np.inf and not mistakes:
            break  # right
        every = combinations(MISTAKES, count)
        candidates = [c for c in every if all(m in c for m in mistakes)]
        surprises = [judge(candidate) for candidate in candidates]
        if min(surprises) < least - MARGIN:
            least = min(surprises)
            mistakes = candidates[surprises.index(least)]
    if least == np.inf:
        mistakes = None
    if not mistakes and np.array_equal(runs[0].drawn, other.drawn):
        return Diagnosis("sampling", "rng is not used", mistakes=(SEEDED,))
    if mistakes == ():
        if changed:
            problem = f"it changes its argument {', '.join(changed)}: work on a copy"
            return Diagnosis("sampling", problem)
        return Diagnosis("sampling", right=("symbols",))
    wrong = {"symbols": "do not follow softmax(z / temperature)"}
    return Diagnosis("sampling", "", (), wrong, mistakes or (), len(MISTAKES))


class Run(NamedTuple):
    """The symbols of one call, and what it left behind."""

    drawn: np.ndarray
    changed: list
    used_global: bool


def _ask(sample, case, length, seed, layout):
    """Call the reader's function with a fresh generator."""
    V = case.params.K
    arguments = {
        "params": layout.give(case.params),
        "h_0": layout.give_array(case.h_0),
        "first": case.first,
        "length": length,
        "temperature": case.tau,
        "rng": np.random.default_rng(seed),
    }
    before = _global_state()
    called = call(sample, arguments)
    used = _global_state() != before
    if called.result is None:
        raise Unusable("it returned None in place of the symbols: is there a return?")
    drawn = number_array("symbols", called.result)
    if drawn.shape != (length,):
        raise Unusable(f"symbols: expected shape ({length},), got {drawn.shape}")
    if not np.array_equal(drawn, drawn.astype(int)) or not (
        0 <= drawn.min() and drawn.max() < V
    ):
        raise Unusable(
            f"symbols: expected integers from 0 to {V - 1}, got numbers from "
            f"{drawn.min():g} to {drawn.max():g}"
        )
    return Run(drawn.astype(int), called.changed, used)


def _global_state():
    """The state of NumPy's global generator: only looked at, never used."""
    state = np.random.get_state()  # noqa: NPY002
    return state[1].tobytes(), *state[2:]
