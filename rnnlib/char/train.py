"""The command that trains: one network, or one for each of several seeds."""

import sys
import threading
from contextlib import suppress

from tqdm import tqdm

from rnnlib.char import run, seeds
from rnnlib.char.arguments import given_settings
from rnnlib.char.default import corpus_at
from rnnlib.char.owned import OwnedFile
from rnnlib.char.settings import Settings
from rnnlib.trees import flatten
from rnnlib.validate import check_count


def train(args):
    """Train one network, or one for each of several seeds."""
    given = given_settings(args)
    check_count("jobs", args.jobs)
    check_count("steps", args.steps, least=0)
    check_count("checkpoint_every", args.checkpoint_every)
    if args.seeds is not None:
        if "seed" in given:
            raise ValueError("seeds: expected --seed or --seeds, got both")
        corpus = corpus_at(args.text, Settings(**given).window, args.shipped)
        return seeds.train_all(args, given, corpus)
    file = OwnedFile(args.out)
    try:
        train_one(args, given, file, say=_print)
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            print(file.interrupted(), file=sys.stderr)
        return 130
    return 0


def train_one(args, given, file, *, corpus=None, say):
    """Train the network of an `OwnedFile`; the last state.

    ``say`` is called with the text before and after. The corpus is read when it is not
    given.
    """
    tqdm.set_lock(threading.RLock())  # its own, between processes, outlives a kill
    with file:
        if file.exists() and not args.resume:
            raise ValueError(
                f"{file.shown}: exists; --resume goes on with it, another --out begins "
                "anew"
            )
        about, state, corpus = _begin_or_resume(
            file, given, (args.text, args.shipped), corpus
        )
        say(_description(about, state, corpus))
        text = about.to_json()
        state = run.go_on(
            about,
            state,
            corpus.indices,
            steps=args.steps,
            checkpoint=lambda state: file.save(state, text),
            checkpoint_every=args.checkpoint_every,
            progress=not args.quiet,
        )
    say(_summary(about, state))
    return state


def _begin_or_resume(file, given, source, corpus):
    """What is known of the run, its state, and its text."""
    if not file.exists():
        settings = Settings(**given)
        corpus = corpus or _read(source, settings.window)
        about = run.about_corpus(settings, corpus)
        return about, _first_state(about), corpus
    model = run.load(file.path)
    file.step = model.state.step
    for name, value in given.items():
        stored = getattr(model.about.settings, name)
        if value != stored:
            raise ValueError(
                f"{name}: expected {stored!r} as in {file.shown}, got {value!r}"
            )
    corpus = corpus or _read(source, model.about.settings.window)
    run.check_same_text(model.about, corpus, file.shown)
    return model.about, model.state, corpus


def _read(source, window):
    path, shipped = source
    return corpus_at(path, window, shipped)


def _first_state(about):
    """The state before the first step, when there is memory for it."""
    try:
        return run.first_state(about)
    except (MemoryError, OverflowError, ValueError):
        settings = about.settings
        raise ValueError(
            f"hidden: expected a size that fits into memory, got {settings.hidden} "
            f"with {settings.layers} layer(s) and batch {settings.batch}"
        ) from None


def _print(text):
    print(text, flush=True)


def _description(about, state, corpus):
    settings = about.settings
    count = sum(a.size for a in flatten(state.params).values())
    train, validation, test = map(len, run.parts_of(settings, corpus.indices))
    return (
        f"text: {len(corpus.indices):,} characters, {len(about.alphabet)} symbols; "
        f"{train:,} to train on, {validation:,} for validation, {test:,} for the test\n"
        f"network: {settings.cell}, hidden {settings.hidden}, {settings.layers} "
        f"layer(s), {count:,} parameters, {settings.dtype}; at step {state.step:,}"
    )


def _summary(about, state):
    settings, history = about.settings, state.history
    lines = [f"step {state.step:,}"]
    if state.step:
        smooth = run.smooth_loss(history.loss, len(about.alphabet), settings.window)
        lines.append(
            f"smooth loss {smooth[-1]:.2f} nats per window of {settings.window} "
            f"({smooth[-1] / settings.window:.4f} per character)"
        )
    if history.validation.size:
        best = int(history.validation.argmin())
        lines.append(
            f"least validation loss {history.validation[best]:.4f} nats per character, "
            f"at step {history.validation_step[best]:,}, of "
            f"{len(history.validation)} measured; evaluate measures the test part"
        )
    return "\n".join(lines)
