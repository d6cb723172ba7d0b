"""The tool that breaks the packages: what it changes, what it notices, what it says."""

import json

import pytest

from tools import ROOT, mutants
from tools.mutations import compiles, mutations

pytestmark = pytest.mark.long

SOURCE = '''\
"""A module."""
LIMIT = 3


def f(a, b=0.5, *, key=None):
    """What it does."""
    if a < b and not key:
        raise ValueError(f"a: expected {LIMIT - 1}, got {a!r}")
    total = 0
    for x in sorted(a.copy(), key=key):
        total += x * 2e-3
        if x == -1:
            continue
        g(x)
    return total if a else a[1:].T
'''
NAMES = """\
top: 3 -> 4
f: 0.5 -> 1.0
f: a < b and (not key) -> not (a < b and (not key))
f: a < b and (not key) -> a < b or not key
f: a < b -> a <= b
f: a < b -> a > b
f: not key -> key
f: raise ValueError(f'a: expected {LIMIT - 1}, got {a!r}') -> pass
f: LIMIT - 1 -> LIMIT + 1
f: LIMIT - 1 -> LIMIT - 2
f: 0 -> 1
f: sorted(a.copy(), key=key) -> a.copy()
f: sorted(a.copy(), key=key) -> sorted(a.copy())
f: a.copy() -> a
f: total += x * 0.002 -> total -= x * 0.002
f: total += x * 0.002 -> pass
f: x * 0.002 -> x / 0.002
f: x * 0.002 -> x * 2.0
f: x == -1 -> not x == -1
f: x == -1 -> x != -1
f: -1 -> 1
f: -1 -> -2
f: continue -> break
f: g(x) -> pass
f: total if a else a[1:].T -> total if not a else a[1:].T
f: a[1:].T -> a[1:]
f: 1: -> 2:
""".splitlines()


def test_what_is_changed():
    assert sorted(m.name for m in mutations(SOURCE)) == sorted(NAMES)


def test_every_change_is_one_and_compiles():
    for change in mutations(SOURCE):
        changed = change.applied(SOURCE)
        assert changed != SOURCE and compiles(changed), change.name
    both = mutations("x = f(1, 1)\ny = 'ä' + f(1)\n")
    names = ["top: f(1, 1) -> f(2, 1)", "top: f(1, 1) -> f(1, 2)", "top: f(1) -> f(2)"]
    assert {*names, "top: 'ä' + f(1) -> 'ä' - f(1)"} == {m.name for m in both}
    assert both[-1].applied("x = f(1, 1)\ny = 'ä' + f(1)\n").endswith("'ä' + f((2))\n")


def test_what_a_program_asserts_of_itself_stays():
    names = [m.name for m in mutations("zip(a, b[:1], strict=True, key=False)\n")]
    kept = "zip(a, b[:1], strict=True, key=False)"
    changed = {f"{kept} -> pass", f"{kept} -> zip(a, b[:1], strict=True)"}
    assert {n.removeprefix("top: ") for n in names} == {
        *changed,
        ":1 -> :2",
        "key=False -> key=True",
    }


