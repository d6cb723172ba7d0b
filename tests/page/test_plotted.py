"""The digest of a figure: what changes it, what does not, and where it is printed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from rnnbook.page import plotted
from rnnbook.page.figures import panels

X = np.linspace(0, 1, 40)


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def figure(
    y=X**2, *, word="loss", bars=(1.0, 2.0), names="ab", limits=None, scale="linear"
):
    """Two panels with most kinds of parts."""
    made, (left, right) = plt.subplots(1, 2)
    left.plot(X, y, label=word)
    left.fill_between(X, 0, y / 2)
    left.scatter(X[::8], y[::8], c=y[::8])
    left.legend()
    left.set(xlabel="t", yscale=scale, ylim=limits)
    right.bar([*names], bars)
    right.annotate("", (0, 1), (1, 2), arrowprops={"arrowstyle": "->"})
    right.imshow(np.outer(y, X), extent=(0, 1, 0, 1))
    return made


def changed(i, by):
    y = X**2
    y[i] += by
    return y


SAME = plotted.digest(figure())
plt.close("all")


def test_the_same_figure_has_the_same_digest_also_after_it_was_drawn():
    made = figure()
    assert plotted.digest(made) == SAME
    made.canvas.draw()
    assert plotted.digest(made) == SAME


@pytest.mark.parametrize("seed", range(20))
def test_rounding_changes_nothing(seed):
    noise = 1 + 1e-13 * np.random.default_rng(seed).standard_normal(40)
    assert plotted.digest(figure(X**2 * noise)) == SAME


@pytest.mark.parametrize("i", [0, 7, 39])
@pytest.mark.parametrize("by", [0.005, -0.005, np.nan])
def test_one_point(i, by):
    assert plotted.digest(figure(changed(i, by))) != SAME


@pytest.mark.parametrize(
    "change",
    [
        {"word": "Loss"},
        {"bars": (2.0, 1.0)},
        {"bars": (1.0, 2.01)},
        {"names": ("a", "c")},
        {"limits": (0, 1)},
        {"scale": "log"},
        {"y": 1.01 * X**2},
        {"y": X},
    ],
    ids=str,
)
def test_other_words_bars_and_axes(change):
    assert plotted.digest(figure(**change)) != SAME


@pytest.mark.parametrize(
    "edit",
    [
        lambda f: f.suptitle("all"),
        lambda f: f.axes[0].set_title("left"),
        lambda f: f.axes[0].lines[0].set_data(X[:-1], X[:-1] ** 2),
        lambda f: f.axes[0].collections[0].remove(),
        lambda f: f.axes[0].collections[-1].set_array(np.zeros(5)),
        lambda f: f.axes[1].images[0].set_extent((0, 2, 0, 1)),
        lambda f: f.axes[1].texts[0].set_text("here"),
        lambda f: f.axes[1].set_xticks([0, 1], ["a", "c"]),
        lambda f: f.axes[0].inset_axes((0, 0, 1, 1)).plot([1, 2]),
        lambda f: f.delaxes(f.axes[1]),
        lambda f: f.axes[0].set_xlabel("u"),
        lambda f: f.axes[0].set_ylabel("u"),
        lambda f: f.axes[0].set_xlim(0, 2),
        lambda f: f.axes[0].set_xscale("symlog"),
        lambda f: f.axes[0].lines[0].set_label("other"),
        lambda f: f.axes[0].lines[0].set_data(X, X[::-1]),
        lambda f: f.axes[0].collections[0].set_label("other"),
        lambda f: f.axes[0].collections[-1].set_offsets(np.zeros((5, 2))),
        lambda f: f.axes[0].get_legend().get_texts()[0].set_text("other"),
        lambda f: f.axes[0].set_yticks([0, 1], ["a", "c"]),
        lambda f: f.axes[1].patches[0].set_label("other"),
        lambda f: f.axes[1].images[0].set_data(np.zeros((40, 40))),
        lambda f: f.axes[1].inset_axes((0, 0, 1, 1)).text(0, 0, "inside"),
    ],
)
def test_every_part_counts(edit):
    made = figure()
    edit(made)
    assert plotted.digest(made) != SAME


@pytest.mark.parametrize("place", ["xy", "xyann"])
def test_arrows_count_by_their_ends(place):
    made, axes = plt.subplots()
    arrow = plt.matplotlib.patches.FancyArrowPatch((0, 0), (1, 1))
    axes.add_patch(arrow)
    first = plotted.digest(made)
    ends = ((0, 0), (1, 2)) if place == "xy" else ((0.5, 0), (1, 1))
    arrow.set_positions(*ends)
    assert plotted.digest(made) != first


def test_the_stated_sensitivity():
    """One of many numbers by a two-hundredth of the largest, anywhere."""
    rng = np.random.default_rng(0)
    data = rng.standard_normal(1000)
    first, step = plotted.summary(data), np.abs(data).max() / 200
    for i in rng.integers(1000, size=50):
        other = data.copy()
        other[i] -= step * np.sign(data[i])
        assert plotted.summary(other) != first
    assert plotted.summary(np.zeros(0)) != plotted.summary(np.zeros(1))


def test_numbers_are_told_by_weighed_sums_of_a_block():
    data = np.array([-0.5, 0.25, np.nan, np.inf])
    weights = np.random.default_rng(4).uniform(0.5, 1.5, 4)
    total = round((weights[1] * 0.25 - weights[0] * 0.5) / 0.5 * 1000)
    assert plotted.summary(data) == f"4 5.00e-01 {total} [2 3]"
    assert plotted.summary(np.zeros(2)) == "2 0.00e+00 0 []"
    assert plotted.summary([]) == "0 0.00e+00  []"
    long = plotted.summary(np.ones(40)).split()
    assert len(long) == 2 + 3 + 1  # sums of 16, 16 and 8 numbers
    pairs = np.stack([data, data[::-1]], axis=1)
    columns = [plotted.summary(column) for column in (data, data[::-1])]
    assert plotted.summary(pairs) == "; ".join(columns)
    triples = plotted.summary(np.ones((2, 3)))
    assert triples == plotted.summary(np.ones(6))
    assert plotted.summary(np.ones((2, 2, 1))) == plotted.summary(np.ones(4))


def test_what_is_masked_is_a_hole():
    masked = np.ma.masked_array([1, 2], [False, True])
    assert plotted.summary(masked).endswith(" [1]")


def test_a_digest_has_twelve_digits():
    assert len(SAME) == 12 and set(SAME) <= set("0123456789abcdef")


def test_ipython_prints_the_digest(monkeypatch):
    """Also after a cell has set matplotlib up."""
    shell = InteractiveShell()
    made = figure()
    formatted = shell.display_formatter.formatters["text/plain"]
    assert formatted(made) == "<Figure size 640x480 with 2 Axes>"
    monkeypatch.setattr(Figure, "_repr_pretty_", None, raising=False)  # put back after
    plotted.load_ipython_extension(shell)
    for formatter in shell.display_formatter.formatters.values():
        formatter.pop(Figure, None)
    assert formatted(made) == f"<Figure size 640x480 with 2 Axes, plotted {SAME}>"
    assert formatted(1.5) == "1.5"


def test_of_a_figure_of_rounding_the_words_and_counts_are_told():
    def drawn(*arguments, **options):
        made = figure(*arguments, **options)
        made.of_rounding = True
        return plotted.described(made)

    known = drawn()
    assert "2 Axes, plotted words " in known and plotted.described(figure()) != known
    assert drawn(changed(20, 0.5)) == known
    assert drawn(word="error") != known
    assert drawn(bars=(1.0, 2.0, 3.0), names="abc") != known
    made, ax = panels(of_rounding=True)
    assert plotted.of_rounding(made) and not plotted.of_rounding(panels()[0])
