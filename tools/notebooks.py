"""Execute, normalise and verify the chapters.

    python -m tools.notebooks run [--all] [PATH ...]   execute in place what changed
    python -m tools.notebooks normalise [PATH ...]     tidy the metadata only
    python -m tools.notebooks verify [PATH ...]        exit 1 when something is stale
    python -m tools.notebooks record [PATH ...]        take the outputs for fresh

Executing the same chapter twice gives the same bytes. Each executed notebook
carries a digest of the code that produced its outputs, and each figure one of its
picture together with its text, in which the kernel has put a digest of what is plotted:
so a picture stands for the data that nbval compares when it runs the chapter.

What changed is seen from the digest of the code and from one of everything else that
the outputs depend on, kept in the environment: a new clone has none, and ``record``
makes it without executing.
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

from tools import chapters, imports
from tools.chapters import code_cells
from tools.environment import isolate

STATE = Path(sys.prefix) / "notebooks.json"
STAMP = "executed_source_sha256"
NUMBERS = "rnnbook/page/equations.json"  # of every labelled equation of the book
PICTURE = "picture_and_text_sha256"
FOLDED = {"hide-input", "hide-cell"}  # in the book, and so in JupyterLab
LIMIT_SECONDS = 30
DISPLAY = "Python 3 (ipykernel)"
KERNELSPEC = {"display_name": DISPLAY, "language": "python", "name": "python3"}


def code_digest(nb):
    """SHA-256 of the code of a notebook, cell by cell."""
    code = json.dumps([c.source for c in code_cells(nb)])
    return hashlib.sha256(code.encode()).hexdigest()


def inputs(nb):
    """The files that the outputs of a notebook depend on, beside its own cells.

    The modules that it imports, directly or not, and what lies beside them that is no
    Python; the data that it names; what draws its figures; the lock.
    """
    names = {n for cell in code_cells(nb) for n in imports.imported(cell.source)}
    files, others = imports.reached(names, chapters.ROOT)
    for folder in {path.parent for path in files}:
        beside = (p for p in folder.iterdir() if p.is_file() and p.name[0] != ".")
        files |= {p for p in beside if p.suffix not in (".py", ".pyc")}
    files |= set(chapters.data_of(nb))
    if "matplotlib" in others:
        files |= {p for p in chapters.data_files() if p.name == "matplotlibrc"}
    return sorted(files | {chapters.ROOT / "requirements.lock"})


def inputs_digest(nb):
    """SHA-256 of `inputs`, names and contents."""
    digest, found = hashlib.sha256(), inputs(nb)
    for path in found:
        name, content = path.relative_to(chapters.ROOT).as_posix(), path.read_bytes()
        if name == NUMBERS:
            content = json.dumps(numbers_named(nb, path, found)).encode()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def numbers_named(nb, path, files):
    """The equation numbers that a notebook can print: of the chapters named by label.

    A label, such as "eq-bptt-8", begins with its chapter; code may put the rest
    together. It stands in the code of the notebook, or in a module that this runs.
    """
    sources = [cell.source for cell in code_cells(nb)]
    sources += [p.read_text(encoding="utf-8") for p in files if p.suffix == ".py"]
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {
        label: (number, chapter)
        for label, (number, chapter) in entries.items()
        if any(f"eq-{chapter.replace('_', '-')}-" in source for source in sources)
    }


def digests(nb):
    """What is kept of an executed notebook to see whether it is fresh."""
    return [code_digest(nb), inputs_digest(nb)]


def pictures(nb):
    """(cell, output) of every picture."""
    for cell in code_cells(nb):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                yield cell, output


def picture_digest(output):
    """SHA-256 of a picture and of the text that says what is plotted."""
    data = output["data"]
    text = data.get("text/plain", "") + "\0" + data["image/png"].strip()
    return hashlib.sha256(text.encode()).hexdigest()


def picture_complaints(nb):
    """What says that a picture is not the one that was drawn of this data."""
    for cell, output in pictures(nb):
        if ", plotted " not in output["data"].get("text/plain", ""):
            yield f"cell {cell.id}: a picture without a digest of what is plotted"
        elif output.metadata.get(PICTURE) != picture_digest(output):
            yield f"cell {cell.id}: another picture than the one that was drawn"


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
    return complaints + list(picture_complaints(nb))


def normalised(nb):
    """A copy of the notebook without anything that a machine or a run left in it."""
    nb = copy.deepcopy(nb)
    keys = ["metadata.language_info.version", "cell.metadata.execution"]
    nb = strip_output(
        nb, keep_output=True, keep_count=True, keep_id=True, extra_keys=keys
    )
    nb.metadata["kernelspec"] = dict(KERNELSPEC)
    for cell in nb.cells:
        cell.metadata.pop("jupyter", None)
        if FOLDED.intersection(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
    return nb


def dumps(nb):
    """The text of a notebook file."""
    return nbformat.writes(nb, version=4).rstrip("\n") + "\n"


def form_complaints(text):
    """What says that a notebook file is not in normal form."""
    if dumps(normalised(nbformat.reads(text, as_version=4))) != text:
        return ["not normalised: run `make notebooks`"]
    return []


def execute(nb, cwd=None):
    """Run every cell in a fresh kernel of this interpreter and stamp the code.

    In the folder of the chapters, unless ``cwd`` says where.
    """
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
        resources={"metadata": {"path": str(cwd or chapters.CHAPTERS)}},
    )
    client.execute()
    nb.metadata[STAMP] = code_digest(nb)
    for _, output in pictures(nb):
        output.metadata[PICTURE] = picture_digest(output)
    return nb


def cpu_seconds():
    """Processor time of all finished child processes, the kernels."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_state():
    """{path: digests of the notebook when it was last executed here}."""
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def remember(found):
    """Keep the digests of executed notebooks: {path: digests}."""
    state = read_state() | {str(path.resolve()): d for path, d in found.items()}
    STATE.write_text(json.dumps(state, indent=1))


