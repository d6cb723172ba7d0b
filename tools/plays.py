"""What two networks wrote after they had read the plays, for the chapters.

    python -m tools.plays short.safetensors long.safetensors

trains nothing: it reads what `COMMANDS` left in these two files, measures both on the
test part and lets them write. The result is ``chapters/shakespeare.json``.
"""

import hashlib
import json
import shlex
import sys

import numpy as np

from rnnlib.char import network, run
from rnnlib.char.arguments import given_settings, parser
from rnnlib.char.default import corpus_at
from rnnlib.char.evaluate import after
from rnnlib.char.sample import written
from rnnlib.char.settings import Settings
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.trees import flatten
from tools import ROOT

PATH = ROOT / "chapters" / "shakespeare.json"
SHORT = (
    "python -m rnnlib.char train --text shakespeare --hidden 256 --batch 16 "
    "--optimiser adam --half-life 5000 --dtype float32 --steps 20000 --out {file}"
)
LONG = (
    "python -m rnnlib.char train --text shakespeare --cell gru --hidden 256 "
    "--window 50 --batch 32 --optimiser adam --half-life 6000 --dtype float32 "
    "--steps {steps} --out {file}"
)
START, LENGTH, TEMPERATURE, SEED = "ROMEO:\n", 600, 0.7, 1
FIRST = 10  # losses that a test computes again


def settings_of(command):
    """The `Settings` and the number of steps that a command stands for."""
    args = parser().parse_args(shlex.split(command)[3:])
    return Settings(**given_settings(args)), args.steps


def first_losses(command, corpus, count=FIRST):
    """The losses of the first steps of a command, trained here."""
    settings, _ = settings_of(command)
    about = run.about_corpus(settings, corpus)
    state = run.first_state(about)
    state = run.go_on(about, state, corpus.indices, steps=count, checkpoint_every=count)
    return state.history.loss.tolist()


def record(path, command, corpus):
    """What is stored of a run, from the checkpoint that its command left."""
    model = run.load(path)
    settings, steps = settings_of(command)
    assert model.about.settings == settings and model.state.step == steps, path
    run.check_same_text(model.about, corpus, path)
    _, validation, test = run.parts_of(settings, corpus.indices)
    log_p = network.log_probabilities(
        model.cell, model.params, *_with_state(after(test, validation), model)
    )
    prompt = model.about.alphabet.encode(START)
    drawn = written(model, prompt, LENGTH, np.random.default_rng(SEED), TEMPERATURE)
    text = START + model.about.alphabet.decode(drawn)
    history = model.state.history
    return {
        "command": command,
        "sample": f"--start 'ROMEO:\\n' --length {LENGTH} --temperature {TEMPERATURE} "
        f"--seed {SEED}",
        "cell": settings.cell,
        "parameters": int(sum(a.size for a in flatten(model.params).values())),
        "characters a step": settings.window * settings.batch,
        "first losses": [round(float(v), 4) for v in history.loss[:FIRST]],
        "validation step": history.validation_step.tolist(),
        "validation": [round(float(v), 4) for v in history.validation],
        "test": round(float(-log_p.mean()), 4),
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _with_state(part, model):
    sequence, skip = part
    return sequence, model.carried, skip


def main(short, long):
    """Write the file."""
    corpus = corpus_at(None, shipped="shakespeare")
    steps = run.load(long).state.step
    commands = {
        short: SHORT.format(file="plays.safetensors"),
        long: LONG.format(steps=steps, file="gru.safetensors"),
    }
    runs = [record(path, command, corpus) for path, command in commands.items()]
    settings, _ = settings_of(runs[0]["command"])
    train, validation, test = run.parts_of(settings, corpus.indices)
    ngrams = fit_ngrams(train, 5, len(corpus.alphabet))
    sequence, skip = after(test, validation)
    price = -ngrams.symbol_log_probabilities(sequence)[skip:].mean()
    found = {
        "made by": "python -m tools.plays",
        "text sha256": corpus.digest,
        "n-grams of order 5": round(float(price), 4),
        "counts": ngrams.entries,
        "runs": dict(zip(("minutes", "longer"), runs, strict=True)),
    }
    PATH.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
