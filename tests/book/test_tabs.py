"""Choosing a notation once chooses it in every tab set, on every page."""

import re

import pytest
from playwright.sync_api import sync_playwright

from rnnlib.symbolic.notations.tabs import ALL
from tests.book import browser

CHOSEN = """() => [...document.querySelectorAll(
    '.sd-tab-set > label[data-sync-group="notation"]')]
  .filter(label => label.previousElementSibling.checked)
  .map(label => label.dataset.syncId)"""
HIDDEN = """() => [...document.querySelectorAll('.sd-tab-content')]
  .filter(e => e.previousElementSibling.dataset.syncGroup === 'notation'
    && (e.offsetParent !== null) !==
       e.previousElementSibling.previousElementSibling.checked).length"""


def pages_with_tabs(site):
    """Addresses of the pages that show a result in tabs, inside the book."""
    found = sorted(site.rglob("*.html"))
    marked = [p for p in found if 'data-sync-group="notation"' in p.read_text("utf-8")]
    return [str(p.relative_to(site)) for p in marked]


def test_every_tab_set_has_every_notation(site):
    for name in pages_with_tabs(site):
        text = (site / name).read_text(encoding="utf-8")
        ids = re.findall(r'data-sync-id="([\w.-]+)"', text)
        assert ids == [n.key for n in ALL] * (len(ids) // len(ALL)), name


def test_the_chapter_on_notations_has_tabs_and_is_not_alone(site):
    names = pages_with_tabs(site)
    assert "chapters/five_notations.html" in names and len(names) >= 2


LABELS = "label[data-sync-group=notation]:visible"
CHOOSER = ".notation-chooser select"


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_one_choice_counts_everywhere(chromium, site, scheme):
    first = "chapters/five_notations.html"
    others = [name for name in pages_with_tabs(site) if name != first]
    with browser.serve(site) as server, browser.launched(chromium) as context:
        base = server if scheme == "http" else site.as_uri()
        page = context.new_page()
        page.goto(f"{base}/{first}")
        sets = len(page.evaluate(CHOSEN))
        assert sets >= 8 and page.evaluate(CHOSEN) == ["book"] * sets
        assert page.locator(LABELS).count() == 0  # a chooser, and no row of tabs
        assert page.locator(CHOOSER).count() == sets
        page.locator(CHOOSER).nth(3).select_option("pal")
        assert page.evaluate(CHOSEN) == ["pal"] * sets
        assert page.evaluate(HIDDEN) == 0
        assert page.locator(LABELS).count() == 2 * sets
        for name in others:
            page.goto(f"{base}/{name}")
            assert set(page.evaluate(CHOSEN)) == {"pal"}, name
            assert page.locator(CHOOSER).first.input_value() == "pal"
        page.locator(LABELS).first.click()  # a glance at the book's own
        assert set(page.evaluate(CHOSEN)) == {"book"}
        assert page.locator(CHOOSER).first.input_value() == "pal"
        page.goto(f"{base}/{first}?notation=sarkar")  # a link can choose, too
        assert page.evaluate(CHOSEN) == ["sarkar"] * sets
        page.locator(CHOOSER).first.select_option("book")
        page.goto(f"{base}/{first}")
        assert page.locator(LABELS).count() == 0
        page.goto(f"{base}/{first}?notation=nonsense")
        assert page.locator(LABELS).count() == 0
        assert page.evaluate(CHOSEN) == ["book"] * sets


def test_without_a_script_all_tabs_are_there(chromium, site):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=browser.FLAGS
        )
        page = started.new_context(java_script_enabled=False).new_page()
        page.goto(f"{site.as_uri()}/chapters/five_notations.html")
        assert page.locator(LABELS).count() >= 8 * len(ALL)
        assert page.locator(".notation-chooser:visible").count() == 0
        started.close()
