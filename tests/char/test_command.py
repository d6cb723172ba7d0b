"""The command: what it prints, its exit status, its errors."""

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnlib.char import network, run
from rnnlib.char import train as train_module
from rnnlib.char.__main__ import main
from rnnlib.char.arguments import given_settings, option_names, parser
from rnnlib.char.evaluate import evaluate
from rnnlib.char.settings import Settings
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.training import save_checkpoint
from tests.training.problem import same

TEXT = "Der Bär läuft über die Brücke.\n" * 30
TRAIN = ["train", "a.txt", "--quiet", "--hidden=4", "--window=5"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def command(capsys):
    """Run a command in this process: (status, output, errors)."""

    def call(*words):
        try:
            status = main(list(map(str, words)))
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return call


def test_train_then_sample_then_evaluate(command):
    status, output, errors = command(*TRAIN, "--steps=20", "--validate-every=10")
    assert status == 0 and errors == ""
    lines = output.splitlines()
    V = len(set(TEXT))
    assert lines[0] == (
        f"text: 930 characters, {V} symbols; 837 to train on, 46 for validation, "
        "47 for the test"
    )
    count = 4 * V + 16 + 4 + 4 * V + V
    assert (
        f"rnn, hidden 4, 1 layer(s), {count} parameters, float64; at step 0"
        in (lines[1])
    )
    assert lines[2] == "step 20"
    model = run.load("model.safetensors")
    measured = model.state.history.validation
    assert len(measured) == 2
    assert lines[4] == (
        f"least validation loss {measured.min():.4f} nats per character, at step "
        f"{10 * (1 + measured.argmin())}, of 2 measured; evaluate measures the test "
        "part"
    )
    smooth = run.smooth_loss(model.state.history.loss, V, 5)[-1]
    assert f"smooth loss {smooth:.2f} nats per window of 5" in lines[3]

    status, one, _ = command("sample", "model.safetensors", "--length=40")
    assert status == 0 and len(one) == 41 and set(one) <= set(TEXT)
    assert command("sample", "model.safetensors", "--length=40")[1] == one
    assert command("sample", "model.safetensors", "--length=40", "--seed=1")[1] != one
    _, begun, _ = command("sample", "model.safetensors", "--start=über", "--length=3")
    assert begun.startswith("über") and len(begun) == 8
    _, sure, _ = command("sample", "model.safetensors", "--temperature=0")
    assert command("sample", "model.safetensors", "--temperature=0", "--seed=9")[1] == (
        sure
    )

    status, output, _ = command("evaluate", "model.safetensors", "a.txt", "--order=2")
    lines = output.splitlines()
    assert status == 0 and len(lines) == 7
    assert lines[0].startswith("47 characters: the test part, the last of the text")
    table = [[float(word) for word in line.split()[-4:]] for line in lines[2:]]
    for nats, bits, perplexity, _ in table:
        assert np.isclose(bits, nats / np.log(2), atol=2e-4)
        assert np.isclose(perplexity, np.exp(nats), rtol=1e-3)
    losses = [row[0] for row in table]
    assert losses[-1] == round(np.log(V), 4) > losses[1] > losses[2] > losses[3]


@pytest.mark.parametrize("share, context", [(0.25, 100), (0.9, 93)])
def test_what_evaluate_measures(command, share, context):
    """The test part and the validation part, each after the symbols before it."""
    command(*TRAIN, "--steps=3", f"--held-out={share}")
    model = run.load("model.safetensors")
    indices = model.about.alphabet.encode(TEXT)
    cut = len(indices) - round(len(indices) * share)
    middle = cut + (len(indices) - cut) // 2
    _, output, _ = command("evaluate", "model.safetensors", "a.txt", "--order=1")
    rows = output.splitlines()
    assert rows[0].startswith(f"{len(indices) - middle} characters: the test part")
    V = len(model.about.alphabet)
    for column, start, end in ((1, middle, len(indices)), (-1, cut, middle)):
        before = min(100, cut if start == cut else middle - cut)
        sequence = indices[start - before : end]
        each = network.log_probabilities(
            model.cell, model.params, sequence, model.carried
        )
        assert len(each) == before + end - start - 1
        found = [row.split()[-4:][0 if column == 1 else -1] for row in rows[2:]]
        assert found[0] == f"{-each[-(end - start) :].mean():.4f}"
        for order in (0, 1):
            ngrams = fit_ngrams(indices[:cut], order, V)
            expected = -ngrams.symbol_log_probabilities(sequence)[before:].mean()
            assert found[1 + order] == f"{expected:.4f}"
    assert min(100, cut) == context
    _, output, _ = command(
        *["evaluate", "model.safetensors", "a.txt", "--on=a.txt", "--order=-1"]
    )
    assert output.startswith("929 characters: all of a.txt but its first;")
    rows = output.splitlines()
    each = network.log_probabilities(model.cell, model.params, indices, model.carried)
    assert len(rows) == 4 and "validation" not in rows[1]
    assert rows[2].split()[-3] == f"{-each.mean():.4f}"


def test_orders_with_too_many_contexts_are_left_out(command, folder):
    """(V + 1)^(order + 1) must be below 2^63: for 29 symbols up to order 11."""
    letters = "".join(map(chr, range(97, 126)))
    (folder / "b.txt").write_text(letters * 4)
    words = ["--steps=1", "--hidden=2", "--window=2", "--quiet", "--out=b"]
    assert command("train", "b.txt", *words)[0] == 0
    rows = command("evaluate", "b", "b.txt", "--order=14")[1].splitlines()
    assert rows[-3].startswith("n-grams, context 11 ")
    assert rows[-2] == "orders from 12 on: too many contexts for 29 symbols"
    assert rows[-1].startswith("equal probabilities ")
    assert len(rows) == 2 + 1 + 12 + 1 + 1


def test_resumed_to_the_bit(command):
    options = ["--cell=lstm", "--dtype=float32", "--batch=2", "--seed=5"]
    options += ["--validate-every=3", *TRAIN[2:]]
    words = ["train", "a.txt", *options]
    assert command(*words, "--steps=11", "--out=whole")[0] == 0
    assert command(*words, "--steps=4", "--out=part")[0] == 0
    status, output, _ = command(
        "train", "a.txt", "--resume", "--steps=11", "--out=part"
    )
    assert status == 0 and "at step 4" in output
    assert same(run.load("part").state, run.load("whole").state)
    status, output, _ = command(*words, "--resume", "--steps=2", "--out=new")
    assert status == 0 and "at step 0" in output


def fails(result, message):
    """One line on the standard error, and exit status 2."""
    status, output, errors = result
    assert status == 2 and errors.count("\n") == 1, errors
    assert errors.startswith("python -m rnnlib.char: error: ")
    assert message in errors, errors


def test_errors_of_train(command, folder):
    assert command(*TRAIN, "--steps=2")[0] == 0
    fails(command(*TRAIN), "model.safetensors: exists; --resume goes on with it")
    resume = ["train", "a.txt", "--resume", "--steps=4"]
    fails(
        command(*resume, "--hidden=9"), "--hidden: expected 4 as in model.safetensors"
    )
    (folder / "b.txt").write_text(TEXT + "!", encoding="utf-8")
    fails(
        command("train", "b.txt", "--resume"), "TEXT: expected the one that model.safet"
    )
    fails(command("train", "absent"), "exists")
    new = ["--out=new"]
    fails(command("train", "absent", *new), "absent: no such file")
    fails(command("train", ".", *new), "got a folder")
    fails(command(*TRAIN, "--out=no/where"), "expected a file in a folder that exists")
    for content, message in (
        (b"", "got an empty file"),
        (b"abc\xff", "byte offset 3"),
        (b"ab\0c", "a binary file"),
        (b"abcde", "at least 6 characters"),
        (b"abcdefgh", "--held-out: expected two symbols"),
        (
            b"abcdefgh" * 3,
            "--held-out: expected two symbols or more in each part, got 1",
        ),
        (b"abcdefgh" * 5, "--window: expected at most"),
    ):
        (folder / "c.txt").write_bytes(content)
        words = ["--batch=9"] if message.startswith("--window") else []
        fails(command("train", "c.txt", *new, "--window=5", *words), message)
    for option, message in (
        ("--hidden=0", "--hidden: expected an integer >= 1, got 0"),
        ("--clip=-1", "--clip: expected a finite number above 0, got -1.0"),
        ("--held-out=1", "--held-out: expected a number between 0 and 1, got 1.0"),
        ("--learning-rate=nan", "--learning-rate: expected a finite number above 0"),
        ("--steps=-1", "--steps: expected an integer >= 0"),
        ("--checkpoint-every=0", "--checkpoint-every: expected an integer >= 1"),
        ("--validate-every=-1", "--validate-every: expected an integer >= 0"),
        ("--jobs=0", "--jobs: expected an integer >= 1"),
    ):
        fails(command(*TRAIN, *new, option), message)
    diverging = ["--optimiser=adam", "--learning-rate=1e308", "--steps=50"]
    fails(command(*TRAIN, "--out=other", *diverging), "not finite")
    fails(command(*TRAIN, *new, "--seeds=1,2", "--seed=3"), "--seed or --seeds")
    before_any = "--steps: expected an integer >= 0, got -1"
    fails(command(*TRAIN, *new, "--seeds=1,2", "--steps=-1"), before_any)
    assert not (folder / "new").exists()


def test_errors_of_sample_and_evaluate(command, folder):
    command(*TRAIN, "--steps=2")
    sample = ["sample", "model.safetensors"]
    unknown = r"--start: character '\u20ac' (U+20AC) at position 2 is not among the"
    fails(command(*sample, "--start=Bä€"), unknown)
    fails(command(*sample, "--start="), "--start: expected at least one symbol")
    fails(command(*sample, "--length=0"), "--length: expected an integer >= 1")
    fails(command(*sample, "--temperature=-1"), "--temperature: expected")
    fails(command(*sample, "--seed=-1"), "--seed: expected an integer >= 0")
    fails(command("sample", "absent"), "absent: no such file")
    fails(command("sample", "a.txt"), "a.txt: damaged, or not a checkpoint")
    model = ["evaluate", "model.safetensors"]
    fails(command(*model), "TEXT: expected the one that model.safetensors was")
    fails(command(*model, "a.txt", "--order=-2"), "--order: expected")
    (folder / "b.txt").write_text("Bär €", encoding="utf-8")
    fails(command(*model, "a.txt", "--on=b.txt"), "--on: b.txt: character")
    about, state = run.load("model.safetensors")[0], run.load("model.safetensors").state
    save_checkpoint("other", state, about.to_json().replace("rnn", "lstm"))
    fails(command("sample", "other"), "not a model of rnnlib.char")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["train", "a.txt", "b.txt"],
        ["train", "--hid=3"],
        ["train", "--cell=x"],
        ["train", "--seeds=1,1"],
        ["train", "--seeds=1,x"],
        ["train", "--steps=x"],
        ["sample"],
    ],
)
def test_errors_of_usage(command, words):
    status, output, errors = command(*words)
    assert status == 2 and output == "" and "error: " in errors.splitlines()[-1]


