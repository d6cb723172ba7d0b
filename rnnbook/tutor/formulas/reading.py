r"""From text to a formula: a forgiving grammar over the tokens of `scanning`.

Juxtaposition and ``@`` are the matrix product, ``\odot`` the elementwise one; a dot or
a star is whichever fits, except in Python-like text. Names are looked up in a `Names`.
What is left open on the way, and decided, is told in ``notes``.
"""

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NoReturn

from rnnbook.tutor.formulas.scanning import Token, Unreadable, scan
from rnnbook.tutor.formulas.terms import Step, Term, flat, many, negative, number

INDICES = ("t", "k", "i", "j", "l", "m", "n", "r", "q", "tau", "T", "s", "u", "v")
LONGEST, DEEPEST, LARGEST = 500, 40, 12  # words, brackets, numbers of steps and powers
PYTHON = re.compile(r"np\.|\w\[|\.T\b")
CLOSING = {"(": ")", "{": "}", "[": "]", "<": ">"}
FUNCTIONS = {
    "tanh": "tanh",
    "sigmoid": "sigma",
    "sigma": "sigma",
    "logistic": "sigma",
    "relu": "relu",
    "ReLU": "relu",
    "exp": "exp",
    "log": "log",
    "ln": "log",
    "softplus": "softplus",
    "phi": "phi",
    "psi": "psi",
    "f": "phi",
    "theta": "phi",
    "act": "phi",
    "activation": "phi",
}
DIAGONALS = ("diag", "Diag", "diagflat")
NO_FACTOR = ("+", "-", ")", "}", "]", ">", "odot", "*", "/", ",", "=", "+=", ";", "|",
             "<=", ">=", "for", "otimes", "of", ":", "**", "^", "_", "", "'", ":=", "<",
             ".", "'")  # fmt: skip


@dataclass(frozen=True)
class Symbol:
    """A name with what hangs on it."""

    base: str
    labels: tuple
    step: Step | None
    primes: int
    place: tuple
    text: str

    @property
    def key(self):
        """The letters of the name, without step: Whh for W_{hh}."""
        return self.base + "".join(self.labels)


@dataclass
class Reading:
    """A formula, and what was decided while it was read."""

    term: Term
    notes: list = field(default_factory=list)
    accumulates: bool = False
    left: str = ""
    letters: set = field(default_factory=set)


def read_formula(text, names, tight=True):
    """The `Reading` of a text.

    Raises `Unreadable`, which knows the place.
    """
    if not text.strip():
        raise Unreadable("expected a formula, got nothing", (0, max(len(text), 1)))
    tokens = scan(text)
    if len(tokens) > LONGEST:
        raise Unreadable(
            f"the formula is too long: more than {LONGEST} words and signs",
            (tokens[LONGEST].start, len(text)),
        )
    if not tokens:
        raise Unreadable(
            "expected a formula, got signs that say nothing", (0, len(text))
        )
    tokens, left, accumulates = _right_side(tokens, text)
    grammar = Grammar(text, tokens, names, tight)
    term = flat(grammar.formula())
    return Reading(term, grammar.notes, accumulates, left)


def _right_side(tokens, text):
    """What stands on the right of the equals sign, if there is one outside brackets."""
    depth, places = 0, []
    for k, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and token.text in ("=", "+=", ":=", "=="):
                places.append(k)
    if not places:
        return tokens, "", False
    k = places[0]
    if len(places) > 1:
        second = tokens[places[1]]
        raise Unreadable(
            "expected one formula, got a second equals sign", (second.start, second.end)
        )
    if k == len(tokens) - 1:
        raise Unreadable(
            "expected a formula after this", (tokens[k].start, tokens[k].end)
        )
    return tokens[k + 1 :], text[: tokens[k].start].strip(), tokens[k].text == "+="


