"""What ``python -m rnnlib.char`` does: train, sample and evaluate."""

import sys
from pathlib import Path

import numpy as np

from rnnlib.char import network, run, seeds
from rnnlib.char.arguments import given_settings
from rnnlib.char.default import default_text
from rnnlib.char.settings import Settings, digest
from rnnlib.char.text import read_text, split
from rnnlib.generate import cell_step, generate
from rnnlib.ngrams import fit_ngrams
from rnnlib.validate import check_count

CONTEXT = 100  # symbols before the held-out part that are read and not counted


class Interrupted(Exception):
    """Stopped from the keyboard; the message says where to go on."""


def train(args):
    """Train one network, or one for each of several seeds."""
    given = given_settings(args)
    check_count("validate_every", args.validate_every, least=0)
    check_count("jobs", args.jobs)
    if args.seeds is not None:
        if "seed" in given:
            raise ValueError("seeds: expected --seed or --seeds, got both")
        _text(args.text, Settings(**given).window)
        return seeds.train_all(args, given)
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
            validate_every=args.validate_every,
            checkpoint=out,
            checkpoint_every=args.checkpoint_every,
            progress=not args.quiet,
        )
    except KeyboardInterrupt:
        raise Interrupted(_where(out)) from None
    print(_summary(about, state))
    return 0


def sample(args):
    """Print a text that the network writes."""
    model = run.load(args.model)
    alphabet = model.about.alphabet
    start = args.start
    if start is None:
        start = "\n" if "\n" in alphabet.symbols else alphabet.symbols[0]
    try:
        prompt = alphabet.encode(start)
    except ValueError as error:
        raise ValueError(f"start: {error}") from None
    check_count("seed", args.seed, least=0)
    layer, W_hy, b_y = model.params.values()
    indices = generate(
        cell_step(model.cell, layer, W_hy, b_y),
        model.carried,
        prompt,
        args.length,
        rng=np.random.default_rng(args.seed),
        temperature=args.temperature,
    )
    print((start if args.start is not None else "") + alphabet.decode(indices))
    return 0


def evaluate(args):
    """Print the cross-entropy of the network and of n-grams on the same symbols."""
    model = run.load(args.model)
    alphabet, settings = model.about.alphabet, model.about.settings
    check_count("order", args.order, least=-1)
    text = _text(args.text)
    _check_same_text(model.about, text, args.model)
    trained, held_out = split(alphabet.encode(text), settings.held_out)
    if args.on is None:
        skip = min(CONTEXT, len(trained))
        sequence = np.concatenate([trained[len(trained) - skip :], held_out])
        what = f"the last {settings.held_out:.3g} of the text, held out"
    else:
        skip, what = 1, f"all of {args.on} but its first character"
        try:
            sequence = alphabet.encode(_text(args.on))
        except ValueError as error:
            raise ValueError(f"{args.on}: {error}") from None
    print(f"{len(sequence) - skip:,} characters: {what}; {len(alphabet)} symbols")
    print(f"{'model':24s} {'nats':>7s} {'bits':>7s} {'perplexity':>10s}")
    name = f"{settings.cell}, hidden {settings.hidden}"
    log_p = network.log_probabilities(
        model.cell, model.params, sequence, model.carried, skip
    )
    print(_row(name, -log_p.mean()), flush=True)
    V = len(alphabet)
    for order in range(args.order + 1):
        if (V + 1) ** (order + 1) >= 2**63:
            print(f"orders from {order} on: too many contexts for {V} symbols")
            break
        ngrams = fit_ngrams(trained, order, V)
        log_p = ngrams.symbol_log_probabilities(sequence)[skip:]
        print(_row(f"n-grams, context {order}", -log_p.mean()), flush=True)
    print(_row("equal probabilities", np.log(V)))
    return 0


def _row(name, nats):
    bits, perplexity = nats / np.log(2), np.exp(nats)
    return f"{name:24s} {nats:7.4f} {bits:7.4f} {perplexity:10.3f}"


def _text(path, window=1):
    return default_text() if path is None else read_text(path, window)


def _begin_or_resume(out, given, path):
    """What is known of the run, its state, and its text."""
    if not out.exists():
        settings = Settings(**given)
        text = _text(path, settings.window)
        about = run.about_text(settings, text)
        return about, run.first_state(about), text
    model = run.load(out)
    for name, value in given.items():
        stored = getattr(model.about.settings, name)
        if value != stored:
            raise ValueError(f"{name}: expected {stored!r} as in {out}, got {value!r}")
    text = _text(path, model.about.settings.window)
    _check_same_text(model.about, text, out)
    return model.about, model.state, text


def _check_same_text(about, text, model):
    if digest(text) != about.text:
        raise ValueError(f"text: expected the one that {model} was trained on")


def _description(about, state, text):
    settings = about.settings
    count = sum(a.size for a in network.flatten(state.params).values())
    return (
        f"text: {len(text):,} characters, {len(about.alphabet)} symbols, the last "
        f"{settings.held_out:.3g} held out\n"
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


def _where(out):
    if not out.exists():
        return "interrupted before the first step"
    step = run.load(out).state.step
    return f"interrupted: {out} holds step {step:,}; --resume goes on with it"


def main(args):
    """The exit status of a command; messages of errors go to the standard error."""
    commands = {"train": train, "sample": sample, "evaluate": evaluate}
    try:
        status = commands[args.command](args)
        sys.stdout.flush()
        return status
    except Interrupted as where:
        print(where, file=sys.stderr)
        return 130
