"""Fixtures of the tests of the whole book."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.book import browser
from tools import ROOT, chapters
from tools import chromium as chromium_here


def pytest_generate_tests(metafunc):
    """A test that takes `chapter` runs once for every notebook."""
    if "chapter" in metafunc.fixturenames:
        paths = chapters.paths()
        metafunc.parametrize("chapter", paths, ids=[path.stem for path in paths])


@pytest.fixture
def notebook(chapter):
    """The chapter as a notebook object."""
    return chapters.read(chapter)


def strict_build(target):
    """Build the book from nothing into `target`, every warning an error."""
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--path-output", str(target)]
    command = [str(program), "build", str(ROOT), *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="session")
def build(tmp_path_factory, worker_id):
    """One strict build for all tests, shared by the parallel workers.

    Or, where SITE names the folder of pages that `make book` has just built, that one.
    """
    if "SITE" in os.environ:
        html = Path(os.environ["SITE"]).resolve()
        return SimpleNamespace(returncode=None, log=f"SITE is {html}", html=html)
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    target, log = shared / "book", shared / "book.log"
    with open(shared / "book.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            done = strict_build(target)
            log.write_text(f"{done.returncode}\n{done.stdout}{done.stderr}")
    code, text = log.read_text().split("\n", 1)
    html = target / "_build" / "html"
    return SimpleNamespace(returncode=int(code), log=text, html=html)


@pytest.fixture(scope="session")
def site(build):
    """The folder of the built pages."""
    assert (build.html / "index.html").exists(), build.log[-3000:]
    return build.html


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium on this machine; the tests are skipped without one."""
    path = chromium_here.find()
    if path is None:
        pytest.skip(browser.NOT_CHECKED)
    return path
