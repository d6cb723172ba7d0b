"""What an entry of the catalogue of mistakes is, and where its equation stands.

The modules that judge one function of the reader, `windows` to `training`, have the
same parts: ``Case``, what the function is given, where it has a form of its own;
``PIECES``, the right computation; ``MISTAKES`` or ``catalogue``, which pieces an entry
replaces; ``run``, the outputs with given pieces; ``planted``, a function such as the
reader writes, with a mistake in it; and the check itself.
"""

from typing import NamedTuple

from rnnbook.page.equations import number
from rnnbook.tutor.layout import REDUCTIONS

PLACES = {  # label of an equation: (how to call it, chapter)
    "eq-forward-pre-activation": ("equation", "forward"),
    "eq-forward-hidden": ("equation", "forward"),
    "eq-forward-logits": ("equation", "forward"),
    "eq-losses-softmax": ("the softmax", "losses"),
    "eq-losses-log-softmax": ("the stable log-softmax", "losses"),
    "eq-losses-cross-entropy": ("the cross-entropy", "losses"),
    "eq-bptt-5": ("equation", "bptt"),
    "eq-bptt-6": ("equation", "bptt"),
    "eq-bptt-7": ("equation", "bptt"),
    "eq-bptt-8": ("equation", "bptt"),
    "eq-bptt-9": ("equation", "bptt"),
    "eq-bptt-10": ("equation", "bptt"),
    "eq-bptt-11": ("equation", "bptt"),
    "eq-min-char-rnn-windows": ("the windows", "min_char_rnn"),
    "eq-min-char-rnn-loss": ("the loss of a window", "min_char_rnn"),
    "eq-min-char-rnn-clip": ("clipping", "min_char_rnn"),
    "eq-min-char-rnn-norm": ("clipping by the norm", "min_char_rnn"),
    "eq-min-char-rnn-sgd": ("gradient descent", "min_char_rnn"),
    "eq-min-char-rnn-adagrad": ("Adagrad", "min_char_rnn"),
    "eq-min-char-rnn-temperature": ("sampling", "min_char_rnn"),
    "eq-min-char-rnn-carry": ("the carried state", "min_char_rnn"),
}


class Mistake(NamedTuple):
    """A classic mistake: its name, a sentence, the equation, and how to make it.

    ``change`` replaces pieces of the right computation by wrong ones, by name. Two
    mistakes that change different pieces can be made together. A mistake with
    ``square`` can be made only where all sizes agree; one that is ``alone`` is looked
    for by itself, not together with others. ``original`` marks what is no mistake but
    the way of the original min-char-rnn: it is the word by which a `Layout` declares
    it.
    """

    name: str
    sentence: str
    equation: str  # a label of the book
    change: dict
    square: bool = False
    alone: bool = False
    original: str = ""

    @property
    def place(self):
        """Where to read: the equation in words and its chapter."""
        words, chapter = PLACES[self.equation]
        return f"{words} {number(self.equation)}, chapters/{chapter}.ipynb"

    @property
    def link(self):
        """The same as a Markdown link, from a notebook of a neighbouring folder."""
        words, chapter = PLACES[self.equation]
        return f"[{words} {number(self.equation)}](../chapters/{chapter}.ipynb)"


def other_reductions(declared, equation):
    """The mistake of another reduction than the declared one, for each of the others.

    The piece ``divisor`` is a function of T, B and V.
    """
    over_symbols = Mistake(
        f"mean over V for {declared}",
        "The sum is divided by the number of symbols, which no reduction does.",
        equation,
        {"divisor": lambda T, B, V: V * REDUCTIONS[declared](T, B, V)},
    )
    return [over_symbols] + [
        Mistake(
            f"{name} for {declared}",
            f"This is a {name} where a {declared} was asked for (or declared).",
            equation,
            {"divisor": divisor},
        )
        for name, divisor in REDUCTIONS.items()
        if name != declared
    ]


def fixed(argument, values, equation, change, *, together=None):
    """For each value that everybody types, the entry of a constant in the program.

    ``change(value)`` are the pieces with the value in place of the argument. With
    ``together`` only these values are looked for with other mistakes.
    """
    return [
        Mistake(
            f"{argument} is {value:g} whatever was asked for",
            f"The argument {argument} is not used: {value:g} stands in its place.",
            equation,
            change(value),
            alone=together is not None and value not in together,
        )
        for value in values
    ]


RATES = (0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.001, 1e-4)
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 50.0, 100.0)
SMALL = (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
LENGTHS = (1, 2, 3, 4, 5, 8, 10, 16, 20, 25, 30, 32, 50, 64, 100)
