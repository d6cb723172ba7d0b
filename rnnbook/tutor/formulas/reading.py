r"""From text to a formula: a forgiving grammar over the tokens of `scanning`.

Juxtaposition and ``@`` are the matrix product, ``\odot`` the elementwise one; a dot or
a star is whichever fits, except in Python-like text. Names are looked up in a `Names`.
What is left open on the way, and decided, is told in ``notes``.
"""

import re
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, NoReturn

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
CALLED = {  # the operation, and how many arguments it has
    "softmax": ("softmax", 1),
    "inv": ("inverse", 1),
    "transpose": ("transpose", 1),
    "square": ("power", 1),
    "dot": ("product", 2),
    "matmul": ("product", 2),
    "outer": ("product", 2),
    "multiply": ("times", 2),
}
METHODS = ("T", "t", "transpose", "sum", "mean", "dot")
ABOVE = "expected a number or a transpose above the line"
NO_FACTOR = ("+", "-", ")", "}", "]", ">", "odot", "*", "/", ",", "=", "+=", ";", "|",
             "<=", ">=", "for", "otimes", "of", ":", "**", "^", "_", "", "'", ":=", "<",
             ".")  # fmt: skip


class Symbol(NamedTuple):
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


class Reading(NamedTuple):
    """A formula, and what was decided while it was read."""

    term: Term
    notes: list
    accumulates: bool
    left: str


