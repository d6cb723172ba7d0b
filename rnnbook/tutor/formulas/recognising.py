"""Which letters are yours? The notation that a pasted formula is written in.

Every name of the formula is looked up in every notation. A notation that knows all of
them, and was not understood by way of the book's own names, comes first.
"""

from typing import NamedTuple

from rnnbook.tutor.formulas.names import Names, _Nothing
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.reading import FUNCTIONS, Grammar
from rnnbook.tutor.formulas.scanning import Unreadable, scan
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS

PASSED = {
    "dot",
    "outer",
    "matmul",
    "d",
    "T",
    "diag",
    "Diag",
    "sum",
    "softmax",
    "t",
    "np",
    "exp",
    "I",
    "frac",
}
FALSE_FRIENDS = (
    (r"$\partial^{+}$", "total in Werbos; immediate in Pascanu and in this book"),
    (
        "$b$",
        "the bias of the state in Goodfellow, whose $c$ is that of the output; an "
        "activation in Graves",
    ),
    (
        r"$W_{xh}$, $W_{hx}$",
        "one matrix or its transpose: d2l has both, and says to which side it belongs",
    ),
    (
        "`da_next`",
        "in deeplearning.ai the adjoint of the step's own output, not of the step "
        "after",
    ),
    (
        "`dhnext`",
        "in min-char-rnn the part that the later steps send, not a whole adjoint",
    ),
    ("$w_{ij}$", "from $i$ to $j$ in Graves, and to $i$ from $j$ in most other texts"),
    (
        "$y(t+1)$",
        "in Williams and Zipser the state that is computed from the input of step $t$; "
        "the error there is the target minus the output",
    ),
    ("$x_t$", "in Pascanu the state before the nonlinearity; the input is $u_t$"),
    ("$h_t$", "in Pal the state before the nonlinearity"),
    ("$p_t$", "in Topçuoğlu the target, and in this book the prediction"),
)


class Recognised(NamedTuple):
    """The notations that know the names of a formula, the likeliest first."""

    keys: tuple
    known: dict  # key: the names that it has
    names: tuple  # all names that were found

    def __str__(self):
        if not self.names:
            return "No name was found in this text."
        if not self.keys:
            return f"No notation here has all of {', '.join(self.names)}."
        titles = [_all()[key].title for key in self.keys]
        return f"The names {', '.join(self.names)} are those of: {'; '.join(titles)}."

    def __repr__(self):
        return str(self)


def _all():
    return {"book": BOOK_NOTATION, **NOTATIONS, **BROUGHT}


def symbols_of(text):
    """The names in a text, as letters with their labels, without steps."""
    grammar = Grammar(text, scan(text), _Nothing(), tight=True)
    found = []
    while grammar.peek():
        if grammar.kind() == "word" and grammar.peek() not in PASSED:
            try:
                symbol = grammar.symbol()
            except Unreadable:
                continue
            if symbol.base not in FUNCTIONS:
                found.append((symbol.key, symbol.text.strip()))
        else:
            grammar.take()
    return list(dict.fromkeys(found))


def recognise(text):
    """The notations in which a formula may be written.

    Parameters
    ----------
    text : str
        LaTeX, plain or Python-like text.

    Returns
    -------
    Recognised

    Raises
    ------
    ValueError
        For a text that is not one, or holds signs that mean nothing here.
    """
    if not isinstance(text, str):
        raise ValueError(f"text: expected a formula as text, got {type(text).__name__}")
    try:
        symbols = symbols_of(text)
    except Unreadable as error:
        raise ValueError(f"text: {error.sentence}") from None
    known = {}
    for key, record in _all().items():
        notation = Names(book_network(), record)
        known[key] = tuple(
            said
            for name, said in symbols
            if own_has(notation.own, notation.losses, name)
        )
    names = tuple(said for _, said in symbols)
    keys = tuple(key for key in known if names and known[key] == names)
    return Recognised(keys, known, names)


def own_has(own, losses, name):
    """True when a name, or what it is the derivative by, is of the notation."""
    if name in own or name in losses:
        return True
    rest = name.removeprefix("d")
    return rest != name and (rest in own or rest in losses)
