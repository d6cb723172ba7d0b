"""Signals and kills at any moment: no run is lost, and no message is untrue.

HYPOTHESIS_PROFILE=nightly kills a run 200 times and sends every pair of signals with
many pauses between.
"""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import product

import numpy as np
import pytest

from rnnlib.char import run, signals
from rnnlib.char.__main__ import main
from rnnlib.training.interrupts import SIGNALS
from tests.char.programs import ENDLESS, TEXT, TRAIN, launch, wait_for
from tests.training.problem import same

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
KILLS = 200 if NIGHTLY else 4
GAPS = range(1, 201, 5) if NIGHTLY else (1, 6, 40)  # milliseconds
PAIRS = list(product(SIGNALS, repeat=2))
HOLDS = r"interrupted: run holds step ([\d,]+); --resume goes on with it\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def step_said(errors):
    """The step in the message, which must be the only one."""
    found = re.fullmatch(HOLDS, errors)
    assert found, errors
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("how", SIGNALS)
def test_an_interrupt_leaves_a_usable_checkpoint(folder, how):
    path = folder / "run"
    words = ["--out=run", "--checkpoint-every=50", "--validate-every=70"]
    program = launch(folder, *TRAIN, *words, ENDLESS)
    wait_for([path], program)
    time.sleep(0.1)
    program.send_signal(how)
    _, errors = program.communicate(timeout=30)
    stopped = run.load(path).state
    assert program.returncode == 130 and stopped.step > 0
    assert step_said(errors) == stopped.step
    assert main(["sample", "run", "--length=5"]) == 0
    steps = f"--steps={stopped.step + 10}"
    assert main([*TRAIN, *words, steps, "--resume"]) == 0
    assert main([*TRAIN, *words, steps, "--out=whole"]) == 0
    assert same(run.load(path).state, run.load(folder / "whole").state)


@pytest.mark.parametrize("pair", PAIRS if NIGHTLY else PAIRS[::3], ids=str)
def test_a_second_signal_changes_nothing(folder, pair):
    """Between one signal and the other there are some milliseconds."""
    rng = np.random.default_rng(PAIRS.index(pair))
    for gap in GAPS:
        (folder / "run").unlink(missing_ok=True)
        program = launch(folder, *TRAIN, "--out=run", "--checkpoint-every=5", ENDLESS)
        wait_for([folder / "run"], program)
        time.sleep(float(rng.uniform(0, 0.1)))
        program.send_signal(pair[0])
        time.sleep(gap / 1000)
        program.send_signal(pair[1])
        _, errors = program.communicate(timeout=30)
        assert program.returncode == 130, (gap, program.returncode, errors)
        assert step_said(errors) == run.load(folder / "run").state.step


def test_an_interrupt_before_anything_is_written(folder):
    """`rnnlib.loading`: while it is loaded there is no traceback out of rnnlib."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", ""], check=True)
    python_loads = time.monotonic() - began
    for moment in np.linspace(0.02, 0.4, 40 if NIGHTLY else 6):
        (folder / "run").unlink(missing_ok=True)
        program = launch(folder, *TRAIN, "--out=run", ENDLESS)
        time.sleep(moment)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=30)
        assert "rnnlib" not in errors and program.returncode != 0, errors
        if errors.startswith("interrupted before"):
            assert not (folder / "run").exists()
        elif errors.startswith("interrupted:"):
            assert step_said(errors) == run.load(folder / "run").state.step
        elif "Traceback" in errors:  # of Python itself, which is not yet loaded
            assert moment < max(0.2, 3 * python_loads)


def test_killed_at_any_moment_and_resumed_to_the_bit(folder):
    """One run that is killed again and again is, in the end, the unbroken one."""
    rng, path, step = np.random.default_rng(0), folder / "run", 0
    words = ["--out=run", "--checkpoint-every=3", "--validate-every=7", "--resume"]
    for _ in range(KILLS):
        program = launch(folder, *TRAIN, *words, ENDLESS)
        if not path.exists():
            wait_for([path], program)
        time.sleep(float(rng.uniform(0, 0.8)))
        program.kill()
        program.communicate(timeout=30)
        reached = run.load(path).state.step
        assert reached >= step and (reached % 3 == 0)
        step = reached
        left = [name for name in os.listdir(folder) if name.endswith(".tmp")]
        assert len(left) <= 1
    steps = f"--steps={step + 5}"
    assert main([*TRAIN, *words, steps]) == 0
    assert sorted(os.listdir(folder)) == [".run.lock", "a.txt", "run"]
    assert main([*TRAIN, *words[:-1], "--out=whole", steps]) == 0
    assert path.read_bytes() == (folder / "whole").read_bytes()
    assert step > 0


def test_what_is_ignored_stays_ignored(folder):
    """As under nohup, whose programs outlive the terminal."""

    def prepare():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    program = launch(folder, *TRAIN, "--out=run", ENDLESS, prepare=prepare)
    wait_for([folder / "run"], program)
    program.send_signal(signal.SIGHUP)
    program.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(timeout=0.3)
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=30)
    assert program.returncode == 130


def test_a_terminal_that_is_closed_loses_nothing(folder):
    """Neither the bar nor the message can be written any more."""
    words = [word for word in TRAIN if word != "--quiet"]
    program = launch(folder, *words, "--out=run", "--checkpoint-every=100000", ENDLESS)
    wait_for([folder / "run"], program)
    time.sleep(0.2)
    program.stderr.close()
    program.stdout.close()
    program.send_signal(signal.SIGHUP)
    program.wait(timeout=30)
    assert run.load(folder / "run").state.step > 0


@pytest.fixture
def handlers():
    """The handlers of the command in this process, and those of before afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:  # a shell may start programs with signals ignored
        signal.signal(number, signal.SIG_DFL)
    signals.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_signal_raises_and_no_other(handlers):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    for number in SIGNALS:
        signal.raise_signal(number)
    signals.install()
    signals.finish()
    signal.raise_signal(signal.SIGINT)


def test_programs_started_in_a_block_wait_for_their_signals(handlers):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals.blocked():
        signal.raise_signal(signal.SIGINT)
        assert set(SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with pytest.raises(KeyboardInterrupt):
            signals.unblock()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