def test_help_names_every_option(command):
    status, output, _ = command("train", "--help")
    assert status == 0
    for name in vars(Settings()):
        assert f"--{name.replace('_', '-')}" in output
    assert "from the very beginning (20000)" in output
    assert "usage: python -m rnnlib.char [-h] COMMAND" in command("--help")[1]
    for name in ("sample", "evaluate"):
        assert "FILE" in command(name, "--help")[1].partition("options:")[0]
    assert command("--help")[0] == command("sample", "--help")[0] == 0


FILE = "model.safetensors"
DEFAULTS = {  # of the options that are not settings
    "train": {
        **{"text": None, "shipped": None, "out": FILE, "resume": False},
        **{"steps": 20_000, "checkpoint_every": 1000, "seeds": None, "jobs": 1},
        "quiet": False,
    },
    "sample": {
        **{"model": "m", "length": 500, "temperature": 1.0, "seed": 0, "start": None}
    },
    "evaluate": {"model": "m", "text": None, "shipped": None, "on": None, "order": 5},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_taken_when_nothing_is_said(name):
    words = [name] if name == "train" else [name, "m"]
    args = parser().parse_args(words)
    assert vars(args) == {"command": name} | DEFAULTS[name]
    kinds = {k: type(v) for k, v in vars(args).items()}
    assert kinds == {k: type(v) for k, v in DEFAULTS[name].items()} | {"command": str}
    if name == "train":
        assert given_settings(args) == {}


def test_words_become_values_of_their_kind():
    words = (
        "train a.txt --cell=gru --hidden=7 --layers=2 --window=9 --batch=3 "
        "--optimiser=adam --learning-rate=0.5 --half-life=100 --clip-by=norm --clip=2 "
        "--dtype=float32 --seed=4 --held-out=0.2 --validate-every=6 --resume --quiet "
        "--steps=8 --checkpoint-every=5 --jobs=2 --seeds=0,3,12 --out=b"
    )
    args = parser().parse_args(words.split())
    settings_ = given_settings(args)
    assert settings_ == {
        **{"cell": "gru", "hidden": 7, "layers": 2, "window": 9, "batch": 3},
        **{"optimiser": "adam", "learning_rate": 0.5, "half_life": 100.0},
        **{"clip_by": "norm", "clip": 2.0, "dtype": "float32", "seed": 4},
        **{"held_out": 0.2, "validate_every": 6},
    }
    assert type(settings_["clip"]) is type(settings_["half_life"]) is float
    others = {k: v for k, v in vars(args).items() if k not in settings_}
    assert others == {
        **{"command": "train", "text": "a.txt", "shipped": None, "out": "b"},
        **{"resume": True, "quiet": True, "steps": 8, "checkpoint_every": 5},
        **{"jobs": 2, "seeds": [0, 3, 12]},
    }
    words = "sample m --length=3 --temperature=0.5 --seed=2 --start=ab".split()
    assert vars(parser().parse_args(words)) == {
        **{"command": "sample", "model": "m", "length": 3, "temperature": 0.5},
        **{"seed": 2, "start": "ab"},
    }
    words = "evaluate m a.txt --on=b --order=-1".split()
    assert vars(parser().parse_args(words)) == {
        **{"command": "evaluate", "model": "m", "text": "a.txt", "shipped": None},
        **{"on": "b", "order": -1},
    }
    for name in ("sympy", "shakespeare"):
        for first in (["train"], ["evaluate", "m"]):
            assert parser().parse_args([*first, f"--text={name}"]).shipped == name


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--seeds=-1,2"],
        ["train", "--seeds="],
        ["train", "--text=bible"],
        ["train", "--optimiser=sgd"],
        ["train", "--dtype=int8"],
        ["train", "--clip-by=sign"],
        ["train", "--hidden=2.5"],
        ["sample", "m", "--len=3"],
        ["sample", "m", "n"],
        ["sample", "m", "--length=2.5"],
        ["evaluate", "m", "--ord=3"],
        ["evaluate"],
        ["--hel"],
    ],
)
def test_words_that_are_refused(command, words):
    status, output, errors = command(*words)
    assert status == 2 and output == "" and "error: " in errors.splitlines()[-1]


