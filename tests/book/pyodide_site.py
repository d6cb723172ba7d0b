"""Run a chapter in the browser with a local Pyodide, without NumPy and Matplotlib.

Those two are only on Pyodide's public server. Here stand-ins take their places, with
which the constants of a module can be made on import. Whoever then computes with one,
or shows one, gets an error. So the cells that need SymPy alone run as on a reader's
machine, and the others say why not.
"""

import hashlib
import json
import shutil
import zipfile
from urllib.parse import urlsplit

import nbformat

from tests.book import browser
from tools import lite, pyodide

ABSENT = "not on this machine"
STAND_INS = {"numpy": ["typing"], "matplotlib": ["pyplot", "patches"]}  # and modules
STAND_IN = f"""
import sys


class Absent(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{{cls.__name__}}.{{name}}", (), {{}})

    def __call__(cls, *args, **options):
        return Absent(f"{{cls.__name__}}()", (), {{}})

    def __len__(cls):
        return 0

    def __setitem__(cls, place, value):
        pass

    def __iter__(cls):
        return iter(())

    def __repr__(cls):
        raise NotImplementedError(f"{{cls.__name__}}: {ABSENT}")


for name in ("add", "sub", "mul", "truediv", "pow", "neg", "getitem"):
    for side in ("", "r"):
        setattr(Absent, f"__{{side}}{{name}}__", Absent.__call__)


class Module(type(sys)):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{{__name__}}.{{name}}", (), {{}})


sys.modules[__name__].__class__ = Module
"""
STARTED = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const session = panel?.sessionContext?.session;
  return !!panel?.content?.widgets?.length && session?.kernel?.status === "idle";
}"""
RUN = """async last => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  for (const [index, cell] of notebook.widgets.entries()) {
    notebook.activeCellIndex = index;
    await window.jupyterapp.commands.execute("notebook:run-cell");
    if (cell.model.id === last) break;
  }
  return notebook.model.toJSON();
}"""


def stand_in(folder, name, package):
    """Write a wheel that stands in for a package; its entry in the lock."""
    version = package["version"]
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for module in ("__init__", *STAND_INS[name]):
            wheel.writestr(f"{name}/{module}.py", STAND_IN)
        meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", meta)
        tags = "Root-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\n{tags}")
        wheel.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    own = {"file_name": path.name, "sha256": digest, "imports": [name], "depends": []}
    return package | own


def local(site, target):
    """Copy the in-browser site; let it use the local Pyodide."""
    shutil.copytree(site / lite.FOLDER, target)
    core = target / "pyodide"
    shutil.copytree(pyodide.LOCAL, core)
    lock = json.loads((core / "pyodide-lock.json").read_text())
    whole = json.loads((core / pyodide.WHOLE).read_text())["packages"]
    for name in STAND_INS:
        lock["packages"][name] = stand_in(core, name, whole[name])
    (core / "pyodide-lock.json").write_text(json.dumps(lock))
    config = json.loads((target / "jupyter-lite.json").read_text())
    settings = config["jupyter-config-data"]
    settings["exposeAppInBrowser"] = True
    settings["litePluginSettings"][lite.KERNEL]["pyodideUrl"] = "./pyodide/pyodide.mjs"
    (target / "jupyter-lite.json").write_text(json.dumps(config))


def run(executable, folder, chapter, last):
    """Run a chapter in Chromium up to a cell; the notebook and what is wrong."""
    found = []
    with browser.serve(folder) as base, browser.launched(executable) as context:

        def request(req):
            if not req.url.startswith((base, "data:", "blob:")):
                found.append(f"external request: {req.url}")

        context.on("request", request)
        context.on("requestfailed", lambda req: found.append(f"failed: {req.url}"))
        page = context.new_page()
        page.goto(f"{base}/notebooks/index.html?path={chapter}.ipynb")
        page.wait_for_function(STARTED, timeout=300_000)
        page.set_default_timeout(600_000)
        nb = page.evaluate(RUN, last)
    return nbformat.from_dict(nb), found


def hosts(executable, folder, chapter):
    """The hosts that an opened chapter asks; none of them answers."""
    asked = set()
    with browser.serve(folder) as base, browser.launched(executable) as context:

        def answer(route):
            if route.request.url.startswith(base):
                return route.continue_()
            asked.add(urlsplit(route.request.url).hostname)
            return route.abort()

        context.route("http*://**/*", answer)
        page = context.new_page()
        page.goto(f"{base}/{lite.FOLDER}/notebooks/index.html?path={chapter}.ipynb")
        page.wait_for_selector(".jp-Cell", timeout=120_000)
        for _ in range(120):
            if asked:
                break
            page.wait_for_timeout(500)
        page.wait_for_timeout(1000)
    return asked
