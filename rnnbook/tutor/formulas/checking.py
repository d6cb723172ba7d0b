"""`check_formula`: a reader's formula is read, shown as understood, and judged."""

from dataclasses import dataclass
from functools import cache, cached_property

from rnnbook.tutor.formulas import judging
from rnnbook.tutor.formulas.judging import Judge, Target, circular, has_adjoints
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.scanning import Unreadable
from rnnbook.tutor.formulas.slips import Slip, Slips, step_sum
from rnnbook.tutor.formulas.terms import (
    NOW,
    Leaf,
    Step,
    Term,
    flat,
    from_machine,
    leaf,
    leaves,
    many,
    moved,
    nodes,
)
from rnnbook.tutor.formulas.writing import ATOM, POWER, Writer
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.validate import check_choice

BOOK_LINKS = {  # where the book derives it
    "delta_z": "chapters/losses.ipynb",
    "p": "chapters/forward.ipynb",
    "s": "chapters/forward.ipynb",
    "h": "chapters/forward.ipynb",
    "z": "chapters/forward.ipynb",
    "J": "chapters/spectral_bounds.ipynb",
    "J_s": "chapters/spectral_bounds.ipynb",
    "J_tk": "chapters/spectral_bounds.ipynb",
    "unrolled": "chapters/unrolled_sums.ipynb",
}


def known_notations():
    """Every notation by its key."""
    return {"book": BOOK_NOTATION, **NOTATIONS, **BROUGHT}


@dataclass(frozen=True)
class FormulaReport:
    """The verdict on a formula. It prints itself, and typesets itself in Jupyter."""

    key: str
    text: str
    right: bool | None
    convention: str = ""  # under which it is right, where it is not the book's own
    slip: Slip | None = None
    counterexample: str = ""
    problem: str = ""  # a sentence: what cannot be read, or which shapes do not fit
    place: tuple = ()
    understood: str = ""  # LaTeX
    shapes: str = ""
    notes: tuple = ()
    alternatives: tuple = ()  # other slips that give the same values
    differs: str = ""  # which term, in words
    link: str = ""

    def __bool__(self):
        return bool(self.right)

    def __str__(self):
        return "\n".join(self._plain())

    __repr__ = __str__

    def _plain(self):
        if self.right is None:
            yield f"{self.key}: cannot be read: {self.problem}"
            yield from pointed(self.text, self.place)
            return
        yield f"{self.key}: {self._verdict()}"
        yield f"  as understood: {self.shapes}"
        yield from (f"  {line}" for line in self._sentences(lambda s: s.words))

    def _verdict(self):
        if not self.right:
            return "not equal"
        return f"right: {self.convention}" if self.convention else "right"

    def _sentences(self, words):
        if self.problem:
            yield self.problem + "."
        if self.differs:
            yield self.differs
        if self.slip is not None:
            yield f"It looks like this: {words(self.slip)}."
        if self.alternatives:
            yield f"The same comes about when {words(self.alternatives[0])}."
        if self.counterexample:
            yield self.counterexample
        for note in self.notes:
            yield f"Read so: {note}."
        if self.link and not self.right:
            yield f"See {self.link}."

    def _repr_markdown_(self):
        if self.right is None:
            marked = "\n".join(pointed(self.text, self.place))
            said = f"**{self.key}: cannot be read.** {escaped(self.problem)}"
            return f"{said}\n\n```\n{marked}\n```"
        lines = [f"**{escaped(self.key)}: {self._verdict()}.** As understood:"]
        lines.append(f"\n$$\n{self.understood}\n$$\n")
        lines += [
            line if "$" in line else escaped(line)
            for line in self._sentences(lambda s: s.markdown or s.words)
        ]
        return "\n".join(lines)


def escaped(text):
    """Markdown must not read W_hh as emphasis."""
    for sign in "\\_*<[":
        text = text.replace(sign, "\\" + sign)
    return text


def pointed(text, place):
    """The line of a text with a mark below the place."""
    start, end = place
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", start)
    line = text[before : after if after >= 0 else len(text)]
    yield f"    {line}".replace("\t", " ")
    width = max(min(end, before + len(line) + 1) - start, 1)
    yield "    " + " " * (start - before) + "^" * width


