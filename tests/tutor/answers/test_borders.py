"""Results exactly on the border of a claim, and functions wrong in one place."""

from itertools import combinations

import numpy as np
import pytest

from rnnbook.tutor.answers.chapters import (
    gradient_checking,
    joint_radius,
    point_process,
)
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Mistake
from tests.tutor.answers.test_checking import SOLUTIONS

SCALED = {"W": [[0, 1], [0, 0]], "S": [1.0, 4.0], "constant": 4.0}
SIGNED = SOLUTIONS["ex-joint-radius-numerical"]
SHRINKS = {"mean over": "directions", "e": [1, 0]}
GAMMA = SOLUTIONS["ex-spectral-bounds-gamma"]
ALONG = SOLUTIONS["ex-spectral-bounds-along"]
SILENCE = SOLUTIONS["ex-point-process-silence"]
BORDERS = [
    (
        "exploding-mistake",
        [[1, 0], [0, 0]],
        ["the norm exceeds one", "the powers grow"],
    ),
    (
        "exploding-one-step",
        SOLUTIONS["ex-exploding-one-step"] | {"matrices": [np.eye(2), np.diag([1, 0])]},
        ["the norm of the product exceeds one"],
    ),
    # Diag(1, -1) N squared has the norm 4 = 2 |N|, and to the third power 8
    ("joint-radius-numerical", SIGNED | {"slopes": [[1, -1]] * 2}, ["the bound fails"]),
    ("joint-radius-numerical", SIGNED | {"slopes": [[1, -1]] * 3}, []),
    (
        "gradient-behaviour-mistake",
        SHRINKS | {"W": [[1, 0], [0, 1]]},
        ["the mean of the squares is below one", "the direction is sent back longer"],
    ),
    (
        "gradient-behaviour-mistake",
        SHRINKS | {"W": [[1, 0], [0, 0]]},
        ["the direction is sent back longer"],
    ),
    (
        "gradient-behaviour-mistake",
        SHRINKS | {"W": [[0.9, 0], [0, 0.1]], "e": [2, 0]},
        ["the direction is sent back longer"],
    ),
    (
        "gradient-behaviour-mistake",
        SHRINKS | {"W": [[1.2, 0], [0, 0.1]], "e": [0.5, 0]},
        [],
    ),
    ("spectral-bounds-scaled", SCALED, ["a power is above one"]),
    ("spectral-bounds-scaled", SCALED | {"W": [[0, 1.01], [0, 0]]}, []),
    ("spectral-bounds-scaled", SCALED | {"W": [[0, 1 + 1e-8], [0, 0]]}, []),
    (
        "spectral-bounds-scaled",
        {"W": [[1, 0], [0, 0.5]], "S": [1.0, 1.0], "constant": 1.0},
        ["the other norm is below one", "a power is above one"],
    ),
    (
        "spectral-bounds-gamma",
        GAMMA | {"weight": 1.0},
        ["the norm of the weight is below one"],
    ),
    ("spectral-bounds-gamma", GAMMA | {"weight": -0.95}, []),
    ("spectral-bounds-along", ALONG | {"W": [[1.0]]}, []),
    ("spectral-bounds-along", ALONG | {"W": [[0.99]]}, ["the theorem is silent"]),
    (
        "point-process-silence",
        SILENCE | {"counts": SILENCE["counts"][::3][:-1]},
        ["at least 1000 runs"],
    ),
    ("point-process-silence", SILENCE | {"counts": SILENCE["counts"][::3]}, []),
]


@pytest.mark.parametrize(("label", "result", "wrong"), BORDERS)
def test_a_result_on_the_border_of_a_claim(label, result, wrong):
    assert list(known()[f"ex-{label}"].kind.check(result).wrong) == wrong


def test_gates_whose_round_neither_grows_nor_shrinks():
    """((-4, -5), (5, 4))/3 has the eigenvalues i and -i."""
    kind = joint_radius._mixing(3, 4, 5).kind
    radii = {(0, 0): 0.0, (0, 1): 4 / 3, (1, 0): 4 / 3, (1, 1): 1.0}
    verdict = kind.check({"radii": radii, "gates": [(1, 1)]})
    assert list(verdict.wrong) == ["one round of the gates grows"]
    assert kind.check({"radii": radii, "gates": [(0, 1)]}).ok


