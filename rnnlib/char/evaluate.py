"""The command that measures a trained network, and n-grams on the same symbols."""

import numpy as np

from rnnlib.char import network, run
from rnnlib.char.default import corpus_at
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.language.text import read_text
from rnnlib.validate import check_count

CONTEXT = 100  # symbols before a part that are read and not counted


def evaluate(args):
    """Print the cross-entropy of the network and of n-grams on the same symbols.

    That is the test part, which was used for nothing so far. Beside it stands that of
    the validation part, by which the network was chosen and an n-gram model may be.
    """
    model = run.load(args.model)
    alphabet, settings = model.about.alphabet, model.about.settings
    V = len(alphabet)
    check_count("order", args.order, least=-1)
    corpus = corpus_at(args.text, shipped=args.shipped)
    run.check_same_text(model.about, corpus, args.model)
    train, validation, test = run.parts_of(settings, corpus.indices)
    if args.on is None:
        what = f"{len(test):,} characters: the test part, the last of the text"
        parts = [after(test, validation), after(validation, train)]
    else:
        other = _other(args.on, alphabet)
        what = f"{len(other) - 1:,} characters: all of {args.on} but its first"
        parts = [(other, 1)]
    print(f"{what}; {V} symbols")
    columns = f"{'model':24s} {'nats':>7s} {'bits':>7s} {'perplexity':>10s}"
    print(columns + ("  nats of validation" if args.on is None else ""))

    def row(name, loss):
        print(_row(name, [loss(*part) for part in parts]), flush=True)

    def of_network(sequence, skip):
        return -network.log_probabilities(
            model.cell, model.params, sequence, model.carried, skip
        ).mean()

    row(f"{settings.cell}, hidden {settings.hidden}", of_network)
    for order in range(args.order + 1):
        if (V + 1) ** (order + 1) >= 2**63:
            print(f"orders from {order} on: too many contexts for {V} symbols")
            break
        ngrams = fit_ngrams(train, order, V)
        row(
            f"n-grams, context {order}",
            lambda x, skip, m=ngrams: -m.symbol_log_probabilities(x)[skip:].mean(),
        )
    row("equal probabilities", lambda *_: np.log(V))
    return 0


def after(part, before):
    """A part with the symbols before it, and how many of these there are."""
    skip = min(CONTEXT, len(before))
    return np.concatenate([before[len(before) - skip :], part]), skip


def _other(path, alphabet):
    """Another text, in the symbols of the model."""
    try:
        return alphabet.encode(read_text(path), np.uint32)
    except ValueError as error:
        raise ValueError(f"on: {path}: {str(error).removeprefix('text: ')}") from None


def _row(name, losses):
    nats = losses[0]
    bits, perplexity = nats / np.log(2), np.exp(nats)
    row = f"{name:24s} {nats:7.4f} {bits:7.4f} {perplexity:10.3f}"
    return row + "".join(f" {other:19.4f}" for other in losses[1:])