def check_formula(what, text, notation="book"):
    r"""Judge a formula.

    Parameters
    ----------
    what : str, or an equation of a derivation
        A result of the book (``g``, ``delta_s``, ``W_hh``, ``J``, ...), a derivative
        (``dL/dW_hh``, ``dL/dh_t``), or what the derivation machine gives, such as
        ``lstm.adjoint("c")``.
    text : str
        LaTeX, plain or Python-like text.
    notation : str
        The key of a notation, for results of the book.

    Returns
    -------
    FormulaReport
        ``right`` is None when the text cannot be read.

    Raises
    ------
    ValueError
        For an unknown result or notation, or a text that is not one.
    """
    if not isinstance(text, str):
        raise ValueError(f"text: expected a formula as text, got {type(text).__name__}")
    check_choice("notation", notation, known_notations())
    question = question_for(what, notation)
    return question.answer(text)


def question_for(what, notation="book"):
    """The `Question` of a key or of an equation."""
    if isinstance(what, str):
        return _of_key(what, notation)
    origin, left, right = (
        getattr(what, name, None) for name in ("origin", "left", "right")
    )
    if origin is None or right is None:
        raise ValueError(
            "what: expected the key of a result, or an equation of a derivation, "
            f"got {type(what).__name__}"
        )
    target, name = _machine_target(left, right, what.text.split(" = ")[0])
    return Question(origin, target, name)


@cache
def _of_key(key, notation):
    derivation = book_network()
    name = _plain_key(key)
    if name is None:
        known = ", ".join(keys())
        raise ValueError(f"what: expected one of {known}, or dL/dW_hh, got {key!r}")
    target = _book_target(derivation, name)
    record = known_notations()[notation]
    link = BOOK_LINKS.get(name, "chapters/bptt.ipynb")
    return Question(derivation, target, key, record, link)


VAGUE = ("quantity",)  # slips that are named last, where another says the same
PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def keys():
    """The results of the book that are asked for by a key."""
    return (
        "s", "h", "z", "p", "delta_z", "g", "g_split", "future", "delta_s",
        *PARAMETERS, "h_0", "J", "J_s", "J_tk", "unrolled",
    )  # fmt: skip


def _plain_key(key):
    """A key, from itself or from a derivative such as dL/dh_t."""
    key = key.strip().replace("{", "").replace("}", "")
    if key in keys():
        return key
    if key.startswith(("dL/d", "∂L/∂")):
        below = key[4:].removesuffix("_t")
        known = {"h": "g", "s": "delta_s", "z": "delta_z", "h_0": "h_0"}
        return known.get(below, below if below in PARAMETERS else None)
    jacobians = {
        "dh_t/dh_t-1": "J",
        "ds_t/ds_t-1": "J_s",
        "dh_t/dh_k": "J_tk",
    }
    return jacobians.get(key)


def _book_target(v, key):
    """The target of one result of the book."""
    earlier = Step("t", -1)
    if key in ("s", "h", "z", "p"):
        right = from_machine(v.program.definitions[key])
        return Target(Leaf("value", key, NOW), right, "t")
    if key in ("delta_z", "g", "delta_s", "g_split", "unrolled"):
        name = {"delta_z": "z", "delta_s": "s"}.get(key, "h")
        right = from_machine(v.adjoint(name).right)
        if key == "g_split":
            right = many("sum", [right.args[0], leaf("future", "h", NOW)])
        if key == "unrolled":
            right = _unrolled()
        return Target(Leaf("adjoint", name, NOW), right, "t")
    if key == "future":
        right = from_machine(v.adjoint("h").right).args[1]
        return Target(Leaf("future", "h", NOW), right, "t")
    if key in PARAMETERS:
        right = step_sum(from_machine(v.gradient(key).right.each_step))
        return Target(Leaf("adjoint", key, None), right)
    if key == "h_0":
        right = from_machine(v.gradient("h_0").right)
        right = moved(right, "t", Step("", 0))
        return Target(Leaf("adjoint", "h", Step("", 0)), right)
    if key == "J_tk":
        factor = leaf("jacobian", "h", Step("j"), "h", Step("j", -1))
        right = Term("over", (factor,), ("prod", "j", Step("k", 1), NOW))
        return Target(Leaf("jacobian", "h", NOW, "h", Step("k")), right, ("t", "k"))
    name = "h" if key == "J" else "s"
    right = from_machine(v.jacobian(name, name).right)
    return Target(Leaf("jacobian", name, NOW, name, earlier), right, "t")


