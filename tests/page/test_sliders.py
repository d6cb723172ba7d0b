"""Figures with sliders: the table, its checks, and HTML that needs nothing outside."""

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnbook.page import sliders
from rnnbook.page.sliders import Control, Line

X = np.linspace(0, 2, 5)
RATES = np.array([1.0, 2.0, 4.0])
CURVES = np.stack([sign * RATES[:, None] * X for sign in (1, -1)])


def example(**options):
    """A figure with a choice, a slider and a position, and two lines."""
    lines = [Line("curve", CURVES), Line("level", RATES[None, :, None] + 0 * X)]
    controls = [Control("sign", ("up", "down")), Control("rate", RATES, start=1)]
    options = {"x": X, "labels": ("x", "y"), "position": Control("x", X)} | options
    return sliders.figure("A <title>", controls, lines, **options)


class Elements(HTMLParser):
    """Every start tag with its attributes, and the tags that are left open."""

    def __init__(self, html):
        super().__init__()
        self.found, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note one element."""
        self.found.append((tag, dict(attrs)))
        if tag not in ("input", "option", "img"):  # no end tag needed
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note one element that closes itself."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Close the innermost element."""
        assert self.open.pop() == tag

    def all(self, tag):
        """The attributes of every element of that kind."""
        return [attrs for name, attrs in self.found if name == tag]


def test_the_table_holds_every_number_rounded():
    table = example(decimals=1).table
    assert np.allclose(table["lines"][0]["y"], CURVES, rtol=0, atol=0.05)
    assert np.shape(table["lines"][1]["y"]) == (1, 3, 5)
    assert table["controls"][1] == {"label": "rate", "values": ["1", "2", "4"]}
    assert table["ranges"] == [[0, 2], [-8, 8]]


def test_the_table_can_be_read_back():
    figure = example()
    assert sliders.read_table(figure.html) == json.loads(json.dumps(figure.table))


def test_minus_infinity_is_a_gap():
    y = np.array([0.0, -np.inf, 1.0, 2.0, 3.0])
    figure = sliders.figure("t", [], [Line("l", y)], x=X, labels=("x", "y"))
    assert figure.table["lines"][0]["y"] == [0, None, 1, 2, 3]
    assert figure.table["ranges"][1] == [0, 3]


def test_a_line_may_bring_its_own_x():
    line = Line("path", CURVES, x=-CURVES)
    controls = [Control("sign", ("up", "down")), Control("rate", RATES)]
    table = sliders.figure("t", controls, [line], x=X, labels=("x", "y")).table
    assert np.allclose(table["lines"][0]["x"], -CURVES)
    assert table["ranges"][0] == [-8, 8] and not table["position"]


def test_a_line_may_have_its_own_number_of_points_and_words():
    line = Line("arrow", [0, 1], x=RATES[:, None] * [0, 1], style="arrow", said="abc")
    flat = Line("flat", X, colour=2)
    table = sliders.figure(
        "t", [Control("rate", RATES)], [flat, line], x=X, labels=("x", "y"), equal=True
    ).table
    first, second = table["lines"]
    assert second["x"] == [[0, 1], [0, 2], [0, 4]] and second["y"] == [[0, 1]]
    assert second["said"] == ["abc"] and "said" not in first
    assert [first["colour"], second["colour"]] == [2, 1] and table["equal"]


def test_names_of_places_stand_on_the_axis():
    names = list("abcde")
    ticks = example(position=Control("x", names)).table["ticks"][0]
    assert ticks == [[x, name] for x, name in zip(X, names, strict=True)]


def test_the_first_frame_is_a_picture_of_the_starting_values():
    figure = example(decimals=4)
    still = re.search(r'base64,([^"]+)"', figure.html)[1]
    svg = ElementTree.fromstring(b64decode(still))
    paths = svg.iter("{http://www.w3.org/2000/svg}path")
    drawn = [p.get("d") for p in paths if "rnn-line" in p.get("class")]
    assert len(drawn) == 2
    points = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn[0]), float)
    across = (points[:, 0] - points[0, 0]) / np.ptp(points[:, 0])
    assert np.allclose(across, X / 2, atol=1e-3)
    rise = (points[0, 1] - points[-1, 1]) / (330 - 30 - 44) * 16  # from -8 to 8
    assert abs(rise - 2 * 2) < 0.01  # rate 2, over 2


