"""Is this gradient right? A check of any function, by differences of its loss.

The parameters may be one array, a dictionary, a tuple or a named tuple of arrays,
nested or not: whatever the function under test takes. A gradient has the same form.

Along a direction u, with f(t) = loss(params + t u), the check fits polynomials to

    f(t) - f(0) - t (gradient . u)        at t = +-tau h,

an odd one, d t + a t^3, and an even one, b t^2 + c t^4. A right gradient has d = 0.
What the fit leaves over measures everything that is in the way, at this step h: the
noise of a loss that is rounded, kinks, and higher derivatives. The error of d is taken
to be `SAFETY` times that residual, divided by h. Shorter and shorter steps h are tried,
and then longer ones, until the error is small. Nothing is granted beyond it.

Noise shows as a residual that does not shrink with the step, the idea of
{cite}`more2011`; a kink at the point as one that shrinks no faster than the step.
"""

import sys
from collections.abc import Callable
from math import ceil, log10
from typing import NamedTuple

import numpy as np

from rnnlib.trees import Tree, flatten, rebuild, same_form
from rnnlib.validate import (
    check_callable,
    check_count,
    check_rate,
    check_rng,
    refuse_hiding,
)

# times the step; no two are in the ratio of small numbers, so that the steps of a
# rounded loss cannot keep time with them
NODES = np.array([5**0.5 - 2, 2**0.5 - 1, 7**0.5 - 2, 3**0.5 / 2, 1.0])
ODD, EVEN = np.stack([NODES, NODES**3], axis=1), np.stack([NODES**2, NODES**4], axis=1)
# error of the slope over the residual: 1.2 for noise, 6 for exp, 19 for one kink,
# and 76 for the worst of 20,000 pairs of kinks at random places
SAFETY = 100
COARSE = 1e-4  # a slope known no better than this, relative to itself, tells nothing
# the first step; times the norm of the parameter below a hundredth and above a hundred
START = 1e-3
TINY = sys.float_info.min  # below it a processor may take numbers for zero
EPS = np.finfo(np.float64).eps
ROUNDING = 20 * EPS  # a residual below this, relative to the loss, is double precision
NOT_REPEATABLE = (
    "two calls with the same parameters gave two losses: "
    "draw nothing and keep nothing between calls"
)


class GradientCheck(NamedTuple):
    """The verdict on each parameter; printed, it is a line a parameter."""

    errors: dict  # by name, the largest relative error that the measurement allows
    wrong: list  # names of the parameters whose gradient is wrong
    unclear: dict  # why there is no verdict, by name
    entries: dict  # of wrong ones, by name: (index, entry of the gradient, measured)
    tolerance: float

    @property
    def ok(self):
        """True when every gradient agrees: none is wrong, and none is unclear."""
        return not self.wrong and not self.unclear

    def __str__(self):
        width = max(map(len, self.errors))
        return "\n".join(f"{n:{width}}  {self._verdict(n)}" for n in self.errors)

    def _verdict(self, name):
        if name in self.unclear:
            return f"cannot tell: {self.unclear[name]}"
        if name in self.entries:
            index, claimed, measured = self.entries[name]
            at = f"entry {list(index)} is" if index else "it is"
            off = f"{claimed + 0.0:.3g}, off by {claimed - measured:.2g}"
            return f"WRONG: {at} {off}"
        if name in self.wrong:
            return "WRONG"
        if self.errors[name] <= self.tolerance:
            return "agrees"
        return f"agrees to {10.0 ** ceil(log10(self.errors[name])):.0e}"


class Slope(NamedTuple):
    """What one step length says along one direction."""

    step: float
    excess: float  # the slope of the loss, less what the gradient claims
    residual: float  # what the two fits leave over
    size: float  # the largest loss that was met
    reach: float  # how far the loss went from its value at the point

    @property
    def resolved(self):
        """Whether the fit describes the loss over this step, to a fiftieth."""
        return 0 < self.reach and self.residual <= self.reach / 50


