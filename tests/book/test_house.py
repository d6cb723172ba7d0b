"""The habits of the house: one version, pinned actions, hashes, no fixed temp names."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

import rnnlib
from tests.book.test_environment import pins, read
from tools import ROOT
from tools.imports import PACKAGES

CI = ".ci/run"
WORKFLOW = ".github/workflows/book.yml"
SMALL = sorted((ROOT / "tools" / "requirements").glob("*.in"))
TEXTS = [
    ROOT / "Makefile",
    ROOT / CI,
    *(
        p
        for folder in (".github", "tools", "bench", "_ext", "ledger", *PACKAGES)
        for p in sorted((ROOT / folder).rglob("*"))
        if p.suffix in {".py", ".yml", ".sh"}
    ),
]
FIXED = re.compile(r"(?<![\w.$})])/(?:var/)?tmp\b")


def workflow():
    """The workflow of GitHub, parsed; YAML reads the key `on` as True."""
    return yaml.safe_load(read(WORKFLOW))


def steps(data):
    """Every step of every job."""
    return [step for job in data["jobs"].values() for step in job["steps"]]


def test_one_version():
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"] == {"path": "rnnlib/__init__.py"}
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.M)
    cited = yaml.safe_load(read("CITATION.cff"))["version"]
    assert [released[0], cited] == [rnnlib.__version__] * 2
    numbers = [tuple(map(int, version.split("."))) for version in released]
    assert numbers == sorted(numbers, reverse=True)


def test_changelog_keeps_its_form():
    kinds = set(re.findall(r"^### (.*)", read("CHANGELOG.md"), re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert "\n## [Unreleased]\n" in read("CHANGELOG.md")


def test_citation_has_what_the_schema_requires():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert citation["license"] == project["license"]
    assert citation["title"] == yaml.safe_load(read("_config.yml"))["title"]


def test_both_packages_are_in_the_wheel_and_are_type_checked():
    tool = tomllib.loads(read("pyproject.toml"))["tool"]
    assert tool["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert tool["mypy"]["packages"] == list(PACKAGES)
    assert tool["mypy"]["check_untyped_defs"]
    assert "-m mypy" in re.search(r"^lint:.*\n(\t.*\n)+", read("Makefile"), re.M)[0]


def test_no_core_module_is_excused_from_a_type_error():
    overrides = tomllib.loads(read("pyproject.toml"))["tool"]["mypy"]["overrides"]
    excused = {m for o in overrides if "disable_error_code" in o for m in o["module"]}
    core = {f"rnnlib.{p.stem}" for p in (ROOT / "rnnlib").glob("*.py")}
    assert excused & core == set()
    for name in excused:
        path = ROOT.joinpath(*name.removesuffix(".*").split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_library_stays_small():
    entries = [p for p in (ROOT / "rnnlib").iterdir() if p.name[0] not in "_."]
    lines = [
        len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "rnnlib").glob("*.py")
    ]
    assert len(entries) < 20  # and __init__.py
    assert sum(lines) < 2200


def test_workflow_runs_what_ci_runs():
    runs = [s["run"] for s in steps(workflow()) if "run" in s]
    apart = [  # each takes minutes
        "make long",
        "make nbval OLD=1 PYTHONHASHSEED=1",
        'make classroom ONLY="forward vanishing"',
    ]
    assert runs == [f"bash {CI}", *apart]
    targets = set(re.findall(r"^ *(?:step .*)?\bmake (\w+)", read(CI), re.M))
    assert {"env", "book", "lint", "test", "pages"} <= targets
    targets |= {run.split()[1] for run in apart}
    assert targets <= set(re.findall(r"^(\w+):.*## ", read("Makefile"), re.M))


def test_each_test_is_run_by_one_of_three_targets():
    marks = re.findall(r"pytest tests\S* .*?-m (\"[^\"]+\"|\w+)", read("Makefile"))
    test, pages, long = (mark.strip('"') for mark in marks)
    for is_pages in (True, False):
        for is_long in (True, False):
            known = {"pages": is_pages, "long": is_long}
            chosen = [eval(m, {}, known) for m in (test, pages, long)]
            assert sum(chosen) == 1


def action_complaints(data):
    """What is not pinned by commit, keeps credentials or may write too much."""
    used = [step for step in steps(data) if "uses" in step]
    found = [
        step["uses"]
        for step in used
        if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
    ]
    found += [
        "persist-credentials"
        for step in used
        if step["uses"].startswith("actions/checkout@")
        and step.get("with", {}).get("persist-credentials") is not False
    ]
    if data.get("permissions") != {}:
        found.append("permissions")
    allowed = {"check": {"contents": "read"}}
    allowed["publish"] = {"pages": "write", "id-token": "write"}
    for name, job in data["jobs"].items():
        if job.get("permissions") != allowed.get(name):
            found.append(f"permissions of {name}")
    return found


def test_actions_are_pinned_and_may_do_little():
    assert action_complaints(workflow()) == []
    assert len(re.findall(r"uses: \S+ # v\d+\.\d+\.\d+\n", read(WORKFLOW))) == 4


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (r"checkout@\w{40}", "checkout@v5", ["actions/checkout@v5"]),
        ("persist-credentials: false", "clean: true", ["persist-credentials"]),
        (r"permissions: \{\}", "permissions: write-all", ["permissions"]),
        ("contents: read", "contents: write", ["permissions of check"]),
    ],
)
def test_the_check_of_actions_can_fail(old, new, found):
    changed = re.sub(old, new, read(WORKFLOW))
    assert action_complaints(yaml.safe_load(changed)) == found


def test_hooks_fetch_nothing_and_run_programs_of_the_environment():
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


def test_temporary_files_have_no_fixed_name():
    found = [p.name for p in TEXTS if FIXED.search(p.read_text(encoding="utf-8"))]
    assert found == []
    folder = "/" + "tmp"
    assert FIXED.search(f"make x >{folder}/x.log")
    assert FIXED.search(f'open("/var{folder}/a")')
    assert not FIXED.search('mktemp -d "${TMPDIR}/tmp"')


@pytest.mark.parametrize("path", SMALL, ids=lambda p: p.stem)
def test_tools_of_a_moment_come_by_hash(path):
    text = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert pins(path.read_text(encoding="utf-8")).items() <= pins(text).items()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert [e.split()[0] for e in entries if "--hash=sha256:" not in e] == []
    assert "://" not in text


def test_the_makefile_installs_nothing_without_a_hash():
    makefile = read("Makefile")
    for line in re.findall(r".*\$\(PIP\).*", makefile):
        assert "--no-deps --require-hashes -r " in line or line.endswith("-e .")
    called = set(re.findall(r"\$\(call tool,([\w-]+)\)\n", makefile))
    assert called | {"texts"} == {path.stem for path in SMALL}  # texts is of make env
    assert re.findall(r"\bpip install\b", makefile) == ["pip install"]


def make(folder, *arguments):
    """What `make` would do in a folder, as text; nothing is run but questions.

    What the `make` around these tests was told (a PYTHON, its flags) is not passed on.
    """
    told = re.compile("PYTHON$|MAKE|MFLAGS")
    env = {key: value for key, value in os.environ.items() if not told.match(key)}
    done = subprocess.run(
        ["make", "-n", *arguments], cwd=folder, capture_output=True, text=True, env=env
    )
    return done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path):
    """A tree whose environment is ready and says that it is Python 3.13."""
    folder = tmp_path / "a tree"
    program = folder / ".venv/bin/python"
    program.parent.mkdir(parents=True)
    needed = ["Makefile", "pyproject.toml", "requirements.lock"]
    for name in (*needed, "tools/requirements/texts.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for minor in (12, 13):
        path = folder / f"python {minor}"
        path.write_text(f"#!/bin/sh\necho 3 {minor}\n")
        path.chmod(0o755)
    shutil.copy(folder / "python 13", program)
    (folder / ".venv/.installed").touch()
    return folder


def test_another_python_makes_the_environment_anew(tree):
    assert "Nothing to be done" in make(tree, "env", "PYTHON=./python 13")
    assert "Nothing to be done" in make(tree, "env")
    anew = make(tree, "env", "PYTHON=./python 12")
    assert '"./python 12" -m venv --clear .venv' in anew


def test_nothing_is_kept_in_the_home_folder(tree):
    (tree / "show.mk").write_text("include Makefile\nshow:\n\t@env\n")
    shown = subprocess.run(
        ["make", "-f", "show.mk", "show"],
        cwd=tree,
        env=os.environ | {"HOME": "/proc/none"},
        capture_output=True,
        text=True,
    ).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    names = ["IPYTHONDIR", "MPLCONFIGDIR", "npm_config_cache"]
    names += [f"JUPYTER_{kind}_DIR" for kind in ("CONFIG", "DATA", "RUNTIME")]
    for name in names:
        assert found[name].startswith(f"{tree}/.venv/private/"), name


def test_the_first_lines_of_the_readme_run(capsys):
    head = read("README.md").partition("![")[0]
    core = ["Params", "forward", "backward", "loss_and_gradients"]
    for name in [*core, "check_gradients", "sgd", "adam"]:
        assert f"`{name}`" in head and hasattr(rnnlib, name)
    space = {}
    exec("\n".join(re.findall(r"^    (.*)$", head, re.M)), space)
    assert "W_hh" in capsys.readouterr().out
    assert space["f"](space["params"])[0] < space["loss"]
