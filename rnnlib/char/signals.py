"""Signals that end the command: the first raises KeyboardInterrupt, the others nothing.

So what is done at the end, such as to say where the run stands, is not cut short.
"""

import signal
from contextlib import contextmanager

from rnnlib.training.interrupts import SIGNALS

_ended = False


def install():
    """Ctrl-C, a request to end and a closed terminal; what is ignored stays ignored."""
    global _ended
    _ended = False
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def finish():
    """From now on no signal raises anything: the result stands."""
    global _ended
    _ended = True


def ignore():
    """For the last moments of the program, in which Python calls no handler."""
    finish()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number, frame):
    if not _ended:
        finish()
        raise KeyboardInterrupt


@contextmanager
def blocked():
    """Programs that are started in the block get no signal before `unblock`."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock():
    """Let the signals in that a parent has blocked."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
