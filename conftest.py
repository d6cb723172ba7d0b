"""Which tests are long, and which run alone.

A test that measures time runs alone: the other workers wait until it has ended. What
looks at the built pages is run by `make pages`. Long are the modules that plant
mistakes to see whether the tests of others notice them, and what is marked so: `make
long` runs it. `make test` leaves both out.
"""

import fcntl
import os
from pathlib import Path

import pytest

HELD = "RNN_BOOK_ROOM_HELD"  # for the tests that a test starts
PAGES = {"build", "site", "chromium"}  # fixtures
GATE, ROOM = (Path(__file__).with_name(name) for name in ("pyproject.toml", "Makefile"))


def pytest_configure(config):
    """Make the mark known."""
    config.addinivalue_line("markers", "alone: measures time; nothing else runs then")
    config.addinivalue_line("markers", "pages: looks at the built pages")
    config.addinivalue_line("markers", "long: planted mistakes, notebooks, sweeps")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config), "failures-at-once")


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(items):
    """Mark what looks at the built pages, and what judges the tests."""
    for item in items:
        if PAGES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("pages")
        elif item.path.name.startswith("test_mutants"):
            item.add_marker("long")


class Failures:
    """Name a failure when it happens: a run that is ended early has named it."""

    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        """Print the name of the test and the last lines of what it says."""
        if report.failed:
            terminal = self.config.pluginmanager.get_plugin("terminalreporter")
            terminal.ensure_newline()
            terminal.write_line(f"FAILED {report.nodeid} ({report.when})")
            terminal.write_line("\n".join(report.longreprtext.splitlines()[-8:]))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Share the room with other tests, or have it alone; the gate keeps the order."""
    if HELD in os.environ:
        return (yield)
    alone = item.get_closest_marker("alone") is not None
    with GATE.open() as gate, ROOM.open() as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        os.environ[HELD] = "1"
        try:
            return (yield)
        finally:
            os.environ.pop(HELD)
