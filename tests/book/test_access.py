"""The book is for everybody: axe-core, headings, mathematics, the keyboard alone."""

import pytest

from tests.book import accessibility, browser, site_checks

STOPS = 1500  # more presses of the tabulator key than a page has stops
CHAPTER = "chapters/bptt.html"
PAGES = ("chapters/intro.html", CHAPTER, "ledger/summary.html", "search.html")
TYPESET = "async () => { await document.fonts.ready; }"


@pytest.fixture(scope="module")
def context(chromium):
    """One browser for all tests here."""
    with browser.launched(chromium) as context:
        yield context


@pytest.fixture
def visit(context, site):
    """Open a page of the book at a desktop's width."""
    opened = []

    def go(name, width=1280):
        page = context.new_page()
        opened.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{site.as_uri()}/{name}")
        page.evaluate(TYPESET)
        return page

    yield go
    for page in opened:
        page.close()


def test_every_page_from_disk_is_accessible(context, site):
    names = site_checks.names(site)
    found = [accessibility.page_complaints(context, site.as_uri(), n) for n in names]
    assert sum(found, []) == []


@pytest.mark.parametrize("name", PAGES)
def test_keyboard_reaches_everything(visit, name):
    complaints, stops = accessibility.keyboard_complaints(visit(name), STOPS)
    assert complaints == []
    assert len(stops) > 10 and "Skip to main content" in stops[0]


def test_skip_link(visit):
    page = visit(CHAPTER)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"


def test_folds_and_tabs_by_keyboard(visit):
    page = visit(CHAPTER)
    solution = page.locator(".solution.dropdown").first
    text = solution.locator("p").nth(1)
    assert not text.is_visible()
    solution.locator("button").first.focus()
    page.keyboard.press("Enter")
    text.wait_for(state="visible")
    page.locator(".notation-chooser select").first.focus()
    page.keyboard.press("ArrowDown")
    tabs = page.locator(".notation-chooser + .sd-tab-set").first
    assert tabs.locator(".sd-tab-content").nth(1).is_visible()
    tabs.locator("input").nth(1).focus()
    page.keyboard.press("ArrowLeft")  # back to the book's own
    assert tabs.locator("input").first.is_checked()
    assert tabs.locator(".sd-tab-content").first.is_visible()


def test_colour_mode_by_keyboard(visit):
    page = visit("chapters/intro.html")
    page.add_style_tag(content="* { transition: none !important; }")
    seen = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.focus()
        page.keyboard.press("Enter")
        seen.add(
            (page.evaluate("document.documentElement.dataset.theme"), background(page))
        )
    assert {theme for theme, _ in seen} == {"light", "dark"}
    assert len({colour for _, colour in seen}) == 2


def background(page):
    """The colour behind the text."""
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_search_finds(visit):
    page = visit("chapters/intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("adjoint")
    page.keyboard.press("Enter")
    page.locator(".search-summary", has_text="Search finished").wait_for()
    found = page.locator("#search-results li a").evaluate_all(
        "(links) => links.map((a) => a.getAttribute('href'))"
    )
    assert any(CHAPTER in link for link in found)


def test_search_says_when_nothing_is_found(visit):
    page = visit("search.html?q=qwertyuiop")
    page.locator(".search-summary", has_text="did not match").wait_for()


def test_ledger_filter_by_keyboard_keeps_its_choice(context, site):
    with browser.serve(site) as base:
        page = context.new_page()
        page.goto(f"{base}/ledger/all.html")
        everything = shown(page)
        page.locator("form.claim-filter select[name=verdict]").focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_function("location.search.includes('verdict=true')")
        some = shown(page)
        assert 0 < some < everything
        page.reload()
        assert shown(page) == some
        page.goto(f"{base}/ledger/all.html?verdict=nonsense")
        assert shown(page) == everything
        page.close()


def test_ledger_filter_leaves_no_empty_heading(context, site):
    with browser.serve(site) as base:
        page = context.new_page()
        page.goto(f"{base}/ledger/khanna.html")
        headings = page.locator("article section section > :is(h2, h3, h4):visible")
        entries = page.locator("nav.page-toc li:visible")
        before = headings.count(), entries.count()
        page.goto(f"{base}/ledger/khanna.html?verdict=false")
        page.wait_for_function("document.querySelector('div.claim[hidden]')")
        empty = page.locator(
            "article section section:visible:not(:has(div.claim:not([hidden])))"
        )
        assert empty.count() == 0
        assert 0 < headings.count() < before[0]
        assert 0 < entries.count() < before[1]
        page.close()


def shown(page):
    """How many claims are shown."""
    return page.locator("div.claim:visible").count()


def test_what_scrolls_on_a_phone_can_be_focused(visit):
    page = visit("ledger/summary.html", width=360)
    page.wait_for_selector(".pst-scrollable-table-container[tabindex]")
    page.evaluate(accessibility.axe())
    result = page.evaluate(
        "async () => (await axe.run({runOnly: ['scrollable-region-focusable']}))"
        ".violations.flatMap((v) => v.nodes.map((n) => n.html.slice(0, 150)))"
    )
    assert result == []
