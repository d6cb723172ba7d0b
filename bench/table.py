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


def show(rows):
    """Print the rows; how many are not as wanted."""
    verdicts = {None: "", True: "reached", False: "MISSED"}
    line = "{:58s} {:>9s} {:>9s}  {:16s} {}"
    print(line.format("", "wanted", "measured", "quartiles", "").rstrip())
    for r in rows:
        wanted = "" if r.wanted is None else f"{'><'[not r.least]}= {_number(r.wanted)}"
        between = f"{_number(r.low)} to {_number(r.high)}"
        cells = r.what, wanted, _number(r.middle), between, verdicts[r.reached()]
        print(line.format(*cells).rstrip())
    return sum(r.reached() is False for r in rows)


def _number(x):
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"
