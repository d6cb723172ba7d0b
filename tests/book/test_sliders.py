"""Figures with sliders on the pages: their numbers, and what the controls do."""

import re

import numpy as np
import pytest

import rnnlib
from rnnbook.page import sliders
from rnnbook.page.sliders.first import LEFT, TOP, at, first_frame
from rnnlib.spectral import log_gradient_norms
from tests.book import browser
from tools import chapters
from tools.chapters import code_cells

LARGEST_FIGURE = 40_000  # bytes


def figures(path):
    """The HTML of every figure with sliders in a committed notebook."""
    nb = chapters.read(path)
    outputs = [o.get("data", {}) for cell in code_cells(nb) for o in cell.outputs]
    html = [data.get("text/html", "") for data in outputs]
    return [text for text in html if 'class="rnn-sliders"' in text]


def pages_with_figures():
    """The chapters that have such figures."""
    return [path for path in chapters.paths() if figures(path)]


def numbers(line):
    """The y of a line of a table, gaps as -inf."""
    return np.array(line["y"], float, ndmin=1, copy=True)


def table_of(stem):
    """The table of the only such figure of a chapter."""
    (html,) = figures(chapters.path_of(stem))
    return sliders.read_table(html)


def test_figures_are_small():
    for path in pages_with_figures():
        assert all(len(html.encode()) < LARGEST_FIGURE for html in figures(path))


def expected_norms(activation, gain):
    """log10 ||dh_T/dh_t|| by lag: products of explicit Jacobians, no spectral code."""
    base = np.random.default_rng(10).standard_normal((32, 32)) / np.sqrt(32)
    act, h = rnnlib.ACTIVATIONS[activation], np.random.default_rng(11)
    h, W, slopes = h.standard_normal(32), gain * base, []
    for _ in range(60):
        h = act(W @ h)
        slopes.append(act.derivative(h))
    product, norms = np.eye(32), [0.0]
    for slope in reversed(slopes):
        product = product @ (slope[:, None] * W)
        norms.append(np.log10(np.linalg.norm(product, 2)))
    return norms, np.log10(np.linalg.norm(W, 2)) * np.arange(61)


def test_gradient_norms_and_bounds():
    table = table_of("gradient_behaviour")
    activations, gains, lags = (control["values"] for control in table["controls"])
    assert activations == ["tanh", "relu", "identity"]
    assert [float(gain) for gain in gains] == list(np.linspace(0.5, 3, 11))
    assert lags == [str(lag) for lag in range(61)]
    measured, bound = (numbers(line) for line in table["lines"])
    assert measured.shape == (3, 11, 61) and bound.shape == (1, 11, 61)
    for i, activation in enumerate(activations):
        for j, gain in enumerate(gains):
            norms, bounds = expected_norms(activation, float(gain))
            assert np.allclose(measured[i, j], norms, rtol=0, atol=0.006)
            assert np.allclose(bound[0, j], bounds, rtol=0, atol=0.006)


def test_gradient_norms_are_those_of_rnnlib():
    measured = numbers(table_of("gradient_behaviour")["lines"][0])
    base = np.random.default_rng(10).standard_normal((32, 32)) / np.sqrt(32)
    params = rnnlib.init_params(1, 32, 1, rng=np.random.default_rng(0))
    start = np.random.default_rng(11).standard_normal((1, 32))
    for i, phi in enumerate(("tanh", "relu", "identity")):
        for j, gain in enumerate(np.linspace(0.5, 3, 11)):
            net = params._replace(W_hh=gain * base)
            trace = rnnlib.forward(net, np.zeros((60, 1, 1)), h_0=start, phi=phi)
            logs = log_gradient_norms(net, trace)[::-1, 0] / np.log(10)
            assert np.allclose(measured[i, j], logs, rtol=0, atol=0.006)


def shown(table, value):
    """How a figure writes a value."""
    if value is None:
        return table["missing"]
    number = f"{value:.{table['decimals']}f}".replace("-", "−")
    return table["readout"].replace("{}", number)