def _unrolled():
    """The sum over later losses of a product of Jacobians and the immediate part."""
    factor = leaf("jacobian", "h", Step("j"), "h", Step("j", -1))
    chain = Term("over", (factor,), ("prod", "j", Step("t", 1), Step("k")))
    own = leaf("own", "h", Step("k"), "", Step("k"))
    body = Term("product", (Term("transpose", (chain,)), own))
    return Term("over", (body,), ("sum", "k", NOW, Step("T")))


def _machine_target(left, right, name):
    """The target of an equation of the machine."""
    if isinstance(right, ex.Expression) and isinstance(left, ex.Leaf):
        kind = "value" if isinstance(left, ex.Value) else "adjoint"
        if left.shift is not None and kind == "adjoint":
            if left.shift < 0 or name.endswith("_0"):
                at = Step("", left.shift)
                term = moved(from_machine(right), "t", at)
                return Target(Leaf(kind, left.name, at), term), name
        step = None if left.shift is None else NOW
        term = from_machine(right)
        return Target(Leaf(kind, left.name, step), term, "t" if step else ()), name
    if hasattr(right, "each_step"):
        parts = []
        if right.once is not None:
            parts.append(from_machine(right.once))
        if right.each_step is not None:
            parts.append(step_sum(from_machine(right.each_step)))
        term = many("sum", parts)
        return Target(Leaf("adjoint", left.name, None), term), name
    if isinstance(left, tuple) and isinstance(right, ex.Expression):
        over, under, lag = left
        q = Leaf("jacobian", over, NOW, under, Step("t", -lag))
        return Target(q, from_machine(right), "t", True), name
    raise ValueError("what: expected one equation with one expression on its right")


