"""What Python in the browser offers, and a local copy of it for the tests.

    python -m tools.pyodide [--list]      fetch the local copy, into the environment;
                                          with --list, write the list anew from it

Pyodide is CPython for the browser. `tools/pyodide_packages.txt` lists, a line each,
what can be imported there and the package that offers it. The local copy has the core
and those packages that are pure Python: NumPy for the browser is only on the public
server of Pyodide, which the tests do not use.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from packaging.utils import canonicalize_name

from tools import ROOT
from tools.chapters import code_cells
from tools.imports import imported, reached

LIST = Path(__file__).with_name("pyodide_packages.txt")
LOCAL = Path(sys.prefix) / "pyodide"
BUNDLED = ("autograd", "comm")  # pure Python, not in the list: the book brings them
NOT_THERE = {"multiprocessing", "resource", "subprocess"}  # no processes in a page
WHOLE = "pyodide-lock-whole.json"  # of the local copy: the lock as it came
KERNEL = ("ipython", "jedi", "micropip")  # what the kernel loads before any cell
SYMBOLIC = ("sympy",)


@cache
def offered():
    """{name to import: package} of everything that a notebook can import there."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    found = dict(line.split() for line in lines if not line.startswith("#"))
    return found | {name: name for name in BUNDLED}


def requirements(nb):
    """What a notebook imports that is not in the standard library: two sets of names.

    The first is what it needs, through the book's own packages too; the second is what
    cannot be had in the browser.
    """
    own = frozenset(n for cell in code_cells(nb) for n in imported(cell.source))
    needed = _needed(own)
    absent = needed - set(offered())
    return needed, absent | {n.partition(".")[0] for n in own} & NOT_THERE


@cache
def _needed(own):
    """The other packages that imports of these names reach."""
    return frozenset(reached(own, ROOT)[1])


def with_dependencies(names, packages):
    """The packages of a lock of Pyodide that these names need, themselves included."""
    found, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += map(canonicalize_name, packages[name]["depends"])
    return sorted(found)


def fetch(target=LOCAL):
    """Put the core and its pure-Python packages into a folder, with a lock of them."""
    shutil.rmtree(target, ignore_errors=True)
    unpacked = target.with_name(target.name + ".unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    pack = ["npm", "pack", "--silent", f"pyodide@{PYODIDE_VERSION}"]
    subprocess.run(pack, cwd=unpacked, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(unpacked.glob("*.tgz"))) as archive:
        archive.extractall(unpacked, filter="data")
    core = unpacked / "package"
    lock = json.loads((core / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    shutil.copy(core / "pyodide-lock.json", core / WHOLE)
    wanted = with_dependencies(KERNEL + SYMBOLIC, packages)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--only-binary=:all:"]
    pip += ["--python-version", lock["info"]["python"].rpartition(".")[0]]
    pins = [f"{name}=={packages[name]['version']}" for name in wanted]
    subprocess.run([*pip, "--dest", str(core), *pins], check=True)
    for name in wanted:  # the same versions, packed by their authors
        wheel = core / packages[name]["file_name"]
        packages[name]["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock["packages"] = {name: packages[name] for name in wanted}
    (core / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    core.rename(target)
    shutil.rmtree(unpacked)


def listed(folder=LOCAL):
    """The text of the list, from a local copy."""
    lock = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
    lines = {
        f"{name.partition('.')[0]} {package['name']}"
        for package in lock["packages"].values()
        if package.get("package_type") == "package"
        for name in package["imports"]
    }
    head = f"# What can be imported in Pyodide {PYODIDE_VERSION}, and the package of it"
    return "\n".join([head, *sorted(lines)]) + "\n"


if __name__ == "__main__":
    fetch()
    print(f"Pyodide {PYODIDE_VERSION} is in {LOCAL}")
    if "--list" in sys.argv:
        LIST.write_text(listed(), encoding="utf-8")