class Grammar:
    """A descent through the tokens; every method returns a `Term`."""

    def __init__(self, text, tokens, names, tight):
        self.text, self.tokens, self.names, self.tight = text, tokens, names, tight
        self.at, self.notes, self.bound = 0, [], ["t", "T"]
        product = any(t.text == "@" for t in tokens)
        self.python = product or bool(PYTHON.search(text))
        if product:
            self.tight = False
        self.depth = 0

    # tokens

    def peek(self, k=0):
        at = self.at + k
        return self.tokens[at].text if at < len(self.tokens) else ""

    def kind(self, k=0):
        at = self.at + k
        return self.tokens[at].kind if at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *wanted):
        if self.at < len(self.tokens) and self.peek() in wanted:
            return self.take()
        return None

    def place(self, first=None):
        """The place of the tokens from ``first``, or of the next token."""
        if first is not None:
            return self.tokens[first].start, self.tokens[self.at - 1].end
        if self.at < len(self.tokens):
            return self.tokens[self.at].start, self.tokens[self.at].end
        end = self.tokens[-1].end
        return end, end + 1

    def fail(self, sentence, place=None) -> NoReturn:
        raise Unreadable(sentence, place or self.place())

    def came(self):
        """What stands here, in words."""
        if self.at >= len(self.tokens):
            return "the end"
        start, end = self.place()
        return repr(self.text[start:end] or self.peek())

    def close(self, opened, first):
        """The bracket that closes; a missing one at the very end is forgiven."""
        wanted = CLOSING[opened]
        if self.accept(wanted):
            return
        if self.at >= len(self.tokens):
            self.notes.append(f"a closing {wanted} is missing at the end")
            return
        if self.peek() in (")", "}", "]"):
            self.fail(f"expected {wanted}, got {self.came()}")
        self.fail(f"expected {wanted} or an operation, got {self.came()}")

    def note(self, sentence):
        if sentence not in self.notes:
            self.notes.append(sentence)

    # grammar

    def formula(self):
        term = self.sum()
        if self.at < len(self.tokens):
            if self.peek() in (")", "}", "]"):
                self.fail(f"{self.came()} closes no bracket")
            if self.peek() == "for":
                self.fail("'for' belongs inside sum( ... )")
            self.fail(f"expected an operation or the end, got {self.came()}")
        return term

    def sum(self):
        first = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("too many brackets inside each other")
        sign = self.accept("-", "+")
        parts = [self.term()]
        if sign and sign.text == "-":
            parts = [self.placed(negative(parts[0]), first)]
        while sign := self.accept("+", "-"):
            if self.at >= len(self.tokens):
                self.fail(
                    f"expected something after {sign.text!r}", (sign.start, sign.end)
                )
            start = self.at
            extra = self.accept("-")
            part = self.term()
            if (sign.text == "-") != bool(extra):
                part = self.placed(negative(part), start)
            parts.append(part)
        self.depth -= 1
        return self.placed(many("sum", parts), first)

    def placed(self, term, first):
        return replace(term, place=self.place(first))

    def term(self):
        """Products: matrix products first, or from left to right."""
        first = self.at
        value = self.product() if self.tight else self.factor()
        while True:
            if sign := self.accept("odot", "*", "otimes", "@"):
                if self.at >= len(self.tokens):
                    self.fail("expected something after this", (sign.start, sign.end))
                other = self.product() if self.tight else self.factor()
                op = {"odot": "times", "otimes": "otimes", "@": "product"}.get(
                    sign.text
                )
                data = "python" if self.python and op is None else None
                value = self.placed(Term(op or "any", (value, other), data), first)
            elif self.accept("/"):
                under = self.factor()
                value = self.placed(Term("divide", (value, under)), first)
            elif not self.tight and self.starts_factor():
                value = self.placed(Term("product", (value, self.factor())), first)
            else:
                return value

    def starts_factor(self):
        return self.at < len(self.tokens) and self.peek() not in NO_FACTOR

    def product(self):
        """Juxtaposition, and division by one factor; with @ all is loose."""
        first = self.at
        value = self.factor()
        while True:
            if self.accept("/"):
                value = Term("divide", (value, self.factor()))
            elif self.starts_factor():
                value = Term("product", (value, self.factor()))
            else:
                return value
            value = self.placed(value, first)

    def factor(self):
        first = self.at
        if self.accept("-"):
            return self.placed(negative(self.factor()), first)
        value = self.primary()
        return self.hung(value, first)

    def hung(self, value, first):
        """Transposes, powers and what else hangs on a factor."""
        while True:
            if self.accept(".T", "top", "dagger"):
                value = Term("transpose", (value,))
            elif self.peek() == "'" and value.op not in ("leaf", "transpose"):
                self.take()
                value = Term("transpose", (value,))
            elif self.peek() in ("^", "**"):
                value = self.raised(value)
            elif self.peek() == "." and self.peek(1) in ("T", "t", "transpose"):
                self.take(), self.take()
                if self.accept("("):
                    while self.peek() not in (")", ""):
                        self.take()
                    self.accept(")")
                value = Term("transpose", (value,))
            elif self.peek() == "." and self.peek(1) in ("sum", "mean", "dot"):
                value = self.method(value)
            else:
                return value
            value = self.placed(value, first)

    def method(self, value):
        self.take()
        what = self.take()
        if not self.accept("("):
            self.fail(f"expected ( after .{what.text}")
        if what.text == "dot":
            other = self.sum()
            self.close("(", 0)
            return Term("product", (value, other))
        while self.peek() not in (")", ""):
            self.take()
        self.accept(")")
        self.note(f".{what.text}() over the batch: there is one sequence here")
        return value

    def raised(self, value):
        """What stands above the line."""
        start = self.at
        self.take()
        if self.accept("top", "'", "dagger") or (
            self.peek() in ("T", "t", "intercal") and self.kind() == "word"
            and self.take()
        ):  # fmt: skip
            return Term("transpose", (value,))
        opened = self.accept("{", "(")
        if opened is None:
            if self.kind() == "number":
                return self.power(value, Fraction(self.take().text))
            sign = -1 if self.accept("-") else 1
            if sign < 0 and self.kind() == "number":
                return self.power(value, -Fraction(self.take().text))
            if sign < 0 and self.accept("T", "top"):
                return Term("inverse", (Term("transpose", (value,)),))
            if self.kind() == "word" and (step := self.step()):
                return Term("power", (value,), (step, Step("", 0)))
            self.fail("expected a number or a transpose above the line")
        if self.accept("top", "T", "'", "dagger", "t" if value.op != "leaf" else "T"):
            if self.peek() in ("}", ")"):
                self.close(opened.text, start)
                return Term("transpose", (value,))
            self.at -= 1
        sign = -1 if self.accept("-") else 1
        if sign < 0 and self.accept("top", "T"):
            self.close(opened.text, start)
            return Term("inverse", (Term("transpose", (value,)),))
        if self.kind() == "number" and self.peek(1) in ("}", ")"):
            found = self.power(value, sign * Fraction(self.take().text))
            self.close(opened.text, start)
            return found
        inner = self.accept("(")
        exponent = self.difference()
        if inner:
            self.close("(", start)
        if exponent is None:
            self.fail("expected a number or a transpose above the line")
        self.close(opened.text, start)
        return Term("power", (value,), exponent)

    def power(self, value, exponent):
        if abs(exponent) > LARGEST or exponent.denominator > 1:
            self.fail(
                "expected a small whole number as the power", self.place(self.at - 1)
            )
        if exponent == -1:
            return Term("inverse", (value,))
        return Term("power", (value,), exponent)

    def difference(self):
        """An exponent such as T - k: two steps."""
        first = self.step()
        if first is None:
            return None
        if self.accept("-"):
            second = self.step()
            if second is not None and second.letter:  # T - k - 1 is T - (k + 1)
                second = Step(second.letter, -second.offset)
            return None if second is None else (first, second)
        return first, Step("", 0)

    # steps

    def step(self):
        """A step such as t - 1, taken from here; None where there is none."""
        start = self.at
        if self.kind() == "number" and self.peek().isdigit():
            return Step("", int(self.take().text))
        if self.peek() == "-" and self.kind(1) == "number":
            self.take()
            return Step("", -int(self.take().text))
        word = self.peek()
        if self.kind() != "word" or word not in INDICES:
            return None
        self.take()
        letter = self.names.letter(word)
        offset = 0
        if self.peek() in ("+", "-") and self.kind(1) == "number":
            sign = 1 if self.take().text == "+" else -1
            digits = self.take().text
            if not digits.isdigit():
                self.at = start
                return None
            offset = sign * int(digits)
        return Step(letter, offset)

    def over(self, kind):
        """A sum or a product over steps, after its sign."""
        first = self.at - 1
        index, low, high = None, None, None
        for _ in range(2):
            if self.accept("_"):
                index, low, high2 = self.lower(first)
                high = high2 or high
            elif self.accept("^"):
                high = self.upper()
        if index is None:
            if kind == "sum" and self.accept("over"):
                index = self.index_letter()
                if not self.accept("of"):
                    self.fail(f"expected 'of' after 'sum over {index}'")
            elif kind == "sum" and self.peek() in ("(", "{"):
                return self.summed(first)
            else:
                self.fail(
                    f"expected the index of the {kind}, as in {kind}_t",
                    self.place(first),
                )
        if len(self.bound) > 5:
            self.fail("too many sums inside each other", self.place(first))
        self.bound.append(index)
        body = self.term()
        if self.peek() == "for":
            self.fail("'for' belongs inside sum( ... )")
        self.bound.pop()
        low, high = low or Step("", 1), high or Step("T")
        return self.placed(Term("over", (body,), (kind, index, low, high)), first)

    def index_letter(self):
        if self.kind() == "word" and self.peek() in INDICES:
            return self.names.letter(self.take().text)
        self.fail(f"expected the letter of a step, got {self.came()}")

    def lower(self, first):
        """What stands below a sum: t, k=1, k >= t, 1 <= k <= t."""
        opened = self.accept("{")
        if not opened:
            return self.index_letter(), None, None
        if self.kind() == "number" or self.peek(1) in ("<=", "<"):
            low = self.step()
            strict = self.accept("<", "<=")
            if strict is None or low is None:
                self.fail("expected bounds such as 1 <= k <= t")
            low = Step(low.letter, low.offset + (strict.text == "<"))
            index = self.index_letter()
            high = None
            if strict := self.accept("<", "<="):
                high = self.bound_step()
                high = Step(high.letter, high.offset - (strict.text == "<"))
            self.close("{", first)
            return index, low, high
        index = self.index_letter()
        low = high = None
        if sign := self.accept("=", ">=", ">"):
            low = self.bound_step()
            if sign.text == ">":
                low = Step(low.letter, low.offset + 1)
            if self.accept("..", "...", ",", "to", "dots", ":"):
                self.accept("..", "dots", ",")
                high = self.bound_step()
        self.close("{", first)
        return index, low, high

    def bound_step(self):
        first, step = self.at, self.step()
        if step is not None and abs(step.offset) > LARGEST:
            self.fail("there are not so many steps here", self.place(first))
        if step is None:
            self.fail(f"expected a step such as 1, t+1 or T, got {self.came()}")
        return step

    def upper(self):
        opened = self.accept("{")
        step = self.bound_step()
        if opened:
            self.close("{", self.at)
        return step

    def summed(self, first):
        """sum( ... ): over steps with 'for', and otherwise of all entries."""
        opened = self.take()
        start, bound = self.at, list(self.bound)
        index = next(
            (
                self.tokens[k + 1].text
                for k in range(self.at, len(self.tokens) - 1)
                if self.tokens[k].text == "for"
            ),
            None,
        )
        if index is not None:
            self.bound.append(index)
        body = self.sum()
        self.bound = bound
        if self.accept("for"):
            index = self.index_letter()
            if not self.accept("in"):
                self.fail("expected 'in' after the letter of the step")
            low, high = self.range()
            self.close(opened.text, start)
            data = "sum", index, low, high
            return self.placed(Term("over", (body,), data), first)
        while self.accept(","):  # axis=0 and the like
            while self.peek() not in (")", ","):
                if self.at >= len(self.tokens):
                    break
                self.take()
            self.note("a sum over the batch: there is one sequence here")
            self.close(opened.text, start)
            return body
        self.close(opened.text, start)
        return self.placed(Term("entries", (body,)), first)

    def range(self):
        """range(1, T+1) as the first and the last step; or 1..T."""
        if self.accept("reversed"):
            self.accept("(")
            found = self.range()
            self.accept(")")
            return found
        if not self.accept("range"):
            low = self.bound_step()
            if not self.accept("..", "...", "dots", "to"):
                self.fail("expected range(...) or 1..T")
            return low, self.bound_step()
        if not self.accept("("):
            self.fail("expected ( after range")
        low = self.bound_step()
        high = self.bound_step() if self.accept(",") else None
        self.close("(", self.at)
        if high is None:  # range(T) counts from zero
            self.note("range(T): the steps 1 to T")
            return Step("", 1), Step(low.letter, low.offset)
        return low, Step(high.letter, high.offset - 1)

    # primaries

    def primary(self):
        first, token = self.at, self.peek()
        if self.at >= len(self.tokens):
            self.fail("expected a name, a number or a bracket, got the end")
        if self.kind() == "number":
            return self.placed(number(Fraction(self.take().text)), first)
        if token in ("(", "{"):
            opened = self.take()
            if self.peek() in (")", "}"):
                self.fail("nothing stands between these brackets", self.place(first))
            if opened.text == "{" and self.grouped_symbol():
                return self.placed(self.symbol_term(first), first)
            value = self.sum()
            self.close(opened.text, first)
            if self.peek() == "_" and opened.text == "(":
                self.future(value)
                return self.placed(replace(value, data=self.as_future(value)), first)
            return value
        if token == "[":
            self.take()
            parts = [self.sum()]
            while self.accept(";", ","):
                parts.append(self.sum())
            self.close("[", first)
            return self.placed(many("stack", parts), first)
        if token in ("sum", "prod"):
            self.take()
            return self.over(token)
        if token == "frac":
            return self.fraction(first)
        if token in ("nabla", "partial"):
            return self.derivative(first)
        if token == "dots":
            self.fail("write the product or the sum with its bounds, in place of dots")
        if self.kind() == "word":
            return self.word(first)
        if token in ("*", "odot", "/", "@", "otimes"):
            self.fail(f"expected something before {self.came()}")
        self.fail(f"expected a name, a number or a bracket, got {self.came()}")

    def grouped_symbol(self):
        """True for {W}_{hh}: a group that holds one word and has an index."""
        if self.kind() == "word" and self.peek(1) == "}" and self.peek(2) in ("_", "^"):
            word = self.take()
            self.take()
            self.at -= 1
            self.tokens[self.at] = replace(word)
            return True
        return False

    def future(self, value):
        """( ... )_{future}"""
        start = self.at
        self.take()
        words, depth = [], 0
        while (
            self.kind() == "word" or self.peek() == "{" or depth and self.peek() == "}"
        ):
            token = self.take()
            depth += (token.text == "{") - (token.text == "}")
            words.append(token.text)
            if not depth:
                break
        if "future" not in " ".join(words) or value.op != "leaf":
            self.fail("expected nothing below this bracket", self.place(start))

    @staticmethod
    def as_future(value):
        return replace(value.data, kind="future")

    def fraction(self, first):
        self.take()
        over_at = self.at
        if not self.accept("{"):
            self.fail("expected { after \\frac")
        if self.peek() in ("partial",) or (
            self.kind() == "word" and self.peek()[0] == "d" and self.is_differential()
        ):
            return self.fraction_derivative(first)
        over = self.sum()
        self.close("{", over_at)
        under_at = self.at
        if not self.accept("{"):
            self.fail("expected { for what stands below the line")
        under = self.sum()
        self.close("{", under_at)
        return self.placed(Term("divide", (over, under)), first)

    def is_differential(self):
        """True at dL or d L of a derivative: what follows is a loss or a quantity."""
        word = self.peek()
        if word == "d":
            return True
        return self.names.differential(word[1:]) and not self.names.known(word)

    def fraction_derivative(self, first):
        over, kind = self.differential()
        self.close("{", first)
        if not self.accept("{"):
            self.fail("expected { for what stands below the line")
        under, _ = self.differential()
        self.close("{", first)
        return self.placed(self.names.derivative(over, under, kind, self), first)

    def raised_plus(self):
        """Whether ^+ or ^{+} comes, which is then read: the immediate derivative."""
        if not self.accept("^"):
            return False
        opened = self.accept("{")
        self.accept("+")
        if opened:
            self.close("{", self.at)
        return True

    def differential(self):
        """What stands after a d or a partial: a symbol, and how it was written."""
        kind = "d"
        if self.accept("partial"):
            kind = "plus" if self.raised_plus() else "partial"
        elif self.peek() == "d":
            self.take()
            kind = "plus" if self.accept("+") or self.raised_plus() else "d"
        elif self.kind() == "word" and self.peek().startswith("d"):
            token = self.take()
            rest = Token("word", token.text[1:], token.start + 1, token.end)
            self.at -= 1
            self.tokens[self.at] = rest
        else:
            self.fail(f"expected d or a partial sign, got {self.came()}")
        if self.kind() != "word":
            opened = self.accept("{", "(")
            if opened is None or self.kind() != "word":
                self.fail(f"expected a name, got {self.came()}")
            found = self.called_symbol()
            self.close(opened.text, self.at)
            return found, kind
        return self.called_symbol(), kind

    def called_symbol(self):
        """A symbol, or phi(h_t) where a document names its state so."""
        start = self.at
        symbol = self.symbol()
        if self.peek() == "(" and symbol.step is None and not symbol.labels:
            inner = self.at
            self.take()
            if self.kind() == "word":
                argument = self.symbol()
                if self.accept(")"):
                    joined = self.names.called(symbol, argument)
                    if joined is not None:
                        return replace(joined, place=self.place(start))
            self.at = inner
        return symbol

    def derivative(self, first):
        """nabla_h L, and dL/dh with partial signs."""
        if self.accept("nabla"):
            if not self.accept("_"):
                self.fail("expected what the gradient is taken by, as in \\nabla_{h_t}")
            opened = self.accept("{")
            if self.kind() != "word":
                self.fail(f"expected a name, got {self.came()}")
            under = self.called_symbol() if opened else self.simple_symbol()
            if opened:
                self.close("{", first)
            over = None
            opened = self.accept("(") if self.peek(1) in self.names.losses else None
            if self.kind() == "word" and self.peek() in self.names.losses:
                over = self.symbol()
            if opened:
                self.close("(", first)
            return self.placed(self.names.derivative(over, under, "d", self), first)
        over, kind = self.differential()
        if not self.accept("/"):
            self.fail("expected / and what the derivative is taken by")
        bracket = self.accept("(")
        under, _ = self.differential()
        if bracket:
            self.close("(", first)
        return self.placed(self.names.derivative(over, under, kind, self), first)

    def simple_symbol(self):
        token = self.take()
        return Symbol(token.text, (), None, 0, (token.start, token.end), token.text)

    def word(self, first):
        """A function, a derivative such as dL/dh, or a name."""
        word = self.peek()
        if word in DIAGONALS:
            self.take()
            return self.placed(Term("diagonal", (self.argument(word),)), first)
        if word in ("softmax", "outer", "dot", "matmul", "einsum", "inv", "transpose",
                    "square", "ones", "mean", "multiply", "eye"):  # fmt: skip
            if not self.names.known(word) and self.peek(1) in ("(", "{"):
                return self.called(word, first)
        if self.is_slash_derivative():
            over, kind = self.differential()
            self.take()
            bracket = self.accept("(")
            under, _ = self.differential()
            if bracket:
                self.close("(", first)
            return self.placed(self.names.derivative(over, under, kind, self), first)
        if word == "T" and self.peek(1) not in ("_", "["):
            self.take()
            return self.placed(Term("length", (), Step("T")), first)
        if word in ("I", "eye") and not self.names.known(word):
            return self.identity(first)
        if word == "one" or (word == "ones" and not self.names.known(word)):
            if not self.names.known_one(self):
                self.take()
                return self.placed(number(1), first)
        if function := self.function(word):
            return self.applied(function, first)
        return self.placed(self.symbol_term(first), first)

    def identity(self, first):
        self.take()
        if self.accept("_"):
            opened = self.accept("{")
            depth = 0
            while opened and (depth or self.peek() != "}") and self.peek():
                depth += (self.peek() == "{") - (self.peek() == "}")
                self.take()
            if opened:
                self.close("{", first)
            else:
                self.take()
        return self.placed(Term("identity", (), self.names.state_size), first)

    def is_slash_derivative(self):
        """True at dL/dh: a word with d, a slash, and another."""
        if not (self.peek().startswith("d") and self.is_differential()):
            return False
        at, depth = self.at + 1, 0
        if self.peek() == "d" and self.peek(1) == "+":
            at += 1
        while at < len(self.tokens):
            text = self.tokens[at].text
            if text in ("{", "(", "["):
                depth += 1
            elif text in ("}", ")", "]"):
                depth -= 1
                if depth < 0:
                    return False
            elif text == "/" and not depth:
                following = self.tokens[at + 1 : at + 3]
                words = [t.text for t in following]
                return bool(words) and (
                    words[0] in ("d", "partial", "(") or words[0].startswith("d")
                )
            elif not depth and text in ("+", "-", "*", "odot", "@", "=", "for"):
                return False
            elif not depth and self.tokens[at].kind == "word" and self.peek() != "d":
                if self.tokens[at - 1].text not in ("_", "^", "["):
                    return False
            at += 1
        return False

    def function(self, word):
        """The function that a word names here, or None."""
        plain = self.names.functions.get(word)
        if plain is None:
            return None
        if self.names.known(word) and self.peek(1) not in ("(", "'"):
            raised = self.peek(1) == "^" and "(" in (self.peek(3), self.peek(5))
            return (
                plain
                if raised and self.kind(3 if self.peek(2) == "{" else 2) == ("number")
                else None
            )
        if self.peek(1) in ("(", "'", "{", "^", "**") or self.kind(1) == "word":
            return plain
        return None if self.names.known(word) else plain

    def applied(self, function, first):
        """phi'(s), tanh^2(s), \\sigma'(x_t)."""
        token = self.take()
        order, exponent = 0, None
        while True:
            if self.accept("'"):
                order += 1
            elif self.peek() in ("^", "**"):
                start = self.at
                self.take()
                opened = self.accept("{")
                if self.accept("'"):
                    order += 1
                elif self.kind() == "number" or self.peek() == "(":
                    inner = self.accept("(")
                    exponent = Fraction(self.take().text)
                    self.power(None, exponent)
                    if inner:
                        self.close("(", start)
                else:
                    self.fail("expected a prime or a number above a function")
                if opened:
                    self.close("{", start)
            else:
                break
        if function == "softmax":
            return self.placed(Term("softmax", (self.argument(token.text),)), first)
        argument = self.argument(token.text)
        value = self.placed(self.names.apply(function, order, argument, self), first)
        if exponent is not None:
            value = self.placed(Term("power", (value,), exponent), first)
        return value

    def argument(self, name):
        first = self.at
        if opened := self.accept("(", "{", "["):
            if self.peek() in (")", "}", "]"):
                self.fail(f"{name}: expected an argument", self.place(first))
            value = self.sum()
            self.close(opened.text, first)
            return value
        if not self.starts_factor():
            self.fail(f"{name} is a function: expected its argument, got {self.came()}")
        return self.primary_with_power()

    def primary_with_power(self):
        first = self.at
        return self.hung(self.primary(), first)

    def called(self, word, first):
        self.take()
        opened = self.take()
        if word in ("ones", "eye"):
            while self.peek() not in (")", ""):
                self.take()
            self.accept(")")
            return self.placed(number(1), first)
        args = [self.sum()]
        while self.accept(","):
            args.append(self.sum())
        self.close(opened.text, first)
        if word == "softmax" and len(args) == 1:
            return self.placed(Term("softmax", tuple(args)), first)
        if word == "outer" and len(args) == 2:
            other = Term("transpose", (args[1],), None, args[1].place)
            return self.placed(Term("product", (args[0], other)), first)
        if word in ("dot", "matmul") and len(args) == 2:
            return self.placed(Term("product", tuple(args)), first)
        if word == "multiply" and len(args) == 2:
            return self.placed(Term("times", tuple(args)), first)
        if word == "inv" and len(args) == 1:
            return self.placed(Term("inverse", tuple(args)), first)
        if word == "transpose" and len(args) == 1:
            return self.placed(Term("transpose", tuple(args)), first)
        if word == "square" and len(args) == 1:
            return self.placed(Term("power", tuple(args), Fraction(2)), first)
        if word == "mean" and len(args) == 1:
            return args[0]
        self.fail(f"{word}: is not known with {len(args)} arguments", self.place(first))

    # names

    def symbol_term(self, first):
        symbol = self.symbol()
        return self.names.term(symbol, self)

    def symbol(self):
        """A name with its labels and its step."""
        first = self.at
        token = self.take()
        base, labels, step, primes = token.text, [], None, 0
        while True:
            if self.peek() == "_" and self.at + 1 < len(self.tokens):
                self.take()
                words, found = self.index(base, labels)
                labels += words
                step = found if found is not None else step
            elif self.peek() == "^" and self.above(base, labels):
                words, found = self.raised_label(base + "".join(labels))
                labels += words
                step = found if found is not None else step
            elif self.peek() == "'":
                self.take()
                primes += 1
            elif self.peek() == "[" and step is None and self.step_inside():
                step = self.bracket_step("[")
            elif self.peek() == "(" and step is None and self.called_step(base, labels):
                step = self.bracket_step("(")
            else:
                break
        if self.peek() in ("+", "-") and step == Step("t") and self.glued():
            sign = 1 if self.take().text == "+" else -1
            step = Step("t", sign * int(self.take().text))
            self.note(f"{self.text[slice(*self.place(first))]} read as the step {step}")
        base, labels = ordered(base, labels)
        start, end = self.place(first)
        return Symbol(
            base, tuple(labels), step, primes, (start, end), self.text[start:end]
        )

    def glued(self):
        """True for h_t-1 without spaces: the step before, in plain text."""
        if self.kind(1) != "number" or self.peek(1) != "1":
            return False
        before, sign, digit = (self.tokens[self.at + k] for k in (-1, 0, 1))
        return (
            before.text == "t" and before.end == sign.start and sign.end == digit.start
        )

    def step_inside(self):
        """True for [t-1], and for [:, t]."""
        k = 1
        while self.peek(k) in (":", ","):
            k += 1
        return (
            self.peek(k) in INDICES or self.kind(k) == "number" or self.peek(k) == "-"
        )

    def called_step(self, base, labels):
        """True for h(t-1): a bracket with a step, after the name of something timed."""
        if not self.names.timed(base + "".join(labels)):
            return False
        if self.names.brackets and self.kind(1) == "number" and self.peek(2) == ")":
            return True
        if self.peek(1) not in INDICES:
            return False
        if self.peek(2) == ")":
            return self.peek(1) in self.bound
        return (
            self.peek(2) in ("+", "-")
            and self.kind(3) == "number"
            and self.peek(4) == ")"
            and self.peek(1) in self.bound
        )

    def bracket_step(self, opened):
        first = self.at
        self.take()
        while self.peek() in (":", ","):
            self.take()
        step = self.step()
        if step is None:
            self.fail(f"expected a step, got {self.came()}")
        while self.peek() in (":", ","):
            self.take()
        self.close(opened, first)
        return self.names.counted(step)

    def above(self, base, labels):
        """True where a step or a label stands above a name, not a power."""
        a, b = self.peek(1), self.peek(2)
        if a == "{" and b in ("(", "<"):
            return True
        if self.names.raised and not self.names.matrix(base, labels):
            number = self.kind(2 if a == "{" else 1) == "number"
            if number and self.names.timed(base + "".join(labels)):
                return True
        if a in ("(", "<"):
            return True
        if a == "{" and self.kind(2) == "word":
            if self.names.labels or self.names.known(base + "".join([*labels, b])):
                return b not in ("T", "top")
            inside = b in INDICES and b != "T" and not self.names.matrix(base, labels)
            return inside or len(b) > 1 and b not in ("top", "prime")
        if self.kind(1) == "word" and a not in ("T", "top"):
            if self.names.known(base + "".join([*labels, a])):
                return True
        if self.kind(1) == "word" and a in INDICES and a != "T":
            return not self.names.matrix(base, labels)
        return False

    def raised_label(self, before):
        """What stands above a name: labels, and a step."""
        first = self.at
        self.take()
        opened = self.accept("{")
        inner = self.accept("(", "<")
        if not (opened or inner):
            if self.is_label(before) or self.kind() not in ("word", "number"):
                return [self.take().text], None
            return [], self.step()
        words, step = self.content(before)
        if inner:
            self.close(inner.text, first)
        transposed = False
        if opened:
            transposed = bool(self.accept("top", "T"))
            self.close("{", first)
        if transposed:  # h^{(t)\top}
            self.tokens.insert(self.at, Token("sign", "top", *self.place(first)))
        return words, step

    def content(self, before):
        """Labels and a step in an index: hh, h,t, t-1."""
        words, step = [], None
        while self.peek() not in (")", "}", ">", "", "top"):
            if self.peek() in (",", "_", "^", "{", "(", ";", "-", "+"):
                self.take()
            elif self.is_label(before + "".join(words)):
                words.append(self.take().text)
            elif (here := self.step()) is not None:
                step = here
            elif self.kind() == "word":
                words.append(self.take().text)
            else:
                self.fail(f"expected a label or a step, got {self.came()}")
        return words, step

    def index(self, base, labels):
        """What stands below the line after a name."""
        opened = self.accept("{", "(")
        if not opened:
            if self.kind() == "number":
                word = self.take().text
                if self.names.known(base + "".join(labels) + word):
                    return [word], None
                return [], Step("", int(float(word)))
            if self.kind() != "word":
                self.fail(f"expected an index, got {self.came()}")
            word = self.take().text
            if self.names.known(base + "".join(labels) + word):
                return [word], None
            if word in INDICES:
                return [], Step(self.names.letter(word))
            return [word], None
        words, step, depth = [], None, 1
        while depth and self.at < len(self.tokens):
            if self.accept("{", "("):
                depth += 1
            elif self.accept("}", ")"):
                depth -= 1
            elif self.accept(",", "_", "^", ";"):
                continue
            elif self.is_label(base + "".join([*labels, *words])):
                words.append(self.take().text)
            elif (here := self.step()) is not None:
                step = here
            elif self.kind() == "word":
                words.append(self.take().text)
            else:
                self.fail(f"expected a label or a step, got {self.came()}")
        if depth:
            self.note(f"a closing {CLOSING[opened.text]} is missing at the end")
        return words, step

    def is_label(self, before):
        """True for what makes a known name, as the i of W_{xi} or the 3 of W_3."""
        words = self.kind() in ("word", "number")
        if not words or not self.names.known(before + self.peek()):
            return False
        return self.peek(1) not in ("+", "-")


def ordered(base, labels):
    """The words prev and next after all others: prev_h is h_prev, dhnext dh_next."""
    pieces, words = [], []
    for piece in (base, *labels):
        for word in ("prev", "next"):
            if word in piece and piece not in ("nextword",):
                words.append(word)
                piece = piece.replace(word, " ")
        pieces += piece.split()
    if not pieces or not words:
        return base, labels
    return pieces[0], [*pieces[1:], *words]