@pytest.mark.parametrize(
    ("ends", "names"),
    [
        ((-25, 40), ["−20", "0", "20", "40"]),
        ((0, 60), ["0", "10", "20", "30", "40", "50", "60"]),
        ((0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round_numbers(ends, names):
    ticks = example(y_range=ends).table["ticks"][1]
    assert [name for _, name in ticks] == names


def test_html_is_well_formed_and_everything_is_named():
    html = example().html
    elements = Elements(html)
    assert elements.open == []
    assert all(a["aria-label"] and a["aria-valuetext"] for a in elements.all("input"))
    assert [a["value"] for a in elements.all("input")] == ["1", "0"]
    labelled = re.findall(r"<label>(\w+) ?<(?:select|span|input)", html)
    assert labelled == ["sign", "rate", "x"]
    pictures = [a for a in elements.all("svg") if "role" in a]
    assert pictures == [{"role": "img", "aria-label": "A <title>"}]
    assert all("aria-hidden" in a for a in elements.all("svg") if "role" not in a)


def test_html_has_no_ids_and_no_address():
    html = example().html
    assert not any("id" in attrs for _, attrs in Elements(html).found)
    assert not re.search(r"https?:|//\w+\.|@import|url\(", html)
    assert re.findall(r"src=.{26}", html) == ['src="data:image/svg+xml;base64']


def test_words_cannot_break_out_of_the_page():
    evil = "</script><b>&\"'"
    figure = sliders.figure(
        evil, [Control(evil, (evil,))], [Line(evil, X)], x=X, labels=(evil, evil)
    )
    assert "<b>" not in figure.html.split("<script>")[0]
    assert sliders.read_table(figure.html)["title"] == evil
    assert Elements(figure.html).open == []


def test_what_jupyter_shows():
    figure = example()
    assert figure._repr_html_() == figure.html
    assert repr(figure) == "Figure with sliders: A <title>"
    assert len(figure.html) < 14_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": np.zeros((2, 2))}, r"x: expected shape \(n_x,\), n_x > 1"),
        ({"x": X[:4]}, r"position.values: expected shape \(4,\), got \(5,\)"),
        ({"x": X[:4], "position": None}, r"line 'curve': expected shape \(2, 3, 4\)"),
        ({"position": Control("", X)}, "controls: expected a label and values"),
        ({"position": Control("x", X, start=5)}, "start: expected 0 to 4, got 5"),
        ({"y_range": (1, 1)}, "y_range: expected two numbers, low < high"),
        ({"x_range": (0, np.inf)}, "x_range: expected finite numbers"),
    ],
)
def test_bad_figures(options, message):
    with pytest.raises(ValueError, match=message):
        example(**options)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "lines: expected at least one"),
        ([Line("l", np.zeros((2, 5)))], r"line 'l': expected shape \(3, 5\)"),
        ([Line("l", np.zeros((1, 3, 5)))], r"line 'l': expected shape \(3, 5\)"),
        ([Line("l", X + np.nan)], "y of line 'l': expected numbers or -inf"),
        ([Line("l", X + np.inf)], "y of line 'l': expected numbers or -inf"),
        ([Line("l", X + 1e200)], r"expected numbers or -inf up to 1e\+100"),
        ([Line("l", X, style="wavy")], "style: expected one of 'line'"),
        ([Line("l", X, style="arrow")], "line 'l': expected tails and heads in pairs"),
        ([Line("l", X, colour=4)], "colour: expected 0 to 3, got 4"),
        ([Line("l", X, said=["a", "b"])], r"said of line 'l': expected shape \(3,\)"),
    ],
)
def test_bad_lines(lines, message):
    with pytest.raises(ValueError, match=message):
        sliders.figure("t", [Control("rate", RATES)], lines, x=X, labels=("x", "y"))
