"""JupyterLab in a real browser, and what it makes of a notebook's equations."""

import contextlib
import copy
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
from playwright.sync_api import sync_playwright

from tests.book.browser import PATIENCE
from tools import equations
from tools.chromium import FLAGS

READ = """() => {
  const found = {};
  for (const box of document.querySelectorAll('.myst [id^="eq-"]')) {
    const tag = box.querySelector(".tag");
    const own = box.lastElementChild;
    const text = tag ? tag.textContent : own ? own.textContent : "";
    const number = text.match(/\\(([0-9.]+)\\)\\s*$/);
    if (number) found[box.id] = (found[box.id] || []).concat(number[1]);
  }
  return found;
}"""
OPEN = """async path => { await window.jupyterapp.commands.execute(
  "docmanager:open", { path, kernel: { shouldStart: false } }); }"""
CLOSE = """async () => {
  await window.jupyterapp.commands.execute("application:close-all"); }"""
ALL_CELLS = '{"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}'


def printed(nb):
    """The cells with a labelled equation, quick to show: each display has a label.

    And the first, which says how the equations of the chapter are numbered.
    """
    new = copy.deepcopy(nb)
    new.cells = new.cells[:1] + [
        cell
        for cell in new.cells[1:]
        if "(eq-" in cell.source
        or any("(eq-" in str(output) for output in cell.get("outputs", []))
    ]
    return new


@contextlib.contextmanager
def jupyterlab(folder, home):
    """Serve the notebooks of a folder; yields the address of JupyterLab."""
    settings = home / "settings"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(ALL_CELLS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.port": port,
        "IdentityProvider.token": "",
        "LabApp.app_settings_dir": settings,
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    variables = os.environ | {"HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1"}
    base = f"http://127.0.0.1:{port}"
    with open(home / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{base}/api", timeout=5).close()
                break
            time.sleep(0.3)
        yield base
    finally:
        server.terminate()
        server.wait(30)


ROUNDS = 20  # without a change, before an equation counts as not rendered


def equation_numbers(chromium, notebooks, folder):
    """{label: [numbers that JupyterLab shows]} of the notebooks, given by name."""
    shown, home = {}, folder / "home"
    (folder / "notebooks").mkdir(parents=True)
    for name, nb in notebooks.items():
        nbformat.write(printed(nb), folder / "notebooks" / f"{name}.ipynb")
    with jupyterlab(folder / "notebooks", home) as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 2000})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{base}/lab?reset")
        page.wait_for_selector("#jp-main-dock-panel")
        for name in notebooks:
            page.evaluate(OPEN, f"{name}.ipynb")
            expected = equations.labels(notebooks[name])
            page.wait_for_selector(f".myst [id='{expected[0]}']", state="attached")
            before, found, same = None, page.evaluate(READ), 0
            while same < (1 if set(expected) <= set(found) else ROUNDS):
                page.wait_for_timeout(600)
                before, found = found, page.evaluate(READ)
                same = same + 1 if found == before else 0
            shown |= found
            page.evaluate(CLOSE)
        browser.close()
    return shown
