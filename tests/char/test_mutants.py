"""Mistakes planted in the modules are noticed by short checks, which the real pass."""

import json
import re
from dataclasses import replace

import numpy as np

from rnnlib import optimisers
from rnnlib.char import default, network, run, settings
from rnnlib.char.settings import Settings
from rnnlib.clipping import clip_by_value
from rnnlib.language import text
from rnnlib.language.corpus import corpus_of
from rnnlib.trees import flatten, rebuild
from tests.support.mutants import (
    Mutant,
    each,
    fails,
    planted,
    with_arguments,
    with_result,
)

TEXT = "abcdefgh ijkl. " * 30
CORPUS = corpus_of(TEXT)


def windows_are_right():
    """Targets are the inputs shifted by one, in order, in windows that follow."""
    x, y = run.streams(np.arange(32), 3)
    first, target, fresh = run.window_at(0, x, y, 4)
    second, _, later = run.window_at(1, x, y, 4)
    again, _, anew = run.window_at(2, x, y, 4)
    return (
        x.shape == (10, 3)
        and np.array_equal(x[:, 1], np.arange(10, 20))
        and np.array_equal(y, x + 1)
        and np.array_equal(target, first + 1)
        and np.array_equal(second[0], first[-1] + 1)
        and np.array_equal(again, first)
        and (fresh, later, anew) == (True, False, True)
    )


def go_on_is_right():
    """Ten steps are those of a plain loop over windows with the state handed on."""
    options = {"hidden": 3, "window": 4, "batch": 2, "validate_every": 0}
    about = run.about_corpus(Settings(**options, clip=0.05, half_life=3.0), CORPUS)
    state = run.first_state(about)
    found = run.go_on(about, state, CORPUS.indices, steps=110, progress=False)
    cell, params, memory = network.build("rnn"), state.params, state.optimiser
    train_part = about.alphabet.encode(TEXT)[:-45]
    n = (len(train_part) - 1) // 2
    x, y = (a[: 2 * n].reshape(2, n).T for a in (train_part[:-1], train_part[1:]))
    adagrad = optimisers.adagrad(lambda k: 0.1 * 2 ** (-k / 3.0))
    carried, start = None, 0
    for _ in range(110):
        if carried is None or start + 4 > n:
            carried, start = network.zero_state(cell, params, 2), 0
        window = slice(start, start + 4)
        _, gradients, carried = network.loss_and_gradients(
            cell, params, x[window], y[window], carried
        )
        clipped = clip_by_value(gradients, 0.05)
        params, memory = adagrad.update(params, clipped, memory)
        start += 4
    a, b = flatten(found.params), flatten(params)
    return all(np.allclose(a[k], b[k], atol=1e-9) for k in a)


def measured_is_right():
    """The validation is of the held-out part, from the state that was carried."""
    about = run.about_corpus(Settings(hidden=3, window=4, validate_every=7), CORPUS)
    found = run.go_on(
        about, run.first_state(about), CORPUS.indices, steps=7, progress=False
    )
    validation = about.alphabet.encode(TEXT)[-45:-23]
    cell = network.build("rnn")
    log_p = network.log_probabilities(cell, found.best, validation, found.carried)
    return np.isclose(found.history.validation[0], -log_p.mean())


def loading_is_right():
    """The best parameters where there are some; another text is refused."""
    about = run.about_corpus(Settings(hidden=3, window=4, validate_every=2), CORPUS)
    after = run.first_state(about)
    model = run.Model(about, None, after._replace(best="best", params="last"))
    history = after.history._replace(validation=np.ones(1))
    best = model._replace(state=model.state._replace(history=history))
    try:
        run.check_same_text(about, corpus_of(TEXT + "!"), "a")
    except ValueError:
        return model.params == "last" and best.params == "best"
    return False


def smoothing_is_right():
    """s <- 0.999 s + 0.001 loss from T ln V."""
    found = run.smooth_loss([1.0, 2.0], 5, 10)
    one = 0.999 * 10 * np.log(5) + 0.001
    return np.allclose(found, [one, 0.999 * one + 0.002])


def network_is_right():
    """The fast path equals the readable one, and both the mean of the streams."""
    cell, rng = network.build("rnn"), np.random.default_rng(0)
    params = network.init_params(cell, 4, 3, rng=rng, dtype=np.float64)
    x, y = rng.integers(0, 4, (2, 5, 2))
    state = rng.standard_normal((2, 3))
    total = 0
    for b in range(2):
        sequence = np.append(x[:, b], y[-1, b])
        y[:, b] = sequence[1:]
        one = state[b : b + 1]
        total -= network.log_probabilities(cell, params, sequence, one).sum()
    slow = network.loss_and_gradients(cell, params, x, y, state)
    other = network.init_params(cell, 4, 3, rng=rng, dtype=np.float64)
    layout, fast = network.layout(cell, params), network.objective(cell, other, 5, 2)
    fast(layout.vector(other), y, x, state + 1)
    fast = fast(layout.vector(params), x, y, state)
    return (
        np.allclose([slow[0], fast[0]], total / 2)
        and np.allclose(layout.vector(slow[1]), fast[1])
        and np.allclose(slow[2], fast[2])
        and np.isclose(network.mean_loss(cell, params, x, y, state), total / 10)
        and np.array_equal(network.last_stream(state, 2), state[[1, 1]])
    )


