"""The runs at several rates: chosen by trials, stored, and computed anew."""

import json

import numpy as np
import pytest

from rnnbook.experiments import rates
from tools import rates as tool
from tools.experiments import dumps


@pytest.fixture(scope="module")
def stored():
    return json.loads(tool.TARGET.read_text(encoding="utf-8"))


def which(row):
    """The run of a row."""
    return rates.Run(*(row[key] for key in rates.Run._fields))


def test_the_file_is_of_these_settings(stored):
    assert stored["digest"] == rates.digest()
    assert stored["settings"] == rates.SETTINGS
    assert dumps(stored) == tool.TARGET.read_text(encoding="utf-8")
    count = len(rates.trials())
    tested = [row["test"] for row in stored["runs"][:count]]
    assert stored["chosen"] == rates.chosen(tested)
    expected = [*rates.trials(), *rates.counted(stored["chosen"])]
    assert [which(row) for row in stored["runs"]] == expected


@pytest.mark.parametrize("place", [3, 44, 88, 90, 139])
def test_first_losses_are_computed_anew(stored, place):
    row = stored["runs"][place]
    losses, _ = rates.run(which(row), steps=3)
    np.testing.assert_allclose(losses, row["first"][:3], rtol=1e-6)


def test_the_rate_does_not_change_the_random_numbers():
    one, other = (rates.Run("order", "tanh", rate, 4) for rate in (0.003, 0.03))
    assert rates.run(one, steps=1)[0] == rates.run(other, steps=1)[0]
    assert rates.run(one, steps=1)[0] != rates.run(one._replace(seed=5), steps=1)[0]
