"""The command that measures a trained network, and n-grams on the same symbols."""

import numpy as np

from rnnlib.char import network, run
from rnnlib.char.default import text_of
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.language.text import split
from rnnlib.validate import check_count

CONTEXT = 100  # symbols before the held-out part that are read and not counted


def evaluate(args):
    """Print the cross-entropy of the network and of n-grams on the same symbols."""
    model = run.load(args.model)
    alphabet, settings = model.about.alphabet, model.about.settings
    check_count("order", args.order, least=-1)
    text = text_of(args.text)
    run.check_same_text(model.about, text, args.model)
    trained, held_out = split(alphabet.encode(text), settings.held_out)
    if args.on is None:
        skip = min(CONTEXT, len(trained))
        sequence = np.concatenate([trained[len(trained) - skip :], held_out])
        what = f"the last {100 * settings.held_out:.3g}% of the text, held out"
    else:
        skip, what = 1, f"all of {args.on} but its first character"
        other = text_of(args.on)
        try:
            sequence = alphabet.encode(other)
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
