"""The unit tests with the oldest declared and the newest allowed dependencies.

    python -m tools.versions UV oldest|newest     (UV: the path of uv)

The ranges are those of pyproject.toml. ``oldest`` takes the lowest version of every
dependency that is declared there, on the oldest Python; ``newest`` the highest of all,
on the newest. The tools of the tests are pinned as in requirements.txt. Tests of the
book and of the notebooks need its pinned tools and are left out.
"""

import re
import subprocess
import sys

from tools import ROOT

KINDS = {"oldest": ("lowest-direct", "3.11"), "newest": ("highest", "3.13")}
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "nbformat", "nbclient", "nbstripout")
TOOLS += ("ipykernel", "ruff")
TESTS = ("tests", "--ignore=tests/book", "-n", "2", "--dist", "loadfile")


def tools(requirements):
    """The pinned lines of the tools of the tests."""
    lines = [rf"^{re.escape(name)}==\S+$" for name in TOOLS]
    return [re.search(line, requirements, re.MULTILINE)[0] for line in lines]


def environment(uv, kind, folder):
    """Make the environment; the versions in it as text, and its interpreter."""
    resolution, python = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    resolved, venv = folder / "versions.txt", folder / "venv"
    pinned = folder / "tools.txt"
    pinned.write_text(
        "\n".join([*tools((ROOT / "requirements.txt").read_text()), "pyyaml"])
    )

    def run(*arguments):
        subprocess.run([uv, *map(str, arguments)], cwd=ROOT, check=True)

    options = ["--quiet", "--no-header", "--no-annotate", "--python-version", python]
    run(
        *("pip", "compile", "pyproject.toml", "--extra", "book", *options),
        *("--resolution", resolution, "--output-file", resolved),
    )
    run("venv", "--quiet", "--clear", "--python", python, venv)
    interpreter = venv / "bin" / "python"
    run(
        *("pip", "install", "--quiet", "--python", interpreter),
        *("-r", resolved, "-r", pinned),
    )
    # Tests start the command of rnnlib in other folders, so it has to be installed.
    run("pip", "install", "--quiet", "--python", interpreter, "--no-deps", "-e", ".")
    return resolved.read_text().split(), interpreter


def main(uv, kind):
    """Print the versions, run the tests; the exit status of pytest."""
    versions, interpreter = environment(uv, kind, ROOT / "_build" / "versions" / kind)
    print(f"{kind}, Python {KINDS[kind][1]}: {' '.join(versions)}", flush=True)
    return subprocess.run(
        [interpreter, "-m", "pytest", "-q", *TESTS], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