class Question:
    """A result that is asked for, with all its slips."""

    def __init__(self, derivation, target, key, notation=None, link=""):
        self.derivation, self.target, self.key = derivation, target, key
        self.notation, self.link = notation, link
        book = BOOK_NOTATION if notation is not None else None
        self.names = Names(derivation, notation)
        self.names.free = target.free or ()
        self.judge = Judge(derivation, target, notation)
        self.latex = Writer(derivation, notation or book)
        spoken = None if notation in (None, BOOK_NOTATION) else notation
        self.plain = Writer(derivation, spoken, latex=False)
        self.typed = Writer(derivation, spoken, latex=False, rows=False)
        self.maker = Slips(derivation, (self.plain, self.latex))

    @cached_property
    def slips(self):
        """Lists of slips, derived once: the plainest first."""
        return list(self.maker.of(self.target.right))

    def explained(self, term):
        """The slips that explain a formula: of the first form that has any."""
        found = []
        for slips in self.slips:
            found += self.judge.explained(term, slips)
            if any(s.kind not in VAGUE for s in found):
                break
        return sorted(found, key=lambda s: s.kind in VAGUE)

    def read(self, text, tight=True):
        """The reading of a text, its step letters checked."""
        reading = read_formula(text, self.names, tight)
        missing = self.judge.stray(reading.term) - {"t"}
        if missing:
            letter = min(missing)
            raise Unreadable(
                f"the step {letter} is bound by no sum or product", (0, len(text))
            )
        return reading

    def answer(self, text):
        """The `FormulaReport` of a text."""
        try:
            return self.judged(text, self.best(text, self.read(text)))
        except Unreadable as error:
            return self.unreadable(text, error)
        except RecursionError:
            nested = Unreadable("too many brackets inside each other", (0, len(text)))
            return self.unreadable(text, nested)

    def unreadable(self, text, error):
        """A report without verdict."""
        return FormulaReport(
            self.key,
            text,
            None,
            problem=error.sentence,
            place=error.place,
            link=self.link,
        )

    def best(self, text, reading):
        """The reading with other brackets, where only that one fits."""
        if self.judge.stray(reading.term):
            return reading
        if self.judge.shape_error(reading.term) is None:
            return reading
        try:
            other = self.read(text, tight=False)
        except Unreadable:
            return reading
        if other.term == reading.term or self.verdict(reading.term) is not None:
            return reading
        fits = self.judge.shape_error(other.term) is None
        if fits or self.verdict(other.term) is not None:
            other.notes.append("the products from left to right")
            return other
        return reading

    def judged(self, text, reading):
        """The verdict on what was read."""
        term = reading.term
        shown = flat(self.judge.resolved(term))
        common = {
            "key": self.key,
            "text": text,
            "understood": self.shown(shown),
            "shapes": self.typed(shown) + self.of_shape(term),
            "notes": tuple(reading.notes),
            "link": self.link,
        }
        if self.judge.stray(term):
            if reading.accumulates:
                said = self.verdict(step_sum(term))
                if said is not None:
                    said = said or "collected step by step"
                    return FormulaReport(right=True, convention=said, **common)
            return self.wrong(term, common)
        said = self.verdict(term)
        if circular(term, self.target):
            named = term.op in ("leaf", "transpose")
            if named or said is not None:
                problem = "this is only the name of what is asked for"
                if not named:
                    problem = "it is written with what is asked for itself"
                return FormulaReport(right=False, problem=problem, **common)
        elif said is not None:
            return FormulaReport(right=True, convention=said, **common)
        return self.wrong(term, common)

    def verdict(self, term):
        """The convention under which a formula is right, or None when it is wrong."""
        if self.judge.stray(term):
            return None
        found = self.judge.convention(term)
        return None if found is None else self.convention(found, term)

    def convention(self, found, term):
        """The convention in words; None where it is a mistake after all."""
        view, (turned, minus, mean) = found
        said = [view.name] if view.name else []
        column = 1 in self.judge.wanted_shape()
        if view.negated or minus:  # both, where adjoints are turned too
            fits = minus and view.negated == has_adjoints(term)
            if not fits or not self.reversed_error(term):
                return None
        if minus and not view.negated:
            said.append(judging.NEGATED)
        own = (view.rows, view.weights) == (self.judge.own.rows, self.judge.own.weights)
        expected = self.judge.turned if own else bool(view.rows) and column
        if bool(turned) != expected and (turned or not column):
            said.append(
                "as a row (numerator layout)"
                if column
                else "transposed as a whole (numerator layout)"
            )
        if view.mean and not mean and self.target.leaf.kind != "value":
            said.append(judging.SUMMED)
        if mean and not view.mean:
            if self.target.leaf.kind == "value":
                return None
            said.append("the mean over the steps in place of the sum")
        tanh = self.notation is not None and self.notation.names["phi"] == r"\tanh"
        if not said and not tanh and self.judge.needs_tanh(term):
            said.append("for phi = tanh")
        return ", ".join(said)

    def reversed_error(self, term):
        """True when y - p stands in the formula."""
        for _, node in nodes(term):
            if node.op == "sum":
                signs = {}
                for part in node.args:
                    minus = part.op == "negative"
                    inner = part.args[0] if minus else part
                    if inner.op == "leaf":
                        signs[inner.data.name] = minus
                if signs.get("p") and signs.get("y") is False:
                    return True
        return False

    def wrong(self, term, common):
        """The report on a formula that is not equal."""
        problem = differs = ""
        slips = self.explained(term)
        counterexample = ""
        if not self.judge.stray(term):
            error, shape = self.judge.shape_error(term), self.judge.shape(term)
            if error is not None:
                problem = self.shape_sentence(error)
            elif shape is not None and not self.judge.fits(shape):
                problem = (
                    f"the formula has the shape {self.sizes(shape)}, and the result "
                    f"{self.sizes(self.judge.wanted_shape())}"
                )
            found = self.judge.counterexample(term)
            if found is not None:
                counterexample = self.numbers(found, term)
            if not problem and not slips:
                differs = self.which(term)
        return FormulaReport(
            right=False,
            slip=slips[0] if slips else None,
            alternatives=tuple(slips[1:]),
            problem=problem,
            counterexample=counterexample,
            differs=differs,
            **common,
        )

    def which(self, term):
        """Which of the terms differs."""
        wrong, fit = judging.unmatched(
            self.judge, term, self.maker.forms(self.target.right)
        )
        if not fit or not wrong:
            return ""
        named = " and ".join(map(self.typed, wrong))
        right = " and ".join(map(self.typed, fit))
        return f"Right is {right}; what differs is {named}."

    # words

    def sizes(self, shape):
        """A shape in the names of the sizes."""
        names = self.judge.point.names_of_sizes
        return "(" + ", ".join(names.get(n, str(n)) for n in shape) + ")"

    def of_shape(self, term):
        shape = None if self.judge.stray(term) else self.judge.shape(term)
        return f", of shape {self.sizes(shape)}" if shape else ""

    def shown(self, term):
        """LaTeX with the shape of every quantity below it."""
        writer = _Shaped(self.derivation, self.notation, self)
        return writer(term)

    def shape_sentence(self, error):
        """Which product, and both shapes."""
        node = error.node
        left, right = self.sizes(error.left), self.sizes(error.right)
        if len(node.args) == 2:
            a, b = map(self.typed, node.args)
            return (
                f"in {self.typed(node)}, {a} of shape {left} and {b} of shape {right} "
                f"cannot be {error.verb}"
            )
        return (
            f"in {self.typed(node)}, the shapes {left} and {right} cannot be "
            f"{error.verb}"
        )

    def numbers(self, found, term):
        """The counterexample in words."""
        point, steps, got, want = found
        n = next(iter(point.sizes.values()))
        units = "one unit" if n == 1 else f"{n} units"
        length = "one step" if point.T == 1 else f"{point.T} steps"
        at = "".join(f", {letter} = {v}" for letter, v in steps.items())
        shown = self.with_numbers(point, steps, term)
        return (
            f"A counterexample: {units} each, {length}{at}{shown}: yours gives "
            f"{array_text(got)}, right is {array_text(want)}."
        )

    def with_numbers(self, point, steps, term):
        """The numbers of the quantities that a formula reads, when they are few."""
        calculator = judging.calculator(point, self.judge.own)
        parts = []
        for q in dict.fromkeys(leaves(term)):
            letters = {s.letter for s in (q.step, q.other_step) if s and s.letter}
            if letters <= {*steps, "T"}:
                value = calculator.leaf(q, {"T": point.T, **steps})
                name = self.typed(Term("leaf", (), q))
                parts.append(f"{name} = {array_text(value.array)}")
        return ", with " + ", ".join(parts) if 0 < len(parts) <= 8 else ""


class _Shaped(Writer):
    """LaTeX with shapes below the quantities."""

    def __init__(self, derivation, notation, question):
        super().__init__(derivation, notation, rows=False)
        self.question = question

    def _leaf(self, term):
        text, level = super()._leaf(term)
        q = term.data
        point = self.question.judge.point
        steps = {s.letter: point.T for s in q.steps if s}
        seen = judging.calculator(point, self.question.judge.own)
        shape = seen.leaf(q, steps).shape
        if shape == (1, 1):
            return text, level
        names = [point.names_of_sizes[n] for n in shape]
        sizes = r" \times ".join(names)
        return rf"\underset{{{sizes}}}{{{text}}}", ATOM

    def _transpose(self, term):
        (base,) = term.args
        return self.inside(base, ATOM) + r"^{\top}", POWER


def array_text(array):
    """Fractions in a row, or as rows."""
    if array.size == 1:
        return str(array.ravel()[0])
    rows = [", ".join(map(str, row)) for row in array]
    return "(" + "; ".join(rows) + ")"
