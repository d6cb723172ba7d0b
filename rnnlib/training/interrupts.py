"""Signals that end a program, held back while something must not be cut short."""

import signal
import threading

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, n) for n in NAMES if hasattr(signal, n))


class Held:
    """While the block runs, signals that would raise an exception are only noted.

    ``received`` is the number of the first one, or None. When the block ends, the
    handler that was there before is called with it. A signal that is ignored, or that
    ends the process without calling Python, stays as it is. Outside of the main thread
    nothing is held: Python calls no handler there.
    """

    def __init__(self):
        self.received = None
        self._before = {}

    def __enter__(self):
        if threading.current_thread() is not threading.main_thread():
            return self
        try:
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)
        except BaseException:  # of a handler that was not yet replaced
            self._restore()
            raise
        return self

    def __exit__(self, *_):
        self._restore()
        if self.received is not None:
            self._before[self.received](self.received, None)

    def _note(self, number, frame):
        if self.received is None:
            self.received = number

    def _restore(self):
        for number, handler in self._before.items():
            signal.signal(number, handler)
