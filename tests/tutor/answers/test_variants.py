"""Exercises with other numbers: each can be solved, and each slip has its words."""

import re
import tomllib
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from rnnbook.tutor.answers import check_answer
from rnnbook.tutor.answers.chapters import losses, point_process_fits
from rnnbook.tutor.answers.checking import known, varied
from rnnbook.tutor.answers.kinds import Formulas, Numbers

TABLE = tomllib.loads(Path(__file__).with_name("variants.toml").read_text("utf-8"))
LABELS = [label for label, exercise in known().items() if exercise.variant]


def plain(value):
    """A solution as text, with nine digits of each number."""
    if isinstance(value, dict):
        return "; ".join(f"{plain(k)}: {plain(v)}" for k, v in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(map(plain, value))
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def described(label, seed):
    """What a variant says and wants, for the table."""
    variant = varied(label, seed)
    kind = variant.exercise.kind
    found = {"text": [*variant.text.values()], "solution": plain(variant.solution)}
    found["hints"] = [*variant.exercise.hints]
    if variant.code:
        found["code"] = [*variant.code.values()]
    if isinstance(kind, Numbers):
        for part, slips in kind.slips.items():
            found[f"slips of {part}"] = [plain(number) for number in slips]
    return found


def drawn(label):
    """The numbers in the texts of 40 variants."""
    texts = ("\n".join(varied(label, seed).text.values()) for seed in range(40))
    return [" ".join(re.findall(r"[\d.]*\d", text)) for text in texts]


def test_the_table_is_that_of_all_variants():
    assert list(TABLE) == LABELS


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_poses_the_same_exercise_for_ever(label):
    for seed, said in TABLE[label].items():
        if seed.isdigit():
            assert described(label, int(seed)) == said
    assert drawn(label) == TABLE[label]["numbers"]
    assert [*known()[label].hints] == TABLE[label]["hints"]


@pytest.mark.parametrize("label", LABELS)
def test_a_variant_is_solved_by_its_solution_alone(label):
    variant = varied(label, 3)
    assert check_answer(label, lambda: variant.solution, seed=3).ok
    for words, answer in variant.exercise.wrong.items():
        told = str(check_answer(label, lambda a=answer: a, seed=3))
        assert all(part in told for part in words.split(": ")), told


def test_a_wrong_answer_to_the_four_lines_keeps_one_that_is_printed():
    for seed in range(6):
        variant = varied("ex-five-notations-mistakes", seed)
        lines = [line.partition(" = ")[2][:-1] for line in variant.text.values()]
        named = {}
        for words, answer in variant.exercise.wrong.items():
            (k,) = (k for k in range(4) if answer[k] != variant.solution[k])
            assert answer[k] == lines[k] and words.startswith(f"line {k + 1}: ")
            named[k] = words
        true = [k for k in range(4) if lines[k] == variant.solution[k]]
        assert sorted([*named, *true]) == [0, 1, 2, 3] and len(named) == 3


class Drawn:
    """A random generator whose numbers are given."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def randint(self, least, most):
        number = self.numbers.pop(0)
        assert least <= number <= most
        return number


def nearest(kind):
    """How near, relatively, two numbers of a part are, right or wrong."""
    rows = ([right, *kind.slips[part]] for part, right in kind.right.items())
    return min(abs(a / b - 1) for row in rows for a, b in permutations(row, 2))


@pytest.mark.parametrize("T", [5, 6, 9, 11])
@pytest.mark.parametrize("K", [3, 4, 5, 6, 7, 28, 29, 30])
def test_steps_and_classes_are_drawn_anew_while_two_losses_are_alike(T, K):
    rng = Drawn(T, K, 7, 11)
    variant = losses._other_untrained(rng)
    drawn = nearest(losses._untrained(T, K).kind) > 0.01
    assert rng.numbers == ([7, 11] if drawn else [])
    assert variant.solution[0] == pytest.approx(
        T * np.log(K) if drawn else 7 * np.log(11)
    )


@pytest.mark.parametrize("alpha", [6, 7, 8])
@pytest.mark.parametrize("beta", [2, 3, 4])
@pytest.mark.parametrize("mu", [4, 6, 8, 9])
def test_excitations_are_drawn_anew_while_two_rates_are_alike(mu, beta, alpha):
    rng = Drawn(mu, beta, alpha, 5, 2, 8)
    variant = point_process_fits._other_offspring(rng)
    parts = point_process_fits._offspring(mu / 10, alpha * beta / 10, beta).kind.kinds
    drawn = nearest(parts["derived"]) > 0.01
    assert rng.numbers == ([5, 2, 8] if drawn else [])
    rate = mu / (10 - alpha) if drawn else 2.5
    assert variant.solution[0] == pytest.approx((rate, alpha / 10 if drawn else 0.8))


@pytest.mark.parametrize("label", LABELS)
def test_the_slips_of_a_variant_are_told_apart(label):
    for seed in range(12):
        variant = varied(label, seed)
        kind = variant.exercise.kind
        if not isinstance(kind, Formulas) or seed < 2:
            assert kind.check(variant.solution).ok
        if not isinstance(kind, Numbers):
            continue
        for part, slips in kind.slips.items():
            others = {} if part not in kind.follow else dict.fromkeys(kind.right)
            for number, words in slips.items():
                given = kind.right | others | {part: number}
                assert kind.check(given).wrong[part] == words
