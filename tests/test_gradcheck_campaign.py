"""check_gradients on generated cases: gradients, right or not, x noise x scale x kinks.

A verdict is false when a right gradient is called wrong, when an entry is named that
is right, or when a gradient "agrees" to a precision that one of the directions, drawn
again here, contradicts. ``GRADCHECK_CASES=10000`` runs all, and prints counts;
``GRADCHECK_FIRST=1000000`` takes others, that nothing was developed on.
"""

import os
from collections import Counter
from zlib import crc32

import numpy as np
import pytest

from rnnlib import check_gradients

CASES = int(os.environ.get("GRADCHECK_CASES", 200))
FIRST = int(os.environ.get("GRADCHECK_FIRST", 0))
SHAPES = (
    ("sin", np.sin, np.cos),
    ("square", np.square, lambda v: 2 * v),
    ("tanh", np.tanh, lambda v: 1 / np.cosh(v) ** 2),
    ("exp", np.exp, np.exp),
    ("softplus", lambda v: np.logaddexp(0, v), lambda v: 1 / (1 + np.exp(-v))),
    ("relu", lambda v: np.maximum(v, 0), lambda v: 1.0 * (v > 0)),
    ("abs", np.abs, np.sign),
    ("leaky", lambda v: np.where(v > 0, v, 0.1 * v), lambda v: np.where(v > 0, 1, 0.1)),
)
NOISES = ("none", "none", "float32", "rounded", "irregular", "drawn anew")
MISTAKES = ("none", "zero", "half", "double", "sign", "factor", "one entry")


class Claim:
    """One generated loss with its true gradient, and one claimed gradient."""

    def __init__(self, seed):
        rng = np.random.default_rng([seed, 14])
        n, m, rows = rng.integers(1, 6, 3)
        self.A = rng.standard_normal((rows, n)), rng.standard_normal((rows, m))
        self.units = 10.0 ** rng.integers(-6, 7, 2) * rng.choice([0, 1], 2)
        self.units[self.units == 0] = 1.0
        self.bias = rng.standard_normal(rows)
        self.shape, self.F, self.dF = SHAPES[rng.integers(len(SHAPES))]
        self.steep = rng.choice([1.0, 1.0, 30.0, 300.0]) if self.shape == "sin" else 1.0
        self.weight = rng.choice([1.0, 1.0, 10.0 ** rng.integers(-6, 7)])
        at = rng.standard_normal(n), rng.standard_normal(m)
        self.at = {k: a * u for k, a, u in zip("ab", at, self.units, strict=True)}
        self.kinked = self.shape in ("relu", "abs", "leaky")
        self.at_kink = self.kinked and rng.random() < 0.15
        if self.at_kink:  # one pre-activation is exactly zero, for every unit
            self.at, self.bias[0] = {k: 0 * a for k, a in self.at.items()}, 0.0
        elif self.kinked and rng.random() < 0.3:  # a kink very near
            near = 10.0 ** rng.integers(-9, -2)
            self.bias[0] -= self.inner(self.at)[0] - near
        self.noise = NOISES[rng.integers(len(NOISES))]
        self.size = 10.0 ** rng.integers(-13, -3)
        self.rng = rng
        self.true = self.gradient(self.at)
        self.mistakes = [MISTAKES[i] for i in rng.integers(len(MISTAKES), size=2)]
        if rng.random() < 0.4:
            self.mistakes = ["none", "none"]
        self.claimed = {
            k: self.mistaken(g, mistake)
            for (k, g), mistake in zip(self.true.items(), self.mistakes, strict=True)
        }

    def inner(self, p):
        a, b = (p[k] / u for k, u in zip("ab", self.units, strict=True))
        return self.steep * (self.A[0] @ a + self.A[1] @ b + self.bias)

    def gradient(self, p):
        """By the chain rule."""
        d = self.weight * self.steep * self.dF(self.inner(p))
        pairs = zip("ab", self.A, self.units, strict=True)
        return {k: A.T @ d / u for k, A, u in pairs}

    def mistaken(self, g, mistake):
        """The gradient with one mistake."""
        factor = {"none": 1, "zero": 0, "half": 0.5, "double": 2, "sign": -1}
        if mistake in factor:
            return factor[mistake] * g
        delta = 10.0 ** self.rng.uniform(-6, 0)
        if mistake == "factor":
            return g * (1 + delta)
        g = g.copy()
        g[self.rng.integers(g.size)] += delta * np.abs(g).max()
        return g

    def __call__(self, p):
        value = self.weight * self.F(self.inner(p)).sum()
        noise = self.size * self.weight
        if self.noise == "float32":
            value = np.float32(value)
        elif self.noise == "rounded":
            value = noise * np.round(value / noise)
        elif self.noise == "irregular":  # deterministic, but without any order
            digits = crc32(b"".join(a.tobytes() for a in p.values()))
            value += noise * (digits / 2**31 - 1)
        elif self.noise == "drawn anew":
            value += (1e3 * noise + 1e-9 * abs(value)) * self.rng.standard_normal()
        return value, self.claimed

    def false_verdicts(self, check):
        """What is untrue in the answer: a list of sentences, empty when all is true."""
        found, rng = [], np.random.default_rng(1)
        for k, true in self.true.items():
            claimed, off = self.claimed[k], self.claimed[k] - true
            units = rng.standard_normal((3, *true.shape))
            units /= np.linalg.norm(units, axis=1, keepdims=True)
            if self.noise == "drawn anew":
                if k not in check.unclear:
                    found.append(f"{k}: a verdict where there is none")
            elif self.at_kink:  # far from every slope that the kink has, it is wrong
                if k not in check.unclear and not (k in check.wrong and off.any()):
                    found.append(f"{k}: a verdict at a kink")
            elif k in check.wrong:
                if not off.any():
                    found.append(f"{k}: right, called wrong")
                elif k in check.entries:
                    (i,), entry, measured = check.entries[k]
                    if not abs(measured - true[i]) < abs(entry - true[i]) / 2:
                        found.append(f"{k}: entry {i} is not off by this much")
            elif k not in check.unclear:
                one, other = np.abs(units @ claimed), np.abs(units @ true)
                floor = 1e-4 * np.linalg.norm(claimed)
                scale = np.maximum(np.maximum(one, other), floor)
                bound = check.errors[k] * scale * (1 + 1e-6) + 1e-13 * scale
                if (np.abs(units @ off) > bound).any():
                    found.append(f"{k}: off by more than the precision that is named")
        return found


