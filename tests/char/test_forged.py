"""Checkpoints made by hand: a clear error, before anything large is made."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from rnnlib.char import network, run
from rnnlib.char.__main__ import main
from rnnlib.char.settings import Settings
from rnnlib.language.corpus import corpus_of
from rnnlib.training import checkpoint

TEXT = "the quick brown fox jumps over the lazy dog. " * 20
CORPUS = corpus_of(TEXT)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The arrays and the text of a sound checkpoint, and its folder."""
    folder = tmp_path_factory.mktemp("forged")
    options = Settings(hidden=4, window=5, batch=2, validate_every=4)
    about = run.about_corpus(options, CORPUS)
    go = {"steps": 10, "checkpoint": folder / "sound", "progress": False}
    run.go_on(about, run.first_state(about), CORPUS.indices, **go)
    return *checkpoint._read(folder / "sound"), folder


def forge(parts, arrays=(), text=(), about=()):
    """A checkpoint with other parts, whose digest is right; None leaves a part out."""
    all_arrays, all_text, folder = parts
    new = {k: v for k, v in (all_arrays | dict(arrays)).items() if v is not None}
    written = {k: v for k, v in (all_text | dict(text)).items() if v is not None}
    if about:
        stored = json.loads(written["about"])
        stored["settings"] |= dict(about)
        written["about"] = json.dumps(stored)
    written["digest"] = checkpoint._digest(new, written)
    save_file(new, folder / "forged", written)
    return folder / "forged"


def test_the_sound_one_is_accepted(parts):
    model = run.load(forge(parts))
    assert model.state.step == 10 and model.state.history.validation_step[-1] == 8


def ints(*values):
    return np.array(values, np.int64)


NAN = np.full((4, 4), np.nan)
ARRAYS = {
    "negative step": ({"step": np.array(-1)}, "step: expected an integer >= 0, got -1"),
    "step beyond history": (
        {"step": np.array(11)},
        r"history\.loss: expected shape \(11,\) at step 11, got \(10,\)",
    ),
    "huge step": ({"step": np.array(2**62)}, r"history\.loss: expected shape"),
    "short loss": ({"history.loss": np.zeros(9)}, r"history\.loss: expected shape"),
    "square loss": (
        {"history.loss": np.zeros((10, 1))},
        r"history\.loss: expected shape \(10,\) at step 10, got \(10, 1\)",
    ),
    "no loss": ({"history.loss": None}, ".*; only one of the two has"),
    "short norms": (
        {"history.gradient_norm": np.zeros(11)},
        r"history\.gradient_norm: expected shape \(10,\)",
    ),
    "short skipped": (
        {"history.skipped": np.zeros(2, bool)},
        r"history\.skipped: expected shape \(10,\)",
    ),
    "other validations": (
        {"history.validation": np.ones(3)},
        r"history\.validation_step: expected shape \(3,\)",
    ),
    "validation in the future": (
        {"history.validation_step": ints(4, 11)},
        r"history\.validation_step: expected ascending steps from 1 to 10",
    ),
    "validation at 0": (
        {"history.validation_step": ints(0, 8)},
        r"history\.validation_step: expected ascending",
    ),
    "validations not ascending": (
        {"history.validation_step": ints(8, 8)},
        r"history\.validation_step: expected ascending",
    ),
    "best in the future": (
        {"patience.best_step": np.array(11)},
        r"patience\.best_step: expected an integer from 0 to 10, got 11",
    ),
    "best before": (
        {"patience.best_step": np.array(-1)},
        r"patience\.best_step: expected an integer from 0 to 10, got -1",
    ),
    "waited too long": (
        {"patience.waited": np.array(3)},
        r"patience\.waited: expected an integer from 0 to 2, got 3",
    ),
    "not finite": (
        {"params.layer.W_hh": NAN},
        r"params\.layer\.W_hh: expected finite numbers",
    ),
    "best not finite": (
        {"best.layer.W_hh": NAN},
        r"best\.layer\.W_hh: expected finite numbers",
    ),
    "memory not finite": (
        {"optimiser.memory.squares.layer.W_hh": NAN},
        r"optimiser\.memory\.squares\.layer\.W_hh: expected finite numbers",
    ),
    "carried not finite": (
        {"carried": np.full((2, 4), np.inf)},
        r"carried.*: expected finite numbers",
    ),
    "other size": ({"carried": np.zeros((3, 4))}, r"carried: expected float64 \(2, 4"),
    "other type": ({"step": np.array(1.0)}, r"step: expected int64 \(\), got float64"),
    "more": ({"more": np.zeros(3)}, r".*; only one of the two has \['more'\]"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(parts, name):
    arrays, message = ARRAYS[name]
    with pytest.raises(ValueError, match=f"forged: {message}"):
        run.load(forge(parts, arrays))


PCG = np.random.PCG64(0).state
RNGS = [
    (None, "rng: expected the state of a generator, got None"),
    ("", "rng: expected the state of a generator, got ''"),
    ("[" * 100_000, "rng: expected the state of a generator, got"),
    ("3", "rng: expected the state of a generator, got '3'"),
    ("{}", "rng: expected the state of a generator, got '{}'"),
    ('{"bit_generator": 3}', "rng: expected PCG64, got 3"),
    ('{"bit_generator": "os"}', "rng: expected PCG64, got os"),
    ('{"bit_generator": "PCG64"}', "rng: expected a state of PCG64, got another"),
    (PCG | {"state": 3}, "rng: expected a state of PCG64"),
    (PCG | {"state": {"state": -1, "inc": 1}}, "rng: expected a state of PCG64"),
    (PCG | {"state": {"state": "1", "inc": 1}}, "rng: expected a state of PCG64"),
    (PCG | {"uinteger": 2**40}, "rng: expected a state of PCG64"),
]


@pytest.mark.parametrize("rng, message", RNGS)
def test_generators(parts, rng, message):
    rng = json.dumps(rng) if isinstance(rng, dict) else rng
    with pytest.raises(ValueError, match=f"forged: {message}"):
        run.load(forge(parts, text={"rng": rng}))


@pytest.mark.parametrize(
    "about",
    [
        {"hidden": 10**9},
        {"hidden": 10**30},
        {"layers": 10**9},
        {"layers": 1000},
        {"batch": 10**9},
        {"hidden": 10**5},
    ],
    ids=str,
)
def test_sizes_that_the_file_cannot_hold(parts, about):
    tracemalloc.start()
    with pytest.raises(ValueError, match="are too many for its [0-9,]+ bytes"):
        run.load(forge(parts, about=about))
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    "about, message",
    [
        ({"hidden": 5}, r"expected float64 \(5"),
        ({"layers": 2}, "only one of the two has"),
        ({"batch": 1}, r"carried: expected float64 \(1, 4\)"),
        ({"cell": "gru"}, "only one of the two has"),
        ({"dtype": "float32"}, "expected float32"),
        ({"optimiser": "adam"}, "only one of the two has"),
        ({"hidden": -4}, "not a model of rnnlib.char: hidden: expected"),
        ({"hidden": 4.0}, "not a model of rnnlib.char: hidden: expected"),
        ({"learning_rate": 1e999}, "not a model of rnnlib.char: learning_rate"),
        ({"seed": None}, "not a model of rnnlib.char: seed: expected"),
    ],
    ids=str,
)
def test_settings_of_another_run(parts, about, message):
    with pytest.raises(ValueError, match=f"forged: .*{message}"):
        run.load(forge(parts, about=about))


def test_a_window_that_the_text_cannot_fill(parts, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT)
    for window in (10**6, 10**30):
        path = forge(parts, about={"window": window})
        assert main(["train", "a.txt", "--resume", f"--out={path}"]) == 2
        assert f"for a window of {window}" in capsys.readouterr().err
    path = forge(parts, about={"window": 500})
    assert main(["train", "a.txt", "--resume", f"--out={path}"]) == 2
    assert "error: --window: expected at most 404 steps" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"text": 3},
        {"text": "z" * 64},
        {"text": "0" * 63},
        {"symbols": ["a", "b"]},
        {"symbols": ""},
        {"settings": []},
        {"settings": None},
    ],
    ids=str,
)
def test_other_texts_about_the_run(parts, change):
    about = json.dumps(json.loads(parts[1]["about"]) | change)
    with pytest.raises(ValueError, match="not a model of rnnlib.char: "):
        run.load(forge(parts, text={"about": about}))


