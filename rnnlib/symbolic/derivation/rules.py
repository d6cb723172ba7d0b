"""One rule for each operation: what it sends back, and its derivative forwards.

If L depends on v only through u = f(v), and a = dL/du is known, the operation f sends
back (immediate du/dv)^T a, written in the shape of v. `send_back` applies the rule of
the outermost operation of an expression, `tangent` the derivative along a direction.
Both take the ``value`` of the expression by its name, where it has one: a slope such as
1 - n_t^2 then speaks of n_t.
"""

from dataclasses import dataclass
from functools import partial

from rnnlib.symbolic.derivation import expressions as ex


@dataclass(frozen=True)
class Rule:
    """The name of a rule, and what it says in words."""

    name: str
    says: str


RULES = {
    ex.Sum: Rule("a sum", "each term receives the adjoint as it is"),
    ex.Times: Rule(
        "an elementwise product", "a factor receives the adjoint times the other ones"
    ),
    ex.MatMul: Rule(
        "a matrix product",
        "a factor receives the adjoint between transposed factors, on the left those "
        "that stood before it and on the right those behind it",
    ),
    ex.Transpose: Rule("a transpose", "the adjoint is transposed"),
    ex.Power: Rule("a power", "the adjoint is multiplied by n times the power n - 1"),
    ex.Apply: Rule("an elementwise function", "the adjoint is multiplied by the slope"),
    ex.Maximum: Rule("a maximum", "the larger of the two receives the adjoint"),
    ex.Softmax: Rule(
        "softmax",
        "the adjoint is weighted by u, and u times the sum of that is taken away",
    ),
    ex.Norm: Rule("a norm", "the adjoint is multiplied by the column over its norm"),
    ex.Total: Rule("a sum of entries", "every entry receives the adjoint"),
    ex.Fill: Rule("a scalar in every entry", "the adjoints of the entries are summed"),
    ex.Concat: Rule("a concatenation", "each part receives its rows of the adjoint"),
    ex.Slice: Rule("a slice", "the rows receive the adjoint, all others zero"),
}


def one_minus(node):
    """1 - node, entry by entry."""
    return ex.add(ex.ONE_NUMBER, ex.negative(node))


SLOPES = {
    "tanh": lambda s, value: one_minus(ex.power(value, 2)),
    "sigma": lambda s, value: ex.times(
        value, ex.add(ex.ONE_NUMBER, ex.negative(value))
    ),
    "exp": lambda s, value: value,
    "log": lambda s, value: ex.power(s, -1),
    "softplus": lambda s, value: ex.apply("sigma", s),
}


def slope(node, value):
    """The derivative of an elementwise function, entry by entry."""
    (s,) = node.args
    if node.function in SLOPES and not node.order:
        return SLOPES[node.function](s, value)
    return ex.Apply((s,), s.shape, node.function, node.order + 1)


def fitted(adjoint, part):
    """An adjoint in the shape of a part: summed when the part is a scalar in a sum."""
    if adjoint.shape == part.shape:
        return adjoint
    return ex.total(adjoint) if part.is_scalar else ex.fill(adjoint, part.shape)


def send_back(node, a, value=None):
    """Pairs (operand, adjoint sent to it), by the rule of the outermost operation."""
    value = node if value is None else value
    return BACKWARD[type(node)](node, a, value)


def _sum(node, a, value):
    return [(part, fitted(a, part)) for part in node.args]


def _times(node, a, value):
    sent = []
    for k, part in enumerate(node.args):
        others = node.args[:k] + node.args[k + 1 :]
        sent.append((part, fitted(ex.times(a, *others), part)))
    return sent


def _matmul(node, a, value):
    sent = []
    for k, part in enumerate(node.args):
        before = [ex.transpose(m) for m in reversed(node.args[:k])]
        after = [ex.transpose(m) for m in reversed(node.args[k + 1 :])]
        sent.append((part, ex.matmul(*before, a, *after)))
    return sent


def _power(node, a, value):
    (base,) = node.args
    n = node.exponent
    if n == -1 and isinstance(value, ex.Leaf):
        return [(base, ex.times(ex.number(-1), a, ex.power(value, 2)))]
    if n.denominator == 2 and n > 0 and isinstance(value, ex.Leaf):
        inner = ex.power(value, (n - 1) / n)
        return [(base, ex.times(ex.number(n), a, inner))]
    return [(base, ex.times(ex.number(n), a, ex.power(base, n - 1)))]


def _maximum(node, a, value):
    first, second = node.args
    larger = ex.AtLeast(node.args, node.shape)
    smaller = one_minus(larger)
    return [
        (first, fitted(ex.times(a, larger), first)),
        (second, fitted(ex.times(a, smaller), second)),
    ]


def _softmax(node, a, value):
    weighted = ex.times(value, a)
    rest = ex.times(ex.number(-1), ex.total(weighted), value)
    return [(node.args[0], ex.add(weighted, rest))]


def _concat(node, a, value):
    sent, start = [], node.shape[0] - node.shape[0]
    for part in node.args:
        stop = start + part.shape[0]
        sent.append((part, ex.slice_rows(a, start, stop)))
        start = stop
    return sent


