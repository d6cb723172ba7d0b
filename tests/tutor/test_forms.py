"""Results in another order, lists that grow, constants, and what is not recognised."""

import numpy as np
import pytest

from rnnbook.tutor import (
    check_backward,
    check_clipping,
    check_forward,
    check_sampling,
    check_training,
    check_update,
    check_windows,
    sampling_models,
)
from rnnlib import Params
from tests.tutor.readers import SLIPS, program


def names(diagnosis):
    """The names of what was found."""
    return [m.name for m in diagnosis.mistakes]


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
def test_results_in_another_order_are_recognised(order):
    right = program("forward")
    wrong = program("forward", *SLIPS["forward"]["W_hh transposed"])

    def turned(function):
        return lambda *a: [function(*a)[i] for i in order]

    found = check_forward(turned(right))
    listed = ", ".join(("loss", "h", "p")[i] for i in order)
    assert names(found) == ["results in another order"] and not found.ok
    assert f"It returns {listed}; asked for is loss, h, p." in str(found)
    assert "the values are right, their form is not" in str(found)
    found = check_forward(turned(wrong))
    assert names(found) == ["W_hh transposed", "results in another order"]


def test_the_logits_and_the_probabilities_are_told_apart_by_value():
    right = program("forward")

    def more(params, x, y, h_0):
        loss, h, p = right(params, x, y, h_0)
        return h, h[1:] @ params.W_hy.T + params.b_y, p, loss

    found = check_forward(more)
    assert names(found) == ["more results than asked"]
    assert "returns h, something else, p, loss; asked for is" in str(found)


def test_other_orders_of_gradients_updates_and_losses():
    right = program("backward")
    found = check_backward(lambda *a: tuple(right(*a))[::-1])
    assert names(found) == ["results in another order"]
    assert "b_y, W_hy, b_h, W_hh, W_xh; asked" in str(found)
    assert names(check_training(lambda *a: program("training")(*a)[::-1])) == [
        "results in another order"
    ]
    assert names(check_update(lambda *a: program("adagrad")(*a)[::-1])) == [
        "results in another order"
    ]


def test_another_order_of_wrong_results_is_not_guessed():
    right = program("forward")

    def odd(*arguments):
        loss, h, p = right(*arguments)
        return h + 1, p + 1, loss + 1

    found = check_forward(odd)
    assert names(found) == [] and not found.ok
    assert "expected another shape or order of results" in str(found)


def test_lists_that_grow_are_recognised():
    right, train = program("forward"), program("training")

    def forward(params, x, y, h_0, h=[], p=[]):  # noqa: B006
        loss, states, chances = right(params, x, y, h_0)
        h.extend(states)
        p.extend(chances)
        return loss, h, p

    def wrong(params, x, y, h_0, p=[]):  # noqa: B006
        p.extend(right(params, x, y, h_0)[2])
        return 2 * right(params, x, y, h_0)[0], right(params, x, y, h_0)[1], p

    def training(params, *arguments, losses=[]):  # noqa: B006
        params, found = train(params, *arguments)
        losses.extend(found)
        return params, losses

    for check, function in ((check_forward, forward), (check_training, training)):
        for _ in range(2):  # fresh, and with what earlier calls have left
            found = check(function)
            assert names(found) == ["a default list that grows"] and not found.ok
            assert "Make the list inside the function." in str(found)
    found = check_forward(wrong)
    assert names(found) == [] and "the line of def is made once" in str(found)


@pytest.mark.parametrize("value", [0.37, 0.0837, 61.7])
def test_a_constant_that_nobody_types_is_not_called_right(value):
    clip = program(
        "clipping",
        "np.minimum(np.maximum(g, -threshold), threshold)",
        f"np.clip(g, -{value}, {value})",
    )
    found = check_clipping(clip)
    assert not found.ok and names(found) == []
    assert "does not depend on the argument threshold" in str(found)
    train = program("training", "memory, learning_rate", f"memory, {value}")
    found = check_training(train)
    assert not found.ok and names(found) == []
    assert "does not depend on the argument learning_rate" in str(found)
    found = check_update(program("adagrad", "learning_rate * g", f"{value} * g"))
    assert not found.ok and names(found) == []
    assert found.facts == ("The result does not depend on the argument learning_rate.",)