def expected_readout(table, chosen):
    """What a figure says for the indices of its controls."""
    controls = zip(table["controls"], chosen, strict=True)
    words = ", ".join(f"{c['label']} {c['values'][i]}" for c, i in controls)
    *axes, position = chosen if table["position"] else [*chosen, None]
    said = []
    for line in table["lines"]:
        y = at(line["y"], axes)
        if "said" in line:
            text = at(line["said"], axes)
        elif position is None:
            text = f"from {shown(table, y[0])} to {shown(table, y[-1])}"
        else:
            text = shown(table, y[position])
        if text:
            said.append(f"{line['label']} {text}")
    return f"{words}: {'; '.join(said)}"


def state(figure):
    """The indices of the controls, and what the figure says and draws."""
    return figure.evaluate(
        """f => ({
          chosen: [...f.querySelectorAll("input, select")].map(e => +e.value),
          said: f.querySelector(".rnn-readout").textContent,
          named: f.querySelector("svg[role=img]").getAttribute("aria-label"),
          values: [...f.querySelectorAll("input, select")]
            .map(e => e.type === "range" ? `${e.ariaValueText}` : null),
          curves: [...f.querySelectorAll("svg[role=img] .rnn-line")]
            .map(e => e.getAttribute("d")).join(),
        })"""
    )


def check_state(table, now):
    """The figure says what the table holds, to everyone in the same words."""
    readout = expected_readout(table, now["chosen"])
    assert now["said"] == readout
    assert now["named"] == f"{table['title']}. {readout}"
    pairs = zip(table["controls"], now["chosen"], now["values"], strict=True)
    for control, i, value in pairs:
        assert value in (None, control["values"][i])  # None: not a slider


def exercise(page, figure, table):
    """Move every control by keyboard; each time the figure must follow."""
    start = state(figure)
    check_state(table, start)
    controls = figure.locator("input, select")
    for k in range(controls.count()):
        before = state(figure)
        controls.nth(k).focus()
        forward = before["chosen"][k] + 1 < len(table["controls"][k]["values"])
        page.keyboard.press("ArrowRight" if forward else "ArrowLeft")
        now = state(figure)
        assert now["chosen"][k] != before["chosen"][k]
        check_state(table, now)
        assert now["said"] != before["said"]
    assert state(figure)["curves"] != start["curves"]


@pytest.mark.parametrize("path", pages_with_figures(), ids=lambda path: path.stem)
def test_controls_in_a_browser(chromium, site, path):
    tables = [sliders.read_table(html) for html in figures(path)]
    address = f"{site.as_uri()}/chapters/{path.stem}.html"
    with browser.launched(chromium) as context:
        page, found = context.new_page(), []
        browser.watch(page, site.as_uri(), found)
        page.goto(address, wait_until="load")
        on_page = page.locator("figure.rnn-sliders")
        assert on_page.count() == len(tables)
        for n, table in enumerate(tables):
            exercise(page, on_page.nth(n), table)
        assert found == []


def two_figures(tmp_path):
    """A bare page with two figures, as Jupyter or a file might show them."""
    x = np.arange(4.0)
    html = [
        sliders.figure(
            title,
            [sliders.Control("factor", [1, 2, 3], start=1)],
            [
                sliders.Line("line", factor * np.array([[1], [2], [3]]) * x),
                sliders.Line("gap", [-np.inf, 1, 2, 3], style="dots"),
            ],
            x=x,
            labels=("x", "y"),
            position=position,
        )
        for title, factor, position in (
            ("first", 1, sliders.Control("x", x)),
            ("second", -1, None),
        )
    ]
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><title>two</title>" + "".join(f.html for f in html))
    return path, [figure.table for figure in html]


