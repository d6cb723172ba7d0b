"""Break the packages on purpose, one small change at a time: do the tests see it?

    python -m tools.mutants [AREA ...] [--sample 50] [--seed 0] [--save] [--retry]

An area is a package of rnnlib or rnnbook, with the tests that mirror it, or one file of
it. A random sample of the mutations of an area is planted, one after the other, in a
copy of the tree. Each is judged by the tests of the area alone: first those that run
the changed line, until one fails. A mutant that runs for much longer than the tests do
is killed too. Those that nothing can tell from the right code are listed, each with a
reason, in ``tools/equivalents.toml`` and are not counted. ``--save`` writes the counts
into ``tools/mutants.json``, from which the README has its table; ``--retry`` leaves
out what was killed the last time.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

from tools import ROOT
from tools.mutations import compiles, mutations

SCORES = ROOT / "tools" / "mutants.json"
EQUIVALENTS = ROOT / "tools" / "equivalents.toml"
CACHE = ROOT / "_build" / "mutants"
BROKEN = ("rnnlib", "rnnbook")
COPIED = (*BROKEN, "tests", "tools", "bench", "ledger", "reference")
HEAVY = (  # imported once, before the processes are forked
    "_pytest.assertion.rewrite",
    "autograd.numpy",
    "hypothesis.extra.numpy",
    "hypothesis.internal.conjecture.engine",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "sympy",
)
SLACK = 15  # seconds that a mutant may take beside three times those of the tests
REQUIRED = 0.95
DATES = itertools.count(1_000_000_000)
READY = {  # what processes of tests need in their environment from the start
    "MUTANTS_READY": "1",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONHASHSEED": "0",
}


class Area(NamedTuple):
    """What is broken and what should notice, as patterns of paths from the root."""

    sources: tuple
    tests: tuple


def _package(name, *more, of="rnnlib"):
    return Area((f"{of}/{name}/**/*.py",), (f"tests/{name}", *more))


AREAS = {
    "gradcheck": Area(("rnnlib/gradcheck.py",), ("tests/test_gradcheck*.py",)),
    # not test_mutants*.py, where other mistakes are planted to judge the oracles
    "core": Area(("rnnlib/[!_g]*.py",), ("tests/test_[!gm]*.py",)),
    "layers": _package("layers", "tests/test_torch.py"),
    "variants": _package("variants"),
    "language": _package("language"),
    "spectral": _package("spectral"),
    "pointprocess": _package("pointprocess"),
    "symbolic": _package("symbolic"),
    "char": _package("char"),
    "training": _package(
        "training",
        "tests/char/test_forged.py",
        "tests/experiments/test_long_memories.py",
    ),
    "tutor": _package("tutor", of="rnnbook"),
    "page": _package("page", of="rnnbook"),
    "experiments": _package("experiments", of="rnnbook"),
}


class Mutant(NamedTuple):
    """A mutation of one file."""

    path: str  # from the root
    change: object

    @property
    def name(self):
        """How it is called in the list of equivalents."""
        return f"{self.path}: {self.change.name}"


def files(patterns):
    """The files that patterns of paths name, from the root, in order."""
    found = [p for pattern in patterns for p in sorted(ROOT.glob(pattern))]
    return [p.relative_to(ROOT).as_posix() for p in found if p.name != "__init__.py"]


def find_area(name):
    """The area of that name, or the part of an area that is one file."""
    if name in AREAS:
        return AREAS[name]
    for area in AREAS.values():
        if name in files(area.sources):
            return Area((name,), area.tests)
    raise SystemExit(f"area: expected one of {', '.join(AREAS)} or a file, got {name}")


def mutants_of(area):
    """All mutants of an area."""
    return [
        Mutant(path, change)
        for path in files(area.sources)
        for change in mutations((ROOT / path).read_text(encoding="utf-8"))
    ]


def sampled(mutants, size, seed):
    """A random sample, the same for the same seed; all of them when there are fewer."""
    order = random.Random(seed).sample(range(len(mutants)), len(mutants))
    chosen = []
    for i in order:
        if len(chosen) == size:
            break
        source = (ROOT / mutants[i].path).read_text(encoding="utf-8")
        if compiles(mutants[i].change.applied(source)):
            chosen.append(i)
    return [mutants[i] for i in sorted(chosen)]


def equivalents():
    """{name of a mutant: why nothing can tell it from the right code}."""
    stored = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))
    return {name: reason for part in stored.values() for name, reason in part.items()}


# The copy, and the tests that run in it.


def copy_tree(folder):
    """Copy what tests need; what is not broken is linked."""
    junk = shutil.ignore_patterns("__pycache__")
    for path in ROOT.iterdir():
        if path.name in COPIED:
            shutil.copytree(path, folder / path.name, ignore=junk)
        elif path.name not in (".git", ".pytest_cache", "_build"):
            (folder / path.name).symlink_to(path)


def used():
    """Processor time of this process and of those that it has started and ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Watch:
    """A plugin of pytest: which lines each test runs, and its processor time."""

    def __init__(self, coverage):
        self.coverage, self.seconds = coverage, {}

    def pytest_collection_modifyitems(self, items):
        """Tests of the built pages are left out: each mutant would build the book."""
        items[:] = [i for i in items if not {"site", "build"} & set(i.fixturenames)]

    def pytest_runtest_logstart(self, nodeid):
        """The lines from now on are those of this test."""
        self.coverage.switch_context(nodeid)
        self.seconds[nodeid] = -used()

    def pytest_runtest_logfinish(self, nodeid):
        """Programs that the test started are counted with it."""
        self.seconds[nodeid] += used()


