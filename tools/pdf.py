"""The book as one PDF, printed by Chromium from the single page.

    python -m tools.pdf [--notation KEY] [--whole] [--single FOLDER] [--output FILE]

On paper a formula stands in one notation, the book's or that of a document, and code
that the page folds, cells for answers, the library's reference and the lists of claims
are left out. ``--whole`` prints all of it.

The chapters are printed first; Chromium knows then on which page each heading
stands, the contents are written with these numbers, and pypdf puts both together
(tools/pdf_pages.py). The command ends with a check of what it made: exit 1 when a
chapter is missing, a link leads nowhere or a line runs out of the page.
"""

import argparse
import base64
import html
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import yaml
from playwright.sync_api import sync_playwright

from ledger.claims import DOCUMENTS
from rnnbook.page.imprint import about, evidence, read_imprint
from tools import ROOT, chapters, chromium, pdf_pages
from tools import imprint as counted

OUTPUT = ROOT / "_build/book.pdf"
TWICE = ("ledger/all",)  # a list of what the next pages say in full, to be filtered
PAGES = ("desk", "letters", "exercises", "summaries")
LOOKED_UP = (  # rather than read in order
    "reference/library/",
    *(f"reference/{name}" for name in PAGES),
    *(f"ledger/{name}" for name in ("faults", *DOCUMENTS)),
)
NOTATION = "book"
WIDTH, HEIGHT = 672, 974  # what a page holds, in CSS pixels, a little less
FIGURE = 395 * 240  # the area of a figure, in square pixels
FACES = {  # of the serif that Matplotlib brings: the same on every machine, and narrow
    "STIXGeneral": "",
    "STIXGeneralItalic": "font-style: italic;",
    "STIXGeneralBol": "font-weight: bold;",
    "STIXGeneralBolIta": "font-style: italic; font-weight: bold;",
}
PATIENCE = 15 * 60 * 1000  # milliseconds for one of Chromium's steps
MANY = 20  # complaints to print
MOST = 350  # pages of an edition in one notation


def build(target):
    """The book as one page, in `target`; the folder that holds it."""
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["-n", "--keep-going", "--builder", "custom"]
    options += ["--custom-builder", "singlehtml", "--path-output", str(target)]
    command = [str(program), "build", str(ROOT), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    folder = target / "_build/singlehtml"
    if done.returncode or not folder.exists():
        raise RuntimeError(f"the single page was not built\n{done.stderr[-3000:]}")
    return folder


def one_page(folder, root):
    """Put the single page where its pictures are, with links into itself."""
    text = (folder / f"{root}.html").read_text(encoding="utf-8")
    target = folder / "book.html"
    target.write_text(text.replace(f'href="{root}.html#', 'href="#'), encoding="utf-8")
    return target


def omitted(parts, whole):
    """The documents that are not printed."""
    names = [name for _, documents in parts for name in documents]
    return [n for n in names if n in TWICE or (not whole and n.startswith(LOOKED_UP))]


def imprint(config, whole):
    """The lines below the title: version, date, licence, how to cite, the evidence."""
    found = read_imprint(counted.STORED) | counted.title()
    found |= {key: config[key] for key in ("title", "author")}
    left_out = (
        "On paper there is no code that the pages of the web fold, no cell to type an "
        "answer into, no list of the claims that a section treats, and no page that is "
        "looked up rather than read: the library, and the claims of each document."
    )
    return [
        *about(found | {"date": counted.when()}),
        *evidence(found),
        "What code cells print is their stored output, and the tests run them again.",
        *([] if whole else [left_out]),
    ]


def front(config, parts, headings, pages, whole=False):
    """The title page and the contents, as HTML; `pages` maps a heading to a number."""
    title, author = html.escape(config["title"]), html.escape(config["author"])
    below = "".join(f"<p>{html.escape(t)}</p>" for t in imprint(config, whole))
    lines = []
    for caption, documents in parts:
        if caption and any(heading["name"] in documents for heading in headings):
            lines.append(f"<p>{html.escape(caption)}</p>")
        for heading in headings:
            if heading["name"] in documents and heading["level"] <= 2:
                kind = "chapter" if heading["level"] == 1 else "section"
                lines.append(
                    f'<a class="{kind}" href="{pdf_pages.SCHEME}{heading["id"]}">'
                    f"<span>{html.escape(heading['shown'])}</span>"
                    f'<span class="dots"></span>{pages[heading["id"]]}</a>'
                )
    style = (ROOT / "tools/pdf.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><title>{title}</title>'
        f"<style>{faces()}{style}</style>"
        f'<body class="front"><header><h1>{title}</h1><p>{author}</p>'
        f'<div class="imprint">{below}</div></header>'
        f"<nav><h1>Contents</h1>{''.join(lines)}</nav></body></html>"
    )


def printed(page, path):
    """Print what the page shows."""
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)