def check_gradients(
    function: Callable,
    params: Tree,
    *,
    rng: np.random.Generator,
    directions: int = 5,
    tolerance: float = 1e-7,
) -> GradientCheck:
    """Check any function that returns ``(loss, gradients)``: yours, for instance.

    For each parameter the inner product of its gradient with random unit directions
    is compared with slopes of the loss along them, whose error is measured: see the
    module. There are three verdicts.

    - *agrees*: along every direction, the two numbers and the error of the measurement
      lie within ``tolerance``, relative to the larger; or within the precision that
      is printed, where the loss allows none better, up to 1e-4.
    - *wrong*: along one direction, at two step lengths, they differ by more than the
      error and the tolerance together. A wrong entry is looked for by halving.
    - *cannot tell*: the loss is not repeatable, too coarse (computed in float32, or
      rounded), not smooth at the point, or too large beside this gradient; or numbers
      are too near the end of the floats.

    A direction feels every entry. No finite number of evaluations excludes a kink or
    a bump narrower than the steps, nor a mistake that is orthogonal to all directions.

    Parameters
    ----------
    function : callable
        ``function(params)`` returns a real loss and gradients of the form of params.
    params : array, dictionary, tuple or named tuple of float64 arrays
    rng : numpy.random.Generator
    directions : int
        Random directions for each parameter.
    tolerance : float
        Largest error that still counts as equal, relative to the larger of the two
        numbers, and to no less than 1e-4 of the norm of this parameter's gradient.

    Returns
    -------
    GradientCheck
        ``.ok``, ``.wrong`` (names), ``.unclear`` (reasons, by name), ``.errors`` and
        ``.entries``; printed, a line a parameter.

    Raises
    ------
    ValueError
        Gradients with other names or shapes than the parameters, parameters that are
        not float64, no pair, no finite loss, no direction, or no Generator.
    """
    check_rng(rng)
    check_callable("function", function)
    tolerance = float(check_rate("tolerance", tolerance))
    directions = check_count("directions", directions)
    at = _parameters(params)
    with np.errstate(all="ignore"):  # a loss that is not finite is said to be so
        start, gradient = _evaluate(function, params, at)
        again, second = _evaluate(function, params, at)
    if abs(start - again) > 100 * EPS * abs(start):
        unclear = dict.fromkeys(at, NOT_REPEATABLE)
        return GradientCheck(dict.fromkeys(at, np.inf), [], unclear, {}, tolerance)

    def loss(moved):
        copies = {n: a.copy() for n, a in at.items()}  # it may write into them
        return function(rebuild(params, copies | moved))[0]

    errors, wrong, unclear, entries = {}, [], {}, {}
    for name, array in at.items():
        units = rng.standard_normal((directions, *array.shape))
        line = _Line(loss, name, array, gradient[name], start, tolerance)
        error, bad, reason = line.judge(units, second[name])
        errors[name] = float(error)
        if bad is not None:
            wrong.append(name)
            if found := line.wrong_entry(*bad):
                entries[name] = found
        elif reason:
            unclear[name] = reason
    return GradientCheck(errors, wrong, unclear, entries, tolerance)


