"""Pieces of expressions that generated code treats as one: products with a matrix."""

from dataclasses import dataclass

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.rules import collected
from rnnlib.symbolic.derivation.sizes import ONE

SLOPE = "\0"


@dataclass(frozen=True)
class Pack:
    """Pre-activations side by side: their matrices read one state in one product."""

    name: str
    members: tuple
    state: str
    matrices: tuple  # of the state
    inputs: tuple  # the matrices of the input, when all members have one


def is_matrix_shape(shape):
    """True for more than one row and column."""
    return ONE not in shape


def matrix_and_column(term):
    """(matrix, column) of a product of a parameter with a quantity; or None."""
    if isinstance(term, ex.MatMul) and len(term.args) == 2:
        matrix, column = term.args
        plain = isinstance(matrix, ex.Value) and matrix.shift is None
        if plain and isinstance(column, ex.Value) and column.shift is not None:
            return matrix, column
    return None


def input_term(terms):
    """The one term of a sum that is a matrix times a column, if there is just one."""
    found = [f for f in map(matrix_and_column, terms) if f]
    return found[0] if len(found) == 1 else None


def params_of(matrices):
    """How the code calls each of these parameters."""
    return [f"params.{m.name}" for m in matrices]


def without_pack(term, pack, name):
    """The carried term without what the pack sends back in one product."""
    if pack.state != name or term is None:
        return term
    sent = {
        ex.matmul(ex.transpose(m), ex.Adjoint((), (m.shape[0], ONE), member, 0))
        for m, member in zip(pack.matrices, pack.members, strict=True)
    }
    terms = expanded(term)
    if not sent <= set(terms):
        raise AssertionError(f"what {name} receives lacks a product of its pack")
    parts = [a for a in terms if a not in sent]
    return collected(ex.add(*parts)) if parts else None


def terms_of(term):
    """The terms of a sum, or the one term that is none."""
    return term.args if isinstance(term, ex.Sum) else (term,)


def expanded(term):
    """The terms of a sum; W^T (a + b) counts as two."""
    found = []
    for part in terms_of(term):
        if isinstance(part, ex.MatMul) and isinstance(part.args[-1], ex.Sum):
            *before, inner = part.args
            found += [ex.matmul(*before, a) for a in inner.args]
        else:
            found.append(part)
    return found
