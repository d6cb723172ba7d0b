"""Cells drawn from their definitions: nodes, arrows, and where they stand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnnbook.page.cell_diagrams import (
    DIRECT,
    STRETCH,
    WEIGHED,
    draw_cell,
    label,
    places,
    readings,
)
from rnnbook.page.figures import panels
from rnnlib.symbolic import derive
from tests.symbolic.cells import CELLS

SIZES = {"x": "d_x", "h": "d_h"}
LSTM = CELLS["lstm"].text
PEEPHOLE = LSTM.replace("W_xf x_t", "W_xf x_t + w_f * c_{t-1}")
TURNED = """
    h_t = a_t * h_{t-2}
    a_t = tanh(W x_t)
"""


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_an_arrow_for_every_quantity_that_a_definition_reads():
    found = readings(derive(LSTM, SIZES))
    assert len(found) == 4 * 2 + 4 + 2
    assert {(r.name, r.shift) for r in found if r.reader == "c"} == {
        *(("f", 0), ("c", -1), ("i", 0), ("n", 0))
    }
    assert {r.name for r in found if r.weighed} == {"x", "h"}
    more = set(readings(derive(PEEPHOLE, SIZES))) - set(found)
    assert [tuple(r) for r in more] == [("c", -1, "f", False)]


def test_what_is_read_stands_before_its_reader():
    for text in (LSTM, PEEPHOLE, TURNED):
        cell = derive(text, SIZES)
        where = places(cell)
        for r in readings(cell):
            assert where[r.name, r.shift][0] < where[r.reader, 0][0]
        assert len(set(where.values())) == len(where)


def test_a_state_keeps_its_lane():
    where = places(derive(LSTM, SIZES))
    assert (
        where["c", -1][1] == where["c", 0][1] != where["h", -1][1] == where["h", 0][1]
    )


def test_a_quantity_that_is_read_in_both_ways_is_read_entry_by_entry():
    for text in ("h_{t-1} + W h_{t-1} + U x_t", "W h_{t-1} + U x_t + h_{t-1}"):
        found = readings(derive(f"h_t = {text}", SIZES))
        assert {tuple(r) for r in found} == {
            ("h", -1, "h", False),
            ("x", 0, "h", True),
        }


def test_columns_are_the_order_of_computation():
    where = places(derive(LSTM, SIZES))
    columns = {node: column for node, (column, _) in where.items()}
    assert columns == {
        **{("h", -1): 0, ("c", -1): 0, ("x", 0): 0},
        **{(gate, 0): 1 for gate in "ifno"},
        **{("c", 0): 2, ("h", 0): 3},
    }
    where = places(derive(TURNED, SIZES))
    assert {node: column for node, (column, _) in where.items()} == {
        **{("h", -2): 0, ("x", 0): 0, ("a", 0): 1, ("h", 0): 2}
    }


def test_gates_stand_evenly_between_the_lanes_and_near_their_readers():
    where = places(derive(LSTM, SIZES))
    lanes = {name: where[name, 0][1] for name in "hc"}
    assert lanes == {"h": 0, "c": 1}
    gates = [where[gate, 0][1] for gate in "ifno"]  # the last one is read by h
    assert np.allclose(np.diff(gates), np.diff(gates)[0]) and gates[-1] < gates[0]
    assert 0 < gates[-1] < 0.2 and 0.7 < gates[0] < 1
    assert where["x", 0][1] < -0.3


def test_what_is_read_high_up_stands_high_up_whatever_the_order_of_the_text():
    text = """
        b_t = tanh(U_b x_t)
        a_t = tanh(U_a x_t)
        q_t = sigma(b_t)
        p_t = sigma(a_t)
        c_t = c_{t-1} * p_t
        h_t = h_{t-1} * q_t + c_t
    """
    where = places(derive(text, SIZES))
    column, height = ({n: p[k] for (n, s), p in where.items() if not s} for k in (0, 1))
    assert column == {"x": 0, "b": 1, "a": 1, "q": 2, "p": 2, "c": 3, "h": 4}
    assert height["c"] > height["h"]
    assert height["p"] > height["q"] and height["a"] > height["b"]


def test_what_reads_no_other_quantity_stands_in_the_first_column_of_definitions():
    cell = derive("a_t = tanh(b)\nh_t = a_t * h_{t-1} + U x_t", SIZES)
    assert places(cell)["a", 0][0] == 1 and places(cell)["h", 0][0] == 2


def test_lanes_of_one_and_of_three_states():
    assert places(derive("h_t = tanh(W h_{t-1} + U x_t)", SIZES))["h", 0][1] == 1
    text = """
        a_t = sigma(a_{t-1} + U x_t)
        b_t = sigma(b_{t-1} + a_t)
        h_t = tanh(h_{t-1} + b_t)
    """
    where = places(derive(text, SIZES))
    heights = sorted(where[name, 0][1] for name in "abh")
    assert heights == [0, 0.5, 1]


def test_a_quantity_alone_in_its_column_stands_in_the_middle():
    height = places(derive(TURNED, SIZES))["a", 0][1]
    assert abs(height - 0.425) < 0.1


def rings(axis):
    """The centres of the nodes, in the order in which they are drawn."""
    return [tuple(c.get_offsets()[0]) for c in axis.collections]


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("text", [LSTM, PEEPHOLE, TURNED])
def test_an_arrow_leads_from_ring_to_ring(text, back):
    _, axis = panels(grid="none")
    cell = derive(text, SIZES)
    drawn, where = draw_cell(axis, cell, back=back), places(cell)
    centre = {node: (x, STRETCH * y) for node, (x, y) in where.items()}
    shown = {n: c for n, c in centre.items() if not (back and n[0] == "x")}
    assert sorted(rings(axis)) == sorted(shown.values())
    arrows = [t for t in axis.texts if getattr(t, "arrow_patch", None)]
    words = {t.get_position(): t for t in axis.texts if t not in arrows}
    for node, place in shown.items():
        assert words[place].get_text() == f"${label(cell, node, adjoint=back)}$"
        assert words[place].get_ha() == words[place].get_va() == "center"
    kept = [r for r in drawn if not (back and r.name == "x")]
    for arrow, r in zip(arrows, kept, strict=True):
        tail, head = centre[r.name, r.shift], centre[r.reader, 0]
        if back:
            tail, head = head, tail
        assert (arrow.xyann, arrow.xy) == (tail, head)
        patch = arrow.arrow_patch
        assert to_hex(patch.get_edgecolor()).upper() == (
            WEIGHED if r.weighed else DIRECT
        )
        assert (patch.get_linestyle() == "-") == (not r.weighed)
        bend = patch.get_connectionstyle().rad
        straight = abs(tail[0] - head[0]) < 2 or tail[1] == head[1]
        assert (bend == 0) == straight and abs(bend) < 0.3
        assert straight or (bend < 0) == back
        ring = min(c.get_zorder() for c in axis.collections)
        assert arrow.get_zorder() < ring < min(t.zorder for t in words.values())


def test_an_arrow_from_an_input_goes_a_longer_way_round():
    _, axis = panels(grid="none")
    cell = derive("a_t = tanh(W h_{t-1})\nh_t = a_t * x_t * h_{t-1}", {"x": "d_h"})
    drawn = draw_cell(axis, cell)
    arrows = [t for t in axis.texts if getattr(t, "arrow_patch", None)]
    bends = {
        (r.name, r.reader): t.arrow_patch.get_connectionstyle().rad
        for t, r in zip(arrows, drawn, strict=True)
    }
    assert bends["x", "h"] > 0.12 and bends["a", "h"] == bends["h", "a"] == 0


@pytest.mark.parametrize("back", [False, True])
def test_everything_stands_in_the_panel_and_no_frame_around_it(back):
    figure, axis = panels("one square", grid="none")
    draw_cell(axis, derive(LSTM, SIZES), back=back)
    assert not axis.axison
    figure.canvas.draw()
    low, high = (axis.transAxes.transform(corner) for corner in ((0, 0), (1, 1)))
    nodes = axis.collections
    at = [axis.transData.transform(c.get_offsets()[0]) for c in nodes]
    (points,) = {c.get_sizes()[0] ** 0.5 for c in nodes}  # the diameter of a ring
    radius = points / 2 * figure.dpi / 72
    assert all((low < c - radius).all() and (c + radius < high).all() for c in at)
    apart = [np.hypot(*(a - b)) for k, a in enumerate(at) for b in at[:k]]
    assert 2 * radius < min(apart) < 5 * radius
    assert all(to_hex(c.get_facecolor()[0]) == "#ffffff" for c in nodes)
    arrows = [t.arrow_patch for t in axis.texts if getattr(t, "arrow_patch", None)]
    shrunk = {end for a in arrows for end in (a.shrinkA, a.shrinkB)}
    assert all(points / 2 <= end < points / 2 + 5 for end in shrunk)
    across = [c.get_offsets()[0][0] for c in nodes]
    assert 0.3 < min(across) - axis.get_xlim()[0] < 0.6
    assert 0.3 < axis.get_xlim()[1] - max(across) < 0.6
    around = np.array([np.min(at, axis=0) - low, high - np.max(at, axis=0)])
    assert back or (around < 4 * radius).all()  # no empty border


@pytest.mark.parametrize("back", [False, True])
def test_the_drawing_has_what_was_read(back):
    _, axis = panels(grid="none")
    drawn = draw_cell(axis, derive(LSTM, SIZES), back=back)
    arrows = [t.arrow_patch for t in axis.texts if getattr(t, "arrow_patch", None)]
    kept = [r for r in drawn if not (back and r.name == "x")]
    assert len(arrows) == len(kept)
    words = {t.get_text() for t in axis.texts if t.get_text()}
    assert ("$g^{(c)}_{t}$" if back else "$c_{t}$") in words
    assert len(words) == 8 + (not back)
    colours = {plt.matplotlib.colors.to_hex(a.get_edgecolor()) for a in arrows}
    assert colours == {DIRECT.lower(), WEIGHED.lower()}


def test_an_input_bends_further_than_what_is_computed():
    _, axis = panels(grid="none")
    text = "a_t = tanh(W h_{t-1})\nb_t = sigma(a_t)\nh_t = a_t * x_t * b_t"
    drawn = draw_cell(axis, derive(text, {"x": "d_h"}))
    arrows = [t.arrow_patch for t in axis.texts if getattr(t, "arrow_patch", None)]
    bends = {
        (r.name, r.reader): a.get_connectionstyle().rad
        for a, r in zip(arrows, drawn, strict=True)
    }
    assert bends["x", "h"] > bends["a", "h"] > 0
    assert all(1 < a.get_linewidth() < 2 for a in arrows)
    assert {type(a.get_arrowstyle()).__name__ for a in arrows} == {"CurveFilledB"}
    rims = {to_hex(c.get_edgecolor()[0]) for c in axis.collections}
    assert rims == {"#666666"}  # a white ring would not be seen


def test_a_label_is_that_of_the_quantity_where_nothing_else_is_said():
    cell = derive(LSTM, SIZES)
    assert label(cell, ("c", -1)) == "c_{t-1}" and label(cell, ("x", 0)) == "x_{t}"
    assert label(cell, ("c", 0), adjoint=True) == "g^{(c)}_{t}"
