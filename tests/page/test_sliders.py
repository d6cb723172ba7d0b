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
from rnnbook.page.sliders.first import COLOURS, first_frame

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


@pytest.mark.parametrize(
    ("ends", "names"),
    [
        ((0, 4.4), "0 1 2 3 4"),
        ((0, 9), "0 1 2 3 4 5 6 7 8 9"),
        ((0, 9.5), "0 2 4 6 8"),
        ((-0.5, 9.5), "0 2 4 6 8"),  # no minus before zero
        ((0.1 + 0.2, 0.7), "0.3 0.4 0.5 0.6 0.7"),  # a rounding above 0.3
        ((0.30000001, 0.7), "0.35 0.4 0.45 0.5 0.55 0.6 0.65 0.7"),
    ],
)
def test_ticks_across(ends, names):
    ticks = example(x_range=ends).table["ticks"][0]
    assert " ".join(name for _, name in ticks) == names


@pytest.mark.parametrize(
    ("ends", "names"),
    [
        ((0, 6), "0 1 2 3 4 5 6"),
        ((0, 6.5), "0 2 4 6"),
        ((0, 0.7999999999999999), "0 0.2 0.4 0.6 0.8"),
        ((0, 0.79999999), "0 0.2 0.4 0.6"),
    ],
)
def test_ticks_upwards_are_fewer(ends, names):
    ticks = example(y_range=ends).table["ticks"][1]
    assert " ".join(name for _, name in ticks) == names


def test_steps_of_ticks_are_one_two_or_five_tenths():
    rng = np.random.default_rng(0)
    for low, power in rng.uniform((-9, -3), (9, 5), (50, 2)):
        span = 10**power
        places = [v for v, _ in example(x_range=(low, low + span)).table["ticks"][0]]
        step = np.median(np.diff(places))
        assert round(step / 10 ** np.floor(np.log10(step) + 1e-9)) in (1, 2, 5)
        assert 3 <= len(places) <= 10
        assert low <= places[0] < low + step
        assert places[-1] <= low + span < places[-1] + step * (1 + 1e-9)


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


SVG = "{http://www.w3.org/2000/svg}"


class Frame:
    """The elements of the first frame of a figure without controls."""

    def __init__(self, *lines, chosen=(), controls=(), labels=("x", "y"), **options):
        options = {"x": X, "labels": labels} | options
        made = sliders.figure("t", list(controls), list(lines), **options)
        self.table = json.loads(json.dumps(made.table))
        self.svg = ElementTree.fromstring(first_frame(self.table, list(chosen)))

    def paths(self, word):
        """The strokes of a class."""
        found = self.svg.iter(f"{SVG}path")
        return [p.get("d") for p in found if word in p.get("class").split()]

    def texts(self):
        """(x, y, anchor, words) of every text."""
        return [
            (float(e.get("x")), float(e.get("y")), e.get("text-anchor"), e.text)
            for e in self.svg.iter(f"{SVG}text")
        ]


WIDE = {"x_range": (-1, 3), "y_range": (-8, 8)}


def test_the_frame_is_as_wide_as_the_script_draws_it():
    frame = Frame(Line("l", X), **WIDE)
    assert frame.svg.get("viewBox") == "0 0 640 330"
    assert frame.paths("rnn-frame") == ["M46.0 30h580.0v256.0h-580.0z"]
    inner = frame.svg.find(f"{SVG}svg")
    assert [inner.get(k) for k in ("x", "y", "width", "height", "viewBox")] == [
        *("46.0", "30", "580.0", "256.0", "46.0 30 580.0 256.0")
    ]


@pytest.mark.parametrize(
    ("ranges", "drawn"),
    [
        (((-2, 0), (3, 4)), "M46.0 30h580.0v290.0h-580.0z"),
        (((-1, 0), (3, 5)), "M254.5 30h163.0v326.0h-163.0z"),
    ],
)
def test_units_are_equal_both_ways_when_asked_for(ranges, drawn):
    across, up = ranges
    frame = Frame(Line("l", X), equal=True, x_range=across, y_range=up)
    assert frame.svg.get("viewBox") == "0 0 640 400"
    assert frame.paths("rnn-frame") == [drawn]
    left, low = float(drawn[1 : drawn.index(" ")]), 30 + float(drawn.split("v")[1][:3])
    crossing = [f"M{left:.1f} {low:.1f}h", f"M{left:.1f} 30v"]
    grid = frame.paths("rnn-grid")
    assert all(any(d.startswith(start) for d in grid) for start in crossing)


