"""Figures by name: sizes, panels and grids."""

import matplotlib
import matplotlib.pyplot as plt
import pytest

from rnnbook.page.figures import ARRANGEMENTS, WIDTH, panels
from tools import CHAPTERS


@pytest.fixture(autouse=True)
def style_of_the_chapters():
    """The style that the kernels of the chapters start with, and no window."""
    with matplotlib.rc_context(fname=CHAPTERS / "matplotlibrc"):
        plt.switch_backend("agg")
        yield
        plt.close("all")


def lines_of(axis):
    """Which grid lines an axis draws: (those that cross x, those that cross y)."""
    return tuple(
        any(line.get_visible() for line in one.get_gridlines())
        for one in (axis.xaxis, axis.yaxis)
    )


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_a_name_gives_the_size_and_the_panels(name):
    rows, columns, height = ARRANGEMENTS[name]
    figure, axes = panels(name)
    assert figure.get_size_inches().tolist() == [WIDTH, height]
    assert len(figure.axes) == rows * columns
    assert (axes is figure.axes[0]) == (rows * columns == 1)


def test_a_name_says_the_panels_and_how_high_they_are():
    shapes = {name: a[:2] for name, a in ARRANGEMENTS.items()}
    high = {name: a.height for name, a in ARRANGEMENTS.items()}
    counted = {"one": (1, 1), "two": (2, 1), "three": (3, 1)}
    shown = {name: counted[name.split()[0]] for name in shapes}
    shown |= {"two in a row": (1, 2), "three in a row": (1, 3)}
    shown |= {"two by two": (2, 2), "three by two": (3, 2)}
    assert shapes == shown
    assert high["one strip"] < high["one"] < high["one tall"] < high["one square"]
    assert high["one square"] == WIDTH < 6.5  # inches of text on a page
    assert high["two low"] < high["two"] and high["three strips"] < high["three"]
    assert all(WIDTH / 4 < h < 9 for h in high.values())
    for name in ("two", "three", "two by two", "three by two", "three in a row"):
        assert 2 < high[name] / shapes[name][0] < 3.3
    assert 1 < high["two in a row"] / (WIDTH / 2) < 1.3  # nearly square
    for name in ("one strip", "two low", "three strips"):
        assert 1.4 < high[name] / shapes[name][0] < 2.3


@pytest.mark.parametrize(
    "grid, drawn", [("both", (1, 1)), ("x", (1, 0)), ("y", (0, 1)), ("none", (0, 0))]
)
def test_the_grid_that_is_asked_for_is_drawn(grid, drawn):
    for axis in panels("two", grid=grid)[0].axes:
        assert lines_of(axis) == drawn


def test_grid_lines_are_pale_and_behind_the_curves():
    axis = panels()[1]
    (curve,) = axis.plot([0, 1])
    assert axis.get_xgridlines()[0].get_alpha() == 0.3
    assert axis.xaxis.get_zorder() < curve.get_zorder()


def test_the_style_is_left_as_it_was():
    before = dict(plt.rcParams)
    panels(grid="none")
    panels(grid="y")
    assert dict(plt.rcParams) == before


def test_options_reach_matplotlib():
    figure, (top, bottom) = panels("two", sharex=True, layout=None)
    assert figure.get_layout_engine() is None
    assert top.get_shared_x_axes().joined(top, bottom)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="name: expected one of .* got 'four'"):
        panels("four")
    with pytest.raises(ValueError, match="grid: expected one of .* got 'dots'"):
        panels(grid="dots")
