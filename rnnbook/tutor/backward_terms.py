"""The mistakes of one term in a backward pass, derived from the equations of the cell.

The catalogue of the derivation changes the terms that a quantity receives, one at a
time. Here each wrong term is a piece of the computation in `backward`: it is evaluated
for all sequences of a batch, at one step. Nothing of it is typed.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from rnnbook.tutor.catalogue import Mistake
from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation import mistakes

CELL = """
    s_t = W_xh x_t + W_hh h_{t-1} + b_h
    h_t = tanh(s_t)
    z_t = W_hy h_t + b_y
    p_t = softmax(z_t)
    ell_t = cross_entropy(y_t, p_t)
"""
EQUATIONS = {"z 0": 5, "h 0": 6, "s 0": 7, "h 1": 8, "W_hy 0": 10, "b_y 0": 10} | {
    f"{name} 0": 11 for name in ("W_xh", "W_hh", "b_h")
}
PIECES = {f"term {term}": None for term in EQUATIONS}


@cache
def machine():
    """The derivation of the cell."""
    return derive(CELL, {"x": "V", "h": "d_h", "y": "V"}, distributions="y")


@cache
def known():
    """The changes of the terms that `backward` computes, by what they do."""
    found = {}
    for m in machine().catalogue.mistakes:
        use = m.use or 0
        if f"{m.where} {use}" in EQUATIONS:
            found[f"{m.where} {use}", m.change] = m
    return found


def change(term, words, *instead):
    """The pieces of a derived mistake: the wrong term, and the piece it stands for.

    Two mistakes that stand for the same piece are not looked for together.
    """
    return {f"term {term}": Term(known()[term, words])} | dict.fromkeys(instead)


class Term(NamedTuple):
    """A wrong term, as a function of a batch and a step."""

    mistake: mistakes.Mistake

    def __call__(self, seen, t):
        m = self.mistake
        use = machine().recursion.uses[m.where][m.use or 0]
        node = use.term if m.use is None else m.term
        if node is None:
            return seen.zero(use.term.shape[0], m.where)
        share = _share(m.change, t, seen.T) if m.use is None else 1.0
        if m.where in seen.params._fields:
            return share * _over_batch(node, seen, t)
        return _rows(node, seen, t)

    @property
    def early(self):
        """True when it reads an adjoint of an earlier step, which is known later."""
        leaves = ex.leaves(self.mistake.term) if self.mistake.term is not None else ()
        return self.mistake.where in seen_parameters() and any(
            isinstance(leaf, ex.Adjoint) and (leaf.shift or 0) < 0 for leaf in leaves
        )


def seen_parameters():
    """The names of the parameters."""
    return machine().program.parameters


class Seen:
    """The arrays of a batch by name and step; beyond the ends there are zeros."""

    def __init__(self, params, x, y, h, p):
        self.params = params
        self.T, self.B = x.shape
        V = p.shape[-1]
        s = params.W_xh.T[x] + h[:-1] @ params.W_hh.T + params.b_h
        z = h[1:] @ params.W_hy.T + params.b_y
        values = {"x": np.eye(V)[x], "y": np.eye(V)[y], "s": s, "z": z, "p": p}
        self.values = {
            (name, t): array[t - 1]
            for name, array in values.items()
            for t in range(1, self.T + 1)
        }
        self.values |= {("h", t): state for t, state in enumerate(h)}
        self.adjoints = {}

    def zero(self, size, name):
        """A zero of the shape of a term."""
        if name in self.params._fields:
            return np.zeros(getattr(self.params, name).shape)
        return np.zeros((self.B, self.size(size)))

    def size(self, size):
        """A size of the cell in numbers."""
        d_h, V = self.params.W_xh.shape
        return size.number({"d_h": d_h, "V": V})

    def replacing(self, values=(), adjoints=()):
        """The same with other arrays for some quantities."""
        other = object.__new__(Seen)
        vars(other).update(vars(self))
        other.values = self.values | dict(values)
        other.adjoints = self.adjoints | dict(adjoints)
        return other


def _share(words, t, T):
    """How much of the term of step t is in a sum that is cut or averaged."""
    return {
        "is averaged": 1 / T,
        "lacks the first step": float(t > 1),
        "lacks the last step": float(t < T),
        "keeps the first step alone": float(t == 1),
    }[words]


def _rows(node, seen, t):
    """The column that an expression is, a row for each sequence."""
    if isinstance(node, ex.Number):
        return float(node.value)
    if isinstance(node, (ex.Value, ex.Adjoint)):
        table = seen.adjoints if isinstance(node, ex.Adjoint) else seen.values
        found = table.get((node.name, t + node.shift))
        return seen.zero(node.shape[0], node.name) if found is None else found
    if isinstance(node, ex.MatMul):
        *before, column = node.args
        found = _rows(column, seen, t)
        for matrix in reversed(before):
            found = found @ _matrix(matrix, seen).T
        return found
    parts = [_rows(a, seen, t) for a in node.args]
    if isinstance(node, ex.Sum):
        return sum(parts)
    if isinstance(node, ex.Times):
        return np.prod(np.broadcast_arrays(*parts), axis=0)
    if isinstance(node, ex.Power):
        return parts[0] ** float(node.exponent)
    (scalar,) = parts  # the same in every entry
    return scalar * np.ones((seen.B, seen.size(node.shape[0])))


def _matrix(node, seen):
    if isinstance(node, ex.Transpose):
        return _matrix(node.args[0], seen).T
    return getattr(seen.params, node.name)


def _over_batch(node, seen, t):
    """The sum over the sequences of a term of a gradient."""
    factor, node = ex.split_coefficient(node)
    if isinstance(node, ex.MatMul):
        column, row = node.args
        pair = (_rows(a, seen, t) for a in (column, ex.transpose(row)))
        left, right = (np.atleast_2d(a) for a in pair)
        return float(factor) * left.T @ right
    return float(factor) * _rows(node, seen, t).sum(axis=0)


def others(named):
    """The derived mistakes without a name of their own, each in the machine's words.

    ``named`` are the entries that have one.
    """
    taken = {
        (f"{term.mistake.where} {term.mistake.use or 0}", term.mistake.change)
        for m in named
        for term in m.change.values()
        if isinstance(term, Term)
    }
    return [_entry(key, m) for key, m in known().items() if key not in taken]


def _entry(key, mistake):
    """The entry of a derived mistake; these are looked for by themselves."""
    term, words = key
    v = machine()
    left = v.printer().adjoint(
        mistake.where, None if mistake.where in seen_parameters() else 0
    )
    right = v.gradient if mistake.where in seen_parameters() else v.adjoint
    use = v.recursion.uses[mistake.where][mistake.use or 0]
    whole = mistake.use is None
    what = "the sum over t" if whole else f"the term {v.printer()(use.term)}"
    return Mistake(
        f"in {left}, {what} {words}",
        f"The derivation gives {right(mistake.where).text}.",
        f"eq-bptt-{EQUATIONS[term]}",
        {f"term {term}": Term(mistake)},
        alone=True,
    )