def read_formula(text, names, tight=True):
    """The `Reading` of a text.

    Raises `Unreadable`, which knows the place.
    """
    if not text.strip():
        raise Unreadable("expected a formula, got nothing", (0, len(text) or 1))
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
        return self.take() if self.peek() in wanted else None

    def place(self, first=None):
        """The place of the tokens from ``first``, or of the next token."""
        if first is not None:
            return self.tokens[first].start, self.tokens[self.at - 1].end
        if self.at < len(self.tokens):
            start = self.tokens[self.at].start
            return start, max(start + 1, self.tokens[self.at].end)
        end = self.tokens[-1].end
        return end, end + 1

    def fail(self, sentence, place=None) -> NoReturn:
        raise Unreadable(sentence, place or self.place())

    def came(self):
        """What stands here, in words."""
        if self.at >= len(self.tokens):
            return "the end"
        return repr(self.text[slice(*self.place())])

    def close(self, opened):
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
        return self.peek() not in NO_FACTOR

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
            if self.accept(".T", "top", "dagger", "'"):
                value = Term("transpose", (value,))
            elif self.peek() in ("^", "**"):
                value = self.raised(value)
            elif self.peek() == "." and self.peek(1) in METHODS:
                value = self.method(value)
            else:
                return value
            value = self.placed(value, first)

    def method(self, value):
        self.take()
        what = self.take().text
        opened = self.accept("(")
        if what in ("T", "t", "transpose"):
            if opened:
                self.pass_over("(")
            return Term("transpose", (value,))
        if not opened:
            self.fail(f"expected ( after .{what}")
        if what == "dot":
            other = self.sum()
            self.close("(")
            return Term("product", (value, other))
        self.pass_over("(")
        self.note(f".{what}() over the batch: there is one sequence here")
        return value

    def pass_over(self, opened):
        """What changes nothing here, up to the bracket that closes."""
        depth = 0
        while self.peek() and (depth or self.peek() not in (")", "}")):
            text = self.take().text
            depth += (text in ("(", "{")) - (text in (")", "}"))
        self.close(opened)

    def raised(self, value):
        """What stands above the line."""
        self.take()
        opened = self.accept("{", "(")
        alone = not opened or self.peek(1) in ("}", ")", "")
        small = () if opened and value.op == "leaf" else ("t",)
        if alone and self.accept("top", "'", "dagger", "T", *small):
            found = Term("transpose", (value,))
        elif self.accept("-"):
            if self.accept("top", "T"):
                found = Term("inverse", (Term("transpose", (value,)),))
            elif self.kind() == "number":
                found = self.power(value, -self.small_number())
            else:
                self.fail(ABOVE)
        elif self.kind() == "number" and (not opened or self.peek(1) != "-"):
            found = self.power(value, self.small_number())
        elif not opened and self.peek() in INDICES:
            found = self.power(value, (Step(self.index_letter()), Step("", 0)))
        else:
            inner = self.accept("(")
            found = self.power(value, self.difference())
            if inner:
                self.close("(")
        if opened:
            self.close(opened.text)
        return found

    @staticmethod
    def power(value, exponent):
        if exponent == -1:
            return Term("inverse", (value,))
        return Term("power", (value,), exponent)

    def small_number(self):
        """The number that stands here, where it is a small whole one."""
        found = Fraction(self.take().text)
        if found > LARGEST or found.denominator > 1:
            self.fail(
                "expected a small whole number as the power", self.place(self.at - 1)
            )
        return found

    def difference(self):
        """An exponent such as T - k: two steps."""
        first, second = self.step(), Step("", 0)
        if first and self.accept("-"):
            second = self.step()
            if second and second.letter:  # T - k - 1 is T - (k + 1)
                second = Step(second.letter, -second.offset)
        if not (first and second):
            self.fail(ABOVE)
        return first, second

    # steps

    def step(self):
        """A step such as t - 1, taken from here; None where there is none."""
        if self.peek().isdigit():
            return Step("", int(self.take().text))
        if self.peek() == "-" and self.peek(1).isdigit():
            self.take()
            return Step("", -int(self.take().text))
        if self.peek() not in INDICES:
            return None
        letter, offset = self.index_letter(), 0
        if self.peek() in ("+", "-") and self.peek(1).isdigit():
            sign = 1 if self.take().text == "+" else -1
            offset = sign * int(self.take().text)
        return Step(letter, offset)

    def over(self, kind):
        """A sum or a product over steps, after its sign."""
        first = self.at - 1
        index, low, high = None, None, None
        while sign := self.accept("_", "^"):
            if sign.text == "^":
                high = self.upper()
            else:
                index, low, last = self.lower()
                high = last or high
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
        self.bound.pop()
        low, high = low or Step("", 1), high or Step("T")
        return self.placed(Term("over", (body,), (kind, index, low, high)), first)

    def index_letter(self):
        if self.peek() in INDICES:
            return self.names.letter(self.take().text)
        self.fail(f"expected the letter of a step, got {self.came()}")

    def lower(self):
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
            self.close("{")
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
        self.close("{")
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
            self.close("{")
        return step

    def summed(self, first):
        """sum( ... ): over steps with 'for', and otherwise of all entries."""
        opened = self.take()
        bound = list(self.bound)
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
            self.close(opened.text)
            data = "sum", index, low, high
            return self.placed(Term("over", (body,), data), first)
        if self.accept(","):  # axis=0 and the like
            self.pass_over(opened.text)
            self.note("a sum over the batch: there is one sequence here")
            return body
        self.close(opened.text)
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
        self.close("(")
        if high is None:  # range(T) counts from zero
            self.note("range(T): the steps 1 to T")
            return Step("", 1), Step(low.letter, low.offset)
        return low, Step(high.letter, high.offset - 1)

    # primaries

    def primary(self):
        first, token = self.at, self.peek()
        if self.kind() == "number":
            return self.placed(number(Fraction(self.take().text)), first)
        if token in ("(", "{"):
            opened = self.take()
            if self.peek() in (")", "}"):
                self.fail("nothing stands between these brackets", self.place(first))
            if opened.text == "{" and self.grouped_symbol():
                return self.placed(self.symbol_term(first), first)
            value = self.sum()
            self.close(opened.text)
            if self.peek() == "_" and opened.text == "(":
                return self.placed(self.future(value), first)
            return value
        if token == "[":
            self.take()
            parts = [self.sum()]
            while self.accept(";", ","):
                parts.append(self.sum())
            self.close("[")
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
            self.tokens[self.at] = word
            return True
        return False

    def future(self, value):
        """( ... )_{future}"""
        start, opened, words = self.at, [], []
        self.take()
        while brace := self.accept("{"):
            opened.append(brace)
        while self.kind() == "word" and (opened or not words):
            words.append(self.take().text)
        if "future" not in words or value.op != "leaf":
            self.fail("expected nothing below this bracket", self.place(start))
        for _ in opened:
            self.close("{")
        return replace(value, data=replace(value.data, kind="future"))

    def fraction(self, first):
        self.take()
        if not self.accept("{"):
            self.fail("expected { after \\frac")
        derivative = self.peek() == "partial" or self.is_differential()
        over, plus = self.differential() if derivative else (self.sum(), None)
        self.close("{")
        if not self.accept("{"):
            self.fail("expected { for what stands below the line")
        under = self.differential()[0] if derivative else self.sum()
        self.close("{")
        if derivative:
            value = self.names.derivative(over, under, plus, self)
        else:
            value = Term("divide", (over, under))
        return self.placed(value, first)

    def is_differential(self):
        """True at dL or d L of a derivative: what follows is a loss or a quantity."""
        word = self.peek()
        if not word.startswith("d") or self.names.known(word):
            return False
        return word == "d" or self.names.differential(word[1:])

    def raised_plus(self):
        """Whether ^+ or ^{+} comes, which is then read: the immediate derivative."""
        if not self.accept("^"):
            return False
        opened = self.accept("{")
        self.accept("+")
        if opened:
            self.close("{")
        return True

    def differential(self):
        """What stands after a d or a partial: a symbol, and whether with a plus."""
        plus = False
        if self.accept("partial", "d"):
            plus = bool(self.accept("+")) or self.raised_plus()
        elif self.peek().startswith("d"):
            token = self.take()
            self.at -= 1
            self.tokens[self.at] = Token(
                "word", token.text[1:], token.start + 1, token.end
            )
        else:
            self.fail(f"expected d or a partial sign, got {self.came()}")
        opened = self.accept("{", "(")
        if self.kind() != "word":
            self.fail(f"expected a name, got {self.came()}")
        found = self.called_symbol()
        if opened:
            self.close(opened.text)
        return found, plus

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
                        return joined._replace(place=self.place(start))
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
            under = self.called_symbol()
            if opened:
                self.close("{")
            over = None
            opened = self.accept("(") if self.peek(1) in self.names.losses else None
            if self.peek() in self.names.losses:
                over = self.symbol()
            if opened:
                self.close("(")
            return self.placed(self.names.derivative(over, under, False, self), first)
        over, plus = self.differential()
        if not self.accept("/"):
            self.fail("expected / and what the derivative is taken by")
        bracket = self.accept("(")
        under, _ = self.differential()
        if bracket:
            self.close("(")
        return self.placed(self.names.derivative(over, under, plus, self), first)

    def word(self, first):
        """A function, a derivative such as dL/dh, or a name."""
        word = self.peek()
        if word in DIAGONALS:
            self.take()
            return self.placed(Term("diagonal", (self.argument(word),)), first)
        if word in CALLED or word in ("einsum", "ones", "mean", "eye"):
            if not self.names.known(word) and self.peek(1) in ("(", "{"):
                return self.called(word, first)
        if self.is_slash_derivative():
            return self.derivative(first)
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
            if self.accept("{"):
                self.pass_over("{")
            elif self.kind() in ("word", "number"):
                self.take()
            else:
                self.fail(f"expected an index, got {self.came()}")
        return self.placed(Term("identity", (), self.names.state_size), first)

    def is_slash_derivative(self):
        """True at dL/dh: a word with d, a slash, and another."""
        if not self.is_differential():
            return False
        alone, depth = self.peek() == "d", 0
        k = 2 if alone and self.peek(1) == "+" else 1
        while (text := self.peek(k)) and depth >= 0:
            depth += (text in ("{", "(", "[")) - (text in ("}", ")", "]"))
            if not depth and text == "/":
                after = self.peek(k + 2 if self.peek(k + 1) == "(" else k + 1)
                return after == "partial" or after.startswith("d")
            if not depth and text in ("+", "-", "*", "odot", "@"):
                return False
            if not depth and self.kind(k) == "word" and not alone:
                if self.peek(k - 1) not in ("_", "^"):
                    return False
            k += 1
        return False

    def function(self, word):
        """The function that a word names here, or None."""
        plain = self.names.functions.get(word)
        if not self.names.known(word) or self.peek(1) in ("(", "'"):
            return plain
        braces = self.peek(2) == "{"  # f^2(s) and f^{2}(s), where f is a quantity too
        raised = self.peek(1) == "^" and self.kind(3 if braces else 2) == "number"
        return plain if raised and self.peek(5 if braces else 3) == "(" else None

    def applied(self, function, first):
        """phi'(s), tanh^2(s), \\sigma'(x_t)."""
        token = self.take()
        order, exponent = 0, None
        while self.peek() in ("'", "^", "**"):
            raised = self.accept("^", "**")
            opened = raised and self.accept("{")
            inner = raised and self.accept("(")
            if self.accept("'"):
                order += 1
            elif self.kind() == "number":
                exponent = self.small_number()
            else:
                self.fail("expected a prime or a number above a function")
            if inner:
                self.close("(")
            if opened:
                self.close("{")
        argument = self.argument(token.text)
        if function != "softmax":
            value = self.names.apply(function, order, argument, self)
        elif order:
            self.fail("a derivative of softmax does not occur here", self.place(first))
        else:
            value = Term("softmax", (argument,))
        value = self.placed(value, first)
        if exponent is not None:
            value = self.placed(Term("power", (value,), exponent), first)
        return value

    def argument(self, name):
        first = self.at
        if opened := self.accept("(", "{", "["):
            if self.peek() in (")", "}", "]"):
                self.fail(f"{name}: expected an argument", self.place(first))
            value = self.sum()
            self.close(opened.text)
            return value
        if not self.starts_factor():
            self.fail(f"{name} is a function: expected its argument, got {self.came()}")
        return self.primary_with_power()

    def primary_with_power(self):
        first = self.at
        return self.hung(self.primary(), first)

    def called(self, word, first):
        self.take()
        opened = self.take().text
        if word in ("ones", "eye"):
            self.pass_over(opened)
            return self.placed(number(1), first)
        args = [self.sum()]
        while self.accept(","):
            args.append(self.sum())
        self.close(opened)
        if word == "mean" and len(args) == 1:
            return args[0]
        op, count = CALLED.get(word, ("", 0))
        if len(args) != count:
            self.fail(
                f"{word}: is not known with {len(args)} arguments", self.place(first)
            )
        if word == "outer":
            args[1] = Term("transpose", (args[1],), None, args[1].place)
        data = Fraction(2) if word == "square" else None
        return self.placed(Term(op, tuple(args), data), first)

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
            if self.accept("_"):
                words, found = self.index(base + "".join(labels))
                labels += words
                step = found or step
            elif self.peek() == "^" and self.above(base, labels):
                words, found = self.raised_label(base + "".join(labels))
                labels += words
                step = found or step
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
            step = Step("t", 1 if self.take().text == "+" else -1)
            self.take()
            self.note(f"{self.text[slice(*self.place(first))]} read as the step {step}")
        base, labels = ordered(base, labels)
        start, end = self.place(first)
        return Symbol(
            base, tuple(labels), step, primes, (start, end), self.text[start:end]
        )

    def glued(self):
        """True for h_t-1 without spaces: the step before, in plain text."""
        if self.peek(1) != "1":
            return False
        before, sign, digit = (self.tokens[self.at + k] for k in (-1, 0, 1))
        return (
            before.text == "t" and before.end == sign.start and sign.end == digit.start
        )

    def step_inside(self):
        """True for [t-1], and for [:, t]."""
        k = 3 if self.peek(1) == ":" else 1
        return (
            self.peek(k) in INDICES or self.kind(k) == "number" or self.peek(k) == "-"
        )

    def called_step(self, base, labels):
        """True for h(t-1): a bracket with a step, after the name of something timed."""
        if not self.names.timed(base + "".join(labels)):
            return False
        if self.names.brackets and self.kind(1) == "number" and self.peek(2) == ")":
            return True
        if self.peek(1) not in self.bound:
            return False
        offset = self.peek(2) in ("+", "-") and self.kind(3) == "number"
        return self.peek(4 if offset else 2) == ")"

    def bracket_step(self, opened):
        self.take()
        if self.accept(":"):
            self.accept(",")
        step = self.step()
        if step is None:
            self.fail(f"expected a step, got {self.came()}")
        while self.peek() in (":", ","):
            self.take()
        self.close(opened)
        return self.names.counted(step)

    def above(self, base, labels):
        """True where a step or a label stands above a name, not a power."""
        key, braces = base + "".join(labels), self.peek(1) == "{"
        at = 2 if braces else 1
        word, kind = self.peek(at), self.kind(at)
        if word in ("(", "<"):
            return True
        if kind == "number":
            return self.names.timed(key) and self.names.raised
        if kind != "word" or word in ("T", "top"):
            return False
        if self.names.known(key + word):
            return True
        if word in INDICES and not self.names.matrix(key):
            return True
        return braces and (self.names.labels or len(word) > 1)

    def raised_label(self, before):
        """What stands above a name: labels, and a step."""
        first = self.at
        self.take()
        opened = self.accept("{")
        inner = self.accept("(", "<")
        if not (opened or inner):
            return self.single(before)
        words, step = self.content(before)
        if inner:
            self.close(inner.text)
        if opened:
            transposed = self.accept("top", "T")
            self.close("{")
            if transposed:  # h^{(t)\top}
                top = Token("sign", "top", *self.place(first))
                self.tokens.insert(self.at, top)
        return words, step

    def content(self, before):
        """Labels and a step in brackets: hh, h,t, t-1; up to what closes them."""
        words, step, depth = [], None, 0
        while self.peek() and (depth or self.peek() not in (")", "}", ">", "top")):
            if self.accept("{", "("):
                depth += 1
            elif self.accept("}", ")"):
                depth -= 1
            elif self.accept(",", "_", "^", ";"):
                continue
            elif self.is_label(before + "".join(words)):
                words.append(self.take().text)
            elif (here := self.step()) is not None:
                step = here
            elif self.kind() == "word":
                words.append(self.take().text)
            else:
                self.fail(f"expected a label or a step, got {self.came()}")
        return words, step

    def index(self, before):
        """What stands below the line after a name: labels, and a step."""
        opened = self.accept("{", "(")
        if not opened:
            return self.single(before)
        found = self.content(before)
        self.close(opened.text)
        return found

    def single(self, before):
        """One word or number beside the line: a label, or a step."""
        word = self.peek()
        if self.kind() != "word" and not word.isdigit():
            self.fail(f"expected an index, got {self.came()}")
        self.take()
        if self.names.known(before + word):
            return [word], None
        if word in INDICES:
            return [], Step(self.names.letter(word))
        return ([], Step("", int(word))) if word.isdigit() else ([word], None)

    def is_label(self, before):
        """True for what makes a known name, as the i of W_{xi} or the 3 of W_3."""
        return self.names.known(before + self.peek()) and self.peek(1) not in ("+", "-")


def ordered(base, labels):
    """The words prev and next after all others: prev_h is h_prev, dhnext dh_next."""
    pieces, words = [], []
    for piece in (base, *labels):
        for word in ("prev", "next"):
            if word in piece:
                words.append(word)
                piece = piece.replace(word, " ")
        pieces += piece.split()
    if not pieces:
        return base, labels
    return pieces[0], [*pieces[1:], *words]