def faces():
    """The serif of the paper edition as CSS, "Paper", with its letters inside."""
    folder = Path(matplotlib.get_data_path()) / "fonts/ttf"
    rules = []
    for name, style in FACES.items():
        letters = base64.b64encode((folder / f"{name}.ttf").read_bytes()).decode()
        source = f"url(data:font/ttf;base64,{letters})"
        rules.append(f'@font-face {{ font-family: "Paper"; {style} src: {source} }}')
    return "\n".join(rules)


def lay_out(page, source, parts, omit, notation=NOTATION, folded=False):
    """Make a book of the single page that fits; (headings, fitted, complaints)."""
    kept = [(c, [d for d in found if d not in omit]) for c, found in parts]
    captions = {found[0]: caption for caption, found in kept if caption and found}
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(PATIENCE)
    page.emulate_media(media="print", color_scheme="light")
    page.goto(source.as_uri(), timeout=PATIENCE)
    page.add_style_tag(content=faces())
    page.add_style_tag(path=ROOT / "tools/pdf.css")
    page.evaluate("async () => { await document.fonts.ready; }")
    page.add_script_tag(path=ROOT / "tools/pdf.js")
    root = parts[0][1][0]
    options = {"parts": captions, "omit": list(omit), "root": root}
    options |= {"notation": notation, "folded": folded}
    headings = page.evaluate("(options) => printing.layOut(options)", options)
    for heading in headings:  # as contents and bookmarks show it
        heading["shown"] = heading["title"]
    page.evaluate("(area) => printing.even(area)", FIGURE)
    fitted = page.evaluate("(height) => printing.fit(height)", HEIGHT)
    return (
        headings,
        fitted,
        page.evaluate("(height) => printing.complaints(height)", HEIGHT),
    )


def print_book(
    executable, source, config, parts, work, omit, notation=NOTATION, whole=False
):
    """Print chapters and front into `work`; returns (headings, complaints)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=chromium.FLAGS
        )
        page = browser.new_page()
        headings, fitted, complaints = lay_out(
            page, source, parts, omit, notation, folded=whole
        )
        print(f"scaled down: {fitted['scaled']}, the least {fitted['least']:.2f}")
        printed(page, work / "body.pdf")
        pages = pdf_pages.places(work / "body.pdf", [h["id"] for h in headings])
        numbers = {id_: index + 1 for id_, index in pages.items()}
        page.goto("about:blank")
        page.set_content(front(config, parts, headings, numbers, whole))
        printed(page, work / "front.pdf")
        browser.close()
    return headings, complaints


def main(arguments=None):
    """Build, print, check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--notation", default=NOTATION, help="of which tabs, or all (default: book)"
    )
    parser.add_argument("--whole", action="store_true", help="leave nothing out")
    parser.add_argument("--single", type=Path, help="a built single page to print")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    chosen = parser.parse_args(arguments)
    notation = "" if chosen.whole or chosen.notation == "all" else chosen.notation
    executable = chromium.find()
    if executable is None:
        print("make pdf: NOT DONE: it needs Chromium on PATH", file=sys.stderr)
        return 1
    start = time.monotonic()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    parts = chapters.contents()
    left = omitted(parts, chosen.whole)
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        folder = chosen.single or build(work)
        source = one_page(folder, parts[0][1][0])
        headings, complaints = print_book(
            executable, source, config, parts, work, left, notation, chosen.whole
        )
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        pdf_pages.join(
            work / "front.pdf", work / "body.pdf", headings, config, chosen.output
        )
    documents = [d for _, found in parts for d in found if d not in left]
    complaints += pdf_pages.complaints(chosen.output, headings, documents)
    size, count = chosen.output.stat().st_size / 1e6, pdf_pages.count(chosen.output)
    print(f"{count} pages, {size:.1f} MB, {time.monotonic() - start:.0f} s")
    if notation and count > MOST:
        complaints.append(f"{count} pages, more than {MOST}")
    for complaint in complaints[:MANY]:
        print(complaint, file=sys.stderr)
    if complaints:
        print(f"make pdf: FAILED: {len(complaints)} complaints", file=sys.stderr)
        return 1
    print(f"make pdf: PASSED. The book: {chosen.output.resolve().as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
