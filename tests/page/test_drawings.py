"""Drawings show what the definitions say: arrows, shapes and sheets are counted."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle

from rnnbook.page import drawings
from rnnlib.symbolic import quantity, unroll

SIZES = {"d_x": 4, "d_h": 3, "K": 2}


@pytest.fixture
def axis():
    plt.switch_backend("agg")
    yield plt.subplots()[1]
    plt.close("all")


def ends(axis):
    """The ends of the arrows drawn."""
    found = (p for p in axis.patches if isinstance(p, FancyArrowPatch))
    return [tuple(map(tuple, p._posA_posB)) for p in found]


def words(axis):
    return [text.get_text() for text in axis.texts]


def cells(axis):
    return [p for p in axis.patches if isinstance(p, Rectangle)]


@pytest.fixture
def net():
    return unroll(T=2, d_x=1, d_h=2, K=1)


def test_arrows_are_the_reads_of_the_definitions(net):
    found = drawings.arrows(net)
    expected = {((a, t), (b, t)) for t in (1, 2) for a, b in ("xs", "sh", "hz")}
    assert set(found) == expected | {(("h", t - 1), ("s", t)) for t in (1, 2)}
    weights = [found[a, b] for a, b in ((("x", 1), ("s", 1)), (("s", 1), ("h", 1)))]
    weights += [found[("h", 1), (name, t)] for name, t in (("z", 1), ("s", 2))]
    assert weights == ["W_xh", "phi", "W_hy", "W_hh"]


def test_the_last_readout_reads_one_state():
    last = unroll(T=2, d_x=1, d_h=1, K=1, topology="last")
    assert {a for a, b in drawings.arrows(last) if b[0] == "z"} == {("h", 2)}


def test_the_drawing_has_an_arrow_for_each_read(axis, net):
    found = drawings.draw(axis, net, values={("s", 1): "0.5"})
    assert len(ends(axis)) == len(found) == 8
    assert ((1.0, 2.0), (2.0, 1.0)) in ends(axis)  # from h_1 to s_2
    assert "0.5" in words(axis) and "$h_0$" in words(axis)


def test_the_adjoints_flow_against_the_arrows(axis, net):
    back = drawings.draw_back(axis, net, adjoints={("h", 1): "0.9"})
    forward = {b for b in drawings.arrows(net) if b[0][0] != "x"}
    assert {(tail, head) for head, tail in back} == forward
    assert len(ends(axis)) == 8 + len(back) + 2  # and one into each logit
    assert "0.9" in words(axis) and "$g_{1}$" not in words(axis)
    assert {"$g_{0}$", r"$\delta^{(s)}_{2}$", "$p_2 - y_2$"} <= set(words(axis))


def test_the_legend_names_the_weights():
    figure = plt.figure()
    drawings.legend(figure)
    (box,) = figure.legends
    assert [t.get_text() for t in box.get_texts()] == [
        label for _, _, label in drawings.STYLE.values()
    ]


def test_blocks_have_a_cell_for_every_entry(axis):
    parts = [quantity("s", "t"), "=", quantity("W_xh"), quantity("x", "t")]
    assert drawings.blocks(axis, parts, SIZES) == [(3, 1), (3, 4), (4, 1)]
    assert len(cells(axis)) == 3 + 12 + 4
    assert {"=", "$d_x$", "$W_{xh}$", "$s_{t}$"} <= set(words(axis))


def test_sheets_are_as_many_as_steps(axis):
    assert drawings.sheets(axis, "h", (5, 2, 3), letters=("T + 1", "B", "d")) == 5
    assert len(cells(axis)) == 5 * 2 * 3
    assert {"h", "T + 1", "B", "d"} == set(words(axis))
