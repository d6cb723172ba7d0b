"""The chapters in the reader's browser: buttons, copies, packages, and one that runs.

Python for the browser is fetched by `make pyodide`; without it the last test is
skipped.
"""

import re
import sys
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from sphinx_book_theme.header_buttons.launch import add_launch_buttons

from tests.book import browser, pyodide_site, site_checks
from tools import ROOT, chapters, imports, lite, pyodide
from tools.chapters import code_cells, data_of
from tools.notebooks import execute
from tools.plain import in_any_jupyter
from tools.pyodide import requirements

sys.path.insert(0, str(ROOT / "_ext"))
import run_in_browser
from run_in_browser import only_with_repository

NAMES = {path.stem for path in chapters.paths()}
RAN = (
    "bptt",
    "theorem-against-definitions",
)  # a chapter, and the last of its first cells
NUMPY = ("numbers-", "figure-", "induction-verdict")  # compute with NumPy, or draw
NOT_CHECKED = (
    "NOT CHECKED, no local Pyodide: that the cells of a chapter run in the browser. "
    "`make pyodide` fetches it (needs npm and the network)"
)


def notebook_that(*lines):
    """A notebook of one cell."""
    return new_notebook(cells=[new_code_cell("\n".join(lines))])


def buttons(site):
    """{chapter: the notebook that its page opens in the browser}."""
    found = {}
    for name in NAMES:
        for link in site_checks.read(site / f"chapters/{name}.html").links:
            match = re.fullmatch(r"\.\./lite/notebooks/index\.html\?path=(.*)", link)
            if match:
                found[name] = match[1]
    return found


def test_every_chapter_has_a_button_that_leads_to_it(site):
    names = {path.stem for path in lite.runnable()}
    assert buttons(site) == {name: f"{name}.ipynb" for name in names}
    assert [n for n in names if not (site / f"lite/files/{n}.ipynb").is_file()] == []
    for name in NAMES - names:
        page = (site / f"chapters/{name}.html").read_text(encoding="utf-8")
        assert "not-in-the-browser" in page and "run-in-browser-button" not in page


def test_other_pages_have_none(site):
    others = [p for p in site_checks.pages(site) if p.stem not in NAMES]
    assert len(others) > 3
    assert [p for p in others if "run-in-browser-button" in p.read_text("utf-8")] == []


def test_a_page_says_why_it_has_none(monkeypatch):
    nb = notebook_that("import torch")
    monkeypatch.setattr(run_in_browser, "chapter_of", lambda name: nb)
    app = SimpleNamespace(builder=SimpleNamespace(name="html"))
    context = {"header_buttons": [], "body": "", "pathto": lambda *args: "x"}
    run_in_browser.offer(app, "chapters/new", "page.html", context, None)
    assert context["header_buttons"] == []
    assert "<code>torch</code>, which Python in the browser" in context["body"]
    assert "<dialog" not in context["body"]


def test_copies_have_the_code_and_no_outputs(site, chapter, notebook):
    if not (site / f"lite/files/{chapter.name}").exists():
        assert requirements(notebook)[1]
        return
    copy = nbformat.read(site / f"lite/files/{chapter.name}", as_version=4)
    assert copy.cells[1].source.startswith("%pip install -q rnnlib ")
    own = in_any_jupyter(notebook).cells  # numbers in place of labels
    assert [c.source for c in copy.cells[2:]] == [c.source for c in own]
    cells = code_cells(copy)
    assert all(not c.outputs and c.execution_count is None for c in cells)


