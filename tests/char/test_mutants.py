"""Mistakes planted in the modules are noticed by short checks, which the real pass."""

import importlib
import types
from pathlib import Path

import numpy as np
import pytest

from rnnlib.char import default, network, run, settings
from rnnlib.char.settings import Settings
from rnnlib.language import text
from rnnlib.language.corpus import corpus_of

TEXT = "abcdefgh ijkl. " * 30
CORPUS = corpus_of(TEXT)


def mutated(module, old, new):
    """A copy of a module in which that line is another."""
    source = Path(module.__file__).read_text(encoding="utf-8")
    assert source.count(old) == 1, (module.__name__, old)
    copy = types.ModuleType(module.__name__)
    copy.__file__ = module.__file__
    exec(compile(source.replace(old, new), module.__file__, "exec"), copy.__dict__)
    return copy


def windows_are_right(module):
    """Targets are the inputs shifted by one, in order, in windows that follow."""
    x, y = module.streams(np.arange(32), 3)
    first, target, fresh = module.window_at(0, x, y, 4)
    second, _, later = module.window_at(1, x, y, 4)
    again, _, anew = module.window_at(2, x, y, 4)
    return (
        x.shape == (10, 3)
        and np.array_equal(x[:, 1], np.arange(10, 20))
        and np.array_equal(y, x + 1)
        and np.array_equal(target, first + 1)
        and np.array_equal(second[0], first[-1] + 1)
        and np.array_equal(again, first)
        and (fresh, later, anew) == (True, False, True)
    )


def go_on_is_right(module):
    """Ten steps are those of a plain loop over windows with the state handed on."""
    options = {"hidden": 3, "window": 4, "batch": 2, "validate_every": 0}
    about = module.about_corpus(Settings(**options, clip=0.05, half_life=3.0), CORPUS)
    state = module.first_state(about)
    found = module.go_on(about, state, CORPUS.indices, steps=110, progress=False)
    cell, params, memory = network.build("rnn"), state.params, state.optimiser
    train_part = about.alphabet.encode(TEXT)[:-45]
    n = (len(train_part) - 1) // 2
    x, y = (a[: 2 * n].reshape(2, n).T for a in (train_part[:-1], train_part[1:]))
    adagrad = run.optimisers.adagrad(lambda k: 0.1 * 2 ** (-k / 3.0))
    carried, start = None, 0
    for _ in range(110):
        if carried is None or start + 4 > n:
            carried, start = network.zero_state(cell, params, 2), 0
        window = slice(start, start + 4)
        _, gradients, carried = network.loss_and_gradients(
            cell, params, x[window], y[window], carried
        )
        clipped = run.clip_by_value(gradients, 0.05)
        params, memory = adagrad.update(params, clipped, memory)
        start += 4
    a, b = network.flatten(found.params), network.flatten(params)
    return all(np.allclose(a[k], b[k], atol=1e-9) for k in a)


def measured_is_right(module):
    """The validation is of the held-out part, from the state that was carried."""
    about = module.about_corpus(Settings(hidden=3, window=4, validate_every=7), CORPUS)
    found = module.go_on(
        about, module.first_state(about), CORPUS.indices, steps=7, progress=False
    )
    validation = about.alphabet.encode(TEXT)[-45:-23]
    cell = network.build("rnn")
    log_p = network.log_probabilities(cell, found.best, validation, found.carried)
    return np.isclose(found.history.validation[0], -log_p.mean())


def loading_is_right(module):
    """The best parameters where there are some; another text is refused."""
    about = module.about_corpus(Settings(hidden=3, window=4, validate_every=2), CORPUS)
    after = module.first_state(about)
    model = module.Model(about, None, after._replace(best="best", params="last"))
    history = after.history._replace(validation=np.ones(1))
    best = model._replace(state=model.state._replace(history=history))
    try:
        module.check_same_text(about, corpus_of(TEXT + "!"), "a")
    except ValueError:
        return model.params == "last" and best.params == "best"
    return False


def smoothing_is_right(module):
    """s <- 0.999 s + 0.001 loss from T ln V."""
    found = module.smooth_loss([1.0, 2.0], 5, 10)
    one = 0.999 * 10 * np.log(5) + 0.001
    return np.allclose(found, [one, 0.999 * one + 0.002])


def network_is_right(module):
    """The fast path equals the readable one, and both the mean of the streams."""
    cell, rng = module.build("rnn"), np.random.default_rng(0)
    params = module.init_params(cell, 4, 3, rng=rng, dtype=np.float64)
    x, y = rng.integers(0, 4, (2, 5, 2))
    state = rng.standard_normal((2, 3))
    total = 0
    for b in range(2):
        sequence = np.append(x[:, b], y[-1, b])
        y[:, b] = sequence[1:]
        one = state[b : b + 1]
        total -= module.log_probabilities(cell, params, sequence, one).sum()
    slow = module.loss_and_gradients(cell, params, x, y, state)
    other = module.init_params(cell, 4, 3, rng=rng, dtype=np.float64)
    layout, fast = module.layout(cell, params), module.objective(cell, other, 5, 2)
    fast(layout.vector(other), y, x, state + 1)
    fast = fast(layout.vector(params), x, y, state)
    return (
        np.allclose([slow[0], fast[0]], total / 2)
        and np.allclose(layout.vector(slow[1]), fast[1])
        and np.allclose(slow[2], fast[2])
        and np.isclose(module.mean_loss(cell, params, x, y, state), total / 10)
        and np.array_equal(module.last_stream(state, 2), state[[1, 1]])
    )


