"""The parts of `make pdf`; the command itself checks the whole file that it makes."""

import pytest
from pypdf import PdfReader

from tests.book import browser
from tools import chromium as chromium_here
from tools import pdf, pdf_pages

CONFIG = {"title": "A short book", "author": "Somebody"}
PARTS = [(None, ["intro"]), ("First part", ["one"])]
FORMULA = (
    "<span class=formula data-tex=x style='display: block; white-space: nowrap'>"
    "<span style='display: inline-block; width: {}em'>x</span></span>"
)
SINGLE = """<!doctype html><html lang=en><title>t</title>
<nav>Navigation</nav><article class="bd-article">
<section id=a><h1>Opening</h1><p>See <a href="intro.html#document-one">one</a>.</p>
<div class=toctree-wrapper><span id="document-one"></span><section id=b>
<h3>The first chapter</h3><h4>Its section of <span data-tex="x_t">x</span></h4>
<pre>{code}</pre>{formula}
<div class="solution dropdown admonition toggle-hidden"><p class=admonition-title>S</p>
<p>The answer.</p></div><details><summary>more</summary><p>Folded.</p></details>
<div class=sd-tab-set><label data-sync-id=book>Ours</label><div>Inourletters.</div>
<label data-sync-id=pal>Pal</label><div>Inhisletters.</div></div>
<details class="hide above-input"><summary>draw</summary><div class=cell_input>
<pre>plumbing</pre></div></details>
<div class=claim><details class=sd-dropdown><p>Source of a check.</p></details></div>
</section><span id="document-left"></span><section id=c><h3>Left out</h3></section>
</div></section></article></html>"""


LEFT_OUT = ("plumbing", "inhisletters.")
WIDE = FORMULA.format(90)
FIXED = "<p style='white-space: nowrap; width: 2000px'>fixed</p>"


def single(folder, formula):
    """A single page as the builder writes it, with a long line and a formula."""
    text = SINGLE.format(code="x" * 120, formula=formula)
    (folder / "intro.html").write_text(text)
    return pdf.one_page(folder, "intro")


@pytest.fixture(scope="module")
def small(chromium, tmp_path_factory):
    """A printed book of two chapters: (file, headings, complaints)."""
    work = tmp_path_factory.mktemp("pdf")
    source = single(work, WIDE)
    headings, found = pdf.print_book(chromium, source, CONFIG, PARTS, work, ["left"])
    front, body, book = (work / f"{name}.pdf" for name in ("front", "body", "book"))
    pdf_pages.join(front, body, headings, CONFIG, book)
    found += pdf_pages.complaints(book, headings, ["intro", "one"])
    return book, headings, found


def test_small_book(small):
    path, headings, found = small
    assert found == []
    assert [(h["name"], h["level"], h["shown"]) for h in headings] == [
        ("intro", 1, "Opening"),
        ("one", 1, "The first chapter"),
        ("one", 2, "Its section of x_t"),
    ]
    reader = PdfReader(path)
    assert reader.page_labels == ["i", "ii", "1", "2"]
    assert [page for _, page in pdf_pages.outline(reader)] == [2, 3, 3]
    text = "".join(page.extract_text() for page in reader.pages).lower()
    text = pdf_pages.squeezed(text)
    assert text.count("x") >= 120
    for wanted in ("theanswer.", "folded.", "firstpart", "inourletters."):
        assert wanted in text
    for unwanted in ("leftout", "navigation", "sourceofacheck", *LEFT_OUT):
        assert unwanted not in text
    for wanted in ("version", "licence:", "tocite:"):
        assert wanted in text


def test_the_whole_book_leaves_nothing_out(chromium, tmp_path):
    source = single(tmp_path, WIDE)
    with browser.launched(chromium) as context:
        page = context.new_page()
        pdf.lay_out(page, source, PARTS, [], "", folded=True)
        text = pdf_pages.squeezed(page.locator("div.book").inner_text()).lower()
    assert all(word in text for word in (*LEFT_OUT, "inourletters.", "leftout"))


def test_what_is_looked_up_is_not_printed_unless_asked():
    parts = [("a", ["reference/library/core", "ledger/pal", "ledger/all", "one"])]
    assert pdf.omitted(parts, False) == parts[0][1][:3]
    assert pdf.omitted(parts, True) == ["ledger/all"]


def test_complaints_can_fail(small):
    path, headings, _ = small
    found = pdf_pages.complaints(path, headings, ["intro", "one", "two"])
    assert any("not those of _toc.yml" in complaint for complaint in found)
    other = [dict(h, shown=h["shown"].replace("first", "second")) for h in headings]
    found = " ".join(pdf_pages.complaints(path, other, ["intro", "one"]))
    assert "bookmarks" in found and "not in the contents" in found
    assert "page 2 has no heading" in found


def test_what_cannot_be_made_to_fit_is_a_complaint(chromium, tmp_path):
    with browser.launched(chromium) as context:
        page = context.new_page()
        source = single(tmp_path, FIXED)
        headings, fitted, found = pdf.lay_out(page, source, PARTS, ["left"])
    assert len(headings) == 3 and fitted["scaled"] == 0
    assert any("runs out of the page" in complaint for complaint in found)


def test_without_chromium(monkeypatch, capsys):
    monkeypatch.setattr(chromium_here, "find", lambda: None)
    assert pdf.main([]) == 1
    assert "needs Chromium" in capsys.readouterr().err