PLACES = [
    *(
        ("joint-radius-length", "largest", (c, n))
        for c in (0.5, 0.9, 2)
        for n in (1, 2, 7)
    ),
    *(
        ("joint-radius-triangular", "radius", case)
        for case in ((0.5, 10, 0.25), (-0.9, 3, 0.2), (0.1, -4, -1.5), (0.3, 0, 0.3))
    ),
    *(("point-process-silence", "law", (n,)) for n in (*range(8), 50, 199)),
    *(
        ("spectral-bounds-peak", "place", pair)
        for pair in ((0.9, 1.0), (0.9, 50.0), (0.5, 10.0), (0.97, 10.0))
    ),
]


@pytest.mark.parametrize(("label", "part", "place"), PLACES)
def test_a_function_that_is_wrong_in_one_place_is_refused(label, part, place):
    label = f"ex-{label}"
    right = SOLUTIONS[label][part]
    kind = known()[label].kind
    size = 2e-3 if part == "place" else 1e-8
    for off in (-size, size):

        def wrong(*a, off=off):
            return right(*a) + off * (a == place)

        assert not kind.check(SOLUTIONS[label] | {part: wrong}).ok


@pytest.mark.parametrize("n", range(5))
def test_counts_of_another_law_are_refused(n):
    """A twelfth of the runs have n events more often than the law has."""
    counts = np.append(SILENCE["counts"], [n] * 250)
    kind = known()["ex-point-process-silence"].kind
    verdict = kind.check(SILENCE | {"counts": counts})
    assert list(verdict.wrong) == ["the simulation has this law"]
    assert point_process.law(n) == pytest.approx((1 - np.exp(-1)) ** n * np.exp(-1))


@pytest.mark.parametrize("matrices", [[[[1, 2]]], [[[1]], [[1, 0], [0, 1]]], [[1, 2]]])
def test_matrices_that_are_not_square_or_of_one_size(matrices):
    kind = known()["ex-exploding-one-step"].kind
    wrong = kind.check(
        SOLUTIONS["ex-exploding-one-step"] | {"matrices": matrices}
    ).wrong
    told = "cannot be tested: ValueError: expected square matrices of one size"
    assert wrong == dict.fromkeys([*kind.claims][1:], told)


@pytest.mark.parametrize(
    "targets",
    [[[0, 1]] * 3, [[0.0, 3.0]] * 3, [[[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0, 0]]] * 3],
)
def test_targets_of_a_counterexample_are_classes_or_distributions(targets):
    kind = known()["ex-gradient-checking-hide"].kind
    theta, x, _, start = kind.cases()["3 units"]
    lines, mended, _ = SOLUTIONS["ex-gradient-checking-hide"]
    assert kind.check((lines, mended, (theta, x, targets, start))).ok
    classes, soft = np.argmax(targets, axis=-1), np.array(targets)
    y = soft if soft.ndim == 3 else soft.astype(int)
    wanted = gradient_checking.tied_right(theta, x, y, start)[0]
    assert gradient_checking.tied_right(theta, x, targets, start)[0] == wanted
    if soft.ndim == 3:
        hard = gradient_checking.tied_right(theta, x, classes, start)[0]
        assert wanted != pytest.approx(hard)


def test_a_counterexample_has_as_many_targets_as_inputs():
    kind = known()["ex-total-derivative-mistake"].kind
    line, mended, (params, x, y) = SOLUTIONS["ex-total-derivative-mistake"]
    for case in ((params, x[:3], y), (params, x, y[:3])):
        told = kind.check((line, mended, case)).wrong["the counterexample"]
        assert told.startswith("the right function cannot be run on it: zip()")


def test_a_round_that_grows_by_a_little():
    kind = joint_radius._mixing(1, 0.0, 1 + 1e-8).kind
    radii = {(0, 0): 0.0, (0, 1): 0.0, (1, 0): 0.0, (1, 1): 1.0}
    assert kind.check({"radii": radii, "gates": [(1, 1)]}).ok