def test_every_tick_has_its_line_and_its_name():
    frame = Frame(Line("l", X), **WIDE)
    across, up = frame.table["ticks"]
    places = [46 + 580 * (v + 1) / 4 for v, _ in across]
    heights = [30 + 256 * (8 - v) / 16 for v, _ in up]
    assert frame.paths("rnn-grid") == [
        *(f"M{x:.1f} 30v256.0" for x in places),
        *(f"M46.0 {y:.1f}h580.0" for y in heights),
    ]
    named = [
        *((x, 303.0, "middle", n) for x, (_, n) in zip(places, across, strict=True)),
        *((40.0, y + 4, "end", name) for y, (_, name) in zip(heights, up, strict=True)),
        (336.0, 324.0, "middle", "x"),
        (2.0, 15.0, "start", "y"),
    ]
    for (x, y, *words), (x_1, y_1, *words_1) in zip(frame.texts(), named, strict=True):
        assert abs(x - x_1) < 0.06 and abs(y - y_1) < 0.06 and words == words_1


def test_words_in_the_frame_are_escaped():
    labels = ("a < b", 'c & "d"')
    assert {t[3] for t in Frame(Line("l", X), labels=labels).texts()} >= {*labels}


def test_the_mark_stands_at_the_position_of_the_first_line():
    options = {"position": Control("x", X, start=3), "y_range": (0, 1)}
    frame = Frame(Line("a", X), Line("b", X, x=X / 2), chosen=[3], **options)
    assert frame.paths("rnn-position") == ["M481.0 30v256.0"]
    assert Frame(Line("a", X)).paths("rnn-position") == []


def test_controls_choose_the_row_that_is_drawn():
    controls = [Control("sign", ("up", "down")), Control("rate", RATES)]
    lines = [Line("curve", CURVES), Line("level", RATES[None, :, None] + 0 * X)]
    options = {"controls": controls, "y_range": (-8, 8), "x_range": (0, 4)}
    curve, level = Frame(*lines, chosen=[1, 2], **options).paths("rnn-line")
    assert curve == "M46.0 158.0L118.5 190.0L191.0 222.0L263.5 254.0L336.0 286.0"
    assert level == "M46.0 94.0L118.5 94.0L191.0 94.0L263.5 94.0L336.0 94.0"


STROKES = {
    "line": "M46.0 158.0M191.0 222.0L263.5 10000.0L336.0 -10000.0",
    "dashed": "M46.0 158.0M191.0 222.0L263.5 10000.0L336.0 -10000.0",
    "dots": "M46.0 158.0h0M191.0 222.0h0M263.5 10000.0h0M336.0 -10000.0h0",
    "bars": (
        "M46.0 158.0V158.0M191.0 158.0V222.0M263.5 158.0V10000.0M336.0 158.0V-10000.0"
    ),
}


@pytest.mark.parametrize("style", STROKES)
def test_a_gap_is_left_out_and_what_is_far_away_is_cut(style):
    line = Line("l", [0, -np.inf, -4, -1e9, 1e9], style=style)
    frame = Frame(line, x_range=(0, 4), y_range=(-8, 8))
    assert frame.paths("rnn-line") == [STROKES[style]]
    assert frame.paths(f"rnn-{style}") == frame.paths("rnn-c0")


def test_bars_stand_on_zero_or_on_the_lowest_value_that_is_shown():
    frame = Frame(Line("l", 3 + X, style="bars"), y_range=(2, 6))
    assert frame.paths("rnn-line")[0].startswith("M46.0 286.0V222.0")


def test_an_arrow_has_two_barbs_and_none_is_drawn_where_tail_and_head_meet():
    x, y = [0, 1, 1, 1, 2, 2.5, 1, 0.5], [0, 0, 2, 2, -np.inf, 1, 1, 2]
    options = {"x_range": (0, 4), "y_range": (-8, 8)}
    (drawn,) = Frame(Line("l", y, x=x, style="arrow"), **options).paths("rnn-line")
    first, second = [
        np.reshape(re.findall(r"-?[\d.]+", part), (-1, 2)).astype(float)
        for part in drawn.split("M")[1:]
        if "L" in part
    ]
    assert np.allclose(first, [[46, 158], [191, 158]])
    assert np.allclose(second, [[191, 142], [118.5, 126]])
    barbs = np.reshape(re.findall(r"M(\S+) (\S+)l(\S+) ([^M]+)", drawn), (4, 4))
    barbs = barbs.astype(float)
    for shaft, pair in ((first, barbs[:2]), (second, barbs[2:])):
        back = (shaft[0] - shaft[1]) / np.linalg.norm(shaft[0] - shaft[1])
        assert np.allclose(pair[:, :2], shaft[1])
        assert np.allclose(np.linalg.norm(pair[:, 2:], axis=1), 8, atol=0.1)
        assert np.allclose(pair[:, 2:] @ back, 8 * np.cos(0.45), atol=0.1)
        assert not np.allclose(pair[0, 2:], pair[1, 2:], atol=1)


