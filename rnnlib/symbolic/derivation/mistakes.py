"""Which mistake explains a reader's gradients? The catalogue is derived from the cell.

Every use of a quantity sends back one term. A mistake changes one of them: it is left
out, has the wrong sign, lacks a factor or a part of one or has it twice, has a matrix
untransposed, speaks of another quantity or of a neighbouring step. Or a sum is wrong:
what the loss or all later steps send back is missing, or the sum over the steps of a
gradient is cut or averaged. For each mistake the wrong recursion is evaluated, and the
reader's gradients are compared with the result.
"""

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import Evaluator, random_point
from rnnlib.symbolic.derivation.proof import sizes_for
from rnnlib.symbolic.derivation.sizes import ONE

TOLERANCE = 1e-8  # relative to the largest entry
STEPS, SIZE = 4, 2
SUMS = (
    *("is averaged", "lacks the first step", "lacks the last step"),
    "keeps the first step alone",
)
NO_LOSS, MINUS_LOSS = "lacks what the loss sends", "has the loss with the wrong sign"
NO_FUTURE = "lacks what later steps send"


@dataclass(frozen=True)
class Mistake:
    """One change of the recursion, and what it does to a term."""

    where: str  # the quantity or parameter
    use: int | None  # the number of the use that is changed; None for the whole sum
    change: str  # in words
    term: object = None  # the wrong term; None when it is left out

    @property
    def key(self):
        """What tells it from other mistakes."""
        return self.where, self.use, self.change


@dataclass(frozen=True)
class Finding:
    """What was found: nothing wrong, mistakes that explain all, or neither."""

    right: tuple
    wrong: tuple
    mistakes: tuple  # alternatives that explain what is wrong, each a tuple
    text: str

    def __str__(self):
        return self.text

    __repr__ = __str__

    def __bool__(self):
        return not self.wrong


def changes(use, recursion):
    """The wrong terms of a use: pairs of words and a term."""
    term = use.term
    yield "is left out", None
    yield "has the wrong sign", ex.negative(term)
    factors = term.args if isinstance(term, ex.Times) else ()
    for k, factor in enumerate(factors):
        rest = [*factors[:k], *factors[k + 1 :]]
        whole = ex.times(*rest)
        if whole.shape == term.shape and factor != ex.number(-1):
            yield ("lacks the factor", factor), whole
            yield ("has squared the factor", factor), ex.times(*factors, factor)
    yield from _without_slope(term, factors)
    yield from _in_parts(term)
    for node in dict.fromkeys(ex.nodes(term)):
        if isinstance(node, ex.Transpose) and node.shape[0] == node.shape[1]:
            yield (
                ("has not transposed", node.args[0]),
                _swapped(term, node, node.args[0]),
            )
    if isinstance(term, ex.MatMul) and term.shape[0] == term.shape[1]:
        if term.shape[0] != ONE:
            yield "has exchanged the factors", ex.transpose(term)
    for leaf in dict.fromkeys(ex.leaves(term)):
        if leaf.shift is None or isinstance(leaf, ex.LossGradient):
            continue
        for step in (-1, 1):
            moved = replace(leaf, shift=leaf.shift + step)
            early = isinstance(leaf, ex.Adjoint) and moved.shift < 0
            if early and use.lag is not None:
                continue  # it is not known yet: the same as left out
            yield ("reads a step beside", leaf), _swapped(term, leaf, moved)
        if isinstance(leaf, ex.Adjoint):
            for other in _before_slope(leaf, recursion):
                words: tuple = ("has put another quantity for", leaf, other)
                yield words, _swapped(term, leaf, other)
        if isinstance(leaf, ex.Value):
            for name, shape in recursion.program.shapes.items():
                timed = name in recursion.program.definitions
                if timed and shape == leaf.shape and name != leaf.name:
                    other = replace(leaf, name=name)
                    words = ("has put another quantity for", leaf, other)
                    yield words, _swapped(term, leaf, other)


def _without_slope(term, factors):
    """The term with all but what comes from later left out, or there twice."""
    bound = [f for f in factors if any(map(_is_adjoint, ex.leaves(f)))]
    whole = ex.times(*bound) if bound else None
    if whole is not None and len(factors) > len(bound) + 1:
        if whole.shape == term.shape:
            yield ("has nothing but the factor", whole), whole
            rest = [f for f in factors if f not in bound]
            yield ("has squared all but the factor", whole), ex.times(*factors, *rest)


