"""The rules as lemmas, each proved in index form for every size.

If L depends on v only through u = f(v), and a = dL/du, the chain rule says

    dL/dv_pq = sum over i, j of a_ij du_ij/dv_pq.

A proof writes f entry by entry, lets SymPy differentiate it, carries out the Kronecker
deltas, and compares the sum with what `derive` sends back. Nothing of it is typed: a
wrong rule has a proof that fails.
"""

from dataclasses import dataclass

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.entries import (
    Cuts,
    Entries,
    chain_rule,
    normal,
    same,
    with_sums_of_one,
)
from rnnlib.symbolic.derivation.entry_printing import show_latex, show_text
from rnnlib.symbolic.derivation.rules import RULES
from rnnlib.validate import check_choice


@dataclass(frozen=True)
class Example:
    """A text that stands for an operation, and how ``derive`` is to read it."""

    text: str
    sizes: dict
    options: dict


def _example(text, options=None, **sizes):
    return Example(text, sizes, options or {})


def _says(kind):
    return RULES[kind].says


FUNCTIONS = ("tanh", "sigma", "relu", "exp", "log", "softplus")
TARGETS = {"loss": "ell", "distributions": "y"}
LEMMAS = {
    "a sum": (
        _says(ex.Sum) + "; a scalar that is added to every entry receives the total",
        _example("u_t = v_t + w_t", v="n", w="n"),
        _example("u_t = v_t + c_t", v="n", c=1),
    ),
    "an elementwise product": (
        _says(ex.Times) + "; a scalar receives the total of that",
        _example("u_t = v_t * w_t", v="n", w="n"),
        _example("u_t = c_t v_t", v="n", c=1),
    ),
    "a matrix product": (
        _says(ex.MatMul),
        _example("U_t = A B_t C", A=("k", "m"), B=("m", "n"), C=("n", "d")),
    ),
    "a transpose": (_says(ex.Transpose), _example("U_t = V_t^T", V=("m", "n"))),
    "a power": (
        _says(ex.Power) + "; the proof is for the exponents 2, 3, -1 and 1/2",
        *(
            _example(f"u_t = {power}", v="n")
            for power in ("v_t^2", "v_t^3", "1 / v_t", "sqrt(v_t)")
        ),
    ),
    "an elementwise function": (
        _says(ex.Apply),
        _example("u_t = phi(v_t)", v="n"),
    ),
    **{
        f"the function {name}": (
            "the slope is the derivative of the function, here in terms of u",
            _example(f"u_t = {name}(v_t)", v="n"),
        )
        for name in FUNCTIONS
    },
    "a maximum": (
        _says(ex.Maximum) + ", away from where the two are equal",
        _example("u_t = max(v_t, w_t)", v="n", w="n"),
        _example("u_t = max(v_t, c_t)", v="n", c=1),
    ),
    "softmax": (_says(ex.Softmax), _example("u_t = softmax(v_t)", v="n")),
    "a norm": (_says(ex.Norm), _example("u_t = norm(v_t)", v="n", u=1)),
    "a sum of entries": (_says(ex.Total), _example("u_t = sum(v_t)", v="n", u=1)),
    "a scalar in every entry": (
        _says(ex.Fill),
        _example("u_t = 0 v_t + c_t", v="n", c=1),
    ),
    "a concatenation": (
        _says(ex.Concat),
        _example("u_t = [v_t; w_t]", v="m", w="n"),
    ),
    "a slice": (
        _says(ex.Slice),
        _example("u_t = v_t[m:m + n]", v="m + n + k"),
    ),
    "a mean": (
        "every entry receives the adjoint divided by the number of entries",
        _example("u_t = mean(v_t)", v="n", u=1),
    ),
    "a column over its root mean square": (
        "the adjoint loses its part along u, and is divided by the root mean square; "
        "with a mean taken away before, this is layer normalisation",
        _example("r_t = sqrt(mean(v_t^2))\nu_t = v_t / r_t", v="n", r=1),
    ),
    "softmax with cross-entropy": (
        "the logits receive p - y when the entries of y sum to one",
        _example(
            "p_t = softmax(v_t)\nell_t = cross_entropy(y_t, p_t)", TARGETS, v="n", y="n"
        ),
    ),
    "half the squared error": (
        "the output receives v - y",
        _example("ell_t = 0.5 sum((v_t - y_t)^2)", {"loss": "ell"}, v="n", y="n"),
    ),
}