def test_two_figures_on_one_page_do_not_disturb_each_other(chromium, tmp_path):
    path, tables = two_figures(tmp_path)
    with browser.launched(chromium) as context:
        page, found = context.new_page(), []
        browser.watch(page, path.as_uri(), found)
        page.goto(path.as_uri())
        first, second = (page.locator("figure.rnn-sliders").nth(n) for n in (0, 1))
        untouched = state(second)
        exercise(page, first, tables[0])
        assert state(second) == untouched
        exercise(page, second, tables[1])
        assert found == []


def test_a_wrong_number_on_the_page_is_found(chromium, tmp_path):
    path, tables = two_figures(tmp_path)
    tables[0]["lines"][0]["y"][2][0] += 1
    with browser.launched(chromium) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        with pytest.raises(AssertionError):
            exercise(page, page.locator("figure.rnn-sliders").first, tables[0])


def steps(path, origin=(0.0, 0.0)):
    """The commands of a path of an SVG with their numbers, moved to an origin."""
    found = []
    for command, numbers in re.findall(r"([MLVlh])([^MLVlh]*)", path):
        values = np.array(numbers.split(), float)
        if command.isupper():
            values = values - (origin if len(values) == 2 else origin[1:])
        found.append((command, values))
    return found


def same(drawn, still, left):
    """Whether script and Python drew the same path, to a fifth of a pixel."""
    pairs = zip(steps(drawn), steps(still, (left, TOP)), strict=True)
    return all(a[0] == b[0] and np.allclose(a[1], b[1], atol=0.2) for a, b in pairs)


def test_the_first_frame_is_what_the_script_draws(chromium, tmp_path):
    outputs = [text for path in pages_with_figures() for text in figures(path)]
    page_file = tmp_path / "page.html"
    style = '<meta charset="utf-8"><style>figure { width: 640px; margin: 0 }</style>'
    page_file.write_text("<!doctype html>" + style + "".join(outputs), "utf-8")
    paths = """f => [...f.querySelectorAll("svg[role=img] .rnn-line")]
      .map(e => e.getAttribute("d"))"""
    with browser.launched(chromium) as context:
        page = context.new_page()
        page.goto(page_file.as_uri())
        on_page = page.locator("figure.rnn-sliders")
        assert on_page.count() == len(outputs)
        for n, html in enumerate(outputs):
            table = sliders.read_table(html)
            still = first_frame(table, state(on_page.nth(n))["chosen"])
            stills = re.findall(r'class="rnn-line[^"]*" d="([^"]*)"', still)
            left = float(re.search(r'<svg x="([\d.]+)"', still)[1])
            assert table["equal"] or left == LEFT
            drawn = on_page.nth(n).evaluate(paths)
            assert len(drawn) == len(stills) > 0
            assert all(same(*pair, left) for pair in zip(drawn, stills, strict=True))
            assert not same(drawn[0], stills[0], left + 1)


def test_without_scripts_the_first_frame_is_seen(chromium, tmp_path):
    path, _ = two_figures(tmp_path)
    with browser.launched(chromium) as context:
        page = context.browser.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        pictures = page.locator("figure.rnn-sliders img")
        assert pictures.count() == 2 and pictures.first.is_visible()
        assert pictures.first.evaluate("e => e.naturalWidth") > 0
        assert not page.locator(".rnn-controls").first.is_visible()


WIDE = """() => [...document.querySelectorAll(
    ".rnn-sliders :is(input, select, p, figcaption), .rnn-sliders > svg")]
  .map(e => e.getBoundingClientRect())
  .filter(box => !box.width || box.left < 0 || box.right > 360).length"""


def test_nothing_leaves_a_phone(chromium, site):
    with browser.launched(chromium) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 360, "height": 740})
        for path in pages_with_figures():
            page.goto(f"{site.as_uri()}/chapters/{path.stem}.html")
            assert page.evaluate(WIDE) == 0
        page.set_viewport_size({"width": 200, "height": 740})
        page.evaluate("document.querySelector('.rnn-controls').style.width = '500px'")
        assert page.evaluate(WIDE) > 0
