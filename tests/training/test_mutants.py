"""Whatever a checkpoint or the loop forgets is noticed when a run is resumed."""

import shutil
import subprocess
import sys

import pytest

from tests.support.text_mutants import SOURCE
from tools import ROOT

CHECK = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
import rnnlib
from rnnlib.training import load_checkpoint
from tests.training.problem import carrying, run, same, start, start_carrying

assert Path(rnnlib.__file__).parents[1] == Path(sys.argv[1])
path = Path(sys.argv[1]) / "run.safetensors"
half = run(start(), 15, checkpoint=path)
loaded = load_checkpoint(path, start())
sound = same(loaded, half) and same(run(loaded, 23), run(start(), 23))
first, options = start_carrying(), {"objective": carrying}
half = run(first, 15, checkpoint=path, **options)
loaded = load_checkpoint(path, first)
sound &= same(loaded, half)
sound &= same(run(loaded, 23, **options), run(first, 23, **options))
sound &= bool(half.carried["h"].any())
content = bytearray(path.read_bytes())
content[-1] ^= 1
path.write_bytes(content)
try:
    load_checkpoint(path, first)
    sound = False
except ValueError:
    pass
print("sound" if sound else "wrong")
"""
RESTORED = '{0}=loaded["{0}"]'
MUTANTS = {
    "generator not carried on": (
        "loop",
        "random = rng.bit_generator.state",
        "random = state.rng",
    ),
    "generator not restored": (
        "checkpoint",
        "rng=rng.bit_generator.state",
        "rng=like.rng",
    ),
    "carried state not handed on": (
        "loop",
        "random, carried",
        "random, state.carried",
    ),
    "carried state not restored": (
        "checkpoint",
        'carried=loaded["carried"]',
        "carried=like.carried",
    ),
    "step not restored": ("checkpoint", 'step=int(loaded["step"])', "step=0"),
    "patience not restored": (
        "checkpoint",
        "patience=patience",
        "patience=like.patience",
    ),
    "damage not noticed": (
        "checkpoint",
        'if text.get("digest") != _digest(arrays, text):',
        "if False:",
    ),
} | {
    f"{part} not restored": ("checkpoint", RESTORED.format(part), f"{part}=like.{part}")
    for part in ("params", "optimiser", "best", "history")
}


def verdict(folder):
    """What the check says of the package in that folder."""
    command = [sys.executable, "-c", CHECK, str(folder), str(ROOT)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def copy(folder):
    """A copy of the package."""
    ignored = shutil.ignore_patterns("__pycache__", "symbolic", "spectral")
    shutil.copytree(SOURCE, folder / "rnnlib", ignore=ignored)
    return folder


@pytest.mark.parametrize("name", MUTANTS)
def test_caught(name, tmp_path):
    module, old, new = MUTANTS[name]
    path = copy(tmp_path) / "rnnlib" / "training" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1
    path.write_text(source.replace(old, new), encoding="utf-8")
    assert verdict(tmp_path) == "wrong"


def test_the_package_itself_is_sound(tmp_path):
    assert verdict(copy(tmp_path)) == "sound"
