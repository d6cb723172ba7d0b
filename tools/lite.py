"""Put beside the built book a copy of it that runs in the browser.

JupyterLite is Jupyter as a static site. Its notebooks are the chapters without their
outputs and with a first cell that installs what they import; `rnnlib` and `rnnbook`
lie beside them in one wheel. Python itself and NumPy come from Pyodide's public
server, when a reader opens a notebook and not before.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import nbformat
from hatchling.builders.wheel import WheelBuilder
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools import ROOT, chapters
from tools.notebooks import STAMP, dumps
from tools.plain import in_any_jupyter
from tools.pyodide import BUNDLED, PYODIDE_VERSION, offered, requirements

FOLDER = "lite"  # beside the pages of the book
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# Of a download, in megabytes. What a test can measure it measures: `start`, the core
# and the kernel, and SymPy. The others are estimates, rounded up.
MEGABYTES = {"start": 18, "sympy": 7, "numpy": 4, "matplotlib": 12, "scipy": 18}
OTHERS = 1  # each
STORED = {"IPython"}  # part of the kernel
FIRST = """\
**In the browser.** Run the next cell first. It installs `rnnlib`, which lies beside the
book, and fetches from `cdn.jsdelivr.net`, the public server of Pyodide, what this
chapter imports: with Python itself about {size} MB, once, after which the browser keeps
it. Python is slower here than on your machine, and what you change stays in this
browser. The outputs are left out: those you will see are yours.\
"""


def packages(nb):
    """What a chapter needs installed; SymPy always, whose prose some read as text."""
    needed, _ = requirements(nb)
    return sorted({offered()[name] for name in needed - STORED} | {"sympy"})


def megabytes(nb):
    """About how much a reader downloads to run a chapter, rounded up to fives."""
    size = MEGABYTES["start"] + sum(MEGABYTES.get(n, OTHERS) for n in packages(nb))
    return -(-size // 5) * 5


def browser_copy(nb):
    """A chapter for the browser: without outputs, with its installation first."""
    new = in_any_jupyter(copy.deepcopy(nb))
    for cell in new.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    text = new_markdown_cell(FIRST.format(size=megabytes(nb)), id="in-the-browser")
    install = f"%pip install -q {' '.join(['rnnlib', *packages(nb)])}"
    new.cells[:0] = [text, new_code_cell(install, id="install-in-the-browser")]
    new.metadata.pop(STAMP, None)
    new.metadata["kernelspec"] = {
        "display_name": "Python (Pyodide)",
        "language": "python",
        "name": "python",
    }
    nbformat.validate(new)
    return new


def repack(name, folder):
    """Write the wheel of an installed package that is pure Python into a folder."""
    package = distribution(name)
    tags = [
        line.partition(": ")[2]
        for line in package.read_text("WHEEL").splitlines()
        if line.startswith("Tag: ")
    ]
    tag = next((tag for tag in tags if tag.endswith("-none-any")), None)
    if tag is None:
        raise ValueError(f"{name}: expected a package that is pure Python, got {tags}")
    path = folder / f"{name}-{package.version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(package.files, key=str):
            if ".." not in file.parts and file.suffix != ".pyc":
                wheel.writestr(zipfile.ZipInfo(str(file)), file.read_binary())
    return path


def runnable():
    """The chapters that can run in the browser: {path: notebook}."""
    read = {path: chapters.read(path) for path in chapters.paths()}
    return {path: nb for path, nb in read.items() if not requirements(nb)[1]}


def prepare(folder):
    """Write what JupyterLite is built from."""
    files, wheels = folder / "files", folder / "wheels"
    files.mkdir()
    wheels.mkdir()
    for path, nb in runnable().items():
        (files / path.name).write_text(dumps(browser_copy(nb)), encoding="utf-8")
    for data in chapters.data_files():
        shutil.copy(data, files)
    list(WheelBuilder(str(ROOT)).build(directory=str(wheels), versions=["standard"]))
    for name in BUNDLED:
        repack(name, wheels)
    settings = {KERNEL: {"disablePyPIFallback": True}}
    config = {"jupyter-config-data": {"litePluginSettings": settings}}
    config["jupyter-lite-schema-version"] = 0
    (folder / "jupyter-lite.json").write_text(json.dumps(config), encoding="utf-8")


def build(html):
    """Build JupyterLite beside the pages; its folder.

    Raises RuntimeError when something is missing: `jupyter lite build` ends well even
    after errors.
    """
    target = Path(html).resolve() / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        prepare(source)
        program = Path(sys.executable).with_name("jupyter-lite")
        command = [program, "build", "--contents", "files", "--apps", "notebooks"]
        command += ["--no-unused-shared-packages", "--no-sourcemaps"]
        command += ["--output-dir", target]
        for wheel in sorted((source / "wheels").iterdir()):
            command += ["--piplite-wheels", wheel]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=source,
            env=os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"},
            capture_output=True,
            text=True,
        )
        missing = complaints(target, source)
    if done.returncode or missing:
        tail = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"jupyter lite build: missing {missing}\n{tail}")
    for unused in target.rglob("*.map"):
        unused.unlink()
    return target


def complaints(target, source):
    """What the built site lacks of what it was built from."""
    files = [f"files/{path.name}" for path in (source / "files").iterdir()]
    wheels = [f"pypi/{path.name}" for path in (source / "wheels").iterdir()]
    expected = [*files, *wheels, "notebooks/index.html", "pypi/all.json"]
    missing = [name for name in expected if not (target / name).is_file()]
    config = target / "jupyter-lite.json"
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    for word in ("disablePyPIFallback", "pyodide-kernel-extension", "pypi/all.json"):
        if word not in text:
            missing.append(f"{word} in {config.name}")
    core = f"v{PYODIDE_VERSION}/full/pyodide.mjs"
    scripts = (target / "extensions").rglob("*.js")
    if not any(core in path.read_text(encoding="utf-8") for path in scripts):
        missing.append(f"Pyodide {PYODIDE_VERSION}")
    return missing
