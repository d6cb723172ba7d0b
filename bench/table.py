"""What was wanted and what was measured, line by line."""

from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """A measurement: its quartiles, and what is wanted of the one in the middle."""

    what: str
    low: float
    middle: float
    high: float
    wanted: float | None  # None: nothing is, the number is shown
    least: bool = True  # wanted is a least value; False: a largest one

    def reached(self):
        """Whether it is as wanted, or None."""
        if self.wanted is None:
            return None
        return (
            (self.middle >= self.wanted) if self.least else self.middle <= self.wanted
        )


def row(what, values, wanted=None, *, least=True):
    """The quartiles of the values of all rounds."""
    return Row(what, *np.quantile(values, [0.25, 0.5, 0.75]), wanted, least)


class Table:
    """Rows that are printed as they come."""

    line = "{:58s} {:>9s} {:>9s}  {:16s} {}"

    def __init__(self):
        self.rows = []
        print(self.line.format("", "wanted", "measured", "quartiles", "").rstrip())

    def add(self, rows):
        """Print these rows too."""
        verdicts = {None: "", True: "reached", False: "MISSED"}
        for r in rows:
            sign = "<>"[r.least]
            wanted = "" if r.wanted is None else f"{sign}= {_number(r.wanted)}"
            between = f"{_number(r.low)} to {_number(r.high)}"
            cells = r.what, wanted, _number(r.middle), between, verdicts[r.reached()]
            print(self.line.format(*cells).rstrip(), flush=True)
        self.rows += rows

    def close(self):
        """Print how many are not as wanted."""
        wanted = [r for r in self.rows if r.wanted is not None]
        print(f"{sum(not r.reached() for r in wanted)} of {len(wanted)} missed")


def _number(x):
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"
