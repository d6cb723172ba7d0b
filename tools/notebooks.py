"""Execute, normalise and verify the chapters.

    python -m tools.notebooks run [--all] [PATH ...]   execute in place what changed
    python -m tools.notebooks normalise [PATH ...]     tidy the metadata only
    python -m tools.notebooks verify [PATH ...]        exit 1 when something is stale

Executing the same chapter twice gives the same bytes. Each executed notebook
carries a digest of the code that produced its outputs.
"""

import argparse
import copy
import hashlib
import json
import resource
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbstripout import strip_output

from tools.environment import isolate

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
STATE = Path(sys.prefix) / "notebooks.json"
STAMP = "executed_source_sha256"
LIMIT_SECONDS = 30
PACKAGES = ("rnnlib", "rnnbook")
SOURCES = {".py", ".js", ".css"}  # of the packages
DISPLAY = "Python 3 (ipykernel)"
KERNELSPEC = {"display_name": DISPLAY, "language": "python", "name": "python3"}


def chapters():
    """Every notebook of the book."""
    return sorted(CHAPTERS.rglob("[!.]*.ipynb"))


def code_cells(nb):
    """The code cells that hold something to execute."""
    return [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]


def code_digest(nb):
    """SHA-256 of the code of a notebook, cell by cell."""
    code = json.dumps([c.source for c in code_cells(nb)])
    return hashlib.sha256(code.encode()).hexdigest()


def environment_digest():
    """SHA-256 of what outputs depend on beside the cells: the packages and the lock."""
    digest = hashlib.sha256()
    files = sorted(
        p
        for package in PACKAGES
        for p in (ROOT / package).rglob("*.*")
        if p.suffix in SOURCES
    )
    for path in [*files, ROOT / "requirements.lock"]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def execution_complaints(nb):
    """What says that the outputs are not those of this code, in this order."""
    complaints = []
    for n, cell in enumerate(code_cells(nb), start=1):
        if cell.execution_count != n:
            count = cell.execution_count
            complaints.append(f"cell {cell.id}: execution count {count}, expected {n}")
        for output in cell.outputs:
            if output.output_type == "error":
                complaints.append(f"cell {cell.id}: error output {output.ename}")
    if nb.metadata.get(STAMP) != code_digest(nb):
        complaints.append("code differs from the code that was executed")
    return complaints


def normalised(nb):
    """A copy of the notebook without anything that a machine or a run left in it."""
    nb = copy.deepcopy(nb)
    keys = ["metadata.language_info.version", "cell.metadata.execution"]
    nb = strip_output(
        nb, keep_output=True, keep_count=True, keep_id=True, extra_keys=keys
    )
    nb.metadata["kernelspec"] = dict(KERNELSPEC)
    return nb


def dumps(nb):
    """The text of a notebook file."""
    return nbformat.writes(nb, version=4).rstrip("\n") + "\n"


def form_complaints(text):
    """What says that a notebook file is not in normal form."""
    if dumps(normalised(nbformat.reads(text, as_version=4))) != text:
        return ["not normalised: run `make notebooks`"]
    return []


def execute(nb, cwd=CHAPTERS):
    """Run every cell in a fresh kernel of this interpreter and stamp the code."""
    isolate()
    nb = copy.deepcopy(nb)
    nb.metadata["kernelspec"] = dict(KERNELSPEC)
    client = NotebookClient(
        nb,
        timeout=300,
        startup_timeout=120,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(cwd)}},
    )
    client.execute()
    nb.metadata[STAMP] = code_digest(nb)
    return nb


def cpu_seconds():
    """Processor time of all finished child processes, the kernels."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_state():
    """Which code was last executed here, under which environment."""
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def run_one(path):
    """Execute one notebook in place; return True when it succeeds in time."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    wall, cpu = time.perf_counter(), cpu_seconds()
    try:
        nb = execute(nbformat.read(path, as_version=4), cwd=path.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        print(f"{name}: FAILED\n{error}", file=sys.stderr)
        return False
    path.write_text(dumps(normalised(nb)), encoding="utf-8")
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    print(f"{name}: {wall:.1f} s ({cpu:.1f} s of processor time)", flush=True)
    if cpu > LIMIT_SECONDS:
        print(f"{name}: FAILED, more than {LIMIT_SECONDS} s", file=sys.stderr)
    return cpu <= LIMIT_SECONDS


def run(paths, everything):
    """Execute the notebooks given, or those that are not fresh; count failures."""
    failures = 0
    for path in paths or chapters():
        key, environment = str(path.resolve()), environment_digest()
        nb = nbformat.read(path, as_version=4)
        fresh = read_state().get(key) == [code_digest(nb), environment]
        if fresh and not paths and not everything and not execution_complaints(nb):
            normalise([path])
            print(f"{path.relative_to(ROOT)}: unchanged")
        elif run_one(path):
            state = read_state() | {key: [code_digest(nb), environment]}
            STATE.write_text(json.dumps(state, indent=1))
        else:
            failures += 1
    return failures


def normalise(paths):
    """Put notebook files into normal form, outputs and counts kept."""
    for path in paths:
        text = dumps(normalised(nbformat.read(path, as_version=4)))
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
    return 0


def verify(paths):
    """Print every complaint; return how many there are."""
    found = [
        f"{path.relative_to(ROOT)}: {complaint}"
        for path in paths
        for complaint in form_complaints(path.read_text(encoding="utf-8"))
        + execution_complaints(nbformat.read(path, as_version=4))
    ]
    print("\n".join(found) or f"{len(paths)} notebooks in order")
    return len(found)


def main():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["run", "normalise", "verify"])
    parser.add_argument("--all", action="store_true", help="also what did not change")
    parser.add_argument("paths", nargs="*", type=Path)
    args = parser.parse_args()
    paths = [path.resolve() for path in args.paths]
    if args.action == "run":
        return run(paths, args.all)
    return {"normalise": normalise, "verify": verify}[args.action](paths or chapters())


if __name__ == "__main__":
    sys.exit(min(main(), 1))