class _Line:
    """The loss along directions in one parameter, and verdicts on its gradient."""

    def __init__(self, loss, name, array, gradient, start, tolerance):
        self.loss, self.name, self.array, self.gradient = loss, name, array, gradient
        self.start, self.tolerance = start, tolerance
        norm = _norm(array)
        unusual = 0 < norm < 1e-2 or 1e2 < norm
        self.unit = max(norm, TINY / START) if unusual else 1.0
        self.size = _norm(gradient)
        self.floor = 1e-4 * self.size

    def judge(self, units, second):
        """(largest error, a wrong direction and its slope or None, a reason or "")."""
        if not (np.isfinite(self.gradient).all() and np.isfinite(second).all()):
            return np.inf, (), ""
        with np.errstate(over="ignore"):
            change = _norm(second - self.gradient)
        if self.size == np.inf:
            return np.inf, None, "the norm of the gradient is beyond the floats"
        if 1e4 * self.unit == np.inf:  # the longest step that is tried
            return np.inf, None, "the parameter is too near the end of the floats"
        if change > self.tolerance * self.size:
            return np.inf, (), ""  # one loss, two gradients: one of them is wrong
        worst, reason = 0.0, ""
        for u in units:
            u = u / (np.linalg.norm(u) or 1.0)
            error, bad, why = self.along(u)
            if bad:
                return error, (u, bad), ""
            worst, reason = max(worst, error), reason or why
        return worst, None, reason

    def along(self, u):
        """(relative error, the slope if the gradient is wrong, a reason or "")."""
        claimed = float((self.gradient * u).sum())
        with np.errstate(all="ignore"):
            slopes, noise, accused = self.measure(u, claimed)
            if not slopes:
                return np.inf, None, "no step is short enough for a finite loss"
            best = accused or min(slopes, key=lambda s: _error(s, noise))
            scale = self.scale(best, claimed)
            if accused:
                return abs(best.excess) / scale, best, ""
            if claimed == 0 and noise == 0 and not any(s.reach for s in slopes):
                return 0.0, None, ""  # the loss does not depend on it
            error = (abs(best.excess) + _error(best, noise)) / scale
        if not _consistent(slopes, noise):
            return error, None, "the slopes at several steps contradict each other"
        if error <= max(self.tolerance, COARSE):
            return error, None, ""
        return error, None, _reason(slopes, noise)

    def scale(self, slope, claimed):
        """What errors are relative to: the larger of the two numbers, not too small."""
        return max(abs(claimed), abs(claimed + slope.excess), self.floor, TINY)

    def is_wrong(self, slope, noise, claimed):
        """Whether the difference exceeds the error and the tolerance together."""
        granted = _error(slope, noise) + self.tolerance * self.scale(slope, claimed)
        rounding = slope.residual <= ROUNDING * slope.size
        return (rounding or slope.resolved) and abs(slope.excess) > granted

    def is_confirmed(self, u, slope, noise, claimed):
        """Whether two shorter steps accuse too, one as short as the error permits."""
        least = max(slope.residual, EPS * slope.size) / abs(slope.excess)
        for step in (slope.step / 3, max(3 * SAFETY * least, 1e-10 * self.unit)):
            if step < slope.step:
                new = self.slope(u, step)
                if new is None or not self.is_wrong(new, noise, claimed):
                    return False
        return True

    def measure(self, u, claimed):
        """(slopes, noise of the loss, the slope that shows a mistake or None)."""
        slopes, noise, shorter = [], 0.0, True
        step = START * self.unit
        while step <= 10 * max(1.0, self.unit):
            new = self.slope(u, step)
            if new:
                slopes.append(new)
                if new.reach == noise == 0:
                    noise = self.grain(u, step)
                noise = max(noise, _plateau(slopes))
                best = min(slopes, key=lambda s: _error(s, noise))
                error, excess = _error(best, noise), abs(best.excess)
                if excess + error <= self.tolerance * self.scale(best, claimed):
                    return slopes, noise, None
                if self.is_wrong(best, noise, claimed) and 100 * error < excess:
                    if self.is_confirmed(u, best, noise, claimed):
                        return slopes, noise, best
            drowned = new and new.residual <= ROUNDING * new.size
            if shorter and (drowned or step < 1e-12 * self.unit):
                if drowned and len(slopes) > 1 and noise <= ROUNDING * new.size:
                    break  # what was in the way was no noise: it only grows
                shorter, step = False, START * self.unit
            step *= 0.03 if shorter else 10
        if slopes and self.is_wrong(best, noise, claimed):
            if self.is_confirmed(u, best, noise, claimed):
                return slopes, noise, best
        return slopes, noise, None

    def slope(self, u, step):
        """The fit at one step length; None where the loss is not finite."""
        values = np.empty((2, len(NODES)))
        excess = np.empty_like(values)
        for i, sign in enumerate((1, -1)):
            for j, node in enumerate(NODES):
                moved = self.array + sign * node * step * u
                along = (self.gradient * (moved - self.array)).sum()  # as it is moved
                values[i, j] = self.loss({self.name: moved})
                excess[i, j] = values[i, j] - self.start - along
        if not np.isfinite(excess).all():
            return None
        odd, even = (excess[0] - excess[1]) / 2, (excess[0] + excess[1]) / 2
        (slope, _), bend = _fit(ODD, odd), _fit(EVEN, even)
        left = np.concatenate([odd - ODD @ (slope, _), even - EVEN @ bend])
        residual = _norm(left) / np.sqrt(len(left) - 4)
        size = max(np.abs(values).max(), abs(self.start))
        reach = np.abs(values - self.start).max()
        numbers = step, slope / step, residual, size, reach
        return Slope(*map(float, numbers))

    def grain(self, u, step):
        """The jump of a loss that is constant at ``step`` and changes further out."""

        def value(t):
            return self.loss({self.name: self.array + t * u})

        while step <= 1e3 * max(1.0, self.unit):
            near, step = step, 10 * step
            for sign in (1, -1):
                if value(sign * step) != self.start:
                    return self.jump(value, sign * near, sign * step)
        return 0.0

    def jump(self, value, near, far):
        """How far the loss jumps where it leaves its first value; 0 if it does not."""
        whole = abs(value(far) - self.start)
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (middle, far) if value(middle) == self.start else (near, middle)
        size = abs(value(far) - self.start)
        jumps = 1e3 * EPS * max(whole, abs(self.start)) < size < np.inf
        return float(size) if jumps else 0.0

    def wrong_entry(self, u=None, slope=None):
        """(index, claimed, measured) of one wrong entry, by halving; None if unclear.

        The excess is linear in the direction, so that one half has half of it.
        """
        if u is None:
            return None
        inside, excess = np.flatnonzero(u), slope.excess
        with np.errstate(all="ignore"):
            while len(inside) > 1:
                half = inside[: len(inside) // 2]
                part = np.zeros(u.size)
                part[half] = u.ravel()[half]
                length = np.linalg.norm(part)
                found = self.slope(part.reshape(u.shape) / length, slope.step)
                if found is None:
                    return None
                first = found.excess * length
                rest = excess - first
                if abs(first) >= abs(rest):
                    inside, excess = half, first
                else:
                    inside, excess = inside[len(half) :], rest
            alone = np.zeros(u.size)
            alone[inside] = 1.0
            error, bad, _ = self.along(alone.reshape(u.shape))
        if not bad:
            return None
        index = tuple(map(int, np.unravel_index(inside[0], u.shape)))
        claimed = float(self.gradient[index])
        return index, claimed, claimed + bad.excess


def _norm(array):
    """The Euclidean norm, whose squares stay in the range of the floats."""
    largest = float(np.abs(array).max(initial=0.0))
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.linalg.norm(array / largest))