@dataclass(frozen=True)
class Line:
    """One line of a proof: what it is, and the formula."""

    words: str
    text: str
    latex: str


@dataclass(frozen=True)
class Lemma:
    """A rule, what it says, and its proof line by line."""

    name: str
    says: str
    lines: tuple
    failed: tuple  # the operands that receive something else

    def __bool__(self):
        return not self.failed

    @property
    def verdict(self):
        """One sentence: proved, or what is wrong."""
        if self.failed:
            return f"Not the same: wrong for {', '.join(self.failed)}."
        return "The last two lines are the same sum for each operand: proved."

    def __str__(self):
        width = max(len(line.words) for line in self.lines)
        rows = [f"  {line.words:{width}}  {line.text}" for line in self.lines]
        head = f"The rule for {self.name}: {self.says}."
        return "\n".join([head, *rows, f"  {self.verdict}"])

    __repr__ = __str__

    @property
    def latex(self):
        """The lines as one aligned block."""
        rows = " \\\\\n".join(
            rf"&\text{{{line.words}:}} & & {line.latex}" for line in self.lines
        )
        return "\\begin{aligned}\n" + rows + "\n\\end{aligned}"

    @property
    def head(self):
        """What the rule says, as Markdown."""
        return f"**The rule for {self.name}.** {self.says[0].upper()}{self.says[1:]}."

    def _repr_markdown_(self):
        return f"{self.head}\n\n$$\n{self.latex}\n$$\n\n{self.verdict}"


def lemma(name):
    """The `Lemma` of a rule, with its proof.

    Raises
    ------
    ValueError
        For the name of no rule; the message lists them.
    """
    from rnnlib.symbolic.derivation.derivation import derive

    check_choice("name", name, tuple(LEMMAS))
    says, *examples = LEMMAS[name]
    lines, failed = [], []
    for example in examples:
        d = derive(example.text, example.sizes, **example.options)
        proof = _Proof(d)
        lines += proof.definition()
        for operand in proof.operands():
            right, found = proof.of_operand(operand)
            lines += found
            if not right:
                failed.append(f"{operand.name} in {example.text}")
    return Lemma(name, says, tuple(lines), tuple(failed))


def lemmas():
    """All lemmas by name, each with its proof."""
    return {name: lemma(name) for name in LEMMAS}


def names_of_rules(recursion):
    """The lemmas that the uses of a recursion rest on, in the order of `LEMMAS`."""
    found = set()
    for uses in recursion.uses.values():
        for sent in (step for use in uses for step in use.path):
            found.add(sent.rule.name)
            function = getattr(sent.node, "function", None)
            if function in FUNCTIONS:
                found.add(f"the function {function}")
    return tuple(name for name in LEMMAS if name in found)


