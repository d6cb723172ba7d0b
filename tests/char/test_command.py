"""The command from outside: what it prints, its exit status, interrupts, errors."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnlib.char import evaluate, run, seeds
from rnnlib.char.__main__ import main
from rnnlib.char.settings import Settings
from rnnlib.training import save_checkpoint
from tests.training.problem import same

TEXT = "Der Bär läuft über die Brücke.\n" * 30
TRAIN = ["train", "a.txt", "--quiet", "--hidden=4", "--window=5"]
# A shell may start programs with Ctrl-C ignored; here it has to work.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("rnnlib.char", run_name="__main__", alter_sys=True)
"""


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
    assert lines[0] == f"text: 930 characters, {V} symbols, the last 10% held out"
    count = 4 * V + 16 + 4 + 4 * V + V
    assert (
        f"rnn, hidden 4, 1 layer(s), {count} parameters, float64; at step 0"
        in (lines[1])
    )
    assert lines[2] == "step 20" and "least held-out loss" in lines[4]
    model = run.load("model.safetensors")
    smooth = run.smooth_loss(model.state.history.loss, V, 5)[-1]
    assert f"smooth loss {smooth:.2f} nats a window of 5" in lines[3]

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
    assert lines[0].startswith("93 characters: the last 10% of the text, held out")
    table = [[float(word) for word in line.split()[-3:]] for line in lines[2:]]
    for nats, bits, perplexity in table:
        assert np.isclose(bits, nats / np.log(2), atol=2e-4)
        assert np.isclose(perplexity, np.exp(nats), rtol=1e-3)
    losses = [row[0] for row in table]
    assert losses[-1] == round(np.log(V), 4) > losses[1] > losses[2] > losses[3]


def test_what_evaluate_measures(command):
    """The held-out symbols and no other, by the network and by the n-grams."""
    command(*TRAIN, "--steps=3", "--held-out=0.25")
    model = run.load("model.safetensors")
    indices = model.about.alphabet.encode(TEXT)
    cut = len(indices) - round(len(indices) / 4)
    sequence = indices[cut - evaluate.CONTEXT :]
    each = evaluate.network.log_probabilities(
        model.cell, model.params, sequence, model.carried
    )
    expected = -each[-(len(indices) - cut) :].mean()
    counts = np.bincount(indices[:cut], minlength=len(model.about.alphabet))
    _, output, _ = command("evaluate", "model.safetensors", "a.txt", "--order=0")
    rows = output.splitlines()
    assert f" {expected:.4f} " in rows[2]
    ngrams = evaluate.fit_ngrams(indices[:cut], 0, len(counts))
    assert f" {ngrams.cross_entropy(indices[cut:]):.4f} " in rows[3]
    _, output, _ = command(
        *["evaluate", "model.safetensors", "a.txt", "--on=a.txt", "--order=-1"]
    )
    assert output.startswith("929 characters: all of a.txt but its first character")
    assert len(output.splitlines()) == 4


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
    fails(command(*resume, "--hidden=9"), "hidden: expected 4 as in model.safetensors")
    (folder / "b.txt").write_text(TEXT + "!", encoding="utf-8")
    fails(
        command("train", "b.txt", "--resume"), "text: expected the one that model.safet"
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
        (b"abcdefgh", "fraction: expected two symbols"),
        (b"abcdefgh" * 3, "window: expected at most"),
    ):
        (folder / "c.txt").write_bytes(content)
        words = ["--batch=5"] if message.startswith("window") else []
        fails(command("train", "c.txt", *new, "--window=5", *words), message)
    for option, message in (
        ("--hidden=0", "hidden: expected an integer >= 1, got 0"),
        ("--clip=-1", "clip: expected a finite number above 0, got -1.0"),
        ("--held-out=1", "held_out: expected a number between 0 and 1, got 1.0"),
        ("--learning-rate=nan", "learning_rate: expected a finite number above 0"),
        ("--steps=-1", "steps: expected an integer >= 0"),
        ("--checkpoint-every=0", "checkpoint_every: expected an integer >= 1"),
        ("--validate-every=-1", "validate_every: expected an integer >= 0"),
        ("--jobs=0", "jobs: expected an integer >= 1"),
    ):
        fails(command(*TRAIN, *new, option), message)
    diverging = ["--optimiser=adam", "--learning-rate=1e308", "--steps=50"]
    fails(command(*TRAIN, "--out=other", *diverging), "not finite")
    fails(command(*TRAIN, *new, "--seeds=1,2", "--seed=3"), "--seed or --seeds")
    assert not (folder / "new").exists()


