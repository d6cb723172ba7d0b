"""Every mistake of the catalogue is planted in a reader's program and named."""

import os
from itertools import combinations

import numpy as np
import pytest

from rnnbook import tutor
from rnnbook.tutor import (
    backward,
    backward_mistakes,
    backward_terms,
    clipping,
    forward,
    forward_mistakes,
    problems,
    sampling,
    sampling_models,
    training,
    training_mistakes,
    update,
    windows,
)
from rnnbook.tutor.catalogue import PLACES
from rnnbook.tutor.layout import BOOK
from rnnbook.tutor.matching import all_agree
from rnnlib import forward as forward_of
from rnnlib import init_params, softmax
from tests.tutor.readers import RIGHT, SLIPS, program, slip
from tools.chapters import labels, read

pytestmark = pytest.mark.long
CHECKS = {
    "forward": tutor.check_forward,
    "backward": tutor.check_backward,
    "clipping": tutor.check_clipping,
    "norm": lambda clip: tutor.check_clipping(clip, rule="norm"),
    "adagrad": tutor.check_update,
    "sgd": lambda update: tutor.check_update(update, rule="sgd"),
    "windows": tutor.check_windows,
    "sampling": tutor.check_sampling,
    "training": tutor.check_training,
}
CATALOGUES = {
    "forward": [*forward.catalogue(BOOK), forward_mistakes.ALIASED],
    "backward": [
        *backward.catalogue(BOOK, 5.0),
        backward_mistakes.ALIASED,
        backward_mistakes.NOT_ZEROED,
    ],
    "clipping": clipping.catalogue("value"),
    "norm": clipping.catalogue("norm"),
    "adagrad": update.catalogue("adagrad"),
    "sgd": update.catalogue("sgd"),
    "windows": windows.MISTAKES,
    "sampling": [
        *sampling_models.MISTAKES,
        sampling.GLOBAL,
        sampling.UNSEEDED,
        sampling.SEEDED,
        sampling.FIRST,
    ],
    "training": training_mistakes.MISTAKES,
}
FAMILIES = {  # entries that differ in a number; a few of each are tried by themselves
    " whatever was asked for": ("5 what", "0.1 what", "1e-08", "25 what", "0.9 what"),
    "truncated inside": (" 2 steps", " 5 steps", " 25 steps"),
    "only the": (" 3 most", "10 most", "0.9 drawn", "0.98 drawn"),
    "not 1e-8": ("is 0,", "1e-10", "1e-06"),
    " (at 1": (" here (at 1)", "loop (at 10)"),
}


NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def tried(name):
    """Is the entry tried in every run? All of them are with the profile nightly."""
    if NIGHTLY:
        return True
    few = [kept for family, kept in FAMILIES.items() if family in name]
    return not few or any(part in name for part in few[0])


ENTRIES = [(name, m.name) for name, entries in CATALOGUES.items() for m in entries]


def test_there_is_a_slip_for_every_entry():
    assert {(name, m) for name, slips in SLIPS.items() for m in slips} == set(ENTRIES)


@pytest.mark.parametrize("name", RIGHT)
def test_right_programs_are_right(name):
    found = CHECKS[name](program(name))
    assert found.ok and str(found).endswith(": right")


TRIED = [(name, m) for name, m in dict.fromkeys(ENTRIES) if tried(m)]


@pytest.mark.parametrize(("name", "mistake"), TRIED, ids=map(" - ".join, TRIED))
def test_mistake_is_named(name, mistake):
    found = CHECKS[name](slip(name, mistake))
    assert not found.ok
    assert [m.name for m in found.mistakes] == [mistake]
    entry = {m.name: m for m in CATALOGUES[name]}[mistake]
    assert entry.sentence in str(found) and entry.place in str(found)
    assert PLACES[entry.equation][1] in found._repr_markdown_()


PLANTS = {
    "forward": forward.planted,
    "backward": backward.planted,
    "clipping": clipping.planted,
    "adagrad": update.planted,
    "windows": windows.planted,
    "training": training.planted,
}