def _in_parts(term):
    """The term with a part of a sum, or a matrix of a product, left out or negative."""
    for node in dict.fromkeys(ex.nodes(term)):
        args = node.args
        for k, part in enumerate(args):
            rest = (*args[:k], *args[k + 1 :])
            if part == ex.number(-1):
                continue
            if isinstance(node, ex.Sum):
                left, opposite = ex.add(*rest), ex.add(*rest, ex.negative(part))
                changed: tuple = (("has minus", opposite),)
                if left != ex.ONE_NUMBER:  # else the whole is a factor that is missing
                    changed += (("lacks the part", left),)
                if ex.split_coefficient(left)[0] < 0:  # such as h^2 for 1 - h^2
                    words = "has the other sign, and lacks the part"
                    changed += ((words, ex.negative(left)),)
            elif isinstance(node, ex.Times) and node != term:
                changed = (("lacks the factor", ex.times(*rest)),)
                changed += (("has squared the factor", ex.times(*args, part)),)
                if ex.times(*rest).shape != node.shape:
                    continue
            elif isinstance(node, ex.MatMul) and ex.matmul(*rest).shape == node.shape:
                changed = (("lacks the factor", ex.matmul(*rest)),)
            else:
                continue
            for words, other in changed:
                if other.is_scalar and not node.is_scalar:
                    other = ex.fill(other, node.shape)
                yield (words, part), _swapped(term, node, other)


def _before_slope(adjoint, recursion):
    """The adjoints from which one is made by a factor, such as g_t for delta_s_t."""
    if adjoint.name not in recursion.program.definitions:
        return
    found = [ex.leaves(term) for lag, term in recursion.terms(adjoint.name) if not lag]
    for leaf in dict.fromkeys(leaf for leaves in found for leaf in leaves):
        if isinstance(leaf, ex.Adjoint) and leaf.shape == adjoint.shape:
            if leaf.shift == 0:
                yield replace(leaf, shift=adjoint.shift)


def _is_adjoint(leaf):
    return isinstance(leaf, (ex.Adjoint, ex.LossGradient))


def _swapped(node, old, new):
    if node == old:
        return new
    args = tuple(_swapped(a, old, new) for a in node.args)
    return node if args == node.args else node.rebuilt(args)


class _Lenient(Evaluator):
    """An evaluator for wrong recursions: what is beyond the ends is zero."""

    def _at(self, table, node, t):
        step = None if node.shift is None else t + node.shift
        found = table.get((node.name, step))
        return self.zero(node.shape) if found is None else found


