"""The checks of the built site complain about what they are there for."""

import pytest

from tests.book import browser
from tests.book import site_checks as checks
from tools import ROOT

PAGE = "<!doctype html><html lang=en><title>t</title><link rel=icon href='data:,'>"


def site_with(folder, body, **files):
    """A site of one page, and perhaps other files."""
    (folder / "a.html").write_text(f"{PAGE}<main><article>{body}</article></main>")
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


@pytest.mark.parametrize(
    "body",
    [
        "<script src='https://example.org/x.js'></script>",
        "<link rel=stylesheet href='//example.org/x.css'>",
        "<img alt=x src='http://example.org/x.png'>",
        "<style>@import 'https://example.org/x.css';</style>",
        "<p style='background: url(https://example.org/x.png)'>",
        "<script>fetch('https://example.org/x')</script>",
    ],
)
def test_external_load_is_noticed(tmp_path, body):
    assert checks.external_complaints(site_with(tmp_path, body))


def test_external_load_in_files_is_noticed(tmp_path):
    css, js = "@font-face{src:url(//example.org/f)}", "import('https://example.org/m')"
    assert len(checks.external_complaints(site_with(tmp_path, "", b_css=css))) == 1
    assert len(checks.external_complaints(site_with(tmp_path, "", b_js=js))) == 2


@pytest.mark.parametrize("url", ["b.html", "#there", "a.html#there", "x/"])
def test_dead_link_is_noticed(tmp_path, url):
    assert checks.link_complaints(site_with(tmp_path, f"<a href='{url}'>x</a>"))


def test_links_that_lead_somewhere_pass(tmp_path):
    body = "<a href='#here'>x</a><a href='a.html'>y</a><p id=here><a href='http://x'>"
    site = site_with(tmp_path, body)
    assert checks.link_complaints(site) == checks.external_complaints(site) == []


def test_image_without_alternative_text_is_noticed(tmp_path):
    assert checks.image_complaints(site_with(tmp_path, "<img src='data:,'>"))


def test_an_escape_that_is_seen_is_noticed(tmp_path):
    assert checks.escape_complaints(site_with(tmp_path, "<p>a reader\\’s</p>"))


@pytest.mark.parametrize(
    "text",
    ["lib/site-packages/numpy/__init__.py", "path=PosixPath('a')", f"{ROOT}/rnnlib"],
)
def test_a_place_on_the_machine_is_noticed(tmp_path, text):
    assert checks.path_complaints(site_with(tmp_path, f"<p>{text}</p>"))


@pytest.mark.parametrize(
    "body, expected",
    [
        ("<img alt=x src='http://127.0.0.1:9/x.png'>", "external request"),
        ("<script src='missing.js'></script>", "missing.js"),
        ("<script>console.error('oh')</script>", "console error: oh"),
        ("<script>throw Error('ah')</script>", "script error: ah"),
        (r"<span class=math>\(x\)</span>", "formula not rendered"),
        (r"<span class=math>\(x\)</span>", "formula left as source"),
        ("<span class=math data-tex=x><math></math></span>", "formula not rendered"),
        (
            "<span class=math data-tex=x><math><mtext mathcolor=red>x</mtext></math>",
            "with an error",
        ),
        ("<p style='width: 700px'>wide</p>", "the page scrolls sideways"),
        (
            "<div style='width:300px;overflow:hidden'><p style='width:700px'>",
            "too wide",
        ),
        (
            "<article><div class=formula style='display:block;width:90px;"
            "overflow-x:auto'><p style='width:400px'>x",
            "cut without a sign",
        ),
        (
            "<article><div class=math><span class=eqno style='float:right'>(1)</span>"
            "<span class=formula style='display:block'>x</span></div>",
            "the number of an equation is not below it",
        ),
    ],
)
def test_browser_notices(chromium, tmp_path, body, expected):
    base = site_with(tmp_path, body).as_uri()
    found = browser.site_complaints(chromium, base, ["a.html"])
    assert [c for c in found if expected in c], found