def test_help_says_what_is_taken_by_default(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    parts = command("train", "--help")[1].split("\n  --")[1:]
    of = {f"--{part.split()[0]}": " ".join(["", *part.split()]) for part in parts}
    for name, value in vars(Settings()).items():
        line = of[f"--{name.replace('_', '-')}"]
        assert line.endswith(f" ({value})") or name == "learning_rate", line
    assert of["--learning-rate"].endswith("(0.1 for adagrad, 0.002 for adam)")
    assert of["--out"].endswith("(model.safetensors)") and "FILE" in of["--out"]
    assert of["--checkpoint-every"].endswith("(1000)")
    assert of["--hidden"].split()[1] == "N" and of["--clip"].split()[1] == "X"
    assert of["--cell"].split()[1] == "{rnn,lstm,gru}"
    top = command("--help")[1]
    assert "\n  python -m rnnlib.char evaluate model.safetensors\n" in top
    assert "the default text, English prose" in top  # the lines as they were written
    assert "\n    train     train a network on a text\n" in top
    assert "nats and bits per character" in command("evaluate", "--help")[1]


def test_options_by_the_names_of_their_arguments():
    names = option_names("train")
    assert names["held_out"] == "--held-out" and names["text"] == "TEXT"
    assert names["shipped"] == "--text" and names["out"] == "--out"
    assert option_names("sample")["count"] == "--length"
    assert option_names("evaluate")["model"] == "FILE"


WORDS = st.sampled_from(
    ["", "0", "-1", "3", "2.5", "nan", "inf", "1e400", "x", "é", "-"]
)
OPTIONS = st.sampled_from(
    "cell hidden layers window batch optimiser learning-rate half-life clip-by clip "
    "dtype seed held-out validate-every checkpoint-every length temperature start "
    "order on resume".split()
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["train", "sample", "evaluate"]),
    st.sampled_from(["a.txt", "m", "absent", "."]),
    st.lists(st.tuples(OPTIONS, WORDS), max_size=3),
)
def test_any_words_end_in_an_answer_or_one_line(folder, capsys, name, first, options):
    words = [name, first] + [f"--{o}={w}" if w != "x" else f"--{o}" for o, w in options]
    if name == "train":
        words += ["--steps=2", "--quiet", "--out=fuzz"]
    if not (folder / "m").exists():
        main([*TRAIN, "--steps=1", "--out=m"])
        capsys.readouterr()
    try:
        status = main(words)
    except SystemExit as stop:
        status = stop.code
    errors = capsys.readouterr().err
    assert status in (0, 2)
    assert (errors == "") == (status == 0)
    (folder / "fuzz").unlink(missing_ok=True)