class Catalogue:
    """The mistakes of one derivation, and the gradients that each leads to."""

    def __init__(self, derivation, point=None):
        self.derivation, self.recursion = derivation, derivation.recursion
        self.point = problem(self.recursion) if point is None else point

    @cached_property
    def mistakes(self):
        """All mistakes, each at one use."""
        printer = self.derivation.printer()
        found = []
        program, recursion = self.recursion.program, self.recursion
        for name in (*program.definitions, *recursion.parameters, *program.static):
            if name == recursion.loss:
                continue
            for k, use in enumerate(recursion.uses[name]):
                for words, term in changes(use, recursion):
                    parts = words if isinstance(words, tuple) else (words,)
                    text, *nodes = parts
                    shown = [printer(n) for n in nodes]
                    if len(shown) == 2:
                        text = f"{text} {shown[0]}: {shown[1]}"
                    elif shown and "beside" in text:
                        text = f"{text} {shown[0]}: {printer(term)}"
                    elif shown:
                        text = f"{text} {shown[0]}"
                    found.append(Mistake(name, k, text, term))
        found += [
            Mistake(n, None, change) for n in recursion.parameters for change in SUMS
        ]
        for name in recursion.outputs:
            found += [Mistake(name, None, change) for change in (NO_LOSS, MINUS_LOSS)]
        for name in program.definitions:
            if sum(bool(use.lag) for use in recursion.uses[name]) > 1:
                found.append(Mistake(name, None, NO_FUTURE))
        return found

    @cached_property
    def right(self):
        """The right gradients, by parameter."""
        return self.gradients(())

    @cached_property
    def _values(self):
        evaluator = _Lenient(self.recursion, self.point)
        return evaluator.forward()

    def gradients(self, mistakes):
        """The gradients that these mistakes lead to, by parameter."""
        recursion = copy(self.recursion)
        recursion.uses = dict(recursion.uses)
        changed = {}
        for m in mistakes:
            if m.use is not None:
                changed.setdefault(m.where, {})[m.use] = m.term
            elif m.change == NO_FUTURE:
                later = [k for k, u in enumerate(recursion.uses[m.where]) if u.lag]
                changed.setdefault(m.where, {}).update(dict.fromkeys(later))
        for name, terms in changed.items():
            uses = []
            for k, use in enumerate(self.recursion.uses[name]):
                if k in terms and terms[k] is None:
                    continue
                uses.append(replace(use, term=terms[k]) if k in terms else use)
            recursion.uses[name] = uses
        recursion.known = {
            key: result
            for key, result in self.recursion.known.items()
            if key[1] not in changed
        }
        for m in mistakes:
            if m.change in (NO_LOSS, MINUS_LOSS):
                _change_loss(recursion, m)
        evaluator = _Lenient(recursion, self.point)
        evaluator.values = self._values
        evaluator.forward = lambda: self._values  # type: ignore[method-assign]
        adjoints = evaluator.backward()
        found = {name: adjoints[name, None] for name in self.recursion.parameters}
        for m in mistakes:
            if m.change in SUMS:
                found[m.where] = self._cut(evaluator, recursion, m, found[m.where])
        return found

    def _cut(self, evaluator, recursion, mistake, whole):
        T = self.point.T
        gradient = recursion.gradient(mistake.where).each_step
        if mistake.change == "is averaged" or gradient is None:
            return whole / T
        step = evaluator.of(gradient, 1 if "first" in mistake.change else T)
        return step if "alone" in mistake.change else whole - step

    @cached_property
    def outcomes(self):
        """Pairs (mistake, gradients); those without an effect are left away."""
        found = []
        for m in self.mistakes:
            with np.errstate(all="ignore"):
                gradients = self.gradients((m,))
            if not same(gradients, self.right, gradients):
                found.append((m, gradients))
        return found

    def explain(self, gradients):
        """A `Finding` for a reader's gradients at the point of this catalogue."""
        given = self._checked(gradients)
        wrong = tuple(n for n in given if not same_array(given[n], self.right[n]))
        right = tuple(n for n in given if n not in wrong)
        if not wrong:
            return Finding(right, wrong, (), "all gradients are right")
        single = [(m,) for m, found in self.outcomes if same(given, found, given)]
        found = single or self._several(given, wrong)
        return Finding(right, wrong, tuple(found), self._text(wrong, found))

    def _several(self, given, wrong):
        """One mistake a parameter; or one of the recursion and those on top of it."""
        local = {
            name: [
                m
                for m, g in self.outcomes
                if m.where == name and same_array(given[name], g[name])
            ]
            for name in wrong
        }
        if all(local.values()):
            return [tuple(ms[0] for ms in local.values())]
        for m, g in self.outcomes:
            if m.where in self.recursion.parameters:
                continue
            rest = [n for n in given if not same_array(given[n], g[n])]
            if len(rest) >= len(wrong) or len(rest) > 1:
                continue
            for other in self.mistakes:
                if [other.where] == rest:
                    both = self.gradients((m, other))
                    if same(given, both, given):
                        return [(m, other)]
        return []

    def _checked(self, gradients):
        if not isinstance(gradients, dict):
            gradients = getattr(gradients, "_asdict", lambda: None)()
        if not isinstance(gradients, dict) or not gradients:
            raise ValueError("gradients: expected a dictionary of arrays by parameter")
        found = {}
        for name, array in gradients.items():
            if name not in self.right:
                known = ", ".join(self.right)
                raise ValueError(f"gradients: expected some of {known}, got {name!r}")
            array, like = np.asarray(array, float), self.right[name]
            if array.size != like.size or array.shape not in (
                like.shape,
                like.shape[:1],
            ):
                raise ValueError(
                    f"gradients.{name}: expected shape {like.shape}, got {array.shape}"
                )
            found[name] = array.reshape(like.shape)
        return found

    def _text(self, wrong, found):
        lead = f"wrong: {', '.join(wrong)}"
        if not found:
            return f"{lead}. No mistake of the catalogue explains this."
        sentences = [" and ".join(map(self._sentence, ms)) for ms in found]
        return f"{lead}. It is as if " + ", or ".join(sentences) + "."

    def _sentence(self, m):
        p = self.derivation.printer()
        static = m.where in (
            *self.recursion.program.parameters,
            *self.recursion.program.static,
        )
        what = p.adjoint(m.where, None if static else 0)
        if m.change in SUMS:
            return f"the sum over t in {what} {m.change}"
        if m.use is None:
            return f"{what} {m.change}"
        use = self.recursion.uses[m.where][m.use]
        return f"in {what}, the term {p(use.term)} {m.change}"


def _change_loss(recursion, mistake):
    """Change what an outside loss sends to an output."""
    name, table = mistake.where, []
    for lag, term in recursion.terms(name):
        parts = term.args if isinstance(term, ex.Sum) else (term,)
        sent = [a for a in parts if isinstance(a, ex.LossGradient)]
        kept = [a for a in parts if a not in sent]
        if mistake.change == MINUS_LOSS:
            kept += map(ex.negative, sent)
        if kept:
            table.append((lag, ex.add(*kept)))
    recursion.known["terms", name] = table


def problem(recursion, seed=0):
    """The point at which gradients are compared."""
    sizes = sizes_for(recursion.program, SIZE)
    return random_point(recursion, STEPS, sizes, np.random.default_rng(seed))


def same_array(a, b):
    """Equal up to rounding, relative to the largest entry."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    return np.max(np.abs(a - b)) <= TOLERANCE * max(np.max(np.abs(b)), 1e-6)


def same(a, b, names):
    """Equal for all these names."""
    return all(same_array(a[n], b[n]) for n in names)
