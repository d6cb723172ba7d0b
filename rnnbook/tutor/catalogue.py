"""What an entry of the catalogue of mistakes is, and where its equation stands."""

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
    ``square`` can be made only where all sizes agree.
    """

    name: str
    sentence: str
    equation: str  # a label of the book
    change: dict
    square: bool = False

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

    The piece ``divisor`` is a function of T and B.
    """
    return [
        Mistake(
            f"{name} for {declared}",
            f"This is a {name} where a {declared} was asked for (or declared).",
            equation,
            {"divisor": divisor},
        )
        for name, divisor in REDUCTIONS.items()
        if name != declared
    ]
