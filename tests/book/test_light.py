"""Pages are light: few requests and bytes, only the icons used, no inline code."""

import re
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.book import browser, site_checks, slow
from tools import ROOT

sys.path.insert(0, str(ROOT / "_ext"))
import light

REQUESTS, KILOBYTES = 15, 1000  # of a page that was never seen, compressed
SECONDS, SHIFT = 2, 0.05  # until the formulas of the first screen stand; of the layout
TRIES = 5  # other work on the machine delays a visit
UNWANTED = ("searchindex", "fontawesome", "mathjax")
HEAVIEST = ("chapters/spectral_bounds.html", "chapters/bptt.html", "ledger/khanna.html")
INLINE = re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>")
HANDLER = re.compile(r"<[^>]*\son(?:click|load|change|input|submit)=")


def complaints(text):
    """What a written page should not hold."""
    found = [f"inline code: {m[0]}" for m in INLINE.finditer(text)]
    found += [f"a handler: {m[0][:60]}" for m in HANDLER.finditer(text)]
    ids = Counter(re.findall(r'\sid="([^"]+)"', text))
    found += [f"{n} times the id {name}" for name, n in ids.items() if n > 1]
    if text.count('name="viewport"') != 1:
        found.append("not one viewport")
    if "Content-Security-Policy" not in text:
        found.append("no policy")
    if '<i class="fa' in text:
        found.append("an icon that is no drawing")
    return found


def test_no_page_holds_code(site):
    found = {}
    for name in site_checks.names(site):
        text = (site / name).read_text(encoding="utf-8")
        if "<article" in text and complaints(text):
            found[name] = complaints(text)[:3]
    assert found == {}


def test_complaints_can_be_made():
    page = (
        '<script>alert(1)</script><a onclick=\'x()\'><p id="a"></p><p id="a"></p>'
        '<i class="fas fa-sun"></i>'
    )
    assert len(complaints(page)) == 6
    data = complaints('<script type="application/json">{}</script>')
    assert not any(words.startswith("inline code") for words in data)


@pytest.mark.alone
@pytest.mark.parametrize("name", HEAVIEST)
def test_first_visit(chromium, site, name):
    """At 10 Mbit/s with a processor four times slower; formulas stand at once."""
    with browser.serve(site, slow.Compressing) as base, sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=browser.FLAGS
        )
        for width, height in ((1280, 900), (390, 800)):
            for _ in range(TRIES):
                seen = slow.visit(started, f"{base}/{name}", width, height)
                if seen["seconds"] and seen["seconds"] < SECONDS:
                    break
            asked = seen.pop("requests")
            assert len(asked) <= REQUESTS, asked
            assert not any(word in url for url in asked for word in UNWANTED), asked
            assert seen["bytes"] < KILOBYTES * 1000, seen
            assert seen["shift"] < SHIFT, seen
            assert seen["seconds"] < SECONDS, seen
            assert seen["formulas"] > 0 or name.startswith("ledger"), seen
        started.close()


def test_the_policy_stops_inline_code(chromium, site):
    with browser.serve(site) as base, browser.launched(chromium) as context:
        page = context.new_page()
        page.goto(f"{base}/chapters/notation.html")
        page.evaluate(
            "() => { const s = document.createElement('script');"
            " s.textContent = 'window.ran = 1'; document.body.append(s); }"
        )
        assert page.evaluate("window.ran") is None


def test_buttons_still_do_what_they_say(chromium, site):
    with browser.serve(site) as base, browser.launched(chromium) as context:
        page = context.new_page()
        page.goto(f"{base}/chapters/notation.html")
        page.locator("[data-does=run]").first.click()
        assert page.locator("#run-in-browser").is_visible()


def test_an_icon_is_drawn_and_an_unknown_one_is_an_error():
    source = '{sun:[5,5,[1],"f185","M1 1"]},{sun:[6,7,[],"f185","M2 2"],moon:[1,1'
    text = light.with_icons(
        '<i class="fas fa-sun fa-lg" data-mode="light"></i>', source
    )
    assert 'viewBox="0 0 6 7"' in text and 'd="M2 2"' in text
    assert 'data-mode="light"' in text and 'aria-hidden="true"' in text
    with pytest.raises(ValueError, match="no icon is named ghost"):
        light.with_icons('<i class="fas fa-ghost"></i>', source)


def test_style_sheets_are_joined_with_what_they_import(tmp_path):
    shared = tmp_path / "_static"
    (shared / "styles").mkdir(parents=True)
    (shared / "base.css").write_text("a{background:url(img/x.png)}")
    (shared / "styles/theme.css").write_text(
        '@import "../base.css";b{background:url("../y.png")}'
        '.fa-sun:before{content:"\\f185"}.c{content:url(data:z)}'
    )
    text = light.Files(tmp_path).style("_static/styles/theme.css")
    assert 'url("img/x.png")' in text and 'url("y.png")' in text
    assert "import" not in text and "url(data:z)" in text
    assert light.CLASSES.sub("", text).count("content") == 1


def test_an_id_stands_at_its_first_place():
    text = '<p id="a">1</p><p class="x" id="a">2</p><p id="b">3</p>'
    assert light.with_single_ids(text) == (
        '<p id="a">1</p><p class="x">2</p><p id="b">3</p>'
    )


def test_the_theme_measures_no_boxes():
    theme = find_spec("pydata_sphinx_theme").submodule_search_locations[0]
    path = Path(theme, "theme/pydata_sphinx_theme/static", light.THEME[8:])
    text = path.read_text(encoding="utf-8")
    assert "MutationObserver(t)" not in light.without_measuring(text)
    with pytest.raises(ValueError, match="no longer measures boxes"):
        light.without_measuring(text.replace("main-content", "content"))
