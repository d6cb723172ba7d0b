"""Drawings show what the definitions say: arrows, shapes and sheets are counted."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
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


PLACES = {"x": 0, "s": 1, "h": 2, "z": 3}  # heights, from the input upwards


def at(node):
    """Where a node stands: steps to the right, and upwards from the input."""
    return float(node[1]), float(PLACES[node[0]])


def shafts(axis):
    """The arrows drawn, in their order."""
    return [p for p in axis.patches if isinstance(p, FancyArrowPatch)]


def word(axis, text):
    """The only text with these words."""
    (found,) = [t for t in axis.texts if t.get_text() == text]
    return found


def texts_of(axis, *texts):
    """The sizes of letters of some words."""
    return [word(axis, text).get_fontsize() for text in texts]


SIZES_OF_LETTERS = drawings.LARGE, drawings.MIDDLE, drawings.SMALL


def test_letters_have_three_sizes():
    assert sorted({*SIZES_OF_LETTERS}, reverse=True) == [*SIZES_OF_LETTERS]
    assert 10 < min(SIZES_OF_LETTERS) and max(SIZES_OF_LETTERS) < 16


def bend(arrow):
    return arrow.get_connectionstyle().rad


def in_view(axis):
    """Whether each node stands in the panel, and not at its edge."""
    (x_0, x_1), (y_0, y_1) = axis.get_xlim(), axis.get_ylim()
    return all(
        x_0 + 0.4 < x < x_1 - 0.4 and y_0 + 0.4 < y < y_1 - 0.4
        for x, y in (end for pair in ends(axis) for end in pair)
        if y == round(y)
    )


def test_every_arrow_has_the_look_of_its_weight_in_a_fixed_order(axis, net):
    found = drawings.draw(axis, net)
    pairs = sorted(found)
    assert ends(axis) == [(at(tail), at(head)) for tail, head in pairs]
    for arrow, pair in zip(shafts(axis), pairs, strict=True):
        colour, line, _ = drawings.STYLE[found[pair]]
        assert to_hex(arrow.get_edgecolor()).upper() == colour
        assert arrow.get_linestyle() == line and bend(arrow) == 0
    assert in_view(axis) and not axis.axison
    assert axis.get_xlim()[0] > -0.7 and axis.get_xlim()[1] < 2.7
    assert axis.get_ylim()[0] > -0.8 and axis.get_ylim()[1] < 4


def test_a_word_stands_to_the_right_of_its_node(axis, net):
    nodes = [(name, 1) for name in "xshz"]
    drawings.draw(axis, net, values={node: f"of {node[0]}" for node in nodes})
    for name, t in nodes:
        x, y = at((name, t))
        ring = word(axis, f"${name}_{t}$")
        assert ring.get_position() == (x, y)
        assert ring.get_ha() == ring.get_va() == "center"
        assert ring.get_bbox_patch().get_boxstyle().__class__.__name__ == "Circle"
        assert to_hex(ring.get_bbox_patch().get_facecolor()) == "#ffffff"
        beside = word(axis, f"of {name}")
        right, up = np.subtract(beside.get_position(), (x, y))
        assert 0.1 < right < 0.2 and abs(up) < 0.25
        assert (beside.get_ha(), beside.get_va()) == ("left", "center")
        assert np.sign(round(up, 9)) == {"x": 0, "s": -1, "h": 1, "z": 1}[name]
        assert beside.get_fontsize() == drawings.SMALL
        assert ring.get_fontsize() == drawings.LARGE
    for arrow in shafts(axis):
        assert 10 < arrow.get_mutation_scale() < 20 and 1 < arrow.get_linewidth() < 3
        assert 10 < arrow.shrinkA < 20 and 10 < arrow.shrinkB < 20


def test_adjoints_are_drawn_over_the_pale_forward_pass(axis, net):
    back = drawings.draw_back(axis, net)
    forward = sorted(drawings.arrows(net))
    pale, bent, sent = np.split(np.array(shafts(axis)), [8, 8 + len(back)])
    assert ends(axis) == [
        *((at(tail), at(head)) for tail, head in forward),
        *((at(tail), at(head)) for tail, head in sorted(back)),
        *(
            ((t, a._posA_posB[0][1]), (t, 3.0))
            for t, a in zip((1, 2), sent, strict=True)
        ),
    ]
    assert all(3.5 < a._posA_posB[0][1] < 3.9 for a in sent)
    assert {bend(a) for a in (*pale, *sent)} == {0} and all(bend(a) > 0 for a in bent)
    assert len({to_hex(a.get_edgecolor()) for a in pale}) == 1
    flowing = {to_hex(a.get_edgecolor()).upper() for a in (*bent, *sent)}
    assert flowing == {drawings.BACK} and drawings.BACK != "#AAAAAA"
    assert max(a.get_linewidth() for a in pale) < min(a.get_linewidth() for a in bent)
    assert in_view(axis) and not axis.axison
    assert axis.get_xlim()[0] > -0.7 and axis.get_xlim()[1] < 2.7
    assert axis.get_ylim()[0] > -0.8 and axis.get_ylim()[1] < 4.5


def test_each_adjoint_and_factor_stands_where_it_belongs(axis, net):
    back = drawings.draw_back(axis, net)
    marked = {t for t in axis.texts if to_hex(t.get_color()).upper() == drawings.BACK}
    factors = {drawings.SENT_BACK[weight] for weight in back.values()}
    beside = [t for t in axis.texts if t.get_text() in factors]
    for (tail, head), t in zip(sorted(back), beside, strict=True):
        assert t.get_text() == drawings.SENT_BACK[back[tail, head]]
        right, up = np.subtract(t.get_position(), np.mean([at(tail), at(head)], axis=0))
        flat = tail[1] != head[1]
        assert (0 < right < 0.1 and 0.4 < up < 0.7) if flat else 0.1 < right < 0.3
        assert flat or up == 0
        assert t.get_ha() == t.get_va() == "center"
        assert t.get_fontsize() == drawings.SMALL
    for name, sign in (("h", 1), ("s", -1), ("z", 1)):
        for t in (1, 2):
            own = word(axis, f"${drawings.ADJOINT[name]}_{{{t}}}$")
            right, up = np.subtract(own.get_position(), at((name, t)))
            assert -0.25 < right < -0.1 and 0.2 < sign * up < 0.3
            assert (own.get_ha(), own.get_va()) == ("right", "center")
            assert own in marked and own.get_fontsize() == drawings.SMALL
    for t in (1, 2):
        loss = word(axis, f"$p_{t} - y_{t}$")
        x, y = loss.get_position()
        assert x == t and y > 3.78 and y + 0.1 < axis.get_ylim()[1]
        assert loss.get_fontsize() == drawings.MIDDLE
        assert loss.get_ha() == loss.get_va() == "center" and loss in marked
    assert len(marked) == len(back) + 7 + 2  # all that flows back, and nothing else
    assert [t.get_text() for t in axis.texts if t.get_text()[:2] == "$h"] == [
        *("$h_0$", "$h_1$", "$h_2$")
    ]


def test_the_legend_has_a_line_in_the_look_of_each_weight():
    figure = plt.figure()
    drawings.legend(figure)
    (box,) = figure.legends
    looks = [(h.get_color(), h.get_linestyle()) for h in box.legend_handles]
    assert looks == [(c, line) for c, line, _ in drawings.STYLE.values()]
    assert all(1.5 < h.get_linewidth() < 2.5 for h in box.legend_handles)
    assert {t.get_fontsize() for t in box.get_texts()} == {drawings.LARGE}
    assert box._ncols == len(looks) and not box.get_frame_on()
    figure.canvas.draw()
    low = box.get_window_extent().y1 / figure.bbox.height
    middle = np.mean(box.get_window_extent().intervalx) / figure.bbox.width
    assert low < 0.2 and abs(middle - 0.5) < 0.01


def corner(cell):
    return cell.get_x(), cell.get_y()


@pytest.mark.parametrize("top", [0.0, -6.2])
def test_blocks_stand_side_by_side_on_one_line(axis, top):
    parts = [quantity("s", "t"), "=", quantity("W_xh"), quantity("x", "t")]
    shapes = drawings.blocks(axis, parts, SIZES, top=top)
    middle = top - 1.5
    drawn, left, end = cells(axis), [], -np.inf
    for rows, columns in shapes:
        block, drawn = drawn[: rows * columns], drawn[rows * columns :]
        x, y = corner(block[0])  # the upper left cell
        assert [corner(c) for c in block] == [
            (x + j, y - i) for i in range(rows) for j in range(columns)
        ]
        assert {(c.get_width(), c.get_height()) for c in block} == {(1, 1)}
        assert np.isclose(y + 1 - rows / 2, middle)
        assert x - end > 1  # room for the size of the rows
        left.append(x)
        end = x + columns
    signs = [word(axis, "=")]
    between = (left[0] + 1 + left[1]) / 2
    assert abs(signs[0].get_position()[0] - between) < 0.3
    pale = [np.mean(c.get_facecolor()[:3]) for c in cells(axis)]
    assert min(pale) > 0.8 > max(np.mean(c.get_edgecolor()[:3]) for c in cells(axis))
    assert {t.get_fontsize() for t in axis.texts} <= {10, *SIZES_OF_LETTERS}
    assert texts_of(axis, "=", "$s_{t}$") == [drawings.LARGE, drawings.MIDDLE]
    assert np.isclose(left[2] - (left[1] + 4), left[1] - left[0] - 1 - 1.2)
    assert 1 < left[2] - (left[1] + 4) < 1.5 and 0.5 < left[0] < 1
    texts = [
        (t.get_text(), *t.get_position(), t.get_ha(), t.get_va()) for t in axis.texts
    ]
    rows = [t for t in texts if t[3:] == ("right", "center")]
    assert [t[0] for t in rows] == ["$d_h$", "$d_h$", "$d_x$"]
    for (_, x, y, *_), start in zip(rows, left, strict=True):
        assert 0 < start - x < 0.3 and y == middle
    (columns,) = [t for t in texts if t[4] == "bottom"]
    assert columns[0] == "$d_x$" and columns[1] == left[1] + 2
    assert 0 < columns[2] - (middle + 1.5) < 0.15 and columns[3] == "center"
    names = [t for t in texts if t[4] == "top"]
    for (_, x, y, ha, _), start, shape in zip(names, left, shapes, strict=True):
        assert ha == "center" and x == start + shape[1] / 2
        assert 0 < (middle - shape[0] / 2) - y < 0.3
    assert texts[2][0] == "=" and texts[2][2:] == (middle, "center", "center")
    assert axis.get_aspect() == 1 and not axis.axison


@pytest.mark.parametrize("left", [0.0, 2.0])
def test_sheets_lie_one_behind_the_other_the_first_in_front(axis, left):
    letters = ("T + 1", "B", "d")
    drawings.sheets(axis, "h", (4, 2, 3), left=left, letters=letters)
    stack = np.reshape(np.array(cells(axis), object), (4, 2, 3))[::-1]  # back to front
    corners = np.array([[[corner(c) for c in row] for row in k] for k in stack])
    assert np.allclose(corners[0, 1, 0], (left, 0))
    assert np.allclose(corners[0, :, :, 0] - left, [[0, 1, 2]] * 2)
    assert np.allclose(corners[0, :, :, 1], [[1] * 3, [0] * 3])
    steps = np.diff(corners, axis=0)
    assert (
        np.allclose(steps, steps[0, 0, 0])
        and (0.2 < steps).all()
        and (steps < 0.8).all()
    )
    assert {(c.get_width(), c.get_height()) for c in cells(axis)} == {(1, 1)}
    colours = [{to_hex(c.get_facecolor()) for c in k.flat} for k in stack]
    assert colours[0] != colours[1] == colours[2] == colours[3]
    steps, rows, columns = (word(axis, letter) for letter in letters)
    x, y = rows.get_position()
    assert 0 < left - x < 0.3 and y == 1 and rows.get_ha() == "right"
    x, y = columns.get_position()
    assert x == left + 1.5 and -0.3 < y < 0 and columns.get_va() == "top"
    name = word(axis, "h")
    assert (
        name.get_position()[0] == left + 1.5 and -2 < name.get_position()[1] < y - 0.8
    )
    assert (name.get_ha(), name.get_va()) == ("center", "top")
    x, y = steps.get_position()
    assert steps.get_ha() == "left" and columns.get_ha() == "center"
    last = corners[-1, 1, 2] + (1, 0)  # the lower right corner of the last sheet
    first = corners[0, 1, 2] + (1, 0)
    assert first[0] < x < last[0] + 0.1 and y < (first[1] + last[1]) / 2
    assert np.hypot(*((x, y) - (first + last) / 2)) < 0.5
    assert name.get_fontsize() == drawings.SMALL
    assert all(0.5 < c.get_linewidth() < 1 for c in cells(axis))
    assert steps.get_va() == "top" and rows.get_va() == "center"
    assert axis.get_aspect() == 1 and not axis.axison