def test_the_lengths_are_the_first_whose_bound_is_below_one():
    first = {c: next(n for n in range(99) if 2 * c**n < 1) for c in (0.75, 0.9, 0.99)}
    assert joint_radius.LENGTHS == first


@pytest.mark.parametrize(
    ("part", "value", "claims", "words"),
    [
        ("attained", [1, 2], (0, 1), "a square matrix"),
        ("attained", [[1, 2]], (0, 1), "a square matrix"),
        ("attained", [[[1]]], (0, 1), "a square matrix"),
        ("W", [[1, 1]], (2, 3), "a square matrix"),
        ("slopes", [1, -1], (2, 3), "slopes of shape (steps, d)"),
        ("slopes", np.ones((0, 2)), (2, 3), "slopes of shape (steps, d)"),
        ("slopes", [[1, -1, 1]], (2, 3), "slopes of shape (steps, d)"),
    ],
)
def test_matrices_and_slopes_that_do_not_fit(part, value, claims, words):
    kind = known()["ex-joint-radius-numerical"].kind
    wrong = kind.check(SIGNED | {part: value}).wrong
    names = [list(kind.claims)[k] for k in claims]
    told = f"cannot be tested: ValueError: expected {words}"
    assert wrong == dict.fromkeys(names, told)


@pytest.mark.parametrize("gain", [0.0, -1.0, np.inf])
def test_a_gain_that_is_none_is_answered_in_words(gain):
    kind = known()["ex-gradient-behaviour-at-most"].kind.kinds["a gain between"]
    told = kind.check(gain).wrong["the theory says that gradients vanish"]
    assert told == "it does not: chi must be below one"


@pytest.mark.parametrize("scale", [0.0, -0.01])
def test_a_scale_that_is_none_is_answered_in_words(scale):
    kind = known()["ex-joint-radius-triangular"].kind
    told = kind.check(SOLUTIONS["ex-joint-radius-triangular"] | {"scale": scale}).wrong
    assert told == {
        "the scaling proves it": "it does not: the corner becomes 10 s, so take a "
        "small positive s"
    }


def test_the_largest_rate_may_be_off_by_as_much_as_a_bisection():
    kind = known()["ex-optimising-momentum"].kind
    right = SOLUTIONS["ex-optimising-momentum"]
    for off in (-4e-5, 4e-5, -6e-5, 6e-5):
        assert kind.check(lambda m, L, off=off: right(m, L) + off).ok is (
            abs(off) < 5e-5
        )


def test_counts_are_near_the_law_to_four_and_a_half_errors():
    kind = known()["ex-point-process-silence"].kind

    def fails(counts):
        return [*kind.check(SILENCE | {"counts": counts}).wrong]

    def moved(m):  # the share of 1 grows by 2 m/3000, and the mean stays
        counts = SILENCE["counts"].copy()
        for n in (0, 2):
            counts[np.flatnonzero(counts == n)[:m]] = 1
        return counts

    def with_one_of(n):  # the shares stay
        return np.append(SILENCE["counts"][:-1], n)

    assert fails(moved(40)) == fails(with_one_of(11 + 350)) == []
    assert fails(moved(80)) == fails(with_one_of(11 + 710)) != []  # 7 and 6 errors


LINES = {
    "forward-mistake": ({3}, {2, 3}, {3, 4}),
    "gradient-checking-hide": ({4}, {5}, {4, 5}),
    "index-notation-mistake": ({1},),
    "notation-index": ({1},),
    "total-derivative-mistake": ({6}, {10}),
    "unrolled-sums-mistake": ({4}, {5}, {4, 5}),
}


@pytest.mark.parametrize("label", LINES)
def test_these_lines_are_accepted_and_no_others(label):
    kind = known()[f"ex-{label}"].kind
    _, function, counterexample = SOLUTIONS[f"ex-{label}"]
    lines = [set(c) for n in (1, 2, 3) for c in combinations(range(1, 12), n)]
    stub = Mistake(kind.lines, len, len, dict)
    right = [s for s in lines if "the lines" in stub.check((s, len, ([],))).right]
    assert right == sorted(LINES[label], key=len)
    assert kind.check((sorted(LINES[label][-1]), function, counterexample)).ok
