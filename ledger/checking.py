"""A check: a test that a statement has to pass, and statements that must not pass it.

    @check(
        "roysdon-1.6-01",
        printed=lambda n, t: n.p[t] - n.y[t],
        planted=[lambda n, t: n.y[t] - n.p[t]],
        cases=networks,
    )
    def the_output_error_is_p_minus_y(statement, case):
        ...
        assert close(...)

The test knows the truth from an independent source; ``statement`` is what the document
says, as a function, a number, a set: whatever the test can compare. So a check cannot
pass by testing nothing: each one shows, every time, a statement that it refuses.

============================  ====================  ================================
verdict                       must pass             must fail
============================  ====================  ================================
true                          printed               each of planted
true with a convention        printed               otherwise; or printed at outside
imprecise, typo, false        corrected             printed; each of planted
imprecise, nothing corrected  printed               otherwise; or printed at outside
============================  ====================  ================================

The last line is for a statement that the correction restricts and leaves as it is.

To pass is to pass at every case; to fail is to fail at one, or for ``printed`` at the
``counterexample`` where one is given. At ``outside`` the statement must fail at each.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

SEED = 20
MISSING = object()


@dataclass(frozen=True)
class Check:
    """What `check` makes of a test."""

    id: str
    test: Callable
    printed: Any = MISSING
    corrected: Any = MISSING
    otherwise: Any = MISSING  # the statement under another convention
    planted: tuple = ()  # falsifications
    cases: Any = MISSING  # an iterable, or a function of a random generator
    outside: tuple = ()  # cases outside the hypothesis
    counterexample: Any = MISSING
    raises: tuple = (AssertionError,)  # what failing means here
    numbers: Callable = dict  # the numbers in the record's text, by name

    def where_it_runs(self):
        """The cases; the same ones at every call."""
        if self.cases is MISSING:
            return ()
        if callable(self.cases):
            return tuple(self.cases(np.random.default_rng(SEED)))
        return tuple(self.cases)

    def passes(self, statement, cases=None):
        """True when the test holds at every case."""
        cases = self.where_it_runs() if cases is None else cases
        if not cases and self.cases is MISSING:
            return self._holds(statement)
        return all(self._holds(statement, case) for case in cases)

    def _holds(self, statement, *case):
        try:
            self.test(statement, *case)
        except self.raises:
            return False
        return True

    @cached_property
    def survivors(self):
        """Indices of planted falsifications that the test does not notice."""
        return [i for i, wrong in enumerate(self.planted) if self.passes(wrong)]

    @property
    def source(self):
        """The lines of the check, decorator included."""
        return inspect.getsource(self.test)


def check(id_, **options):
    """Decorator that makes a `Check` of a test ``test(statement[, case])``."""
    for name in ("planted", "outside", "raises"):
        if name in options:
            options[name] = tuple(options[name])

    def make(test):
        return Check(id_, test, **options)

    return make


@cache
def checks(document):
    """The checks of a document by the id of the claim.

    Raises ValueError when two checks have one id.
    """
    package = importlib.import_module(f"ledger.checks.{document}")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        contents = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
        for item in contents.values():
            if isinstance(item, Check) and found.setdefault(item.id, item) is not item:
                raise ValueError(f"{item.id}: two checks have this id")
    return found


def judge(claim, item):
    """Run a check: what speaks against the verdict of its claim, as sentences."""
    if claim.verdict == "true":
        found = _expect(item, "printed", True)
        found += [] if item.planted else ["no falsification is planted"]
    elif restricted(claim.verdict, item):
        found = _expect(item, "printed", True) + _outside(item)
    else:
        found = _expect(item, "corrected", True) + _refuted(item)
    found += [f"planted falsification {i} survives" for i in item.survivors]
    return [f"{item.id}: {sentence}" for sentence in found]


def restricted(verdict, item):
    """True where the statement holds as printed, but not for all that is admitted."""
    left = item.corrected is MISSING and item.counterexample is MISSING
    return verdict == "true with a convention" or (verdict == "imprecise" and left)


def _expect(item, name, wanted, cases=None):
    statement = getattr(item, name)
    if statement is MISSING:
        return [f"{name} is missing"]
    if item.cases is not MISSING and not item.where_it_runs():
        return ["there are no cases"]
    if item.passes(statement, cases) != wanted:
        return [f"{name} {'does not hold' if wanted else 'holds'}"]
    return []


def _outside(item):
    if item.otherwise is MISSING and not item.outside:
        return ["neither another convention nor a case outside is given"]
    found = [] if item.otherwise is MISSING else _expect(item, "otherwise", False)
    for case in item.outside:
        found += _expect(item, "printed", False, (case,))
    return found


def _refuted(item):
    if item.counterexample is MISSING:
        return _expect(item, "printed", False)
    at = (item.counterexample,)
    return _expect(item, "printed", False, at) + _expect(item, "corrected", True, at)
