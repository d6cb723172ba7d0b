"""Cells drawn from their definitions: nodes, arrows, and where they stand."""

import matplotlib.pyplot as plt
import pytest

from rnnbook.page.cell_diagrams import DIRECT, WEIGHED, draw_cell, places, readings
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