def _fit(design, values):
    return np.linalg.lstsq(design, values)[0]


def _error(slope, noise):
    """The error of a slope: the residual, no less than rounding, over the step."""
    residual = max(slope.residual, EPS * slope.size)
    return SAFETY * (residual if slope.resolved else max(residual, noise)) / slope.step


def _plateau(slopes):
    """The largest residual that a shorter step has not made much smaller."""
    ordered = sorted(slopes)
    pairs = zip(ordered, ordered[1:], strict=False)
    return max(
        (a.residual for a, b in pairs if a.residual > 0.4 * b.residual), default=0
    )


def _consistent(slopes, noise):
    """Whether one slope lies within the error of every fit that describes the loss."""
    slopes = [s for s in slopes if s.resolved]
    low = max((s.excess - _error(s, noise) for s in slopes), default=-np.inf)
    high = min((s.excess + _error(s, noise) for s in slopes), default=np.inf)
    return low <= high


def _reason(slopes, noise):
    """Why the slopes are not precise enough."""
    size = max(s.size for s in slopes)
    if noise > 1e3 * EPS * size:
        return (
            f"the loss is too coarse, by about {noise:.0e}: "
            "evaluate it in double precision"
        )
    least = min(_error(s, noise) for s in slopes)
    longest = max(s for s in slopes if _error(s, noise) <= 2 * least)
    if longest.residual > 1e3 * EPS * size:  # a kink has one error at all steps
        return "the loss is not smooth here, at any step that was tried"
    return "the gradient is too small to be measured beside a loss of this size"


def _parameters(params):
    at = flatten(params)
    if not at:
        raise ValueError("params: expected at least one array, got none")
    for name, array in at.items():
        if array.dtype.newbyteorder("=") != np.float64:
            raise ValueError(f"{name}: expected float64 parameters, got {array.dtype}")
    return {name: array.copy() for name, array in at.items()}


def _evaluate(function, params, at):
    """The loss and copies of the gradients, by name: both may be in reused buffers."""
    copies = {n: a.copy() for n, a in at.items()}  # the function may write into them
    result = function(rebuild(params, copies))
    if not (isinstance(result, tuple) and len(result) == 2):
        size = f" of {len(result)}" if isinstance(result, tuple) else ""
        kind = type(result).__name__ + size
        raise ValueError(f"function: expected a pair (loss, gradients), got {kind}")
    loss = np.asarray(refuse_hiding("loss", result[0]))
    if loss.ndim or loss.dtype.kind not in "fiu" or not np.isfinite(loss):
        raise ValueError(
            f"function: expected a finite real scalar loss, got {result[0]!r}"
        )
    _, gradient = same_form(params, result[1], "gradients")
    return float(loss), {name: np.array(g) for name, g in gradient.items()}
