"""The command that trains: one network, or one for each of several seeds."""

import sys
from pathlib import Path

import numpy as np

from rnnlib.char import run, seeds
from rnnlib.char.arguments import given_settings
from rnnlib.char.default import text_of
from rnnlib.char.settings import Settings
from rnnlib.trees import flatten
from rnnlib.validate import check_count


def train(args):
    """Train one network, or one for each of several seeds."""
    given = given_settings(args)
    check_count("jobs", args.jobs)
    if args.seeds is not None:
        if "seed" in given:
            raise ValueError("seeds: expected --seed or --seeds, got both")
        text_of(args.text, Settings(**given).window)
        status = seeds.train_all(args, given)
        print(_summary_of_seeds(args), end="")
        return status
    out = Path(args.out)
    if out.exists() and not args.resume:
        raise ValueError(
            f"{out}: exists; --resume goes on with it, another --out begins anew"
        )
    if not out.parent.is_dir():
        raise ValueError(f"{out}: expected a file in a folder that exists")
    about, state, text = _begin_or_resume(out, given, args.text)
    print(_description(about, state, text), flush=True)
    try:
        state = run.go_on(
            about,
            state,
            text,
            steps=args.steps,
            checkpoint=out,
            checkpoint_every=args.checkpoint_every,
            progress=not args.quiet,
        )
    except KeyboardInterrupt:
        print(_where(out), file=sys.stderr)
        return 130
    print(_summary(about, state))
    return 0


def _begin_or_resume(out, given, path):
    """What is known of the run, its state, and its text."""
    if not out.exists():
        settings = Settings(**given)
        text = text_of(path, settings.window)
        about = run.about_text(settings, text)
        return about, run.first_state(about), text
    model = run.load(out)
    for name, value in given.items():
        stored = getattr(model.about.settings, name)
        if value != stored:
            raise ValueError(f"{name}: expected {stored!r} as in {out}, got {value!r}")
    text = text_of(path, model.about.settings.window)
    run.check_same_text(model.about, text, out)
    return model.about, model.state, text


def _description(about, state, text):
    settings = about.settings
    count = sum(a.size for a in flatten(state.params).values())
    return (
        f"text: {len(text):,} characters, {len(about.alphabet)} symbols, the last "
        f"{100 * settings.held_out:.3g}% held out\n"
        f"network: {settings.cell}, hidden {settings.hidden}, {settings.layers} "
        f"layer(s), {count:,} parameters, {settings.dtype}; at step {state.step:,}"
    )


def _summary(about, state):
    settings, history = about.settings, state.history
    lines = [f"step {state.step:,}"]
    if state.step:
        smooth = run.smooth_loss(history.loss, len(about.alphabet), settings.window)
        lines.append(
            f"smooth loss {smooth[-1]:.2f} nats a window of {settings.window} "
            f"({smooth[-1] / settings.window:.4f} a character)"
        )
    if history.validation.size:
        best = int(history.validation.argmin())
        lines.append(
            f"least held-out loss {history.validation[best]:.4f} nats a character, at "
            f"step {history.validation_step[best]:,}"
        )
    return "\n".join(lines)


def _summary_of_seeds(args):
    """The held-out losses of all runs together, when they were measured."""
    files = [seeds.file_of(args.out, seed) for seed in args.seeds]
    if not all(file.exists() for file in files):
        return ""
    measured = [run.load(file).state.history.validation for file in files]
    if not all(losses.size for losses in measured):
        return ""
    least = np.array([losses.min() for losses in measured])
    return (
        f"least held-out loss of {len(files)} seeds: mean {least.mean():.4f}, from "
        f"{least.min():.4f} to {least.max():.4f} nats a character\n"
    )


def _where(out):
    if not out.exists():
        return "interrupted before the first step"
    step = run.load(out).state.step
    return f"interrupted: {out} holds step {step:,}; --resume goes on with it"