BACKWARD = {
    ex.Sum: _sum,
    ex.Times: _times,
    ex.MatMul: _matmul,
    ex.Transpose: lambda node, a, value: [(node.args[0], ex.transpose(a))],
    ex.Power: _power,
    ex.Apply: lambda node, a, value: [(node.args[0], ex.times(a, slope(node, value)))],
    ex.Maximum: _maximum,
    ex.Softmax: _softmax,
    ex.Norm: lambda node, a, value: [
        (node.args[0], ex.times(a, ex.power(value, -1), node.args[0]))
    ],
    ex.Total: lambda node, a, value: [(node.args[0], ex.fill(a, node.args[0].shape))],
    ex.Fill: lambda node, a, value: [(node.args[0], ex.total(a))],
    ex.Concat: _concat,
    ex.Slice: lambda node, a, value: [
        (node.args[0], ex.pad(a, node.start, node.args[0].shape[0]))
    ],
}


def tangent(node, of_leaf, value=None):
    """The derivative of an expression when its leaves move.

    ``of_leaf`` gives the derivative of a leaf, an expression of its shape; None says
    that the leaf does not move. The result is None when nothing moves.
    """
    if isinstance(node, ex.Leaf):
        return of_leaf(node)
    value = node if value is None else value
    moved = [tangent(a, of_leaf) for a in node.args]
    if all(d is None for d in moved):
        return None
    if isinstance(node, ex.Sum):
        total = ex.add(*(d for d in moved if d is not None))
        return total if total.shape == node.shape else ex.fill(total, node.shape)
    if isinstance(node, (ex.Times, ex.MatMul)):
        product = ex.times if isinstance(node, ex.Times) else ex.matmul
        terms = []
        for k, d in enumerate(moved):
            if d is not None:
                terms.append(product(*node.args[:k], d, *node.args[k + 1 :]))
        return ex.add(*terms)
    d, arg = moved[0], node.args[0]
    if isinstance(node, ex.Maximum):
        larger = ex.AtLeast(node.args, node.shape)
        smaller = one_minus(larger)
        parts = zip((larger, smaller), moved, strict=True)
        return ex.add(*(ex.times(w, e) for w, e in parts if e is not None))
    if isinstance(node, ex.Concat):
        parts = zip(node.args, moved, strict=True)
        return ex.concat(*(ex.zero(a.shape) if e is None else e for a, e in parts))
    if isinstance(node, ex.Apply):
        return ex.times(slope(node, value), d)
    if isinstance(node, ex.Power):
        return ex.times(ex.number(node.exponent), ex.power(arg, node.exponent - 1), d)
    if isinstance(node, ex.Softmax):
        weighted = ex.times(value, d)
        rest = ex.times(ex.number(-1), ex.total(weighted), value)
        return ex.add(weighted, rest)
    if isinstance(node, ex.Norm):
        return ex.times(ex.power(value, -1), ex.total(ex.times(arg, d)))
    if isinstance(node, ex.AtLeast):
        return None
    return node.rebuilt((d,))  # transpose, total, fill, slice are linear


def collected(node):
    """A sum in which an adjoint, or a matrix, that several terms share stands once."""
    if not isinstance(node, ex.Sum):
        return node
    terms = list(node.args)
    terms = _merged(terms, _adjoint_factor)
    terms = _merged(terms, _left_factor)
    terms = _merged(terms, _right_factor)
    total = ex.add(*terms)
    return total if total.shape == node.shape else ex.fill(total, node.shape)


def _merged(terms, split):
    """Terms with the same common factor put together, where the first one stood."""
    groups = {}
    for k, term in enumerate(terms):
        found = split(term)
        common, rest, join = found or (("alone", k), term, None)
        groups.setdefault(common, []).append((term, rest, join))
    merged = []
    for members in groups.values():
        if len(members) == 1:
            merged.append(members[0][0])
        else:
            inner = ex.add(*(rest for _, rest, _ in members))
            merged.append(members[0][2](inner))
    return merged


def _adjoint_factor(term):
    if isinstance(term, (ex.Adjoint, ex.LossGradient)):
        return term, ex.ONE_NUMBER, lambda inner: ex.times(term, inner)
    if isinstance(term, ex.Times):
        for k, factor in enumerate(term.args):
            if isinstance(factor, (ex.Adjoint, ex.LossGradient)):
                rest = ex.times(*term.args[:k], *term.args[k + 1 :])
                if factor.is_scalar != term.is_scalar:
                    return None
                return factor, rest, partial(ex.times, factor)
    return None


def _split_product(term):
    coefficient, rest = ex.split_coefficient(term)
    if isinstance(rest, ex.MatMul) and not term.is_scalar:
        return coefficient, rest.args
    return None


def _left_factor(term):
    if found := _split_product(term):
        k, (first, *others) = found
        if any(isinstance(leaf, ex.Adjoint) for leaf in ex.leaves(first)):
            return None
        rest = ex.times(ex.number(k), ex.matmul(*others))
        return ("left", first), rest, lambda inner: ex.matmul(first, inner)
    return None


def _right_factor(term):
    if found := _split_product(term):
        k, (*others, last) = found
        if any(isinstance(leaf, ex.Adjoint) for leaf in ex.leaves(last)):
            return None
        rest = ex.times(ex.number(k), ex.matmul(*others))
        return ("right", last), rest, lambda inner: ex.matmul(inner, last)
    return None
