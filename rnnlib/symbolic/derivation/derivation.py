"""`derive`: from the text of a cell to its backpropagation through time."""

from dataclasses import dataclass, field
from functools import cached_property

from rnnlib.symbolic.derivation import (
    cells,
    check,
    every_size,
    explanation,
    lemmas,
    mistakes,
    proof,
    trajectories,
)
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import random_point
from rnnlib.symbolic.derivation.jacobians import Blocks, Jacobians, affine
from rnnlib.symbolic.derivation.lowering import restricted
from rnnlib.symbolic.derivation.naming import with_named_parts
from rnnlib.symbolic.derivation.printing import Names, Printer
from rnnlib.symbolic.derivation.reader import read_program
from rnnlib.symbolic.derivation.recursion import Recursion
from rnnlib.symbolic.derivation.to_sympy import SymPyWriter
from rnnlib.validate import check_choice, check_count, check_rng

PLAIN_FUNCTIONS = ("tanh", "sigma", "relu", "identity")  # in place of phi


def derive(text, sizes, *, loss=None, output=None, frozen=(), distributions=()):
    r"""Derive backpropagation through time for a cell that is written as text.

    Parameters
    ----------
    text : str
        One equation a line: a name at step t, ``=``, an expression. Plain text
        (``W_hi h_{t-1}``, ``f_t * c_{t-1}``), Python-like (``h[t-1]``) or LaTeX
        (``\odot``, ``\sigma``). Juxtaposition or ``@`` is the matrix product, ``*``
        the elementwise one.
    sizes : dict
        The size of each input, and of whatever cannot be inferred: ``{"x": "d_x",
        "h": "d_h"}``; 1 for a scalar, a pair for a matrix.
    loss : str, optional
        The name of the loss of one step; the loss is its sum over all steps. By
        default ``ell`` when that is defined, and otherwise any loss of the output.
    output : str, optional
        Without a loss: the quantity that the loss reads; ``h`` or the last one.
    frozen : tuple of str
        Parameters that are not trained.
    distributions : tuple of str
        Inputs whose entries sum to one, such as one-hot targets.

    Returns
    -------
    Derivation

    Raises
    ------
    ValueError
        For a text that has no meaning: it names the line, and what is wrong there.
    """
    program = read_program(text, sizes)
    named = with_named_parts(program)
    loss, outputs = _ends(program, loss, output)
    for what, names, known in (
        ("frozen", frozen, program.parameters),
        ("distributions", distributions, program.inputs),
    ):
        for name in (names,) if isinstance(names, str) else names:
            if name not in known:
                raise ValueError(
                    f"{what}: expected some of {', '.join(known) or 'none'}, "
                    f"got {name!r}"
                )
    frozen, distributions = (
        (names,) if isinstance(names, str) else tuple(names)
        for names in (frozen, distributions)
    )
    recursion = Recursion(named, loss, outputs, frozen, distributions)
    return Derivation(text, program, recursion)


def _ends(program, loss, output):
    """The loss, and the outputs that an outside loss reads."""
    defined = program.definitions
    for what, name in (("loss", loss), ("output", output)):
        if name is not None and name not in defined:
            raise ValueError(
                f"{what}: expected one of {', '.join(defined)}, got {name!r}"
            )
    if not defined:
        raise ValueError("text: expected a definition with a step, got none")
    if loss is None and output is None and "ell" in defined:
        loss = "ell"
    if loss is not None:
        if not program.shapes[loss] == ex.SCALAR:
            raise ValueError(f"loss: expected a scalar, got {loss} of another shape")
        return loss, ()
    return None, (output or ("h" if "h" in defined else [*defined][-1]),)


@dataclass(frozen=True)
class Equation:
    """An equation, as plain text and as LaTeX."""

    text: str
    latex: str
    left: object = None
    right: object = None
    origin: object = field(default=None, compare=False)  # the derivation it is of

    def __str__(self):
        return self.text

    __repr__ = __str__

    def _repr_latex_(self):
        return f"$\\displaystyle {self.latex}$"


@dataclass(frozen=True)
class Equations:
    """Several equations, one below the other."""

    equations: tuple

    def __str__(self):
        return "\n".join(map(str, self.equations))

    __repr__ = __str__

    def __iter__(self):
        return iter(self.equations)

    def __len__(self):
        return len(self.equations)

    @property
    def latex(self):
        """One aligned block."""
        rows = (e.latex.replace(" = ", " &= ", 1) for e in self.equations)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self):
        return f"$$\n{self.latex}\n$$"


