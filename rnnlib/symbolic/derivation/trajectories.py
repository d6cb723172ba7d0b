"""The derived Jacobians as numbers along a trajectory, and what bounds their norms.

The Jacobian of a step is a sum of products of diagonal matrices and weights. Its norm
is at most the sum over its terms of the products of the norms of the factors, and that
of a matrix of blocks at most the norm of the matrix of the norms of the blocks.
"""

import numpy as np

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import Evaluator


def jacobians(blocks, recursion, point):
    """The block matrices of all states of steps 1 to T, as an array (T, 1, n, n)."""
    evaluator = Evaluator(recursion, point)
    evaluator.forward()
    steps = [_whole(blocks, evaluator, t) for t in range(1, point.T + 1)]
    return np.array(steps, float)[:, None]


def _whole(blocks, evaluator, t):
    rows = []
    for row in blocks.states:
        parts = []
        for column in blocks.states:
            node = blocks.blocks[row, column]
            full = np.ones(evaluator.numbers(node.shape))
            parts.append(evaluator.of(node, t) * full)
        rows.append(np.hstack(parts))
    return np.vstack(rows)


def norm_bounds(blocks, recursion, point):
    """A bound of the 2-norm of each of these Jacobians, by its terms: (T,)."""
    evaluator = Evaluator(recursion, point)
    evaluator.forward()
    found = []
    for t in range(1, point.T + 1):
        norms = [
            [by_terms(blocks.blocks[row, c], evaluator, t) for c in blocks.states]
            for row in blocks.states
        ]
        found.append(np.linalg.norm(norms, 2))
    return np.array(found)


def by_terms(node, evaluator, t):
    """The sum over terms of the products of the norms of the factors."""
    if isinstance(node, ex.Sum):
        return sum(by_terms(a, evaluator, t) for a in node.args)
    if isinstance(node, ex.MatMul):
        return np.prod([by_terms(a, evaluator, t) for a in node.args])
    if isinstance(node, ex.Times):
        scalars = [a for a in node.args if a.is_scalar]
        rest = [a for a in node.args if not a.is_scalar]
        if scalars and len(rest) == 1:
            size = np.prod([np.abs(evaluator.of(a, t)).item() for a in scalars])
            return size * by_terms(rest[0], evaluator, t)
    value = np.asarray(evaluator.of(node, t), float)
    value = value * np.ones(evaluator.numbers(node.shape))
    return np.linalg.norm(value, 2)
