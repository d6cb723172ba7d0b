"""Every public function: right for every memory layout, clear for wrong arguments.

A wrong or unusual argument gives a right result or a ValueError or FloatingPointError
that names an argument; no warning, and what was given is as it was, bit for bit.
By default each function sees a sample of the wrong arguments; all of them are tried
with ``HYPOTHESIS_PROFILE=nightly``.
"""

import os
import random
import signal
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import cases_core, cases_packages, cases_symbolic, hostile, judge
from tests.fuzz.draw import Draw
from tests.fuzz.open_ends import OPEN
from tests.fuzz.surface import public_functions
from tests.fuzz.trees import mapped, nodes, replaced

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
PUBLIC = public_functions()
CASES = cases_core.CASES | cases_packages.CASES | cases_symbolic.CASES
ELSEWHERE = cases_core.ELSEWHERE | cases_packages.ELSEWHERE | cases_symbolic.ELSEWHERE
HOSTILE = [name for name, case in CASES.items() if not case.internal]
SIZES = st.integers(1, 4)
SAMPLE = 40  # wrong arguments for each function
SLOW = 8  # and where a call is slow
SECONDS = 20  # a call that takes longer does not end


def test_every_public_function_has_a_case():
    """A new function goes into CASES of a module of this folder."""
    assert set(PUBLIC) - set(CASES) - set(ELSEWHERE) == set()
    assert set(CASES) | set(ELSEWHERE) <= set(PUBLIC)
    assert set(CASES).isdisjoint(ELSEWHERE)


def test_what_is_tested_elsewhere_is_tested_there():
    for name, path in ELSEWHERE.items():
        with open(path, encoding="utf-8") as file:
            assert name.split(".")[-1] in file.read(), f"{name}: not in {path}"


def layouts_agree(name, draw):
    """Fortran order, strides and read-only memory change nothing.

    Nor does a foreign order of bytes, unless it is refused in clear words.
    """
    case, function = CASES[name], PUBLIC[name]
    expected = judge.called(function, case, case.make(draw()))
    for layout, change in hostile.LAYOUTS.items():
        arguments = mapped(
            case.make(draw()),
            lambda path, v, change=change: change(v) if type(v) is np.ndarray else v,
        )
        try:
            result, refusal = judge.verdict(function, case, arguments)
            if refusal and layout == "other bytes":
                continue
            assert not refusal, refusal
            judge.same(result, expected, 1e-9)
        except Exception as error:
            raise AssertionError(f"{name}, {layout}: {error}") from error


@pytest.mark.parametrize("name", CASES)
def test_layout_does_not_matter(name):
    layouts_agree(name, Draw)


QUICK = [n for n, case in CASES.items() if case.loops and not n.startswith("symbolic.")]


@settings(max_examples=2000 if NIGHTLY else 60)
@given(st.sampled_from(QUICK), SIZES, SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_layout_does_not_matter_for_any_sizes(name, T, B, d_x, d_h, K, seed):
    layouts_agree(name, lambda: Draw(seed, T, B, d_x, d_h, K))


def wrong_arguments(name):
    """(path, what, value) of all wrong arguments of a function."""
    for path, node in nodes(CASES[name].make(Draw())):
        inside = len(path) > 1 and path[0] in judge.MADE
        if path and not inside and path[0] != "self":
            for what, value in hostile.wrong(node):
                yield path, what, value


def sample_of(name):
    """All of them nightly; else a sample, the same in every run."""
    found = [w for w in wrong_arguments(name) if w[0][0] not in CASES[name].unbounded]
    if NIGHTLY:
        return found
    count = SAMPLE if CASES[name].loops else SLOW
    chance = random.Random(zlib.crc32(name.encode()))
    return chance.sample(found, min(count, len(found)))


def complaint(name, path, value):
    """What is wrong with the answer to a wrong argument, or nothing."""
    case = CASES[name]
    arguments = replaced(case.make(Draw()), path, value)
    try:
        result, _ = judge.verdict(PUBLIC[name], case, arguments)
        if result is not None and not case.passes:
            judge.finite(result, case.infinite)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.fixture
def alarm():
    """A call that does not end is a failure."""

    def ring(*_):
        raise AssertionError("the call does not end")

    before = signal.signal(signal.SIGALRM, ring)
    yield signal.alarm
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarm on this system")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_wrong_argument_is_answered_clearly(name, alarm):
    complaints = []
    for path, what, value in sample_of(name):
        alarm(SECONDS)
        said = complaint(name, path, value)
        if said:
            complaints.append(f"{'.'.join(path)} = {what}: {said:.150}")
    alarm(0)
    if complaints and name in OPEN:
        pytest.xfail(f"{len(complaints)} unclear answers, such as {complaints[0]}")
    if NIGHTLY and name in OPEN:
        pytest.fail("nothing is unclear any more: take it out of open_ends.py")
    assert not complaints, "\n".join(complaints)