def test_a_short_arrow_is_drawn_from_one_pixel_on():
    options = {"style": "arrow", "x": [0, 0.01, 0, 0]}
    frame = Frame(
        Line("short", [0, 0, 0, 0.08], **options),  # 1.45 and 1.28 pixels
        Line("shorter", [0, 0, 0, 0.06], **options | {"x": [0, 0.005, 0, 0]}),
        Line("back", [0, 0, 0.08, 0], **options | {"x": [0.01, 0, 0, 0]}),
        **{"x_range": (0, 4), "y_range": (-8, 8)},
    )
    assert [d.count("L") for d in frame.paths("rnn-line")] == [2, 0, 2]


def test_every_colour_of_a_line_is_one_of_the_style():
    frame = Frame(*(Line(str(k), X) for k in range(5)))
    assert [line["colour"] for line in frame.table["lines"]] == [0, 1, 2, 3, 0]
    style = frame.svg.find(f"{SVG}style").text
    for k in range(4):
        assert len(frame.paths(f"rnn-c{k}")) == 1 + (k == 0)
        assert f".rnn-c{k}{{stroke:{COLOURS[k]}}}" in style


def test_numbers_of_the_table_are_short():
    table = Frame(Line("l", [1 / 3, 2, -0.001, 0.5, 1e6], x=X / 3)).table
    assert json.dumps(table["lines"][0]["y"]) == "[0.33, 2, 0, 0.5, 1000000]"
    assert table["lines"][0]["x"] == [0, 0.166667, 0.333333, 0.5, 0.666667]
    assert table["decimals"] == 2 and table["missing"] == "none"
    assert table["equal"] is False and table["readout"] == "{}"


def test_a_level_line_has_a_range_all_the_same():
    assert Frame(Line("l", X * 0 + 3)).table["ranges"] == [[0, 2], [3, 4]]
    assert Frame(Line("l", X - np.inf)).table["ranges"] == [[0, 2], [0, 1]]
    large = Frame(Line("l", X * 0 + 2e8)).table["ranges"][1]
    below = Frame(Line("l", X * 0 - 2e8)).table["ranges"][1]
    assert (large, below) == ([2e8, 2e8 + 200], [-2e8, -2e8 + 200])


def test_the_html_is_compact_and_keeps_every_letter():
    html = sliders.figure(
        "Größe", [], [Line("l", -X)], x=X, labels=("x", "y"), caption="<b>c</b>"
    ).html
    data = html.split('json">')[1].split("</script>")[0]
    assert "Größe" in data and "−1" in data and '", "' not in data and '": ' not in data
    assert "<figcaption><b>c</b></figcaption>" in html
    assert "figcaption>" not in example().html.split("</style>")[1]


def test_the_key_shows_the_style_of_each_line():
    styles = ("line", "dashed", "dots", "bars", "arrow", "dashed arrow")
    lines = [Line(s, [0, 1, 0, 1], x=[0, 1, 1, 0], style=s) for s in styles]
    html = sliders.figure("t", [], lines, x=[0, 1], labels=("x", "y")).html
    key = re.findall(
        r'class="rnn-line ([^"]+) rnn-c\d" d="([^"]+)"/></svg>([\w ]+)<', html
    )
    head = "M5 6h24M29 6l-7-3M29 6l-7 3"
    plain = {"dots": "M5 6h0", "arrow": head, "dashed arrow": head}
    assert key == [
        (" ".join(f"rnn-{w}" for w in s.split()), plain.get(s, "M5 6h24"), s)
        for s in styles
    ]


def test_controls_reach_from_the_first_value_to_the_last():
    control = Control("sign", ("up", "down", "flat"), start=1)
    curves = np.stack([X, -X, 0 * X])[:, None]
    html = sliders.figure(
        *("t", [control, Control("rate", RATES)], [Line("l", curves)]),
        **{"x": X, "labels": ("x", "y"), "position": Control("x", X, start=4)},
    ).html
    elements = Elements(html)
    ends = [(a["min"], a["max"], a["aria-valuetext"]) for a in elements.all("input")]
    assert ends == [("0", "2", "1"), ("0", "4", "2")]
    chosen = [a["value"] for a in elements.all("option") if "selected" in a]
    assert chosen == ["1"]
    assert re.findall(r'"rnn-value" aria-hidden="true">(\w+)<', html) == ["1", "2"]


