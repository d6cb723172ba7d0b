"""Errors of the command in one line that names the option as it is typed."""

import re

from rnnlib.char.arguments import option_names

ERRORS = ValueError, ArithmeticError, OSError, MemoryError


def in_one_line(error, command):
    """The message of an error; an argument at its beginning is called as its option."""
    if isinstance(error, MemoryError):  # NumPy's is about an array of its own
        return "there is not enough memory for these sizes"
    message = " ".join(str(error).split()) or type(error).__name__
    names = option_names(command)
    return re.sub(r"^(\w+)(?=: )", lambda m: names.get(m[0], m[0]), message)