class Derivation:
    """The equations of a cell, and everything that is derived from them."""

    def __init__(self, text, written, recursion):
        self.source, self.written, self.recursion = text, written, recursion
        self.program = recursion.program

    # printing

    @cached_property
    def names(self):
        """How quantities and adjoints are called."""
        return Names(
            self.program.made,
            frozenset(self.recursion.preactivations),
            self.recursion.loss,
            frozenset(self.program.shapes),
        )

    def printer(self, latex=False, step="t"):
        """The printer of this derivation's expressions."""
        return Printer(self.names, latex, step)

    def _equation(self, left, right, step="t", sides=()):
        """An equation from two functions of a printer, and the two expressions."""
        text, latex = (f"{left(p)} = {right(p)}" for p in self._printers(step))
        left, right = sides or (None, None)
        return Equation(text, latex, left, right, self)

    def _printers(self, step="t"):
        return self.printer(False, step), self.printer(True, step)

    # results

    @property
    def equations(self):
        """The forward equations, with the names that the machine gave."""
        tables = (self.program.static, None), (self.program.definitions, 0)
        return Equations(
            tuple(
                self._defined(name, table[name], shift)
                for table, shift in tables
                for name in table
            )
        )

    def _defined(self, name, expression, shift):
        leaf = ex.Value((), expression.shape, name, shift)
        return self._equation(
            lambda p: p(leaf), lambda p: p(expression), sides=(leaf, expression)
        )

    @property
    def adjoints(self):
        """The backward recursion, in the order in which it is computed."""
        names = [n for n in reversed(self.program.definitions) if self._read(n)]
        return Equations(tuple(map(self.adjoint, names)))

    @property
    def gradients(self):
        """The gradient of each parameter, and of each initial state."""
        found = [self.gradient(name) for name in self._without_step()]
        found += [self.initial(name, -k) for name, k in self._initial_steps()]
        return Equations(tuple(found))

    def _without_step(self):
        return (*reversed(self.program.static), *self.recursion.parameters)

    def _initial_steps(self):
        lags = self.program.lags
        return [(n, k) for n in self.recursion.states for k in range(lags[n])]

    def _read(self, name):
        return self.recursion.terms(name) and name != self.recursion.loss

    def adjoint(self, name):
        """The adjoint of a quantity at step t: the sum over its uses."""
        self._check(name, self.program.shapes)
        if name in (*self.program.parameters, *self.program.static):
            return self.gradient(name)
        terms = [term for _, term in self.recursion.terms(name)]
        shape = self.program.shapes[name]
        right = ex.add(*terms) if terms else ex.zero(shape)
        leaf = ex.Adjoint((), shape, name, 0)
        return self._equation(
            lambda p: p(leaf), lambda p: p(right), sides=(leaf, right)
        )

    def gradient(self, name):
        """The gradient of a parameter, as a sum over all steps.

        ``h_0`` asks for the gradient of the initial state of h.
        """
        base, _, step = name.rpartition("_")
        if name not in self.program.shapes and base in self.program.lags:
            if step.isdigit() or step.strip("{}").lstrip("-").isdigit():
                return self.initial(base, int(step.strip("{}")))
        self._check(name, self.program.shapes)
        if name not in (*self.program.parameters, *self.program.static):
            return self.adjoint(name)
        gradient = self.recursion.gradient(name)

        def right(p):
            texts = []
            if gradient.each_step is not None:
                least = 1 if isinstance(gradient.each_step, ex.Sum) else 0
                body = p.inside(gradient.each_step, least)
                over = r"\sum_{t=1}^{T} " if p.latex else "sum over t of "
                texts.append(over + body)
            if gradient.once is not None:
                texts.insert(0, p(gradient.once))
            return " + ".join(texts) or "0"

        leaf = ex.Adjoint((), self.program.shapes[name], name, None)
        return self._equation(
            lambda p: p.derivative(name, None), right, sides=(leaf, gradient)
        )

    def initial(self, name, step=0):
        """The gradient of an initial state, such as h_0."""
        self._check(name, self.program.lags)
        terms = [
            term for lag, term in self.recursion.terms(name) if step + lag >= 1 and lag
        ]
        right = ex.add(*terms) if terms else ex.zero(self.program.shapes[name])
        return self._equation(
            lambda p: p.derivative(name, 0),
            lambda p: p(right),
            step=step,
            sides=(ex.Adjoint((), self.program.shapes[name], name, step), right),
        )

    def jacobian(self, name=None, by=None, *, lag=None, total=False, immediate=False):
        """The Jacobian of a quantity by one of an earlier step.

        It follows all definitions of the step, and holds the other states of earlier
        steps still. With ``immediate`` the definition of ``name`` alone is
        differentiated. With ``total``, and no names, it is the block matrix of all
        states by all states.

        Raises
        ------
        ValueError
            For a matrix, or for a quantity that is not read.
        """
        jacobians = Jacobians(self.recursion)
        if total or (name is None and by is None):
            if name is not None or by is not None or immediate:
                raise ValueError("total: expected no names beside it, got some")
            return self._blocks(jacobians)
        self._check(name, self.program.definitions)
        self._check(by, self.program.shapes)
        lag = jacobians.lag(name, by) if lag is None else lag
        lag = 1 if lag is None else lag
        through = self.program.made if immediate else self.program.definitions
        matrix = jacobians.of(name, by, lag, {*through} - {by if not lag else None})
        shape = (self.program.shapes[name][0], self.program.shapes[by][0])
        matrix = ex.zero(shape) if matrix is None else matrix

        def left(p):
            over, under = p.quantity(name, 0), p.quantity(by, -lag)
            if p.latex:
                d = r"\partial^{+}" if immediate else "d"
                e = r"\partial " if immediate else "d"
                return rf"\frac{{{d} {over}}}{{{e}{under}}}"
            return f"{'d+' if immediate else 'd'}{over}/d{under}"

        found = self._equation(left, lambda p: p(matrix))
        return Equation(found.text, found.latex, (name, by, lag), matrix, self)

    def _blocks(self, jacobians):
        states, lags = self.recursion.states, self.program.lags
        rows = [(n, k) for n in states for k in range(lags[n])]
        definitions = {*self.program.definitions}
        blocks = {}
        for row, i in rows:
            for column, j in rows:
                shape = self.program.shapes[row][0], self.program.shapes[column][0]
                if i:  # h_{t-1} as a part of the state at step t
                    same = (row, i - 1) == (column, j)
                    block = ex.identity(shape[0]) if same else None
                else:
                    block = jacobians.of(row, column, j + 1, definitions)
                blocks[(row, i), (column, j)] = (
                    ex.zero(shape) if block is None else block
                )
        table = Blocks(tuple(rows), blocks)

        def text(p):
            cells = [[p(blocks[r, c]) for c in rows] for r in rows]
            if not p.latex:
                return "[" + ";\n ".join(", ".join(row) for row in cells) + "]"
            body = " \\\\ ".join(" & ".join(row) for row in cells)
            return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"

        def left(p):
            over = ", ".join(p.quantity(n, -k) for n, k in rows)
            under = ", ".join(p.quantity(n, -k - 1) for n, k in rows)
            if p.latex:
                return rf"\frac{{d({over})}}{{d({under})}}"
            return f"d({over})/d({under})"

        found = self._equation(left, text)
        return Equation(found.text, found.latex, tuple(rows), table)

    def point(self, rng, *, T=4, d=3):
        """Random numbers for a run of T steps: a `Point`. ``d`` as in `prove`."""
        check_rng(rng)
        sizes = proof.sizes_for(self.program, d)
        return random_point(self.recursion, check_count("T", T), sizes, rng)

    def jacobians(self, point):
        """The block Jacobians of all states along a trajectory: (T, 1, n, n).

        That is ``jacobian(total=True)`` as numbers, as `rnnlib.spectral` reads them.
        """
        blocks = self.jacobian().right
        return trajectories.jacobians(blocks, self.recursion, point)

    def norm_bounds(self, point):
        """A bound of the 2-norm of each of these Jacobians: (T,).

        It adds, over the terms of a Jacobian, the products of the norms of the factors.
        """
        blocks = self.jacobian().right
        return trajectories.norm_bounds(blocks, self.recursion, point)

    def unrolled(self, name=None, steps=1):
        """The adjoint of the only state, the recursion put into itself.

        With ``steps`` = 1 it is g_t = a_t + M_t g_{t+1}, where a_t is what reaches the
        state within the step; with more, g_{t+1} and so on are put in.

        Raises
        ------
        ValueError
            When several states, or an earlier step than the last, carry adjoints.
        """
        name = self.recursion.states[0] if name is None else name
        self._check(name, self.program.lags)
        steps = check_count("steps", steps)
        rest, matrix = affine(self.recursion, name)
        shape = self.program.shapes[name]
        factors = [ex.shifted(matrix, k) for k in range(steps)]
        ends = [ex.shifted(rest, k) for k in range(steps)]
        ends.append(ex.Adjoint((), shape, name, steps))
        terms = [ex.matmul(*factors[:k], end) for k, end in enumerate(ends)]
        leaf, right = ex.Adjoint((), shape, name, 0), ex.add(*terms)
        return self._equation(
            lambda p: p(leaf), lambda p: p(right), sides=(leaf, right)
        )

    def tangent(self, name):
        """The derivative of a quantity along a direction, forwards."""
        self._check(name, {**self.program.definitions, **self.program.static})
        moved = self.recursion.tangent(name)
        shape = self.program.shapes[name]
        moved = ex.zero(shape) if moved is None else moved
        shift = 0 if name in self.program.definitions else None
        leaf = ex.Tangent((), shape, name, shift)
        return self._equation(
            lambda p: p(leaf), lambda p: p(moved), sides=(leaf, moved)
        )

    def uses(self, name):
        """Where a quantity is read, and what each place sends back: a line each."""
        self._check(name, self.program.shapes)
        return explanation.uses(self, name)

    def explanation(self, name=None):
        """The derivation in words: of one adjoint or gradient, or of all."""
        if name is None:
            return explanation.explain_all(self)
        self._check(name, self.program.shapes)
        return explanation.explain_result(self, name)

    @property
    def rules(self):
        """The names of the rules that were applied; `lemma` proves each."""
        return lemmas.names_of_rules(self.recursion)

    def prove_every_size(self):
        """An `EverySize`: each term that a use sends back, as an indexed sum.

        The sizes stay symbols, and the number of steps does not matter.
        """
        return every_size.prove_every_size(self.recursion)

    def prove(self, T=3, d=2):
        """A `Proof` for T steps: every adjoint and gradient, entry by entry.

        SymPy differentiates the unrolled network, and knows nothing of the rules.
        ``d`` is the size of the state, the other sizes are larger, so that nothing is
        square by chance; or a dictionary with a number for each size.
        """
        T = check_count("T", T)
        if not isinstance(d, dict):
            d = check_count("d", d)
        return proof.prove(self.recursion, T, d)

    def check(self, rng, *, T=4, d=3):
        """A `Check`: the recursion against independent oracles at random numbers."""
        T = check_count("T", T)
        return check.check(self.recursion, rng, T=T, d=d)

    def numpy(self, *, phi="tanh"):
        """The source of the forward and the backward pass in NumPy, as text.

        It needs nothing but NumPy. ``phi`` takes the place of unknown functions.
        """
        check_choice("phi", phi, PLAIN_FUNCTIONS)
        return cells.numpy_source(self.recursion, self.names, self._lines(), phi)[0]

    def torch(self, *, phi="tanh"):
        """The source of a ``torch.autograd.Function``, as text.

        It needs NumPy and PyTorch. ``layer(params, x)`` runs it; NumPy computes, so
        the tensors are on the CPU.
        """
        check_choice("phi", phi, PLAIN_FUNCTIONS)
        return cells.torch_text(self.recursion, self.names, self._lines(), phi)

    def cell(self, *, phi="tanh", sizes=None, initial=None):
        """The generated source running as a cell of `rnnlib.layers`.

        Of a text with a loss it is the part that computes h, or the first state.
        ``sizes`` gives numbers for sizes other than d_x and d_h (by default d_h), and
        ``initial`` numbers that parameters begin with, as in {"b_f": 1.0}.

        Raises
        ------
        ValueError
            For a text with several inputs, or an unknown word.
        """
        check_choice("phi", phi, PLAIN_FUNCTIONS)
        recursion = self.recursion
        if recursion.loss:
            states = self.program.states
            output = "h" if "h" in self.program.definitions else states[0]
            recursion = restricted(recursion, output)
        for name in initial or {}:
            if name not in recursion.program.parameters:
                raise ValueError(f"initial: expected a parameter, got {name!r}")
        return cells.cell_of(
            recursion,
            self.names,
            self._lines(),
            phi=phi,
            sizes=sizes or {},
            initial=initial or {},
        )

    def _lines(self):
        return str(self.equations).splitlines()

    @cached_property
    def catalogue(self):
        """The mistakes that `explain` knows, derived from this cell."""
        return mistakes.Catalogue(self)

    @property
    def problem(self):
        """The numbers for which a reader computes gradients: a `Point`."""
        return self.catalogue.point

    def explain(self, gradients):
        """Which of a reader's gradients are wrong, and which mistake explains it.

        ``gradients`` is a dictionary of arrays by parameter, for the numbers of
        ``problem``. The answer names the term of this cell that was changed; where
        several mistakes lead to the same numbers it names them all.
        """
        return self.catalogue.explain(gradients)

    def sympy(self, expression):
        """An expression of this derivation as a matrix expression of SymPy."""
        return SymPyWriter(self.names)(expression)

    def _check(self, name, known):
        if name not in known:
            raise ValueError(f"name: expected one of {', '.join(known)}, got {name!r}")

    # representation

    def __str__(self):
        parts = [
            "forward",
            str(self.equations),
            "",
            "backward",
            str(self.adjoints),
            "",
            "gradients",
            str(self.gradients),
        ]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_latex_(self):
        blocks = (self.equations, self.adjoints, self.gradients)
        return "\n".join(b._repr_latex_() for b in blocks)