def test_the_wheel_is_the_packages(site):
    wheel = next((site / "lite/pypi").glob("rnnlib-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            n: archive.read(n) for n in archive.namelist() if ".dist-info" not in n
        }
    files = [
        p for name in imports.PACKAGES for p in (ROOT / name).rglob("*") if p.is_file()
    ]
    own = {str(p.relative_to(ROOT)): p for p in files if p.suffix != ".pyc"}
    assert packed == {name: path.read_bytes() for name, path in own.items()}


def test_packages_follow_imports_through_rnnlib():
    nb = notebook_that("from rnnlib.training import train", "import json")
    assert requirements(nb) == ({"numpy", "safetensors", "tqdm"}, set())
    assert lite.packages(nb) == ["numpy", "safetensors", "sympy", "tqdm"]
    assert lite.megabytes(nb) < lite.megabytes(notebook_that("import scipy.stats"))


@pytest.mark.parametrize("name", ["torch", "playwright", "multiprocessing", "resource"])
def test_what_the_browser_lacks_is_found(name):
    assert requirements(notebook_that(f"import {name}.x"))[1] == {name}


def test_a_build_that_lost_something_is_no_build(site, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "wheels").mkdir()
    assert lite.complaints(site / "lite", tmp_path) == []
    (tmp_path / "files" / "lost.ipynb").touch()
    assert lite.complaints(site / "lite", tmp_path) == ["files/lost.ipynb"]
    assert len(lite.complaints(tmp_path, tmp_path)) == 6


def test_downloaded_notebooks_are_the_chapters(site, chapter, notebook):
    page = site_checks.read(site / f"chapters/{chapter.stem}.html")
    for path in [chapter, *data_of(notebook)]:
        assert f"../_sources/chapters/{path.name}" in page.links
        assert (
            site / "_sources/chapters" / path.name
        ).read_bytes() == path.read_bytes()


def test_chapters_read_no_file_but_data_beside_them(notebook):
    code = "\n".join(cell.source for cell in code_cells(notebook))
    read = set(re.findall(r"[\"']([\w./-]+\.(?:json|npz|csv|txt|toml))[\"']", code))
    assert read == {path.name for path in data_of(notebook)}


def test_a_downloaded_notebook_runs_in_an_empty_folder(site, tmp_path):
    nb = nbformat.read(site / "_sources/chapters/intro.ipynb", as_version=4)
    ran = execute(nb, cwd=tmp_path)
    errors = [o for c in code_cells(ran) for o in c.outputs if o.output_type == "error"]
    assert errors == []


@pytest.mark.parametrize("url", ["", "https://github.com/someone/a-book"])
def test_binder_and_colab_come_with_a_repository(url, site):
    hosts = {"binderhub_url": "https://binder.test", "colab_url": "https://colab.test"}
    options = {"repository_url": url, "launch_buttons": hosts}
    config = SimpleNamespace(html_theme_options=options)
    only_with_repository(None, config)
    env = SimpleNamespace(
        doc2path=lambda name: f"{name}.ipynb",
        metadata={"chapters/bptt": {"kernelspec": {}}},
    )
    app = SimpleNamespace(env=env, config={"html_theme_options": options})
    context = {"header_buttons": [], "pagename": "chapters/bptt"}
    context |= {"sourcename": "chapters/bptt.ipynb", "page_source_suffix": ".ipynb"}
    names = {"user": "someone", "repo": "a-book", "url": "https://github.com"}
    context |= {f"github_{key}": value for key, value in names.items()}
    add_launch_buttons(app, "chapters/bptt", "page.html", context, None)
    found = [b["text"] for group in context["header_buttons"] for b in group["buttons"]]
    assert found == (["Binder", "Colab"] if url else [])
    text = (site / "chapters/bptt.html").read_text("utf-8")
    assert "mybinder" not in text and "colab.research" not in text


def test_the_button_opens_a_dialogue(chromium, site):
    with browser.serve(site) as base, browser.launched(chromium) as context:
        for address, served in ((base, True), (site.as_uri(), False)):
            page = context.new_page()
            page.goto(f"{address}/chapters/bptt.html")
            dialogue = page.get_by_role("dialog", name="Run this chapter")
            assert dialogue.count() == 0
            page.get_by_role("button", name="Run in your browser").press("Enter")
            assert dialogue.is_visible()
            assert page.get_by_role("link", name="Download and run").count() == served
            assert ("make serve" in dialogue.inner_text()) is not served
            assert ("MB the first" in dialogue.inner_text()) is served
            page.keyboard.press("Escape")
            assert dialogue.count() == 0


def test_an_opened_chapter_asks_the_named_server_alone(chromium, site):
    assert pyodide_site.hosts(chromium, site, "bptt") == {"cdn.jsdelivr.net"}


def texts(cell):
    """What a cell shows as text, in one order."""
    shown = []
    for output in cell.outputs:
        if output.output_type in ("stream", "error"):
            shown.append((output.output_type, str(output.get("text", output))))
        else:
            shown += sorted(
                (kind, "".join(value))
                for kind, value in output.data.items()
                if kind in ("text/plain", "text/latex", "text/markdown")
            )
    return shown


@pytest.mark.skipif(not pyodide.LOCAL.is_dir(), reason=NOT_CHECKED)
def test_the_derivations_of_a_chapter_run_in_the_browser(chromium, site, tmp_path):
    name, last = RAN
    pyodide_site.local(site, tmp_path / "lite")
    ran, found = pyodide_site.run(chromium, tmp_path / "lite", name, last)
    assert found == []
    written = chapters.read(name)
    cells = {cell.id: cell for cell in code_cells(ran)}
    ids = [cell.id for cell in code_cells(written)]
    until = ids[: ids.index(last) + 1]
    assert len(until) >= 12 and "theorem" in until
    for cell in code_cells(written)[: len(until)]:
        assert cells[cell.id].execution_count, cell.id
        if not cell.id.startswith(NUMPY):
            assert texts(cells[cell.id]) == texts(cell), cell.id


@pytest.mark.skipif(not pyodide.LOCAL.is_dir(), reason=NOT_CHECKED)
def test_what_is_said_of_pyodide_is_so():
    assert pyodide.LIST.read_text(encoding="utf-8") == pyodide.listed()
    size = {p.name: p.stat().st_size / 1e6 for p in pyodide.LOCAL.iterdir()}
    sympy = sum(size[n] for n in size if n.startswith(("sympy", "mpmath")))
    wheels = sum(size[n] for n in size if n.endswith(".whl")) - sympy
    start = wheels + sum(n for k, n in size.items() if k.startswith("pyodide.asm"))
    start += size["python_stdlib.zip"]
    assert abs(start - lite.MEGABYTES["start"]) < 2
    assert abs(sympy - lite.MEGABYTES["sympy"]) < 1