def text_is_right():
    """Encoding, splitting and reading refuse what they must."""
    alphabet = text.Alphabet.of("bca")
    for bad, place in (("d", 0), ("a\x00", 1), ("bcab~a~", 4)):
        try:
            alphabet.encode(bad)
            return False
        except ValueError as error:
            if f"position {place} " not in str(error):
                return False
    train, held_out = text.split(np.arange(20), 0.1)
    try:
        text.check_length("abc", 3)
        return False
    except ValueError:
        pass
    return (
        alphabet.symbols == ("a", "b", "c")
        and alphabet.encode("cab").tolist() == [2, 0, 1]
        and (train.tolist(), held_out.tolist()) == (list(range(18)), [18, 19])
    )


def settings_are_right():
    """There and back, with the usual learning rates."""
    about = settings.About(Settings(optimiser="adam"), text.Alphabet(("a", "b")), "0")
    back = json.loads(about.to_json())
    return (
        back["settings"]["learning_rate"] == 0.002
        and back["settings"]["half_life"] is None
        and back["symbols"] == "ab"
    )


def prose_is_right():
    """Long paragraphs of words in docstrings, once."""
    good = "A sentence of quite a few plain words that is long enough for this one."
    bad = ["Too short.", good[:-1], good.replace("plain", "x=1"), good.lower()]
    bad += ["A 1a 2b 3c 4d 5e 6f 7g 8h 9i words and more words."]
    source = '"""' + "\n\n".join([good, *bad, good]) + f'"""\n{good}'
    return default.prose([source, source]) == good + "\n"


NETWORK, RUN, TEXT_AT = "rnnlib.char.network", "rnnlib.char.run", "rnnlib.language.text"
CHECKS = (
    windows_are_right,
    go_on_is_right,
    measured_is_right,
    loading_is_right,
    smoothing_is_right,
    network_is_right,
    text_is_right,
    settings_are_right,
    prose_is_right,
)


def times(B):
    """A tree of gradients, multiplied."""
    return lambda tree: rebuild(tree, {k: B * g for k, g in flatten(tree).items()})


def of_objective(change):
    """The function that `objective` makes, its result changed."""
    return with_result(lambda objective, *sizes: with_result(change)(objective))


def not_the_state(right):
    """The fast objective, begun at zero."""

    def wrong(*sizes):
        objective = right(*sizes)
        return lambda vector, x, y, state: objective(vector, x, y, 0 * state)

    return wrong


def first_parameters(right):
    """The objective, which keeps the parameters that it is made with."""

    def wrong(cell, params, T, B):
        objective, kept = right(cell, params, T, B), network.layout(cell, params)
        kept = kept.vector(params)
        return lambda vector, x, y, state: objective(kept, x, y, state)

    return wrong


def step_over_all(step, x, y, window):
    """Windows that go over the end."""
    start = step * window % len(x)
    rows = (np.arange(start, start + window)) % len(x)
    return x[rows], y[rows], start == 0


def unknown(self, symbols):
    """The places of the characters that are not in the alphabet."""
    return [i for i, c in enumerate(symbols) if c not in self.symbols]


def known(self, symbols, places):
    """The text with the first symbol in these places."""
    return "".join(self.symbols[0] if i in places else c for i, c in enumerate(symbols))


def encode_anything(right):
    """Characters that are not in the alphabet are taken for its first."""
    return lambda self, s: right(self, known(self, s, unknown(self, s)))


def name_the_last(right):
    """The message has the last character that is not in the alphabet."""
    return lambda self, s: right(self, known(self, s, unknown(self, s)[:-1]))


