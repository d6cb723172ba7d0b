"""Signals are held while a state is written, and a run ends with a whole step."""

import signal
import threading
from contextlib import nullcontext

import numpy as np
import pytest

from rnnlib.training import load_checkpoint
from rnnlib.training.interrupts import SIGNALS, Held
from tests.training.problem import objective, run, same, start, validate


class Noted(Exception):
    """What the handlers of these tests raise."""


@pytest.fixture(autouse=True)
def handlers():
    """Every signal raises an exception, as SIGINT usually does."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handler(number, frame):
        raise Noted(number)

    for number in SIGNALS:
        signal.signal(number, handler)
    yield handler
    for number, old in before.items():
        signal.signal(number, old)


def now():
    """The handlers of all signals."""
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize("first", SIGNALS)
def test_held_until_the_end_of_the_block(first, handlers):
    reached = []
    with pytest.raises(Noted) as noted:
        with Held() as held:
            assert held.received is None
            for number in (first, *SIGNALS):
                signal.raise_signal(number)
                assert held.received == first
            reached.append(True)
    assert noted.value.args == (first,) and reached
    assert now() == [handlers] * len(SIGNALS)


def test_blocks_inside_blocks(handlers):
    with pytest.raises(Noted):
        with Held() as outer:
            with Held() as inner:
                signal.raise_signal(signal.SIGTERM)
                assert outer.received is None
            assert inner.received == outer.received == signal.SIGTERM
    with Held() as held:
        pass
    assert held.received is None and now() == [handlers] * len(SIGNALS)


def test_what_is_ignored_or_ends_the_process_stays_so():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with Held() as held:
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        signal.raise_signal(signal.SIGHUP)
        assert held.received is None
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_a_signal_while_the_block_begins(handlers, monkeypatch):
    real = signal.signal

    def interrupted(number, handler):
        real(number, handler)
        if number == SIGNALS[0] and handler != handlers:
            signal.raise_signal(SIGNALS[1])

    monkeypatch.setattr(signal, "signal", interrupted)
    with pytest.raises(Noted):
        Held().__enter__()
    assert now() == [handlers] * len(SIGNALS)


def test_in_another_thread_nothing_is_held(handlers):
    found = []

    def work():
        with Held() as held:
            found.append((held.received, now()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(None, [handlers] * len(SIGNALS))]


@pytest.mark.parametrize("where", ["objective", "validate", "save"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_run_after_its_step(tmp_path, where, number):
    """Wherever it comes, twice: nothing is cut short, and the step counts."""
    path, calls = tmp_path / "run", []

    def with_signal(name, function, at):
        def signalled(*args):
            calls.append(name)
            if name == where and calls.count(name) in (at, at + 1):
                signal.raise_signal(number)
                signal.raise_signal(signal.SIGINT)
            return function(*args)

        return signalled

    written = []
    options = {
        "objective": with_signal("objective", objective, 9),
        "validate": with_signal("validate", validate, 2),
        "checkpoint": with_signal("save", written.append, 3),
        "checkpoint_every": 4,
    }
    with pytest.raises(Noted) as noted:
        run(start(), 60, **options)
    step = {"objective": 9, "validate": 14, "save": 8}[where]
    assert noted.value.args == (number,)
    assert [s.step for s in written] == sorted({0, 4, 8, *range(4, step, 4), step})
    assert same(written[-1], run(start(), step))
    assert not path.exists()


def test_an_exception_inside_the_validation_leaves_the_step_before(tmp_path):
    path, calls = tmp_path / "run", []

    def breaks(params):
        calls.append(1)
        if len(calls) == 2:
            raise Noted
        return validate(params)

    with pytest.raises(Noted):
        run(start(), 60, validate=breaks, checkpoint=path, checkpoint_every=100)
    stopped = load_checkpoint(path, start())
    assert stopped.step == 13 and same(stopped, run(start(), 13))
    assert stopped.history.loss.shape == (13,)
    assert same(run(stopped, 20), run(start(), 20))


def test_written_before_the_first_step_and_once_for_each_state(tmp_path):
    written = []
    run(start(), 10, checkpoint=written.append, checkpoint_every=5)
    assert [s.step for s in written] == [0, 5, 10]
    assert same(written[0], start()) and same(written[1], run(start(), 5))
    del written[:]
    run(run(start(), 7), 9, checkpoint=written.append, checkpoint_every=5)
    assert [s.step for s in written] == [7, 9]
    assert same(written[0], run(start(), 7))
    del written[:]
    run(start(), 0, checkpoint=written.append)
    assert [s.step for s in written] == [0]

    def objective_is_not_reached(params, batch):
        raise AssertionError("trained before the place was tried")

    def full(state):
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        run(start(), 9, objective=objective_is_not_reached, checkpoint=full)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        options = {"objective": objective_is_not_reached}
        run(start(), 9, checkpoint=tmp_path / "folder", **options)


def test_a_bar_that_cannot_be_written_does_not_lose_the_state(monkeypatch):
    from rnnlib.training import loop

    written = []

    class Closed:
        def __init__(self, **_):
            self.updates = 0

        def update(self):
            self.updates += 1
            if self.updates == 4:
                raise OSError("no terminal")

        def set_postfix_str(self, *_, **__):
            pass

        def close(self):
            raise OSError("no terminal")

    monkeypatch.setattr(loop, "tqdm", Closed)
    with pytest.raises(OSError, match="no terminal"):
        run(start(), 9, checkpoint=written.append)
    assert [s.step for s in written] == [0, 4]
    assert np.array_equal(written[-1].history.loss, run_without_bar().history.loss)


def run_without_bar():
    """Four steps, written out."""
    from rnnlib.training import loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "tqdm", __import__("tqdm").tqdm)
        return run(start(), 4)


@pytest.mark.parametrize("last", [4, 2], ids=["well", "with an error"])
def test_the_bar_is_closed_however_the_run_ends(monkeypatch, last):
    from rnnlib.training import loop

    seen = []

    class Bar:
        def __init__(self, **_):
            seen.append("open")

        def update(self):
            seen.append("step")

        def set_postfix_str(self, *_, **__):
            pass

        def close(self):
            seen.append("closed")

    def ends(params, batch):
        if seen.count("step") == 2 == last:
            raise Noted
        return objective(params, batch)

    monkeypatch.setattr(loop, "tqdm", Bar)
    with pytest.raises(Noted) if last == 2 else nullcontext():
        run(start(), 4, objective=ends)
    assert seen == ["open", *["step"] * last, "closed"]