@pytest.mark.parametrize("name", PLANTS)
def test_the_entries_themselves_make_their_mistakes(name):
    some = 1 if NIGHTLY else 4
    for mistake in CATALOGUES[name][::some]:
        if mistake.change and tried(mistake.name):
            found = CHECKS[name](PLANTS[name](mistake.change))
            assert [m.name for m in found.mistakes] == [mistake.name]


UNNAMED = backward.unnamed()


@pytest.mark.parametrize("mistake", UNNAMED[:: 1 if NIGHTLY else 9], ids=lambda m: m[0])
def test_a_derived_mistake_without_a_name_is_said_in_the_words_of_the_machine(mistake):
    found = check_derived(mistake.change)
    assert [m.name for m in found.mistakes] == [mistake.name]
    assert "The derivation gives" in str(found) and mistake.place in str(found)


def check_derived(change):
    """The diagnosis of a backward pass with these pieces."""
    return tutor.check_backward(backward.planted(change))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'd["W_hh"] += ds @ h[t - 1]',
            'd["W_hh"] -= ds @ h[t - 1]',
            "in dL/dW_hh, the term delta_s_t h_{t-1}^T has the wrong sign",
        ),
        (
            'd["W_hh"] += ds @ h[t - 1]',
            'd["W_hh"] += (ds @ h[t - 1]).T',
            "in dL/dW_hh, the term delta_s_t h_{t-1}^T has exchanged the factors",
        ),
        (
            'd["b_h"] += ds.sum(axis=1)',
            'd["b_h"] += dh.sum(axis=1)',
            "in dL/db_h, the term delta_s_t has put another quantity for "
            "delta_s_t: g_t",
        ),
        (
            "(1 - h[t].T ** 2) * dh",
            "(1 + h[t].T ** 2) * dh",
            "in delta_s_t, the term g_t * (1 - h_t^2) has minus -h_t^2",
        ),
        (
            "    return",
            '    d["W_hy"] /= T\n    return',
            "in dL/dW_hy, the sum over t is averaged",
        ),
        *(
            (
                'd["W_hy"] += dz @ h[t]',
                f'd["W_hy"] += ({kept}) * (dz @ h[t])',
                f"in dL/dW_hy, the sum over t {said}",
            )
            for kept, said in {
                "t > 1": "lacks the first step",
                "t < T": "lacks the last step",
                "t == 1": "keeps the first step alone",
            }.items()
        ),
    ],
)
def test_a_slip_of_one_term_needs_no_entry_written_by_hand(old, new, said):
    found = tutor.check_backward(program("backward", old, new))
    assert [m.name for m in found.mistakes] == [said]


def test_a_mistake_of_one_term_is_derived_or_makes_the_gradients_of_another():
    """The derivation knows every entry that changes a term, and each is looked for."""
    at = problems.plain()
    looked_for = [*CATALOGUES["backward"], *UNNAMED]
    known = [
        backward.run(at, backward.PIECES | m.change)
        for m in looked_for
        if not m.square and m.change.keys() <= backward.PIECES.keys()
    ]
    derived = backward_terms.known()
    assert len(derived) > 60
    for m in derived.values():
        term = f"term {m.where} {m.use or 0}"
        with np.errstate(all="ignore"):
            change = {term: backward_terms.Term(m)}
            found = backward.run(at, backward.PIECES | change)
        assert any(all_agree(found, other, 1e-9) for other in known), m.key


PAIRS = [
    ("backward", "dh_next forgotten", "h_t for h_{t-1}"),
    ("backward", "W_hh transposed", "phi' missing"),
    ("backward", "y - p for p - y", "the gradient of b_y forgotten"),
    ("backward", "phi' applied twice", "clip inside the loop"),
    ("forward", "W_hh transposed", "b_y forgotten"),
    ("forward", "softmax overflow", "targets not shifted"),
    ("adagrad", "wrong sign", "memory not accumulated"),
    ("training", "clip missing", "state not carried across windows"),
    ("sampling", "the sample not fed back", "temperature multiplied"),
]