MUTANTS = [
    Mutant(name, place, wrong, check)
    for check, place, mistakes in (
        (
            windows_are_right,
            f"{RUN}.streams",
            {
                "targets not shifted": with_result(lambda r, *_: (r[0], r[0])),
                "targets shifted back": with_result(lambda r, *_: (r[1], r[0])),
                "streams interleaved": with_result(
                    lambda r, *_: tuple(a.T.reshape(a.shape) for a in r)
                ),
            },
        ),
        (
            windows_are_right,
            f"{RUN}.window_at",
            {
                "windows over the end": lambda right: step_over_all,
                "the first pass alone is fresh": with_result(
                    lambda r, step, *_: (*r[:2], step == 0)
                ),
            },
        ),
        (
            go_on_is_right,
            f"{RUN}.window_at",
            {
                "always from zero": with_result(lambda r, *_: (*r[:2], True)),
                "never from zero": with_result(lambda r, *_: (*r[:2], False)),
            },
        ),
        (
            go_on_is_right,
            f"{RUN}.clipping",
            {"not clipped": lambda right: lambda settings: None},
        ),
        (
            go_on_is_right,
            f"{RUN}.optimiser",
            {
                "half-life of one step": with_arguments(
                    lambda settings: ((replace(settings, half_life=1.0),), {})
                )
            },
        ),
        (
            go_on_is_right,
            f"{RUN}.parts_of",
            {"trained on validation": with_result(lambda r, *_: (r[1], *r[1:]))},
        ),
        (
            measured_is_right,
            f"{NETWORK}.mean_loss",
            {"from zero": with_arguments(lambda *args: (args[:4], {}))},
        ),
        (
            measured_is_right,
            f"{RUN}.parts_of",
            {"measured on training": with_result(lambda r, *_: (r[0], r[0], r[2]))},
        ),
        (
            loading_is_right,
            f"{RUN}.Model.params",
            {"never the best": lambda right: property(lambda self: self.state.params)},
        ),
        (
            loading_is_right,
            f"{RUN}.check_same_text",
            {"any text": lambda right: lambda about, corpus, path: None},
        ),
        (
            smoothing_is_right,
            f"{RUN}.smooth_loss",
            {
                "another rate": with_arguments(
                    lambda losses, V, window: ((np.repeat(losses, 10), V, window), {})
                ),
                "begins at ln V": with_arguments(
                    lambda losses, V, window: ((losses, V, 1), {})
                ),
            },
        ),
        (
            network_is_right,
            f"{NETWORK}.loss_and_gradients",
            {
                "gradients summed over streams": with_result(
                    lambda r, *_: (r[0], times(2)(r[1]), r[2])
                )
            },
        ),
        (
            network_is_right,
            f"{NETWORK}.objective",
            {
                "fast gradients summed over streams": of_objective(
                    lambda r, *_: (r[0], 2 * r[1], r[2])
                ),
                "fast loss summed over streams": of_objective(
                    lambda r, *_: (2 * r[0], *r[1:])
                ),
                "fast from zero": not_the_state,
                "fast with old parameters": first_parameters,
            },
        ),
        (
            network_is_right,
            f"{NETWORK}.last_stream",
            {
                "the first stream": with_arguments(
                    lambda state, *count: ((state[::-1], *count), {})
                )
            },
        ),
        (
            network_is_right,
            f"{NETWORK}.log_probabilities",
            {
                "the state is not read": with_arguments(lambda *args: (args[:3], {})),
                "one symbol left out": with_result(lambda r, *_: r[1:]),
            },
        ),
        (
            network_is_right,
            f"{NETWORK}.mean_loss",
            {"summed over streams": with_result(lambda r, *args: 2 * r)},
        ),
        (
            text_is_right,
            f"{TEXT_AT}.Alphabet.encode",
            {"anything encoded": encode_anything, "the last named": name_the_last},
        ),
        (
            text_is_right,
            f"{TEXT_AT}.split",
            {
                "trained on all": with_result(
                    lambda r, indices, fraction: (indices, r[1])
                )
            },
        ),
        (
            text_is_right,
            f"{TEXT_AT}.check_length",
            {
                "no target for the last": with_arguments(
                    lambda symbols, window: ((symbols, window - 1), {})
                )
            },
        ),
        (
            settings_are_right,
            "rnnlib.char.settings.OPTIMISERS.adam",
            {"the rate of Adagrad": lambda right: 0.1},
        ),
        (
            settings_are_right,
            "rnnlib.char.settings.About.to_json",
            {
                "infinity in JSON": with_result(
                    lambda r, *_: r.replace("null", "Infinity")
                )
            },
        ),
        (
            prose_is_right,
            "rnnlib.char.default._is_prose",
            {
                "short ones too": lambda right: (
                    lambda p: right(p) or right(p[:-1] + 12 * " word" + p[-1:])
                )
            },
        ),
        (
            prose_is_right,
            "rnnlib.char.default.LEAST_SHARE",
            {"formulas too": lambda right: 0.0},
        ),
        (
            prose_is_right,
            "rnnlib.char.default.SENTENCES",
            {"no sentence": lambda right: re.compile(r"[\s\S]*")},
        ),
        (
            prose_is_right,
            "rnnlib.char.default.prose",
            {
                "repeated ones too": lambda right: (
                    lambda sources: "\n".join(right([s]) for s in sources)
                )
            },
        ),
    )
    for name, wrong in mistakes.items()
]


@each(MUTANTS)
def test_caught(mutant):
    with planted(mutant):
        assert fails(mutant.expected)


def test_nothing_is_found_without_a_mistake():
    for check in CHECKS:
        assert check(), check.__name__
