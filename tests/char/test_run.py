"""Windows, the learning rate, the settings in a checkpoint, and resumption."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlib.char import network, run, sample
from rnnlib.char.settings import About, Settings, read_settings
from rnnlib.language.corpus import corpus_of
from rnnlib.language.generate import cell_step, generate
from rnnlib.language.text import Alphabet
from rnnlib.training import load_checkpoint, save_checkpoint
from tests.training.problem import same

TEXT = "the quick brown fox jumps over the lazy dog. " * 20
SMALL = {"hidden": 4, "window": 5, "batch": 3, "validate_every": 4}
CORPUS = corpus_of(TEXT)
INDICES = CORPUS.indices
QUIET = {"progress": False}


@given(st.integers(2, 200), st.integers(1, 9))
def test_streams(n, count):
    if n - 1 < count:
        with pytest.raises(ValueError, match="^batch: expected at most"):
            run.streams(np.arange(n), count)
        return
    x, y = run.streams(np.arange(n), count)
    assert np.array_equal(y, x + 1) and x.shape[1] == count
    assert np.array_equal(x.T.ravel(), np.arange(x.size))  # in order, nothing twice
    assert 0 <= n - 1 - x.size < count


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 200))
def test_windows(n, window, step):
    x = np.arange(n)[:, None]
    if window > n:
        with pytest.raises(ValueError, match="^window: expected at most"):
            run.window_at(step, x, x + 1, window)
        return
    found, target, first = run.window_at(step, x, x + 1, window)
    assert found.shape == (window, 1) and np.array_equal(target, found + 1)
    assert first == (found[0, 0] == 0)
    if not first:
        before, *_ = run.window_at(step - 1, x, x + 1, window)
        assert before[-1, 0] + 1 == found[0, 0]
    covered = {run.window_at(s, x, x, window)[0][0, 0] for s in range(n)}
    assert covered == set(range(0, n - window + 1, window))


def begun(**changes):
    """A run and its state before the first step."""
    about = run.about_corpus(Settings(**SMALL | changes), CORPUS)
    return about, run.first_state(about)


@pytest.mark.parametrize("cell", network.CELLS)
def test_the_state_is_carried_and_begins_anew_with_each_pass(cell, monkeypatch):
    about, state = begun(cell=cell)
    seen, real = [], network.objective

    def noted(*args):
        one_step = real(*args)

        def step(params, x, y, state):
            loss, gradients, after = one_step(params, x, y, state)
            copies = [
                {k: a.copy() for k, a in network.flatten(s).items()}
                for s in (state, after)
            ]
            seen.append(copies)
            return loss, gradients, after

        return step

    monkeypatch.setattr(network, "objective", noted)
    train_part = INDICES[:-90]
    per_pass = len(run.streams(train_part, 3)[0]) // 5
    run.go_on(about, state, INDICES, steps=per_pass + 2, **QUIET)
    for step, (before, _) in enumerate(seen):
        fresh = step % per_pass == 0
        for name, array in before.items():
            expected = 0 * array if fresh else seen[step - 1][1][name]
            assert np.array_equal(array, expected)
    assert np.any(before[name] != 0) and len(seen) == per_pass + 2


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cell": "lstm", "dtype": "float32", "optimiser": "adam", "half_life": 3.0},
        {"cell": "gru", "layers": 2, "clip_by": "norm", "clip": 0.5, "seed": 7},
        {"batch": 1, "clip_by": "none", "learning_rate": 0.02},
    ],
)
def test_resumed_to_the_bit(tmp_path, changes):
    about, state = begun(**changes)
    path = tmp_path / "a.safetensors"
    whole = run.go_on(about, state, INDICES, steps=13, **QUIET)
    run.go_on(about, state, INDICES, steps=6, checkpoint=path, **QUIET)
    model = run.load(path)
    assert model.about == about and model.state.step == 6
    assert same(run.go_on(model.about, model.state, INDICES, steps=13, **QUIET), whole)
    assert whole.history.validation.size == 3
    dtypes = {a.dtype.name for a in network.flatten(whole.params).values()}
    assert dtypes == {about.settings.dtype}


def test_the_best_parameters_are_used_when_they_were_measured(tmp_path):
    about, state = begun()
    path = tmp_path / "a.safetensors"
    after = run.go_on(about, state, INDICES, steps=14, checkpoint=path, **QUIET)
    model = run.load(path)
    assert same_params(model.params, after.best)
    assert not same_params(after.params, after.best)
    about, state = begun(validate_every=0)
    after = run.go_on(about, state, INDICES, steps=14, checkpoint=path, **QUIET)
    assert same_params(run.load(path).params, after.params)


def same_params(one, other):
    a, b = network.flatten(one), network.flatten(other)
    return all(np.array_equal(a[k], b[k]) for k in a)


def test_training_lowers_the_held_out_loss():
    changes = {"optimiser": "adam", "learning_rate": 0.02, "validate_every": 200}
    about, state = begun(cell="gru", hidden=24, **changes)
    after = run.go_on(about, state, INDICES, steps=200, **QUIET)
    assert after.history.validation[0] < 0.5 * np.log(len(about.alphabet))


def test_seeds_differ_and_repeat():
    one, two, again = (begun(seed=s)[1].params["W_hy"] for s in (1, 2, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, two)


def test_the_learning_rate_halves():
    params = {"w": np.zeros(1)}
    for half_life, expected in ((np.inf, 1.0), (4.0, 0.5)):
        chosen = Settings(learning_rate=0.25, half_life=half_life)
        optimiser = run.optimiser(chosen)
        state = optimiser.init_state(params)._replace(step=np.array(3))
        moved, _ = optimiser.update(params, {"w": np.ones(1)}, state)
        assert np.isclose(-moved["w"][0] / 0.25, expected)


@pytest.mark.parametrize(
    "clip_by, expected", [("value", [1.0, 1.0]), ("norm", [0.6, 0.8]), ("none", None)]
)
def test_clipping(clip_by, expected):
    clip = run.clipping(Settings(clip_by=clip_by, clip=1.0))
    if expected is None:
        assert clip is None
    else:
        assert np.allclose(clip({"w": np.array([3.0, 4.0])})["w"], expected)


def test_the_smooth_loss_of_min_char_rnn():
    found = run.smooth_loss([10.0, 0.0], V=65, window=25)
    first = 25 * np.log(65) * 0.999 + 10 * 0.001
    assert np.allclose(found, [first, first * 0.999])
    assert np.allclose(run.smooth_loss([25 * np.log(9)] * 3, 9, 25), 25 * np.log(9))


@pytest.mark.parametrize(
    "name, value",
    [
        ("cell", "transformer"),
        ("optimiser", "sgd"),
        ("clip_by", "sign"),
        ("dtype", "float16"),
        ("hidden", 0),
        ("layers", -1),
        ("window", 2.5),
        ("batch", True),
        ("seed", -1),
        ("validate_every", -1),
        ("learning_rate", 0.0),
        ("learning_rate", np.inf),
        ("clip", np.nan),
        ("clip", "5"),
        ("half_life", 0),
        ("half_life", np.nan),
        ("held_out", 1.0),
        ("held_out", 0.0),
    ],
)
def test_bad_settings(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        Settings(**{name: value})


def test_settings_are_those_of_min_char_rnn_where_nothing_is_said():
    assert vars(Settings()) == {
        **{"cell": "rnn", "hidden": 100, "layers": 1, "window": 25, "batch": 1},
        **{"optimiser": "adagrad", "learning_rate": 0.1, "half_life": np.inf},
        **{"clip_by": "value", "clip": 5.0, "dtype": "float64", "seed": 0},
        **{"held_out": 0.1, "validate_every": 500},
    }
    with pytest.raises(AttributeError):
        Settings().hidden = 3


@pytest.mark.parametrize(
    ("n", "count", "steps", "shape"),
    [
        *((100, 4, 30, (30, 3)), (100, 4, 300, (99, 1)), (100, 9, 20, (19, 5))),
        *((121, 4, 30, (30, 4)), (200, 4, 30, (30, 4)), (2, 4, 30, (1, 1))),
    ],
)
def test_a_sample_has_as_many_streams_as_can_be_long(n, count, steps, shape):
    x, y = run.sample_streams(np.arange(n), count, steps)
    assert x.shape == shape and np.array_equal(y, x + 1)


def test_a_sample_is_of_at_most_32_streams_of_300_steps():
    assert run.sample_streams(np.zeros(20_000, int))[0].shape == (300, 32)


def test_the_usual_learning_rates():
    assert Settings().learning_rate == 0.1
    assert Settings(optimiser="adam").learning_rate == 0.002
    assert Settings(optimiser="adam", learning_rate=0.1).learning_rate == 0.1


@settings(max_examples=30)
@given(
    st.text(st.characters(), min_size=1),
    st.sampled_from([np.inf, 0.1, 1e300, 1 / 3]),
    st.sampled_from(list(network.CELLS)),
)
def test_settings_in_a_checkpoint(tmp_path_factory, text, number, cell):
    chosen = Settings(cell=cell, half_life=number, seed=2**70)
    about = About(chosen, Alphabet.of(text), "0" * 64)
    path = tmp_path_factory.mktemp("about") / "a.safetensors"
    save_checkpoint(path, begun()[1], about.to_json())
    assert read_settings(path) == about
    json.loads(about.to_json(), parse_constant=pytest.fail)  # standard JSON


def test_checkpoints_of_something_else(tmp_path):
    about, state = begun()
    path, good = tmp_path / "a.safetensors", json.loads(about.to_json())
    spoiled = [
        None,
        [],
        good | {"format": "rnnlib.char 0"},
        good | {"symbols": "ba"},
        good | {"settings": good["settings"] | {"cell": "x"}},
        good | {"settings": good["settings"] | {"more": 1}},
        {k: v for k, v in good.items() if k != "text"},
    ]
    for content in ["", "{", *map(json.dumps, spoiled)]:
        save_checkpoint(path, state, content)
        with pytest.raises(ValueError, match=r"a\.safetensors: not a model of rnnlib"):
            run.load(path)
    assert {f.name for f in fields(Settings)} == set(good["settings"])


def test_other_settings_are_named_in_order(tmp_path):
    about, state = begun()
    with pytest.raises(AttributeError):
        about.text = "another"
    names = [f"more_{k}" for k in range(9)]
    good = json.loads(about.to_json())
    more = good | {"settings": good["settings"] | dict.fromkeys(names, 1)}
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, state, json.dumps(more))
    with pytest.raises(ValueError, match="other settings: ") as error:
        run.load(path)
    assert str(error.value).endswith(str(names))


@pytest.mark.parametrize(
    ("changes", "count"),
    [({}, 3000), ({"batch": 3000}, 3), ({"layers": 3000}, 3), ({"hidden": 300}, 3)],
)
def test_settings_that_are_too_large_for_the_file(tmp_path, changes, count):
    """Told from the size of the file, before an array of that size is made."""
    about, state = begun()
    settings_ = replace(about.settings, **changes)
    alphabet = Alphabet(tuple(map(chr, range(64, 64 + count))))
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, state, About(settings_, alphabet, about.text).to_json())
    with pytest.raises(ValueError, match="are too many for its [0-9,]+ bytes"):
        run.load(path)


def test_arrays_that_do_not_fit_the_settings(tmp_path):
    about, state = begun()
    path = tmp_path / "a.safetensors"
    other = replace(about, settings=replace(about.settings, hidden=5))
    save_checkpoint(path, state, other.to_json())
    with pytest.raises(ValueError, match=r"expected float64 \(5"):
        run.load(path)
    assert load_checkpoint(path, state).step == 0


def test_a_text_that_is_too_short():
    with pytest.raises(ValueError, match="^text: expected at least 6 characters"):
        run.about_corpus(Settings(**SMALL), corpus_of("abcde"))


@pytest.mark.parametrize("prompt", [[2], [2, 0, 1]])
def test_the_fast_sampler_writes_what_the_readable_one_does(prompt):
    about, state = begun()
    model = run.Model(about, network.build("rnn"), state)
    carried = {"carried": np.random.default_rng(2).standard_normal(state.carried.shape)}
    model = model._replace(state=state._replace(**carried))
    prompt = np.array(prompt)
    rng, again = np.random.default_rng(1), np.random.default_rng(1)
    step = cell_step(model.cell, *model.params.values())
    expected = generate(step, model.carried, prompt, 50, rng=again, temperature=0.8)
    found = sample.written(model, prompt, 50, rng, temperature=0.8)
    assert found.tolist() == expected.tolist() and len(set(found.tolist())) > 2