def test_errors_of_sample_and_evaluate(command, folder):
    command(*TRAIN, "--steps=2")
    sample = ["sample", "model.safetensors"]
    unknown = r"start: text: character '\u20ac' (U+20AC) at position 2 is not among the"
    fails(command(*sample, "--start=Bä€"), unknown)
    fails(command(*sample, "--start="), "start: expected at least one symbol")
    fails(command(*sample, "--length=0"), "expected an integer >= 1")
    fails(command(*sample, "--temperature=-1"), "temperature: expected")
    fails(command(*sample, "--seed=-1"), "seed: expected an integer >= 0")
    fails(command("sample", "absent"), "absent: no such file")
    fails(command("sample", "a.txt"), "a.txt: damaged, or not a checkpoint")
    model = ["evaluate", "model.safetensors"]
    fails(command(*model), "text: expected the one that model.safetensors was")
    fails(command(*model, "a.txt", "--order=-2"), "order: expected")
    (folder / "b.txt").write_text("Bär €", encoding="utf-8")
    fails(command(*model, "a.txt", "--on=b.txt"), "b.txt: text: character")
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
    assert command("--help")[0] == command("sample", "--help")[0] == 0


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


def launch(folder, *words):
    """The command as a program of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *TRAIN, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(paths, program):
    """Until the program has written these checkpoints."""
    for _ in range(1500):
        if all(path.exists() for path in paths):
            return
        assert program.poll() is None, program.stderr.read()
        time.sleep(0.02)
    raise AssertionError("no checkpoint within half a minute")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_usable_checkpoint(folder, command, how):
    path = folder / "run"
    words = ["--out=run", "--checkpoint-every=50", "--validate-every=70"]
    program = launch(folder, *words, "--steps=1000000000")
    wait_for([path], program)
    program.send_signal(how)
    _, errors = program.communicate(timeout=30)
    stopped = run.load(path).state
    assert program.returncode == 130 and stopped.step > 0
    where = f"interrupted: run holds step {stopped.step:,}; --resume goes on with it"
    assert errors.strip() == where
    assert command("sample", "run", "--length=5")[0] == 0
    steps = f"--steps={stopped.step + 10}"
    assert command(*TRAIN, *words, steps, "--resume")[0] == 0
    assert command(*TRAIN, *words, steps, "--out=whole")[0] == 0
    assert same(run.load(path).state, run.load(folder / "whole").state)


def test_several_seeds(folder):
    words = ["--seeds=3,5", "--jobs=2", "--steps=20", "--validate-every=10"]
    program = launch(folder, *words)
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 0 and errors == ""
    models = [run.load(folder / f"model-seed{seed}.safetensors") for seed in (3, 5)]
    assert [m.about.settings.seed for m in models] == [3, 5]
    least = [m.state.history.validation.min() for m in models]
    assert output.splitlines()[-1] == (
        f"least held-out loss of 2 seeds: mean {np.mean(least):.4f}, from "
        f"{min(least):.4f} to {max(least):.4f} nats a character"
    )
    about = models[0].about
    first = run.first_state(about)
    alone = run.go_on(about, first, TEXT, steps=20, progress=False)
    assert same(models[0].state, alone)


def test_several_seeds_that_fail(folder):
    program = launch(folder, "--seeds=3,5,6", "--jobs=2", "--learning-rate=-1")
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 2 and errors.count("\n") == 1
    (folder / "model-seed3.safetensors").write_text("no checkpoint")
    program = launch(folder, "--seeds=3,5", "--jobs=1", "--steps=2")
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 2 and "model-seed3.safetensors: exists" in errors
    assert not (folder / "model-seed5.safetensors").exists()


def test_an_interrupt_stops_all_seeds(folder):
    words = ["--seeds=3,5", "--jobs=2", "--steps=1000000000", "--checkpoint-every=50"]
    program = launch(folder, *words)
    paths = [seeds.file_of(folder / "model.safetensors", seed) for seed in (3, 5)]
    wait_for(paths, program)
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=30)
    assert program.returncode == 130
    for path in paths:
        step = run.load(path).state.step
        assert f"{path.name} holds step {step:,}" in errors