@pytest.mark.parametrize("kind", [Control, Line, sliders.figure])
def test_parts_of_a_figure_cannot_be_changed(kind):
    part = example() if kind is sliders.figure else kind("a", X)
    with pytest.raises(AttributeError):
        part.label = "b"


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
        ({"x": X[:1]}, r"x: expected shape \(n_x,\), n_x > 1, got \(1,\)"),
        ({"x": [[1, 2], [3]]}, "x: expected an array of numbers, got others"),
        ({"x": ["a", "b"]}, "x: expected real numbers, got <U1"),
        ({"x": [None, None]}, "x: expected real numbers, got list"),
        ({"x": [0, 1j]}, "x: expected real numbers, got complex128"),
        ({"x": X - np.inf}, r"x: expected finite numbers up to 1e\+100, got -inf"),
        ({"labels": "xy"}, "labels: expected a pair, got str"),
        ({"labels": 5}, "labels: expected a pair, got int"),
        ({"labels": ["x"]}, "labels: expected a pair, got 1"),
        ({"labels": [*"xyz"]}, "labels: expected a pair, got 3"),
        ({"labels": ["x", 1]}, "labels: expected a str, got int"),
        ({"labels": [1, "y"]}, "labels: expected a str, got int"),
        ({"caption": 1}, "caption: expected a str, got int"),
        ({"readout": 1}, "readout: expected a str, got int"),
        ({"missing": None}, "missing: expected a str, got NoneType"),
        ({"decimals": -1}, "decimals: expected"),
        ({"position": 3}, "position: expected Control, got int"),
        ({"position": Control(" ", X)}, "controls: expected a label and values"),
        ({"position": Control(3, X)}, "label: expected a str, got int"),
        ({"position": Control("x", "abcde")}, "values: expected a sequence, got str"),
        ({"position": Control("x", b"abcde")}, "values: .* sequence, got bytes"),
        ({"position": Control("x", {1, 2})}, "values: expected a sequence, got set"),
        ({"position": Control("x", [*X[:4], None])}, "words or numbers, got None"),
        ({"position": Control("x", [*X[:4], np.nan])}, "words or numbers, got nan"),
        ({"position": Control("x", X, start=-1)}, "start: expected"),
        ({"y_range": (2, 1)}, "y_range: expected two numbers, low < high"),
        ({"y_range": 3}, "y_range: expected a pair, got int"),
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
        ([Line("l", [-np.inf, 0, 0, 0, np.nan])], r"-inf up to 1e\+100, got nan"),
        ([Line("l", X + np.inf)], "y of line 'l': expected numbers or -inf"),
        ([Line("l", X + 1e200)], r"expected numbers or -inf up to 1e\+100"),
        ([Line("l", X, style="wavy")], "style: expected one of 'line'"),
        ([Line("l", X, style="arrow")], "line 'l': expected tails and heads in pairs"),
        ([Line("l", X, colour=4)], "colour: expected 0 to 3, got 4"),
        ([Line("l", X, said=["a", "b"])], r"said of line 'l': expected shape \(3,\)"),
        ([Line("l", X, said=[["a"]])], r"said of line 'l': expected shape \(3,\)"),
        ([Line(3, X)], "label: expected a str, got int"),
        ([Line("l", X[:4], x=X)], r"y of line 'l': expected shape \(3, 5\)"),
        ([Line("l", X, x=X + np.inf)], "x of line 'l': expected finite numbers"),
        ([Line("l", X[:1])], r"y of line 'l': expected shape \(3, 5\)"),
        ("ab", "lines: expected a list of Line, got str"),
        (3, "lines: expected a list of Line, got int"),
        ([3], "lines: expected Line, got int"),
    ],
)
def test_bad_lines(lines, message):
    with pytest.raises(ValueError, match=message):
        sliders.figure("t", [Control("rate", RATES)], lines, x=X, labels=("x", "y"))


def test_a_position_needs_a_value_of_every_line_at_every_place():
    short = Line("short", [0, 1, 2], x=[0, 1, 2])
    assert Frame(short).table["lines"][0]["y"] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"x of line 'short': expected shape \(5,\)"):
        Frame(short, position=Control("x", X))


def test_the_largest_number_is_taken():
    table = Frame(Line("l", X * 0 + 1e100)).table
    assert table["lines"][0]["y"] == [1e100] * 5
    low, high = table["ranges"][1]
    assert low == 1e100 and np.isclose(high / low, 1.000001, rtol=1e-12)


def test_whole_numbers_and_one_place_of_decimals():
    assert Frame(Line("l", X), decimals=0).table["lines"][0]["y"] == [0, 0, 1, 2, 2]
    least = sliders.figure("t", [], [Line("l", [0, 1])], x=[0, 1], labels=["x", "y"])
    assert least.table["ranges"] == [[0, 1], [0, 1]]
