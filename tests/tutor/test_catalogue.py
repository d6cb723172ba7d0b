"""Every mistake of the catalogue is planted in a reader's program and named."""

from itertools import combinations

import numpy as np
import pytest

from rnnbook import tutor as diagnosis
from rnnbook.tutor import (
    backward,
    backward_mistakes,
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
from tests.tutor.readers import RIGHT, SLIPS, program, slip
from tools.chapters import labels, read

CHECKS = {
    "forward": diagnosis.check_forward,
    "backward": diagnosis.check_backward,
    "clipping": diagnosis.check_clipping,
    "norm": lambda clip: diagnosis.check_clipping(clip, rule="norm"),
    "adagrad": diagnosis.check_update,
    "sgd": lambda update: diagnosis.check_update(update, rule="sgd"),
    "windows": diagnosis.check_windows,
    "sampling": diagnosis.check_sampling,
    "training": diagnosis.check_training,
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
    ],
    "training": training_mistakes.MISTAKES,
}
ENTRIES = [(name, m.name) for name, entries in CATALOGUES.items() for m in entries]


def test_there_is_a_slip_for_every_entry():
    assert {(name, m) for name, slips in SLIPS.items() for m in slips} == set(ENTRIES)


@pytest.mark.parametrize("name", RIGHT)
def test_right_programs_are_right(name):
    found = CHECKS[name](program(name))
    assert found.ok and str(found).endswith(": right")


@pytest.mark.parametrize(("name", "mistake"), ENTRIES, ids=map(" - ".join, ENTRIES))
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
    for mistake in CATALOGUES[name]:
        if mistake.change:
            found = CHECKS[name](PLANTS[name](mistake.change))
            assert [m.name for m in found.mistakes] == [mistake.name]


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
    cases = [problems.plain(), problems.large_logits(), problems.large_gradients()]
    entries = CATALOGUES["forward" if at is forward else "backward"]
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


@pytest.mark.parametrize("mistake", sampling_models.MISTAKES, ids=lambda m: m.name)
def test_sampling_tells_its_entries_from_the_right_model_by_far(mistake):
    """The log-likelihoods differ by far more than the margin, whichever is true."""
    hot, cold = sampling.network_cases()

    def draw(case, change, length, runs):
        sample = sampling_models.planted(change)
        seeds = map(np.random.default_rng, range(runs))
        return np.array([sample(*case[:3], length, case.tau, rng) for rng in seeds])

    for true, other in (({}, mistake.change), (mistake.change, {})):
        gap = 0.0
        for case, length, runs in ((hot, 500, 1), (cold, 500, 1), (hot, 2, 100)):
            drawn = draw(case, true, length, runs)
            for change, sign in ((other, 1), (true, -1)):
                pieces = sampling_models.PIECES | change
                gap += sign * sampling_models.surprise(case, drawn, pieces)[0, 0]
        assert gap > 10 * sampling.MARGIN


def test_equations_exist():
    found = {c: labels(read(c)) for c in {chapter for _, chapter in PLACES.values()}}
    missing = [label for label, (_, c) in PLACES.items() if label not in found[c]]
    assert missing == []
    used = {m.equation for entries in CATALOGUES.values() for m in entries}
    assert used <= set(PLACES)
