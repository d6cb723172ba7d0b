"""``python -m rnnlib.char``: see ``--help``."""

import os
import sys
from contextlib import suppress

import numpy as np

from rnnlib.char import signals
from rnnlib.char.arguments import parser
from rnnlib.char.errors import ERRORS, in_one_line
from rnnlib.char.evaluate import evaluate
from rnnlib.char.sample import sample
from rnnlib.char.train import train

COMMANDS = {"train": train, "sample": sample, "evaluate": evaluate}


def main(arguments=None):
    """The exit status: 0, 2 after an error (told in one line), 130 when interrupted."""
    args = parser().parse_args(arguments)
    try:
        with np.errstate(all="ignore"):  # a loss that overflows is an error below
            status = COMMANDS[args.command](args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ERRORS as error:
        message = in_one_line(error, args.command)
        print(f"python -m rnnlib.char: error: {message}", file=sys.stderr)
        return 2


def program():
    """The command as a program: it can be interrupted at any time, with one line."""
    try:
        signals.install()
        status = main()
        signals.finish()
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            print("interrupted", file=sys.stderr)
        status = 130
    signals.ignore()
    sys.exit(status)


if __name__ == "__main__":
    program()