@pytest.mark.parametrize(("name", "one", "two"), PAIRS)
def test_two_mistakes_are_named(name, one, two):
    found = CHECKS[name](program(name, *SLIPS[name][one], *SLIPS[name][two]))
    assert {m.name for m in found.mistakes} == {one, two}


@pytest.mark.parametrize("at", [forward, backward], ids=["forward", "backward"])
def test_no_two_entries_look_alike(at):
    """Any two entries differ by far more than the tolerance in some output."""
    cases = [problems.plain(), problems.large_logits(), problems.unlike_rows()]
    if at is backward:
        cases = [problems.plain(), problems.large_gradients()]
        cases.append(problems.very_large_gradients())
    entries = CATALOGUES["forward" if at is forward else "backward"]
    if at is backward:
        entries = entries + backward.unnamed()
    outputs = {}
    for m in entries:
        if not m.square and m.change.keys() <= at.PIECES.keys() and m.change:
            with np.errstate(all="ignore"):
                runs = [at.run(case, at.PIECES | m.change) for case in cases]
            named = [{f"{i}.{k}": a for k, a in r.items()} for i, r in enumerate(runs)]
            outputs[m.name] = {k: a for r in named for k, a in r.items()}
    assert len(outputs) > 20
    for one, two in combinations(outputs, 2):
        assert not all_agree(outputs[one], outputs[two], 1e-3), (one, two)


HARD = (
    "only the 10",
    "only the nucleus of 0.99",
    "no symbol rarer than 0.02",
    "temperature is 0.9",
)
CLOSE = [m for m in sampling_models.MISTAKES if not m.alone or m.name.startswith(HARD)]


@pytest.mark.parametrize("mistake", CLOSE, ids=lambda m: m.name)
def test_sampling_tells_its_entries_from_the_right_model_by_far(mistake):
    """The log-likelihoods differ by far more than the margin, whichever is true."""

    def draw(case, change):
        sample = sampling_models.planted(change)
        seeds = map(np.random.default_rng, range(sampling.RUNS))
        runs = (sample(*case[:3], sampling.LENGTH, case.tau, rng) for rng in seeds)
        return np.array(list(runs))

    for true, other in (({}, mistake.change), (mistake.change, {})):
        gap = 0.0
        for case in sampling.network_cases():
            drawn = draw(case, true)
            for change, sign in ((other, 1), (true, -1)):
                pieces = sampling_models.PIECES | change
                gap += sign * sampling_models.surprise(case, drawn, pieces)[0, 0]
        assert gap > 2 * sampling.MARGIN


def test_equations_exist():
    found = {c: labels(read(c)) for c in {chapter for _, chapter in PLACES.values()}}
    missing = [label for label, (_, c) in PLACES.items() if label not in found[c]]
    assert missing == []
    used = {m.equation for entries in CATALOGUES.values() for m in entries}
    assert used <= set(PLACES)


def test_only_short_truncations_are_looked_for_together_with_others():
    """The long ones are many, and make almost the same gradients."""
    name = "truncated inside the window, {} steps".format
    together = {m.name for m in CATALOGUES["backward"] if not m.alone}
    found = [steps for steps in range(2, 30) if name(steps) in together]
    assert found == [2, 3, 4, 5]


def test_gradients_that_are_kept_begin_at_zero():
    """The first call is right; each later one adds to it."""
    right = backward.planted({})
    kept = backward.planted(backward_mistakes.NOT_ZEROED.change)
    rng = np.random.default_rng(0)
    q = init_params(3, 4, 3, rng=rng)
    x, y = rng.integers(0, 3, (2, 5, 2))
    trace = forward_of(q, x)
    arguments = q, x, y, trace.h, softmax(trace.z)
    wanted = right(*arguments)
    for times in (1, 2, 3):
        for found, gradient in zip(kept(*arguments), wanted, strict=True):
            np.testing.assert_allclose(found, times * gradient, rtol=1e-12)