def record(paths):
    """Take notebooks for executed with the inputs that they have now; returns 0."""
    remember({path: digests(chapters.read(path)) for path in paths})
    return 0


def shown(path):
    """A path as it is printed."""
    return (
        path.relative_to(chapters.ROOT) if path.is_relative_to(chapters.ROOT) else path
    )


def run_one(path):
    """Execute one notebook in place; return True when it succeeds in time."""
    name = shown(path)
    wall, cpu = time.perf_counter(), cpu_seconds()
    try:
        nb = execute(chapters.read(path), cwd=path.parent)
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
    for path in paths or chapters.paths():
        nb = chapters.read(path)
        now = digests(nb)
        fresh = read_state().get(str(path.resolve())) == now
        if fresh and not paths and not everything and not execution_complaints(nb):
            normalise([path])
            print(f"{shown(path)}: unchanged")
        elif run_one(path):
            remember({path: now})
        else:
            failures += 1
    return failures


def normalise(paths):
    """Put notebook files into normal form, outputs and counts kept."""
    for path in paths:
        text = dumps(normalised(chapters.read(path)))
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
    return 0


def verify(paths):
    """Print every complaint; return how many there are."""
    found = [
        f"{shown(path)}: {complaint}"
        for path in paths
        for complaint in form_complaints(path.read_text(encoding="utf-8"))
        + execution_complaints(chapters.read(path))
    ]
    print("\n".join(found) or f"{len(paths)} notebooks in order")
    return len(found)


ACTIONS = {"normalise": normalise, "verify": verify, "record": record}


def main():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["run", *ACTIONS])
    parser.add_argument("--all", action="store_true", help="also what did not change")
    parser.add_argument("paths", nargs="*", type=Path)
    args = parser.parse_args()
    paths = [path.resolve() for path in args.paths]
    if args.action == "run":
        return run(paths, args.all)
    return ACTIONS[args.action](paths or chapters.paths())


if __name__ == "__main__":
    sys.exit(min(main(), 1))