class _Proof:
    """The lines for one example: one definition, or several put into each other."""

    def __init__(self, derivation):
        self.derivation, self.recursion = derivation, derivation.recursion
        self.program = derivation.program
        self.name = [*self.program.definitions][-1]
        shape = self.program.shapes[self.name]
        self.loss = self.recursion.loss is not None
        self.adjoint = ex.ONE_NUMBER if self.loss else ex.Value((), shape, "a", 0)
        self.value = self.whole(self.program.definitions[self.name])

    def operands(self):
        """The leaves of the definitions that are not defined themselves."""
        found = dict.fromkeys(ex.leaves(self.value))
        return [leaf for leaf in found if leaf.name not in ("y",)]

    def whole(self, node):
        """The expression with all definitions, and adjoints of parts, put in."""

        def put(leaf):
            if isinstance(leaf, ex.LossGradient):
                return self.adjoint
            if isinstance(leaf, ex.Adjoint):
                if leaf.name == self.name:
                    return self.adjoint
                return self.whole(self.sent(leaf))
            if leaf.name in self.program.definitions:
                return self.whole(self.program.definitions[leaf.name])
            return leaf

        return ex.mapped(node, put)

    def sent(self, leaf):
        """What the machine derives for a quantity or a parameter."""
        if leaf.shift is None:
            return self.recursion.gradient(leaf.name).each_step
        terms = [term for _, term in self.recursion.terms(leaf.name)]
        return ex.add(*terms)

    def entries(self, *nodes):
        """A writer of entries; the step is left away."""
        return Entries(Cuts(*nodes), lambda leaf: leaf.name)

    def definition(self):
        """The line that writes the definition."""
        equations = [str(e) for e in self.derivation.equations]
        latex = [e.latex for e in self.derivation.equations]
        return [Line("let", ", ".join(equations), r", \quad ".join(latex))]

    def of_operand(self, leaf):
        """True when the rule is right for an operand; and the lines that show it."""
        sent = self.whole(self.sent(leaf))
        entries = self.entries(self.value, sent)
        cuts = entries.cuts
        lines, right = [], sent.shape == leaf.shape
        if not right:
            return right, [self.emitted(None, leaf, None, None)]
        for row in cuts.places(leaf.shape[0], "p"):
            for column in cuts.places(leaf.shape[1], "q"):
                place = row, column
                entries.count = 0
                shown, whole = chain_rule(
                    entries, self.value, self.adjoint, leaf, place
                )
                emitted = entries(sent, *((None, None) if sent.is_scalar else place))
                whole = with_sums_of_one(whole, self.recursion.distributions)
                right = right and same(whole, emitted)
                lines += self.calculation(entries, leaf, place, shown, whole)
                lines.append(self.emitted(entries, leaf, place, emitted))
        return right, lines

    def calculation(self, entries, leaf, place, shown, whole):
        """The entry, its derivative and the chain rule."""
        of_v, lines = _entry(entries, leaf, place), []
        letter = "ell" if self.loss else self.name
        shape = self.program.shapes[self.name]
        for at, u, slope in shown:
            of_u = _entry(entries, ex.Value((), shape, letter, 0), at)
            done = normal(slope)
            values = [u], [slope] if slope == done else [slope, done]
            lines.append(_line("an entry", of_u, *values[0]))
            lines.append(_line("its derivative", _ratio(of_u, of_v), *values[1]))
        left = _ratio(LOSS, of_v)
        if len(shown) == 1 and not self.loss:  # written out once, for one block
            (at, *_), ratio = shown[0], _ratio(of_u, of_v)
            of_a = _entry(entries, self.adjoint, at)
            sums = [i.index.name for i in at if i is not None]
            over = "".join(f"sum_{i} " for i in sums)
            signs = "".join(rf"\sum_{{{i}}} " for i in sums)
            left = (
                f"{left[0]} = {over}{of_a[0]} {ratio[0]}",
                f"{left[1]} = {signs}{of_a[1]} {ratio[1]}",
            )
        lines.append(_line("the chain rule", left, whole))
        return lines

    def emitted(self, entries, leaf, place, entry):
        """What the rule sends back, whole and at one place."""
        node = ex.mapped(self.sent(leaf), self.put_adjoint)
        names = [printer(node) for printer in self.derivation._printers()]
        if entry is None:
            return Line("the rule", f"another shape, from {names[0]}", names[1])
        of_v = _entry(entries, leaf, place)
        line = _line("the rule", _ratio(LOSS, of_v), entry)
        text, latex = (f", from {names[0]}", rf" \quad \text{{from }} {names[1]}")
        return Line(line.words, line.text + text, line.latex + latex)

    def put_adjoint(self, leaf):
        """An adjoint of the result is called a; one of a part is put in."""
        if isinstance(leaf, ex.LossGradient):
            return self.adjoint
        if isinstance(leaf, ex.Adjoint):
            if leaf.name == self.name:
                return self.adjoint
            return ex.mapped(self.sent(leaf), self.put_adjoint)
        return leaf


LOSS = "L", r"\mathcal{L}"


def _entry(entries, leaf, place):
    """An entry of a leaf as text and as LaTeX."""
    found = entries(leaf, *((None, None) if leaf.is_scalar else place))
    return show_text(found), show_latex(found)


def _ratio(above, below):
    return (
        f"d{above[0]}/d{below[0]}",
        rf"\frac{{d{above[1]}}}{{d{below[1]}}}",
    )


def _line(words, left, *values):
    """left = value = value."""
    text = " = ".join([left[0], *map(show_text, values)])
    latex = " = ".join([left[1], *map(show_latex, values)])
    return Line(words, text, latex)
