"""The stored runs on the plays: their commands, their first losses, their samples."""

import hashlib
import json

import pytest

from rnnlib.char import shakespeare
from rnnlib.char.default import corpus_at
from tests.char.test_shakespeare import with_plays
from tools import chapters, plays

STORED = json.loads(plays.PATH.read_text(encoding="utf-8"))
RUNS = STORED["runs"]


def test_the_commands_are_those_of_the_tool():
    short, longer = (kept["command"] for kept in RUNS.values())
    steps = plays.settings_of(longer)[1]
    assert short == plays.SHORT.format(file="plays.safetensors")
    assert longer == plays.LONG.format(steps=steps, file="gru.safetensors")
    assert STORED["text sha256"] == shakespeare.DIGEST


@pytest.mark.parametrize("name", RUNS)
def test_the_samples_are_as_they_were_drawn(name):
    kept = RUNS[name]
    assert hashlib.sha256(kept["text"].encode()).hexdigest() == kept["sha256"]
    assert len(kept["text"]) == len(plays.START) + plays.LENGTH
    assert kept["text"].startswith(plays.START)
    settings, steps = plays.settings_of(kept["command"])
    assert kept["characters a step"] == settings.window * settings.batch
    assert kept["validation step"][-1] == steps
    assert kept["cell"] == settings.cell
    assert len(kept["validation"]) == steps // settings.validate_every


@with_plays
@pytest.mark.parametrize("name", RUNS)
def test_the_first_losses_again(name):
    """They are those of the command, to what single precision leaves."""
    corpus = corpus_at(None, shipped="shakespeare")
    found = plays.first_losses(RUNS[name]["command"], corpus, 5)
    assert found == pytest.approx(RUNS[name]["first losses"][:5], rel=1e-4)


def test_the_first_lines_of_the_chapter_are_out_of_a_sample():
    (title,) = (
        c.source for c in chapters.read("min_char_rnn").cells if c.id == "title"
    )
    quoted = title.split('*"')[1].split('"*')[0]
    assert quoted.replace(": ", ":\n", 1) in RUNS["minutes"]["text"]


def test_the_chapter_prints_the_command():
    (reward,) = (
        c.source for c in chapters.read("min_char_rnn").cells if c.id == "reward"
    )
    command = plays.SHORT.replace(" --steps 20000", "").format(file="plays.safetensors")
    assert command in " ".join(reward.replace("\\\n", "").split())
