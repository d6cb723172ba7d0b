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
    FACTORS,
    MISTAKES,
    PATH,
    PIECES,
    Case,
    another_temperature,
    excess,
    likelihood,
    logits,
    plausible,
    surprise,
)

LENGTH, RUNS = 60, 80  # symbols a run, and runs
ONE = 2000  # symbols of a single run, where all runs are equal
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


FIRST = Mistake(
    "the first input returned",
    "The result begins with the input that was given: asked for are the symbols drawn "
    "after it.",
    WHERE,
    {},
)


def network_cases():
    """A network in which everything matters, at two temperatures.

    Every symbol has a chance, so that one which is never drawn is missed.
    """
    at = problems.problem(29, V=11, d_h=6, scale=1.0)
    W_xh, W_hy = 1.5 * at.params.W_xh, 1.2 * at.params.W_hy
    params = at.params._replace(W_xh=W_xh, W_hy=W_hy, b_y=0.3 * at.params.b_y)
    h_0 = 2 * at.h_0[:1]
    return [Case(params, h_0, 3, 0.87), Case(params, h_0, 7, 1.94)]


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
        runs = [
            [_ask(sample, c, LENGTH, k, layout) for k in range(RUNS)] for c in cases
        ]
        repeated = _ask(sample, cases[0], LENGTH, 0, layout)
        constant = all(np.array_equal(run.drawn, runs[0][0].drawn) for run in runs[0])
        if constant:  # as many symbols as before are not in equal runs
            runs = [[_ask(sample, c, ONE, 0, layout)] for c in cases]
    except Unfinished as stub:
        return Diagnosis("sampling", str(stub), written=False)
    except Unusable as error:
        return Diagnosis("sampling", str(error))

    everything = [run for found in runs for run in found] + [repeated]
    changed = sorted({n for run in everything for n in run.changed})
    notes, problem = [], ""
    used_global = any(run.used_global for run in everything)
    if used_global:
        notes, problem = [GLOBAL], "np.random was used"
    elif not constant and not np.array_equal(runs[0][0].drawn, repeated.drawn):
        notes, problem = [UNSEEDED], "the same rng gives other symbols the second time"
    groups = [np.array([run.drawn for run in found]) for found in runs]
    if all((g[:, 0] == c.first).all() for g, c in zip(groups, cases, strict=True)):
        groups, notes = [g[:, 1:] for g in groups], [*notes, FIRST]
        problem = problem or "the symbols begin with the first input"
    pairs = list(zip(cases, groups, strict=True))
    mistakes = _explain(pairs, alone=constant)
    certain = mistakes and any(m.name == "sampling by argmax" for m in mistakes)
    facts = ("The symbols do not depend on rng.",) if constant and not certain else ()
    if facts and mistakes is not None:
        notes, problem, facts = [*notes, SEEDED], "rng is not used", ()
    if changed and not problem:
        problem = f"it changes its argument {', '.join(changed)}: work on a copy"
    if mistakes == ():
        right = () if problem else ("symbols",)
        return Diagnosis("sampling", problem, right, mistakes=tuple(notes))
    return Diagnosis(
        "sampling",
        problem,
        (),
        {"symbols": "do not follow softmax(z / temperature)"},
        (*(mistakes or ()), *notes) if mistakes else (),
        len(MISTAKES),
        first=_strangest(pairs),
        facts=(*facts, *(n.sentence for n in notes if not mistakes)),
    )


def _explain(pairs, *, alone):
    """The mistakes that explain the symbols best; () for none, None where none does."""

    known = {}

    def of(case, drawn, pieces):
        """The logits along the runs, computed once for all that share a path."""
        key = (case.tau, *(pieces[name] for name in PATH))
        if key not in known:
            known[key] = logits(case, drawn, pieces)
        return known[key]

    def under(measure, mistakes):
        """A measure of every group of symbols under a candidate; none if it clashes."""
        change = {k: f for m in mistakes for k, f in m.change.items()}
        pieces = PIECES | change
        if len(change) < sum(len(m.change) for m in mistakes):
            return None
        with np.errstate(all="ignore"):
            return [measure(c, d, pieces, of(c, d, pieces)) for c, d in pairs]

    def surprised(mistakes):
        found = under(likelihood, mistakes)
        return np.inf if found is None else -sum(found)

    def possible(mistakes):
        return all(plausible(found) for found in under(surprise, mistakes))

    # more mistakes have to explain the symbols better by far than fewer do
    mistakes: tuple | None = () if possible(()) else None
    least = np.inf if mistakes is None else surprised(())
    for count in (1,) if alone else (1, 2):
        if count == 2 and mistakes == ():
            break  # right
        candidates: list[tuple]
        if count == 1:
            candidates = [(m,) for m in MISTAKES]
            candidates += [(another_temperature(f),) for f in FACTORS if f != 1]
        elif mistakes:
            candidates = [(*mistakes, m) for m in MISTAKES]
        else:
            candidates = list(combinations([m for m in MISTAKES if not m.alone], 2))
        surprises = sorted((surprised(c), i) for i, c in enumerate(candidates))
        ranked = [(s, candidates[i]) for s, i in surprises if s < least - MARGIN]
        best = next((s for s, c in ranked if possible(c)), np.inf)
        near = [c for s, c in ranked if best <= s < best + 2 and possible(c)]
        near.sort(key=lambda c: c[0].name == "another temperature")  # the known first
        least, mistakes = (best, near[0]) if near else (least, mistakes)
    return mistakes


def _strangest(pairs):
    """What differs most from the right model, in words."""
    worst = []
    for case, drawn in pairs:
        statistics = surprise(case, drawn, PIECES)
        V, over = case.params.K, excess(statistics)
        words = ["the likelihood of the symbols"]
        words += [f"how often symbol {k} is drawn" for k in range(V)]
        words += [f"how often the symbol of rank {k + 1} is drawn" for k in range(V)]
        i = int(over.argmax())
        found, expected = statistics[:2, i]
        numbers = "" if i == 0 else f", {found:.0f} times for {expected:.0f} expected"
        worst.append((over[i], f"{words[i]} at temperature {case.tau}{numbers}"))
    return max(worst)[1]


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
    if drawn.shape == (length + 1,) and drawn[0] == case.first:
        drawn = drawn[:length]  # the first input stands in front: noted later
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
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    kept = state.pop("state")
    return kept["key"].tobytes(), kept["pos"], state
