"""requirements.txt, the lock and pyproject.toml say the same."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from rnnlib.char import shakespeare
from tools import ROOT


def pins(text):
    """{canonical name: version} of the lines `name==version`."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def read(name):
    """The text of a file at the top of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def declared():
    """Every third-party requirement that pyproject.toml declares."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [r for extra in extras.values() for r in extra]
    found = [Requirement(line) for line in lines]
    return [r for r in found if r.name != project["name"]]


def test_every_line_is_an_exact_pin():
    lines = [line for line in read("requirements.txt").splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith("#")]
    assert code[-1] == "-e ."
    assert len(pins(read("requirements.txt"))) == len(code) - 1


def test_lock_holds_every_pin():
    locked = pins(read("requirements.lock"))
    wanted = pins(read("requirements.txt"))
    assert {name: locked.get(name) for name in wanted} == wanted


def test_lock_is_hashed_and_names_no_host():
    text = read("requirements.lock")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert [e.split()[0] for e in entries if "--hash=sha256:" not in e] == []
    assert "://" not in text and "--index" not in text


def test_the_texts_are_pinned_by_hash_to_what_is_read():
    wanted = dict([shakespeare.SOURCE])
    assert pins(read("tools/requirements/texts.in")) == wanted
    assert pins(read("tools/requirements/texts.txt")) == wanted
    assert read("tools/requirements/texts.txt").count("--hash=sha256:") == 2


def test_runtime_needs_numpy_alone():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert [Requirement(r).name for r in project["dependencies"]] == ["numpy"]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_declared_ranges_admit_the_pins(requirement):
    assert requirement.specifier.contains(
        pins(read("requirements.txt"))[requirement.name]
    )
