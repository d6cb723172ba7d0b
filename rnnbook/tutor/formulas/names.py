"""Which quantity does a name mean? In the book, in a notation, or for any cell.

A name is looked up by its letters: W_{hh}, Whh and W^{hh} are one. What a notation says
comes first, then the derivation's own names, then what readers say besides.
"""

from difflib import get_close_matches
from os.path import commonprefix

from rnnbook.tutor.formulas.reading import FUNCTIONS, Grammar
from rnnbook.tutor.formulas.scanning import Unreadable, scan
from rnnbook.tutor.formulas.terms import NOW, Step, Term, leaf
from rnnlib.symbolic.derivation.sizes import Size

LOSSES = frozenset({"L", "loss", "Loss", "E", "C", "ell", "J", "l", "cost"})
BOOK_QUANTITIES = {  # names of the book: kind and name in the derivation
    "delta_z": ("adjoint", "z"),
    "delta_s": ("adjoint", "s"),
    "g": ("adjoint", "h"),
}
SYNONYMS = {  # what readers write for the names of the book
    "delta": "delta_s",
    "deltah": "delta_s",
    "hat(y)": "p",
    "yhat": "p",
    "hat(p)": "p",
    "logits": "z",
    "dnexth": "g",
}


class Names:
    """The names of a derivation, as a notation writes them.

    Parameters
    ----------
    derivation : rnnlib.symbolic Derivation
    notation : Notation, optional
        For the network of the book alone.
    """

    losses, labels = LOSSES, False
    brackets = raised = False  # steps as in h(1), and as in h^1
    loss_shift = 0  # how much later the loss of a step is counted

    def __init__(self, derivation, notation=None):
        self.derivation, self.program = derivation, derivation.program
        self.notation = notation
        self.table, self.calls, self.own = {}, {}, {}
        self.functions = dict(FUNCTIONS) | {"softmax": "softmax"}
        self.abstract = self._abstract()
        self._own_names()
        if notation is not None:
            self._notation(notation)

    def _abstract(self):
        """The function that stands for any activation here: phi, or the only one."""
        texts = str(self.derivation.equations)
        return "phi" if "phi(" in texts else ""

    @property
    def state_size(self):
        """The size of the first state: of a bare identity matrix."""
        states = self.program.states or tuple(self.program.definitions)
        return self.program.shapes[states[0]][0]

    # tables

    def _own_names(self):
        program, names = self.program, self.derivation.names
        for name in program.shapes:
            if name == self.derivation.recursion.loss:
                continue
            timed = name in program.definitions or name in program.inputs
            self.table[name.replace("_", "")] = ("value", name, timed, 0)
            if name in program.definitions:
                plain = names.adjoint(name).replace("_", "")
                self.table.setdefault(plain, ("adjoint", name, True, 0))
        if {"s", "h", "z"} <= set(program.shapes) and self.abstract:
            for key, quantity in SYNONYMS.items():
                kind, name = BOOK_QUANTITIES.get(quantity, ("value", quantity))
                if name in program.shapes:
                    self.table.setdefault(key, (kind, name, True, 0))
            self.table["(state)"] = "value", "h", True, 0
            self.table.setdefault("J", ("jacobian", "h", True, 0))
            self.table.setdefault("Js", ("jacobian", "s", True, 0))

    def _notation(self, notation):
        """Put in what a notation calls the quantities of the book."""
        own = {}
        for quantity, latex in notation.names.items():
            if quantity in ("phi", "dphi", "loss", "ell", "J"):
                continue
            by = -notation.shifts.get(quantity, 0)
            self._spoken(own, latex, (*self._entry(quantity), by))
        for word, spoken in notation.also.items():
            quantity, _, shift = spoken.partition(":")
            own[word] = (*self._entry(quantity), int(shift or 0))
        self.table.pop(notation.names["loss"], None)  # J is the loss in one of them
        self.table |= own
        self.own = own
        self.functions[notation.names["phi"].strip("\\")] = "phi"
        x = notation.names["x"]
        self.brackets = "(%t)" in x and "^" not in x
        self.loss_shift = notation.shifts.get("ell_h", 0)
        self.raised = any(s.endswith("^{%t}") for s in notation.names.values())

    def _entry(self, quantity):
        if quantity == "future":
            return "future", "h", True
        if quantity == "zero":
            return "zero", "b_h", False
        kind, name = BOOK_QUANTITIES.get(quantity, ("value", quantity))
        timed = name in self.program.definitions or name in self.program.inputs
        return kind, name, timed

    def _spoken(self, table, latex, entry):
        """One symbol of a notation, where it is a symbol at all."""
        text = latex.replace("%t", "t").removesuffix("(t)").removesuffix("[t]")
        try:
            grammar = Grammar(text, scan(text), _Nothing(), True)
            if grammar.kind() != "word":
                return
            symbol = grammar.symbol()
        except Unreadable:
            return
        if grammar.at == len(grammar.tokens):
            table[symbol.key + "'" * symbol.primes] = entry
        elif grammar.accept("("):
            inner = grammar.symbol()
            if grammar.accept(")"):
                self.calls[symbol.key, inner.key] = entry

    # what the grammar asks

    def letter(self, word):
        """The letter of a step; tau is the last step for some."""
        if word == "tau":
            last = self.notation is not None and self.notation.key == "goodfellow"
            return "T" if last else "τ"
        return word

    def counted(self, step):
        """A step in brackets; where steps count from zero, -1 is before the first."""
        zero = self.notation is not None and self.notation.from_zero
        return Step("", 0) if zero and step == Step("", -1) else step

    def known(self, key):
        """True for the letters of a quantity."""
        return key in self.table

    def known_one(self, grammar):
        """True where a unit vector is meant, not a column of ones."""
        return any(k.startswith("one") for k in self.table) and grammar.peek(1) == "_"

    def timed(self, key):
        """True for a quantity that has a step."""
        if self.brackets and key in self.losses:
            return True
        return key in self.table and self.table[key][2]

    def matrix(self, key):
        """True for a parameter: what stands above it is a power."""
        return key in self.table and not self.table[key][2]

    def differential(self, rest):
        """True when d + rest is a differential: rest is a loss or begins a name."""
        return rest in self.losses or any(key.startswith(rest) for key in self.table)

    def called(self, symbol, argument):
        """The symbol for sigma(h_t), where a document names a state so."""
        function = self.functions.get(symbol.base)
        key = symbol.key, argument.key
        if key in self.calls:
            return symbol._replace(base=f"{key[0]}({key[1]})", step=argument.step)
        entry = self.table.get(argument.key)
        if function and entry and entry[:2] == ("value", "s"):
            return symbol._replace(base="(state)", step=argument.step)
        return None

    def apply(self, function, order, argument, grammar):
        """A function of a term; with one abstract function every name means it."""
        if self.abstract and function in ("tanh", "sigma", "relu", "phi"):
            if function != "phi":
                grammar.note(f"{function} is the activation phi here")
            function = "phi"
        if order > 1:
            grammar.fail("a second derivative does not occur here")
        return Term("apply", (argument,), (function, order))

    def find(self, symbol):
        """The entry of a symbol and the shift that its words add; or None."""
        call = tuple(symbol.base.rstrip(")").split("("))
        if call in self.calls:
            return self.calls[call], 0
        for key in (symbol.key + "'" * symbol.primes, symbol.key):
            if key in self.table:
                return self.table[key], 0
        labels, shift = symbol.labels, 0
        for word, by in (("next", 1), ("prev", -1)):
            if word in labels:
                labels = tuple(w for w in labels if w != word)
                shift = by
        key = symbol.base + "".join(labels)
        if key in self.table:
            return self.table[key], shift
        for prefix in ("grad", "d"):
            entry = self.table.get(key.removeprefix(prefix))
            if entry is not None and entry[0] == "value":
                return ("adjoint", *entry[1:]), shift
        return None

    def sought(self, symbol, grammar):
        """What `find` gives, or a refusal."""
        found = self.find(symbol)
        if found is None:
            grammar.fail(f"the name {symbol.text} is not known here", symbol.place)
        return found

    def term(self, symbol, grammar):
        """The quantity of a symbol, or several that stand side by side."""
        if grammar.peek() == "(" and any(k[0] == symbol.key for k in self.calls):
            return self._call(symbol, grammar)
        found = self.find(symbol)
        if found is None:
            return self.split(symbol, grammar)
        (kind, name, timed, own_shift), shift = found
        shift += own_shift
        if not timed:
            stepped = symbol.step is not None and shift == 0
            if stepped and kind in ("value", "zero"):
                grammar.note(f"{symbol.text}: the weights are the same at every step")
            term = leaf(kind, name, None)
            if symbol.primes and symbol.key + "'" not in self.table:
                term = Term("transpose", (term,))
            return term
        step = symbol.step or NOW
        primes = symbol.primes
        if primes and symbol.step is None and not shift:
            shift, primes = -primes, 0
            grammar.note(f"{symbol.text} read as the step before")
        step = Step(step.letter, step.offset + shift)
        self.bound_step(step, grammar, symbol)
        before = name, Step(step.letter, step.offset - 1)
        term = leaf(kind, name, step, *(before if kind == "jacobian" else ()))
        return Term("transpose", (term,)) if primes % 2 else term

    def _call(self, symbol, grammar):
        first = grammar.at
        grammar.take()
        inner = grammar.symbol() if grammar.kind() == "word" else None
        if inner and (symbol.key, inner.key) in self.calls:
            grammar.close("(")
            return self.term(self.called(symbol, inner), grammar)
        return grammar.fail(
            f"{symbol.key}( ... ) is not known with this argument",
            grammar.place(first),
        )

    def bound_step(self, step, grammar, symbol):
        """Every letter of a step has to be bound, or be one of the result."""
        if step.letter and step.letter not in grammar.bound:
            if step.letter in self.free:
                return
            grammar.fail(
                f"the step {step.letter} of {symbol.text} is bound by no sum "
                "or product",
                symbol.place,
            )

    free: tuple[str, ...] = ("t",)  # letters of the result's own step

    def split(self, symbol, grammar):
        """Names side by side without a space, such as Wx; otherwise a refusal."""
        key = symbol.base
        whole = symbol.key
        for cut in range(1, len(key)):
            left, right = key[:cut], key[cut:]
            joined = symbol._replace(base=right)
            if left in self.table and not self.table[left][2]:
                if self.find(joined) is not None:
                    first = leaf(self.table[left][0], self.table[left][1], None)
                    return Term("product", (first, self.term(joined, grammar)))
        if symbol.base in self.losses:
            grammar.fail(
                f"{symbol.text} is the loss itself: expected a formula of its "
                "derivative",
                symbol.place,
            )
        hint = ""
        known = [k for k in self.table if "(" not in k]
        if matches := get_close_matches(whole, known):
            near = max(matches, key=lambda k: len(commonprefix((k, whole))))
            kind, name, *_ = self.table[near]
            plain = kind == "value" and name.replace("_", "") == near
            hint = f"; did you mean {name if plain else near}?"
        elif set(whole) & set("ij") and len(whole) > 1:
            hint = "; formulas are read as matrices, without indices of entries"
        grammar.fail(f"the name {symbol.text} is not known here{hint}", symbol.place)

    def derivative(self, over, under, plus, grammar):
        """d over / d under as a quantity; with a plus the immediate derivative."""
        if under.base in self.losses and not self.known(under.key):
            grammar.fail(
                "expected a quantity below the loss, got the loss", under.place
            )
        (entry_kind, name, timed, own), shift = self.sought(under, grammar)
        if entry_kind != "value":
            grammar.fail(
                f"{under.text} is a derivative itself: expected what it is taken by",
                under.place,
            )
        step = None
        if timed:
            step = under.step or NOW
            step = Step(step.letter, step.offset + shift + own)
            self.bound_step(step, grammar, under)
        if over is None or over.base in self.losses and not self.known(over.key):
            of_step = over is not None and (
                plus or over.step is not None or over.base in ("ell", "l")
            )
            if not of_step:
                return leaf("adjoint", name, step)
            if not timed:
                grammar.fail(
                    f"the derivative of the loss of one step by {under.text} is no "
                    "quantity here: write it out",
                    under.place,
                )
            later = over.step
            if later is None:
                return leaf("own", name, step, "", step)
            later = Step(later.letter, later.offset - self.loss_shift)
            self.bound_step(later, grammar, over)
            return leaf("own", name, step, "", later)
        return self._jacobian(over, name, step, grammar, under)

    def _jacobian(self, over, name, step, grammar, under):
        (kind, over_name, timed, own), shift = self.sought(over, grammar)
        if kind != "value" or not timed:
            grammar.fail(f"expected a loss or a state, got {over.text}", over.place)
        if step is None:
            grammar.fail(
                f"the derivative of {over.text} by the matrix {under.text} has three "
                "indices: contract it with the column on its left first, and only an "
                "outer product is left",
                under.place,
            )
        over_step = over.step or NOW
        over_step = Step(over_step.letter, over_step.offset + shift + own)
        self.bound_step(over_step, grammar, over)
        return leaf("jacobian", over_name, over_step, name, step)


class _Nothing:
    """Names for reading the symbols of a notation: nothing is known yet."""

    losses, functions, notation = frozenset(), {}, None
    state_size = Size()
    labels = True  # what stands above a name belongs to it

    def known(self, key):
        return False

    timed = differential = matrix = known

    def letter(self, word):
        return word

    def counted(self, step):
        return step