def test_equal_changes_are_numbered():
    names = [m.name for m in mutations("a = 1\nb = 1\n")]
    assert names == ["top: 1 -> 2", "top: 1 -> 2 (2)"]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small project with one module, and a test that sees part of it."""
    for name, text in {
        "small_one/__init__.py": "",
        "small_one/numbers.py": (
            "def larger(a, b):\n    if a > b:\n        return a\n    return b\n\n\n"
            "def wait(n):\n    while n > 0:\n        n -= 1\n    return n\n"
        ),
        "tests/test_numbers.py": (
            "from small_one.numbers import larger, wait\n\n\n"
            "def test_larger():\n    assert larger(1, 2) == larger(2, 1) == 2\n\n\n"
            "def test_wait():\n    assert wait(5) == 0\n"
        ),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    area = mutants.Area(("small_one/*.py",), ("tests/test_*.py",))
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(mutants, "AREAS", {"numbers": area})
    monkeypatch.setattr(mutants, "BROKEN", ("small_one",))
    monkeypatch.setattr(mutants, "COPIED", ("small_one", "tests"))
    monkeypatch.setattr(mutants, "SLACK", 5)  # also on a busy machine
    return tmp_path


def test_what_the_tests_see_is_killed_and_what_never_ends(tree, monkeypatch):
    before = {p: p.read_bytes() for p in tree.rglob("*.py")}
    told, all_told = [], {"show": lambda line, **_: told.append(line)}
    monkeypatch.setattr(mutants, "equivalents", lambda: {})
    row = mutants.measure("numbers", 99, 0, **all_told)
    left = [line.split(": ", 1)[1] for line in told[:-1]]
    assert left == ["small_one/numbers.py: larger: a > b -> a >= b"]
    assert row == {
        "mutants": 9,
        "sample": 9,
        "equivalent": 0,
        "killed": 8,
        "seed": 0,
    }
    assert told[-1] == "numbers: 8 of 9 killed (88.9%)"
    assert {p: p.read_bytes() for p in tree.rglob("*.py")} == before
    with monkeypatch.context() as patched:
        planted = []
        patched.setattr(
            mutants, "is_killed", lambda m, *_, **__: planted.append(m.name) or True
        )
        assert mutants.measure("numbers", 99, 0, retry=True, **all_told)["killed"] == 9
        assert mutants.measure("numbers", 5, 0, retry=True, **all_told)["killed"] == 5
        assert planted == left
        assert mutants.measure("numbers", 99, 0, retry=True, **all_told)["killed"] == 9
        assert len(planted) == 1 + 4  # those that the five had left out
    monkeypatch.setattr(mutants, "equivalents", lambda: {left[0]: "no difference"})
    monkeypatch.setattr(mutants, "is_killed", lambda *_, **__: True)
    row = mutants.measure("numbers", 99, 0, show=lambda *_, **__: None)
    assert (row["equivalent"], row["killed"]) == (1, 8)


def test_tests_that_fail_by_themselves_are_no_measure(tree):
    (tree / "tests/test_numbers.py").write_text("def test():\n    assert False\n")
    with pytest.raises(SystemExit, match="fail without any mutant"):
        mutants.measure("numbers", 1, 0, show=lambda *_, **__: None)


def test_the_same_seed_draws_the_same_sample():
    every = mutants.mutants_of(mutants.AREAS["gradcheck"])
    first, again, other = (mutants.sampled(every, 20, s) for s in (1, 1, 2))
    assert first == again != other and len(set(first)) == 20


def test_every_module_is_in_one_area():
    listed = [p for area in mutants.AREAS.values() for p in mutants.files(area.sources)]
    found = [
        p.relative_to(ROOT).as_posix()
        for package in mutants.BROKEN
        for p in (ROOT / package).rglob("*.py")
        if p.name != "__init__.py"
    ]
    assert sorted(listed) == sorted(found)
    assert all(mutants.tests_of(area) for area in mutants.AREAS.values())


def test_what_is_not_counted_is_there_and_has_a_reason():
    listed = mutants.equivalents()
    paths = {name.split(": ")[0] for name in listed}
    there = {
        mutants.Mutant(path, m).name
        for path in paths
        for m in mutations((ROOT / path).read_text(encoding="utf-8"))
    }
    assert listed.keys() <= there, listed.keys() - there
    assert all(len(reason.split()) > 2 for reason in listed.values())


def test_the_readme_has_the_stored_scores():
    scores = json.loads(mutants.SCORES.read_text(encoding="utf-8"))
    assert list(scores) == [area for area in mutants.AREAS if area in scores]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\n".join(mutants.table(scores)) in readme
    missing = [area for area in mutants.AREAS if area not in scores]
    said = f"Below 95% or not measured yet: {', '.join(missing)}."
    assert (said in " ".join(readme.split())) == bool(missing)
    for name, row in scores.items():
        counted = row["sample"] - row["equivalent"]
        assert row["killed"] >= mutants.REQUIRED * counted, name
        assert row["sample"] >= min(40, row["mutants"])
