"""Section 13, lines 95 to 130: the word hello, the loop, and the prediction."""

from dataclasses import replace
from math import log

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, network, softmax
from ledger.checks.topcuoglu.sizes import counted
from ledger.checks.topcuoglu.training import DATA, LETTERS, WORD, spelled, trained


@check(
    "topcuoglu-13-32",
    printed=lambda word: sorted(list(set(word))),
    planted=[lambda word: list(word), lambda word: sorted(word)],
    cases=["hello", "abba", "z"],
)
def each_letter_once_in_order(statement, word):
    found = statement(word)
    assert set(found) == set(word)
    assert all(a < b for a, b in zip(found, found[1:], strict=False))
    assert word != WORD or found == ["e", "h", "l", "o"]


@check(
    "topcuoglu-13-33",
    printed=lambda chars: (
        {ch: i for i, ch in enumerate(chars)},
        {i: ch for i, ch in enumerate(chars)},
    ),
    planted=[
        lambda chars: (
            {ch: i for i, ch in enumerate(chars)},
            {i: ch for i, ch in enumerate(reversed(chars))},
        )
    ],
)
def the_two_dictionaries_are_inverse(statement):
    to_index, to_letter = statement(LETTERS)
    assert "".join(to_letter[to_index[letter]] for letter in WORD) == WORD


@check(
    "topcuoglu-13-34",
    printed=[1, 0, 2, 2, 3],
    planted=[[0, 1, 2, 2, 3], [1, 0, 2, 3], [1, 0, 3, 3, 2]],
)
def the_word_in_numbers(statement):
    assert [LETTERS[i] for i in statement] == list(WORD)


@check(
    "topcuoglu-13-35",
    printed=("hello", "ello "),
    corrected=("hell", "ello"),
    planted=[("hello", "ello"), ("hell", "hello")],
)
def inputs_and_targets_in_letters(statement):
    found = ("".join(LETTERS[i] for i in part) for part in (DATA[:-1], DATA[1:]))
    assert statement == tuple(found)


@check(
    "topcuoglu-13-36",
    printed=lambda data: (data[:-1], data[1:]),
    planted=[
        lambda data: (data, data),
        lambda data: (data[1:], data[:-1]),
        lambda data: (data[:-2], data[2:]),
    ],
    cases=[[1, 0, 2, 2, 3], [0, 1], [5, 6, 7]],
)
def each_target_is_the_next_letter(statement, data):
    inputs, targets = statement(data)
    assert len(inputs) == len(targets) == len(data) - 1
    for t, (read, wanted) in enumerate(zip(inputs, targets, strict=True)):
        assert (read, wanted) == (data[t], data[t + 1])


@check(
    "topcuoglu-13-37",
    printed=100 * (4 + 100 + 4 + 1) + 4,
    planted=[15_326, 10_800, 100 * (5 + 100 + 5 + 1) + 5],
)
def the_size_of_the_model(statement):
    size = len(LETTERS)
    assert sum(counted(size, 100, size).values()) == statement
    assert sum(p.size for p in trained(0)[1]) == statement


def zero_each_time(n, pieces):
    """Every piece of the text is read from the zero state."""
    losses = []
    for steps in np.array_split(np.arange(1, n.T + 1), pieces):
        x, y = ((None, *(a[t] for t in steps)) for a in (n.x, n.y))
        losses += replace(n, h_0=np.zeros_like(n.h_0), x=x, y=y).ell[1:]
    return losses


TEXT = network(np.random.default_rng(6), d_x=4, K=4, T=6)


@check(
    "topcuoglu-13-38",
    printed=zero_each_time,
    planted=[lambda n, pieces: n.ell[1:]],  # from another state
    cases=[(TEXT, 1)],
    outside=[(TEXT, 2), (TEXT, 3)],
)
def every_epoch_starts_from_zero(statement, case):
    n, pieces = case
    whole = replace(n, h_0=np.zeros_like(n.h_0))
    assert close(statement(n, pieces), whole.ell[1:])


def listed(p, target):
    """Line 116."""
    return -np.log(p[target])


@check(
    "topcuoglu-13-39",
    printed=lambda ps, targets: sum(map(listed, ps, targets)),
    planted=[
        lambda ps, targets: sum(map(listed, ps, targets)) / len(targets),
        lambda ps, targets: -sum(p[c] for p, c in zip(ps, targets, strict=True)),
    ],
    cases=lambda rng: list(3 * rng.standard_normal((4, 4, 5))),
    outside=[np.array([[0.0, -1000.0]])],
)
def the_loss_from_probabilities(statement, logits):
    targets = [z.size - 1 for z in logits]
    exact = sum(np.max(z) + log(np.sum(np.exp(z - np.max(z)))) - z[-1] for z in logits)
    with np.errstate(divide="ignore"):
        assert close(statement([softmax(z) for z in logits], targets), exact)


@check(
    "topcuoglu-13-40",
    printed=list(range(0, 100, 10)),
    planted=[list(range(10, 110, 10)), [*range(0, 100, 10), 99], list(range(10))],
)
def the_epochs_that_are_printed(statement):
    printed = []
    for epoch in range(100):
        if epoch % 10 == 0:
            printed.append(epoch)
    assert printed == statement


@check(
    "topcuoglu-13-41",
    printed=lambda losses: losses[-1] < 0.1,
    planted=[
        lambda losses: losses[-1] > 2 * log(2),  # the best without memory
        lambda losses: losses[0] < 0.1,
        lambda losses: losses[-1] > 0.9 * losses[0],
    ],
    cases=range(4),
)
def the_loss_falls(statement, seed):
    losses, _, largest = trained(seed)
    assert statement(losses)
    assert abs(losses[0] - 4 * log(4)) < 0.05  # four letters, no knowledge
    assert largest < 3  # so that neither clipping would act


def likeliest(p):
    return int(np.argmax(p))


def unlikely_draw(p):
    """What a draw can give: the letter that a uniform number close to one picks."""
    return int(np.searchsorted(np.cumsum(p), 0.9999))


@check(
    "topcuoglu-13-42",
    printed=lambda params: spelled(params, likeliest),
    otherwise=lambda params: spelled(params, unlikely_draw),
    cases=range(4),
)
def the_prediction_after_training(statement, seed):
    losses, params, _ = trained(seed)
    assert statement(params) == "ello"
    assert 0.9 < np.exp(-losses[-1]) < 0.999  # how often a draw spells it
