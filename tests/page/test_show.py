"""What a cell shows: an equation as LaTeX, an array as text."""

import numpy as np
import pytest

from rnnbook.page import show as module
from rnnbook.page.show import row, show
from rnnlib.symbolic import hidden, quantity


@pytest.fixture
def shown(monkeypatch):
    """The LaTeX that was displayed, call by call."""
    found = []
    monkeypatch.setattr(module, "display", lambda math: found.append(math.data))
    return found


def test_a_side_is_an_expression_or_ready_latex(shown):
    show(quantity("h", "t"), hidden())
    show("a", r"\beta")
    assert shown == [r"h_{t} = \phi(s_{t})", r"a = \beta"]


def test_a_notation_and_a_label(shown):
    show(quantity("z", "t"), "0", "sarkar", "7")
    assert shown == [r"z_t = 0 \tag{7}".replace("z_t", shown[0].split(" = ")[0])]
    show(quantity("z", "t"), "0")
    assert shown[0].split(" = ")[0] != shown[1].split(" = ")[0]


def test_an_array_stands_in_one_line():
    assert row(np.array([[1.0, -2.5], [0.00004, 10]])) == (
        "  1.0000  -2.5000   0.0000  10.0000"
    )


def test_no_minus_before_zero():
    assert row([-0.0, -0.00001]) == "  0.0000   0.0000"
