"""``python -m rnnlib.char``: see ``--help``."""

import os
import signal
import sys

import numpy as np

from rnnlib.char.arguments import parser
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
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, ArithmeticError, OSError, MemoryError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"python -m rnnlib.char: error: {message}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves a checkpoint too
    sys.exit(main())