def test_settings_that_are_missing_or_more_are_named(parts):
    about = json.loads(parts[1]["about"])
    about["settings"] |= {"z": 1, "a": 2, "y": 3}
    del about["settings"]["layers"]
    named = r"other settings: \['a', 'layers', 'y', 'z'\]"
    with pytest.raises(ValueError, match=named):
        run.load(forge(parts, text={"about": json.dumps(about)}))


def test_depths_of_brackets(parts):
    with pytest.raises(ValueError, match="not a model of rnnlib.char: "):
        run.load(forge(parts, text={"about": "[" * 100_000}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60)
@given(st.sampled_from([*vars(Settings())]), JSON)
def test_any_value_of_a_setting(parts, name, value):
    """A model, or one error that names the file."""
    try:
        model = run.load(forge(parts, about={name: value}))
    except ValueError as error:
        assert "forged: " in str(error)
    else:
        assert isinstance(model.params["W_hy"], np.ndarray)
        assert isinstance(network.flatten(model.carried), dict)


def test_two_runs_give_equal_bytes(parts, tmp_path):
    """The order of a header, and all the rest."""
    options = Settings(hidden=4, window=5, batch=2, validate_every=4)
    about = run.about_corpus(options, CORPUS)
    for name in ("one", "two"):
        go = {"steps": 10, "checkpoint": tmp_path / name, "progress": False}
        run.go_on(about, run.first_state(about), CORPUS.indices, **go)
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert content == (parts[2] / "sound").read_bytes()
    size = int.from_bytes(content[:8], "little")
    assert size % 8 == 0
    texts = json.loads(content[8 : 8 + size])["__metadata__"]
    assert list(texts) == ["about", "digest", "format", "rng"]
