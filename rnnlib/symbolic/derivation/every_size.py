"""The recursion for every size: each use, entry by entry, with symbolic sizes.

A definition u = f(v, ...) that reads v sends back, to entry (p, q) of v, the sum over
all entries of u of (adjoint of u)(immediate derivative of u). SymPy differentiates the
definition as an indexed sum, and what the rules emitted has to be the same indexed sum.
The adjoint of v is the sum over its uses by the chain rule, for any number of steps:
so equality here, use by use, is the recursion for every size and every length.
"""

import itertools
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy as sp

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.entries import (
    Cuts,
    Entries,
    chain_rule,
    same,
    with_sums_of_one,
)
from rnnlib.symbolic.derivation.lemmas import names_of_rules


@dataclass(frozen=True)
class EverySize:
    """How many uses were compared, by which rules, and those that differ."""

    uses: int
    rules: tuple  # by which the terms were found; each is a `Lemma`
    failed: tuple

    def __bool__(self):
        return not self.failed

    def __str__(self):
        if self.failed:
            return f"not proved for every size: {', '.join(self.failed)}"
        return (
            f"proved for every size and every number of steps: {self.uses} terms, each "
            "equal to the sum of adjoint times derivative in index form; the rules are "
            f"those for {', '.join(self.rules)}"
        )

    __repr__ = __str__


def prove_every_size(recursion):
    """An `EverySize` of all uses of a recursion."""
    program, failed, count = recursion.program, [], 0
    for table, step in ((program.static, None), (program.definitions, 0)):
        for reader, expression in table.items():
            adjoint = recursion.adjoint_of_definition(reader, step)
            for leaf in dict.fromkeys(ex.leaves(expression)):
                if isinstance(leaf, ex.Value):
                    count += 1
                    if not _use_is_right(recursion, reader, expression, adjoint, leaf):
                        failed.append(f"{leaf.name} in {reader}")
    for name in program.shapes:
        if not _sums_are_right(recursion, name):
            failed.append(f"the sum over the uses of {name}")
    return EverySize(count, names_of_rules(recursion), tuple(failed))


def _use_is_right(recursion, reader, expression, adjoint, leaf):
    """Is what the definition sends back to one leaf the derivative of it?"""
    lag = None if leaf.shift is None else -leaf.shift
    terms = [
        ex.shifted(use.term, -(use.lag or 0))
        for use in recursion.uses[leaf.name]
        if (use.reader, use.lag) == (reader, lag)
    ]
    sent, adjoint = (
        ex.mapped(node, lambda a: _defined(a, reader, expression))
        for node in (ex.add(*terms), adjoint)
    )
    if sent.shape != leaf.shape:
        return False
    spoken = {
        n.name: None for e in (expression, leaf, adjoint, sent) for n in ex.leaves(e)
    }
    names = {name: f"v{k}" for k, name in enumerate(spoken)}
    renamed = (
        ex.mapped(e, lambda n: replace(n, name=names[n.name]))
        for e in (expression, adjoint, leaf, sent)
    )
    ones = frozenset(names[n] for n in recursion.distributions if n in names)
    return _is_derivative(*renamed, ones)


@lru_cache(maxsize=1000)  # gates are alike: names do not matter
def _is_derivative(expression, adjoint, leaf, sent, ones):
    cuts = Cuts(expression, adjoint, sent)
    entries = Entries(cuts)
    rows, columns = (cuts.places(n, k) for n, k in zip(leaf.shape, "pq", strict=True))
    for place in itertools.product(rows, columns):
        _, whole = chain_rule(entries, expression, adjoint, leaf, place)
        emitted = entries(sent, *place)
        if ones:
            whole, emitted = (with_sums_of_one(s, ones) for s in (whole, emitted))
        if not same(whole, emitted):
            return False
    return True


def _defined(leaf, reader, expression):
    """The reader's own value by its definition: the slope of tanh speaks of it."""
    own = isinstance(leaf, ex.Value) and leaf.name == reader and not leaf.shift
    return expression if own else leaf


def _sums_are_right(recursion, name):
    """Are the printed sums, with common factors drawn out, those of the uses?"""
    program, groups = recursion.program, {}
    for use in recursion.uses[name]:
        once = use.lag is None and use.reader in program.static
        groups.setdefault("once" if once else use.lag, []).append(use.term)
    if name in recursion.outputs:
        outside = ex.LossGradient((), program.shapes[name], name, 0)
        groups.setdefault(0, []).append(outside)
    if name in (*program.parameters, *program.static):
        gradient = recursion.gradient(name)
        printed = {None: gradient.each_step, "once": gradient.once}
    else:
        printed = dict(recursion.terms(name))
    several = {lag: terms for lag, terms in groups.items() if len(terms) > 1}
    return all(
        _equal(printed[lag], terms, program.shapes[name])
        for lag, terms in several.items()
    )


def _equal(whole, terms, shape):
    """Is an expression the sum of these terms, entry by entry?"""
    cuts = Cuts(whole, *terms)
    entries = Entries(cuts)
    rows, columns = (cuts.places(n, k) for n, k in zip(shape, "pq", strict=True))
    for place in itertools.product(rows, columns):
        at = [(None, None) if node.is_scalar else place for node in (whole, *terms)]
        first, *rest = (
            entries(n, *p) for n, p in zip((whole, *terms), at, strict=True)
        )
        if not same(first, sp.Add(*rest)):
            return False
    return True
