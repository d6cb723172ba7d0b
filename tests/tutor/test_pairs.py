"""Two mistakes at once: named together, or one alone where it hides the other."""

import os
from collections import Counter

import numpy as np
import pytest

from tests.tutor.pairs import CHECKED, survey, verdict
from tests.tutor.test_catalogue import CATALOGUES, CHECKS, PLANTS

pytestmark = pytest.mark.long
SOME = {"backward": 60, "training": 25}
EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


@pytest.mark.parametrize("name", CHECKED)
def test_no_pair_is_named_wrongly_or_called_right(name):
    """Some pairs of every catalogue; all of them, for minutes, in the nightly run."""
    most = None if EVERY else SOME.get(name, 100)
    words = Counter(verdict(found) for found in survey(name, most))
    assert set(words) <= {"both", "one", "several"}


@pytest.mark.parametrize("name", ["forward", "backward", "adagrad", "windows"])
def test_the_checks_say_what_the_survey_says(name):
    """A few pairs are handed to the check itself, as functions."""
    entries = {m.name: m for m in CATALOGUES[name] if m.change and not m.square}
    draw = np.random.default_rng(17)
    names = list(entries)
    tried = 0
    while tried < (40 if EVERY else 2):
        one, two = (entries[names[i]] for i in draw.choice(len(names), 2, False))
        special = {"kept", "in place"} & {*one.change, *two.change}
        if one.change.keys() & two.change.keys() or one.alone or two.alone or special:
            continue
        found = CHECKS[name](PLANTS[name](one.change | two.change))
        said = [found.mistakes, *found.alternatives]
        assert not found.ok
        assert any({m.name for m in ms} <= {one.name, two.name} for ms in said)
        tried += 1