class Choose:
    """A plugin of pytest: only these tests, in this order."""

    def __init__(self, order):
        self.place = {name: i for i, name in enumerate(order)}

    def pytest_sessionstart(self):
        """A failing example is enough: look for no simpler one."""
        from hypothesis import Phase, settings

        few = [Phase.explicit, Phase.generate]
        settings.register_profile("first", settings.get_profile("book"), phases=few)
        settings.load_profile("first")

    def pytest_collection_modifyitems(self, items):
        """Keep what was asked for; programs that tests start use the copy too."""
        items[:] = [i for i in items if i.nodeid in self.place]
        items.sort(key=lambda item: self.place[item.nodeid])
        os.environ["PYTHONPATH"] = os.getcwd()


def run_pytest(arguments, plugin):
    """The exit code of pytest in this process."""
    import pytest

    # no:faulthandler: its watchdog does not survive a fork, and to stop it hangs then
    quiet = ["-x", "-q", "--no-header", "--tb=no"]
    quiet += ["-p", "no:cacheprovider", "-p", "no:faulthandler"]
    return int(pytest.main([*quiet, *arguments], plugins=[plugin]))


def in_child(work, folder, seconds):
    """The number that ``work()`` returns in a forked process; None if out of time."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setsid()
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            for name in [m for m in sys.modules if m.partition(".")[0] == "tools"]:
                del sys.modules[name]  # so that ROOT is the copy
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            sys.stdout = sys.stderr = open(os.devnull, "w")
            limit = int(seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + 8 * seconds  # of the clock, where processors are shared
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.WIFSIGNALED(status):
                return None
            return os.WEXITSTATUS(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def baseline(name, area, folder):
    """{"seconds": {test: time}, "lines": {file: {line: tests}}} of the right code."""
    paths = files(area.sources) + sorted(
        p.relative_to(ROOT).as_posix()
        for pattern in area.tests
        for found in ROOT.glob(pattern)
        for p in (found.rglob("*.py") if found.is_dir() else [found])
    )
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.encode() + b"\0" + (ROOT / path).read_bytes())
    key = name.replace("/", "-")
    store = CACHE / f"{key}-{digest.hexdigest()[:16]}.json"
    if store.exists():
        return json.loads(store.read_text())

    def work():
        import coverage

        kinds = {"data_file": None, "config_file": False, "source": list(BROKEN)}
        cover = coverage.Coverage(**kinds)
        watch = Watch(cover)
        cover.start()
        code = run_pytest(tests_of(area), watch)
        cover.stop()
        if code:
            return code
        data, lines = cover.get_data(), {}
        for file in data.measured_files():
            path = Path(file).relative_to(folder).as_posix()
            by_line = data.contexts_by_lineno(file)
            lines[path] = by_line
        found = {"seconds": watch.seconds, "lines": lines}
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps(found))
        return 0

    code = in_child(work, folder, 3600)
    if code != 0:
        raise SystemExit(f"{name}: the tests fail without any mutant ({code})")
    return json.loads(store.read_text())


def tests_of(area):
    """The paths of the tests of an area."""
    return [
        p.relative_to(ROOT).as_posix()
        for pattern in area.tests
        for p in sorted(ROOT.glob(pattern))
    ]


def tests_for(mutant, known, everything):
    """The tests that run the changed line, quick ones first; all where none is known.

    A program that a test starts is not watched, so that in ``everything`` the others
    follow; so they do where the line has already run before the first test.
    """
    change, lines = mutant.change, known["lines"].get(mutant.path, {})
    at = range(change.line, change.last + 1)
    near = {test for n in at for test in lines.get(str(n), [])}
    seconds = known["seconds"]
    order = sorted(near - {""}, key=lambda t: seconds.get(t, 0))
    if everything or not order or "" in near or not change.function:
        order += sorted(seconds.keys() - near, key=seconds.get)
    return order


def is_killed(mutant, known, folder, everything=False):
    """Whether a test fails, or never ends, with this mutant in the copy."""
    path = folder / mutant.path
    right = path.read_text(encoding="utf-8")
    order = tests_for(mutant, known, everything)
    chosen = list(dict.fromkeys(test.split("::")[0] for test in order))
    path.write_text(mutant.change.applied(right), encoding="utf-8")
    os.utime(path, (next(DATES),) * 2)  # compiled anew, however soon after another
    try:
        seconds = SLACK + 3 * sum(known["seconds"][t] for t in order)
        code = in_child(lambda: run_pytest(chosen, Choose(order)), folder, seconds)
    finally:
        path.write_text(right, encoding="utf-8")
        os.utime(path, (next(DATES),) * 2)
    return code != 0


def measure(name, size, seed, *, retry=False, show=print):
    """{"mutants": all, "sample": n, "equivalent": n, "killed": n} of an area.

    With ``retry`` what was killed the last time is not planted again: tests that were
    added take nothing from what the others saw.
    """
    area, known_equal = find_area(name), equivalents()
    mutants = mutants_of(area)
    chosen = sampled(mutants, size, seed)
    counted = [m for m in chosen if m.name not in known_equal]
    last = CACHE / f"last-{name.replace('/', '-')}.json"
    before = json.loads(last.read_text()) if retry and last.exists() else {}
    done = set(before.get("sample", ())) - set(before.get("survivors", ()))
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        folder = Path(place)
        copy_tree(folder)
        known = baseline(name, area, folder)
        for mutant in counted:
            if mutant.name in done:
                continue
            if not is_killed(mutant, known, folder, everything=name == "char"):
                survivors.append(mutant.name)
                show(f"survived, line {mutant.change.line}: {mutant.name}", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    names = [m.name for m in counted]
    last.write_text(json.dumps({"sample": names, "survivors": survivors}, indent=1))
    killed = len(counted) - len(survivors)
    found = {
        "mutants": len(mutants),
        "sample": len(chosen),
        "equivalent": len(chosen) - len(counted),
        "killed": killed,
        "seed": seed,
    }
    share = killed / max(len(counted), 1)
    show(f"{name}: {killed} of {len(counted)} killed ({share:.1%})", flush=True)
    return found


def table(scores):
    """The lines of the README's table."""
    lines = ["| area | mutants | sample | equivalent | killed |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for name, row in scores.items():
        counted = row["sample"] - row["equivalent"]
        killed = f"{row['killed']} of {counted}"
        lines.append(
            f"| {name} | {row['mutants']} | {row['sample']} | {row['equivalent']} "
            f"| {killed} |"
        )
    return lines


def main():
    """Parse the command line; exit 1 when an area falls below what is required."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("areas", nargs="*", default=list(AREAS))
    parser.add_argument("--sample", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="keep the scores")
    parser.add_argument(
        "--retry", action="store_true", help="not what was killed before"
    )
    parser.add_argument("--names", action="store_true", help="only list the sample")
    args = parser.parse_args()
    low = []
    for name in args.areas:
        if args.names:
            for mutant in sampled(mutants_of(find_area(name)), args.sample, args.seed):
                print(mutant.change.line, mutant.name)
            continue
        row = measure(name, args.sample, args.seed, retry=args.retry)
        if row["killed"] < REQUIRED * (row["sample"] - row["equivalent"]):
            low.append(name)
        if args.save:
            scores = json.loads(SCORES.read_text()) if SCORES.exists() else {}
            scores |= {name: row}
            scores = {area: scores[area] for area in AREAS if area in scores}
            SCORES.write_text(json.dumps(scores, indent=1) + "\n")
    return bool(low)


if __name__ == "__main__":
    if "MUTANTS_READY" not in os.environ:
        command = [sys.executable, "-m", "tools.mutants", *sys.argv[1:]]
        sys.exit(subprocess.call(command, env=os.environ | READY))
    for name in HEAVY:
        __import__(name)
    sys.exit(main())
