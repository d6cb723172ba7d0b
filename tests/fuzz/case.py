"""What the fuzz tests know of a function: a valid call of it."""

from collections.abc import Callable
from typing import NamedTuple


class Case(NamedTuple):
    """A valid call, and what else is known of it.

    ``make(draw)`` returns the arguments by name. ``then`` takes a result that is a
    function or a generator further, to numbers. Where ``infinite`` is True a result
    may hold infinities (never NaN). An ``internal`` function trusts its callers, who
    have checked the arguments: it is not given wrong ones.
    """

    make: Callable
    then: Callable = lambda result: result
    infinite: bool = False
    internal: bool = False
    passes: bool = False  # True: NaN that is given is handed on, and may be there
    unbounded: tuple = ()  # arguments that only bound how long a simulation runs
    loops: bool = True  # False: a call is slow, so fewer wrong arguments
    fills: Callable | None = None  # (result, arguments) -> what to compare


def internal(make, **options):
    """The case of a function that trusts its callers."""
    return Case(make, internal=True, **options)