def verdict(check, name):
    if name in check.wrong:
        return "wrong"
    return "cannot tell" if name in check.unclear else "agrees"


def test_no_false_verdict():
    counts, false = Counter(), []
    for seed in range(FIRST, FIRST + CASES):
        case = Claim(seed)
        check = check_gradients(
            case, case.at, rng=np.random.default_rng(1), directions=3
        )
        false += [(seed, f) for f in case.false_verdicts(check)]
        kink = "at a kink" if case.at_kink else "kinked" if case.kinked else "smooth"
        for name, mistake in zip("ab", case.mistakes, strict=True):
            kind = "right" if mistake == "none" else "mistaken"
            counts[case.noise, kink, kind, verdict(check, name)] += 1
    if CASES > 200:
        print()
        for key, count in sorted(counts.items()):
            print(*(f"{word:12}" for word in key), count)
    assert not false, false[:20]
    clean = {k: n for k, n in counts.items() if k[:2] == ("none", "smooth")}
    assert clean["none", "smooth", "right", "agrees"] > 0.95 * sum(
        n for k, n in clean.items() if k[2] == "right"
    )


@pytest.mark.parametrize("mistake", MISTAKES[1:-2])
def test_a_gross_mistake_in_a_clean_smooth_case_is_always_found(mistake):
    found = []
    for seed in range(60):
        case = Claim(seed)
        if case.kinked:
            continue
        case.noise = "none"
        case.claimed = {k: case.mistaken(g, mistake) for k, g in case.true.items()}
        check = check_gradients(case, case.at, rng=np.random.default_rng(1))
        found.append(check.wrong)
    assert found.count(["a", "b"]) >= 0.95 * len(found)