def text_is_right(module):
    """Encoding, splitting and reading refuse what they must."""
    alphabet = module.Alphabet.of("bca")
    for bad, place in (("d", 0), ("a\x00", 1), ("bcab~a~", 4)):
        try:
            alphabet.encode(bad)
            return False
        except ValueError as error:
            if f"position {place} " not in str(error):
                return False
    train, held_out = module.split(np.arange(20), 0.1)
    try:
        module.check_length("abc", 3)
        return False
    except ValueError:
        pass
    return (
        alphabet.symbols == ("a", "b", "c")
        and alphabet.encode("cab").tolist() == [2, 0, 1]
        and (train.tolist(), held_out.tolist()) == (list(range(18)), [18, 19])
    )


def settings_are_right(module):
    """There and back, with the usual learning rates."""
    about = module.About(
        module.Settings(optimiser="adam"), text.Alphabet(("a", "b")), "0"
    )
    back = module.json.loads(about.to_json())
    return (
        back["settings"]["learning_rate"] == 0.002
        and back["settings"]["half_life"] is None
        and back["symbols"] == "ab"
    )


def prose_is_right(module):
    """Long paragraphs of words in docstrings, once."""
    good = "A sentence of quite a few plain words that is long enough for this one."
    bad = ["Too short.", good[:-1], good.replace("plain", "x=1"), good.lower()]
    bad += ["A 1a 2b 3c 4d 5e 6f 7g 8h 9i words and more words."]
    source = '"""' + "\n\n".join([good, *bad, good]) + f'"""\n{good}'
    return module.prose([source, source]) == good + "\n"


CHECKS = {
    windows_are_right: run,
    go_on_is_right: run,
    measured_is_right: run,
    loading_is_right: run,
    smoothing_is_right: run,
    network_is_right: network,
    text_is_right: text,
    settings_are_right: settings,
    prose_is_right: default,
}
MUTANTS = [
    (windows_are_right, "(indices, indices[1:])", "(indices, indices[:-1])"),
    (windows_are_right, "(indices, indices[1:])", "(indices[1:], indices)"),
    (windows_are_right, ".reshape(count, n).T", ".reshape(n, count)"),
    (windows_are_right, "step % per_pass * window", "step * window % len(x)"),
    (windows_are_right, "start == 0", "step == 0"),
    (go_on_is_right, "zero if batch[2] else carried", "zero"),
    (go_on_is_right, "zero if batch[2] else carried", "carried"),
    (go_on_is_right, "clip=clipping(settings)", "clip=None"),
    (go_on_is_right, "0.5 ** (n / half_life)", "0.5 ** n"),
    (go_on_is_right, "streams(train_part,", "streams(validation,"),
    (measured_is_right, "*sample, first)", "*sample)"),
    (measured_is_right, "sample_streams(validation)", "sample_streams(train_part)"),
    (loading_is_right, "best if measured else", "params if measured else"),
    (loading_is_right, "if corpus.digest != about.text:", "if False:"),
    (smoothing_is_right, "0.999 * smooth + 0.001", "0.99 * smooth + 0.01"),
    (smoothing_is_right, "window * np.log(V)", "np.log(V)"),
    (network_is_right, "scale=1 / x.shape[1]", "scale=1 / len(x)"),
    (network_is_right, "            work.gradient_flat /= B\n", "            pass\n"),
    (network_is_right, "        work.flat[...] = vector\n", ""),
    (network_is_right, "        work.h[0] = state\n", ""),
    (network_is_right, "loss / B, work.grad", "loss, work.grad"),
    (network_is_right, "a[-1:]", "a[:1]"),
    (network_is_right, "indices[1:, None]", "indices[:-1, None]"),
    (network_is_right, "[skip - 1 :]", "[skip:]"),
    (network_is_right, "surprisals) / y.size", "surprisals) / len(y)"),
    (text_is_right, "unknown = np.flatnonzero(", "unknown = np.zeros(0) * ("),
    (text_is_right, "int(unknown[0])", "int(unknown[-1])"),
    (text_is_right, "indices[:train], indices[train:]", "indices, indices[train:]"),
    (text_is_right, "if len(text) <= window:", "if len(text) < window:"),
    (settings_are_right, '"adam": 0.002', '"adam": 0.1'),
    (settings_are_right, "None if v == inf else v", "v"),
    (prose_is_right, "len(words) >= LEAST_WORDS\n        and ", ""),
    (prose_is_right, "and plain >= LEAST_SHARE * len(words)", ""),
    (prose_is_right, "found[text] = None", "found[text, len(found)] = None"),
    (prose_is_right, "        and SENTENCES.fullmatch(paragraph) is not None\n", ""),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_modules_themselves_pass(check):
    importlib.import_module(CHECKS[check].__name__)
    assert check(CHECKS[check])


@pytest.mark.parametrize(
    "check, old, new",
    MUTANTS,
    ids=[f"{c.__name__}-{i}" for i, (c, *_) in enumerate(MUTANTS)],
)
def test_the_mistake_is_noticed(check, old, new):
    module = mutated(CHECKS[check], old, new)
    try:
        sound = check(module)
    except (ValueError, IndexError, TypeError, AttributeError):
        sound = False  # noticed by the code itself
    assert not sound
