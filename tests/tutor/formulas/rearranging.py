"""Random rearrangements of a right formula, and mistakes planted in it.

Each rule changes the form and keeps the value; which are applied where is random.
"""

from dataclasses import replace
from fractions import Fraction

from rnnbook.tutor.formulas.slips import expanded
from rnnbook.tutor.formulas.terms import (
    Step,
    Term,
    flat,
    from_machine,
    leaf,
    moved,
    negative,
    nodes,
    number,
    put,
)


def shuffled(node, random, v):
    """Terms and elementwise factors in another order."""
    if node.op in ("sum", "times") and len(node.args) > 1:
        return node.with_args(random.sample(node.args, len(node.args)))
    return None


def distributed(node, random, v):
    """A (b + c) as A b + A c."""
    if node.op not in ("product", "times"):
        return None
    for k, part in enumerate(node.args):
        if part.op == "sum" and all(wide(p) for p in part.args):
            return Term(
                "sum",
                tuple(
                    node.with_args([*node.args[:k], p, *node.args[k + 1 :]])
                    if p.op != "negative"
                    else negative(
                        node.with_args([*node.args[:k], p.args[0], *node.args[k + 1 :]])
                    )
                    for p in part.args
                ),
            )
    return None


def wide(term):
    """True for what is no number."""
    return any(n.op == "leaf" for _, n in nodes(term))


def column(term):
    """True for what is certainly a column: no matrix stands there by itself."""
    inner = term.args[0] if term.op == "transpose" else term
    if inner.op == "leaf":
        return inner.data.step is not None and inner.data.kind != "jacobian"
    return (
        wide(term) and inner.op in ("apply", "sum", "times") and term.op != "transpose"
    )


def on_diagonal(node, random, v):
    """a * b of columns as diag(a) b."""
    if node.op == "times" and len(node.args) == 2 and all(map(column, node.args)):
        a, b = random.sample(node.args, 2)
        return Term("product", (Term("diagonal", (a,)), b))
    return None


def turned(node, random, v):
    """A b as (b^T A^T)^T."""
    if node.op == "product":
        parts = tuple(
            p.args[0] if p.op == "transpose" else Term("transpose", (p,))
            for p in node.args[::-1]
        )
        return Term("transpose", (Term("product", parts),))
    return None


def turned_sum(node, random, v):
    """A sum transposed twice."""
    if node.op == "sum" and all(wide(a) and a.op != "negative" for a in node.args):
        inner = node.with_args(Term("transpose", (a,)) for a in node.args)
        return Term("transpose", (inner,))
    return None


def slope_written_out(node, random, v):
    """phi'(s) as 1 - h^2."""
    if node.op == "apply" and node.data == ("phi", 1) and node.args[0].op == "leaf":
        q = node.args[0].data
        if q.name != "s":
            return None
        h = random.choice([leaf("value", "h", q.step), replace(node, data=("phi", 0))])
        return Term("sum", (number(1), negative(Term("power", (h,), Fraction(2)))))
    return None


def renamed(node, random, v):
    """Another letter for the step of a sum."""
    if node.op == "over":
        kind, index, first, last = node.data
        letters = {q.data[1] for _, q in nodes(node) if q.op == "over"} | {"t"}
        if new := [x for x in ("k", "i", "j") if x not in letters]:
            letter = random.choice(new)
            if letter in {first.letter, last.letter}:
                return None
            body = moved(node.args[0], index, Step(letter))
            return replace(node, data=(kind, letter, first, last), args=(body,))
    return None


def counted_from(node, random, v):
    """A sum over t = 0 .. T-1 in place of 1 .. T."""
    if node.op == "over":
        kind, index, first, last = node.data
        by = random.choice((-1, 1))
        body = moved(node.args[0], index, Step(index, by))
        data = (
            kind,
            index,
            Step(first.letter, first.offset - by),
            Step(last.letter, last.offset - by),
        )
        return replace(node, data=data, args=(body,))
    return None


def reversed_difference(node, random, v):
    """a - b as -(b - a)."""
    if node.op == "sum" and len(node.args) == 2 and node.args[1].op == "negative":
        a, b = node.args
        return negative(Term("sum", (b.args[0], negative(a))))
    return None


def forward_written_out(node, random, v):
    """A quantity by its definition."""
    if node.op != "leaf" or node.data.kind != "value" or node.data.step is None:
        return None
    name = node.data.name
    if name not in ("h", "p") or not node.data.step.letter:
        return None
    if name == "h" and node.data.step.offset < 0:
        return None  # h_0 has no definition
    right = from_machine(v.program.definitions[name])
    return moved(right, "t", node.data.step)


def adjoint_written_out(node, random, v):
    """An adjoint of the same step by its recursion."""
    if node.op == "leaf" and node.data.kind == "adjoint":
        if node.data.step == Step("t"):
            return expanded(node, v)
    return None


RULES = (
    shuffled,
    distributed,
    on_diagonal,
    turned,
    turned_sum,
    slope_written_out,
    renamed,
    counted_from,
    reversed_difference,
    forward_written_out,
    adjoint_written_out,
)


def rearranged(term, random, v, times=4):
    """The term after some random changes of form; ``size`` is kept moderate."""
    for _ in range(times):
        places = list(nodes(term))
        random.shuffle(places)
        rules = random.sample(RULES, len(RULES))
        changed = None
        for rule in rules:
            for path, node in places:
                new = rule(node, random, v)
                if new is not None and new != node:
                    changed = put(term, path, new)
                    break
            if changed is not None:
                break
        if changed is not None and sum(1 for _ in nodes(changed)) < 70:
            term = flat(changed)
    return term


# fmt: off
JUNK = ("+", "- -", ")", "(", "}", "{", "^", "_", "\\frac", "= =", "*", "/", "\u2603",
        "\\sum", "\\foo_t", "q_t", "W_{zz}", "h_{m}", "[", "]", "..", "\\frac{1}", ",",
        "for t in", "diag", "^{", "\\nabla", "\\partial", "d/d", "\U0001d6d1")
# fmt: on


def damaged(text, random):
    """A text with something cut out, put in, or exchanged."""
    at = random.randrange(len(text) + 1)
    kind = random.randrange(4)
    if kind == 0:
        return text[:at] + random.choice(JUNK) + text[at:]
    if kind == 1:
        return text[:at] + text[at + random.randint(1, 3) :]
    if kind == 2:
        return text[:at]
    other = random.randrange(len(text) + 1)
    a, b = sorted((at, other))
    return text[:a] + text[b:][::-1]