@pytest.mark.parametrize("tau", [5, 10, 100])
def test_a_clip_at_a_constant_is_not_called_a_missing_clip(tau):
    found = check_training(
        program("training", "gradients, threshold", f"gradients, {tau}")
    )
    assert names(found) == [f"threshold is {tau} whatever was asked for"]


@pytest.mark.parametrize("size", range(112, 119))
def test_no_stop_rule_but_the_book_s_is_right(size):
    def windows(indices, length):
        n = (len(indices) - 1) // length
        if len(indices) == size:
            n -= 1
        at = length * np.arange(n)[:, None] + np.arange(length)
        return indices[at], indices[at + 1]

    found = check_windows(windows)
    assert not found.ok


def test_draws_mixed_with_uniform_ones_get_no_wrong_name(share=0.05):
    mixed = program(
        "sampling",
        "p = p / p.sum()",
        f"p = (1 - {share}) * p / p.sum() + {share} / len(p)",
    )
    found = check_sampling(mixed)
    assert not found.ok and names(found) == []
    assert found.first == "the likelihood of the symbols at temperature 0.87"


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 1.5])
def test_another_temperature_is_measured(factor):
    found = check_sampling(program("sampling", "/ temp", f"/ {factor} / temp"))
    assert names(found) == ["another temperature"]
    words = found.mistakes[0].sentence.split()
    assert abs(float(words[words.index("about") + 1]) - factor) <= 0.05 * factor


def test_a_generator_is_blamed_only_after_the_draws():
    seeded = ("    for _", "    rng = np.random.default_rng(5)\n    for _")
    three = "p[p < np.sort(p)[-3]] = 0\n        p = p / p.sum()"
    found = check_sampling(program("sampling", "p = p / p.sum()", three, *seeded))
    assert names(found) == [
        "only the 3 most probable symbols drawn",
        "a seed of its own",
    ]
    found = check_sampling(program("sampling", "p = p / p.sum()", three))
    assert names(found) == ["only the 3 most probable symbols drawn"]
    wrong = ("W_hh @ h", "W_hh @ h * 0.3", *seeded)
    found = check_sampling(program("sampling", *wrong))
    assert names(found) == [] and "do not depend on rng" in str(found)
    ignored = (" / temperature", "", "rng.random", "np.random.random")
    found = check_sampling(program("sampling", *ignored))
    assert names(found) == ["temperature ignored", "the global generator used"]


def test_every_symbol_has_a_chance_in_the_cases_of_sampling():
    """So that a symbol which is never drawn is missed: forty are expected."""
    from rnnbook.tutor.sampling import LENGTH, RUNS, network_cases

    expected = 0
    for case in network_cases():
        sample = sampling_models.planted({})
        seeds = map(np.random.default_rng, range(RUNS))
        runs = [sample(*case[:3], LENGTH, case.tau, rng) for rng in seeds]
        z = sampling_models.logits(case, np.array(runs), sampling_models.PIECES)
        p = sampling_models.softmax(z / case.tau)
        expected = expected + np.sort(p).sum(axis=(0, 1))
    assert expected.min() > 30


def test_the_first_difference_is_told_in_the_order_of_the_computation():
    def doubled(params, x, y, h, p):
        found = program("backward")(params, x, y, h, p)
        return Params(*(1.7 * g for g in found))

    assert check_backward(doubled).first == "b_y"
    right = program("forward")

    def late(*arguments):
        loss, h, p = right(*arguments)
        h[3:] += 0.5
        return 2 * loss, h, p

    assert check_forward(late).first == "h at t = 3"
    assert "h at t = 3." in str(check_forward(late))


def test_an_array_that_hides_entries_is_no_answer():
    right = program("windows")

    def masked(indices, length):
        x, y = right(indices, length)
        return x, np.ma.masked_array(y, y == y.max())

    found = check_windows(masked)
    assert not found.ok and "y: expected an array, got a masked one" in str(found)
