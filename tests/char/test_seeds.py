"""Several seeds: each in a process of its own, none counted that did not end well."""

import os
import signal
import time

import numpy as np
import pytest

from rnnlib.char import run, seeds
from rnnlib.language.corpus import corpus_of
from tests.char.programs import ENDLESS, TEXT, TRAIN, launch, wait_for
from tests.training.problem import same


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def files(*numbers):
    """The checkpoints of the seeds."""
    return [seeds.file_of("model.safetensors", n) for n in numbers]


def children(program):
    """The processes that train, by seed."""
    found = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            status = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            env = open(f"/proc/{pid}/environ").read()
        except OSError:
            continue
        if int(status[1]) == program.pid and "TQDM_DESC=seed " in env:
            found[int(env.partition("TQDM_DESC=seed ")[2].split("\0")[0])] = pid
    return found


def alive(pid):
    """Whether a process is there and no zombie."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_names():
    assert str(seeds.file_of("a/b.c.st", 7)) == "a/b.c-seed7.st"


def test_several_seeds(folder):
    words = ["--seeds=3,5", "--jobs=2", "--steps=20", "--validate-every=10"]
    program = launch(folder, *TRAIN, *words)
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 0 and errors == ""
    models = [run.load(path) for path in files(3, 5)]
    assert [m.about.settings.seed for m in models] == [3, 5]
    least = [m.state.history.validation.min() for m in models]
    lines = output.splitlines()
    assert lines[-1] == (
        f"least validation loss of 2 of 2 seeds: mean {np.mean(least):.4f}, from "
        f"{min(least):.4f} to {max(least):.4f} nats per character"
    )
    for path in files(3, 5):
        place = lines.index(f"seed {path.stem[-1]}: {path}")
        assert lines[place + 3] == "step 20"
    about, indices = models[0].about, corpus_of(TEXT).indices
    alone = run.go_on(about, run.first_state(about), indices, steps=20, progress=False)
    assert same(models[0].state, alone)


def test_a_text_that_can_be_read_once(folder):
    """The text is read here, and not again by each process."""
    os.mkfifo("pipe")
    words = ["train", "pipe", *TRAIN[2:], "--seeds=3,5", "--steps=5"]
    program = launch(folder, *words)
    (folder / "pipe").write_text(TEXT, encoding="utf-8")
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 0 and errors == ""
    assert output.splitlines()[-1] == "2 of 2 seeds ended well"
    digests = {run.load(path).about.text for path in files(3, 5)}
    assert digests == {corpus_of(TEXT).digest}


def test_seeds_that_fail(folder):
    (folder / "model-seed3.safetensors").write_text("no checkpoint")
    words = [*TRAIN, "--seeds=3,5", "--jobs=1", "--steps=2"]
    program = launch(folder, *words)
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 2
    assert "error: model-seed3.safetensors: exists; --resume" in errors
    assert errors.endswith("seed 5: not started\n")
    assert output == "0 of 2 seeds ended well\n"
    assert not (folder / "model-seed5.safetensors").exists()


def test_a_bad_option_is_an_error_before_any_seed(folder):
    program = launch(folder, *TRAIN, "--seeds=3,5,6", "--jobs=2", "--learning-rate=-1")
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 2 and output == ""
    assert errors.count("\n") == 1 and "error: --learning-rate: expected" in errors


def test_a_killed_seed_is_named_and_not_counted(folder):
    words = ["--seeds=3,5,7", "--jobs=2", "--checkpoint-every=50", "--steps=6000"]
    program = launch(folder, *TRAIN, *words, "--validate-every=500")
    wait_for(files(3, 5), program)
    os.kill(children(program)[5], signal.SIGKILL)
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 2
    assert errors == (
        "seed 5: model-seed5.safetensors\nerror: killed by SIGKILL; --resume goes on "
        "with model-seed5.safetensors\nseed 7: not started\n"
    )
    least = run.load(files(3)[0]).state.history.validation.min()
    assert output.splitlines()[-1] == (
        f"least validation loss of 1 of 3 seeds: mean {least:.4f}, from {least:.4f} to "
        f"{least:.4f} nats per character"
    )
    assert run.load(files(5)[0]).state.step < 6000


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_stops_all_seeds(folder, how):
    program = launch(folder, *TRAIN, "--seeds=3,5", "--jobs=2", ENDLESS)
    wait_for(files(3, 5), program)
    pids = children(program).values()
    for pid in [program.pid, *pids]:  # as the terminal sends it to all
        os.kill(pid, how)
    _, errors = program.communicate(timeout=30)
    assert program.returncode == 130 and "Traceback" not in errors
    assert errors.endswith("interrupted\n")
    for path in files(3, 5):
        step = run.load(path).state.step
        assert f"interrupted: {path} holds step {step:,}; --resume" in errors
    assert len(pids) == 2 and not any(map(alive, pids))


def test_a_seed_that_is_interrupted_alone_says_where_it_stands(folder):
    program = launch(folder, *TRAIN, "--seeds=3,5", "--jobs=1", ENDLESS)
    wait_for(files(3), program)
    os.kill(children(program)[3], signal.SIGINT)
    _, errors = program.communicate(timeout=60)
    step = run.load(files(3)[0]).state.step
    assert program.returncode == 130
    assert f"interrupted: model-seed3.safetensors holds step {step:,}" in errors
    assert errors.endswith("seed 5: not started\n")


def test_a_seed_that_diverges_is_an_error_without_warnings(folder):
    words = ["--optimiser=adam", "--learning-rate=1e308", "--steps=50"]
    program = launch(folder, *TRAIN, "--seeds=3", *words)
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 2
    assert "error: " in errors and "not finite" in errors
    assert "Warning" not in errors and "Traceback" not in errors


def test_an_interrupt_of_the_parent_alone_is_handed_on(folder):
    program = launch(folder, *TRAIN, "--seeds=3", ENDLESS)
    wait_for(files(3), program)
    program.terminate()
    _, errors = program.communicate(timeout=30)
    step = run.load(files(3)[0]).state.step
    assert program.returncode == 130
    assert f"model-seed3.safetensors holds step {step:,}" in errors


def test_seeds_do_not_outlive_their_parent(folder):
    program = launch(folder, *TRAIN, "--seeds=3,5", "--jobs=2", ENDLESS)
    wait_for(files(3, 5), program)
    pids = children(program).values()
    program.kill()
    for _ in range(500):
        if not any(map(alive, pids)):
            break
        time.sleep(0.02)
    assert len(pids) == 2 and not any(map(alive, pids))
    program.communicate(timeout=30)
    for path in files(3, 5):
        assert run.load(path).state.step > 0