def test_the_summary_names_the_least_validation_loss_wherever_it_was_measured():
    """In the middle of the run, and neither the first nor the last."""
    history = SimpleNamespace(
        loss=np.full(30, 5.0),
        validation=np.array([2.5, 1.25, 1.5]),
        validation_step=np.array([10, 20, 30]),
    )
    about = SimpleNamespace(settings=SimpleNamespace(window=5), alphabet="abc")
    said = train_module._summary(about, SimpleNamespace(step=30, history=history))
    assert said.splitlines()[-1] == (
        "least validation loss 1.2500 nats per character, at step 20, of 3 measured; "
        "evaluate measures the test part"
    )


def test_every_option_says_what_it_is_and_what_it_takes():
    (commands,) = (a for a in parser()._actions if hasattr(a, "choices") and a.choices)
    for command in commands.choices.values():
        for action in command._actions:
            assert action.help, action
            if action.nargs != 0 and not action.choices:
                assert action.metavar, action


class Out(io.StringIO):
    """A standard output that knows what was flushed."""

    seen = ""

    def flush(self):
        """What has arrived."""
        self.seen = self.getvalue()


def test_what_is_printed_does_not_wait(monkeypatch):
    monkeypatch.setattr("sys.stdout", Out())
    train_module._print("step 1")
    assert sys.stdout.seen == "step 1\n"


def test_a_row_of_evaluate_does_not_wait_for_the_next(command, monkeypatch):
    command(*TRAIN, "--steps=2")
    monkeypatch.setattr("sys.stdout", Out())
    evaluate(parser().parse_args(["evaluate", FILE, "a.txt", "--order=0"]))
    assert sys.stdout.seen.splitlines()[-1].startswith("equal probabilities")
