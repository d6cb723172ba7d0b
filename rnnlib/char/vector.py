"""All parameters of a network as one vector, so that an update is a few calls.

A vector is a tree of one array. So `rnnlib.training.train` runs on vectors as it does
on trees: clipping, the optimiser and the norm of the gradient then call NumPy once for
all parameters. The network reads the vector through views, as a tree.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnlib.trees import flatten, rebuild


class Layout(NamedTuple):
    """Where each array of a tree stands in the vector."""

    size: int
    dtype: np.dtype
    tree: Callable  # a vector -> the tree whose arrays are views of it

    def vector(self, tree):
        """A new vector with the entries of a tree."""
        vector = np.empty(self.size, self.dtype)
        views = flatten(self.tree(vector)).values()
        for view, array in zip(views, flatten(tree).values(), strict=True):
            view[...] = array
        return vector


def in_order(like):
    """The `Layout` that has the arrays of a tree one after the other."""
    flat = flatten(like)
    ends = np.cumsum([a.size for a in flat.values()]).tolist()
    places = [
        (name, slice(end - a.size, end), a.shape)
        for (name, a), end in zip(flat.items(), ends, strict=True)
    ]

    def tree(vector):
        return rebuild(like, {k: vector[at].reshape(shape) for k, at, shape in places})

    return Layout(ends[-1], np.result_type(*flat.values()), tree)


def with_vectors(state, layout):
    """A `TrainingState` of trees, with a vector in the place of each."""
    return _mapped(state, layout.vector)


def with_trees(state, layout):
    """A `TrainingState` of vectors, with a tree of views in the place of each."""
    return _mapped(state, layout.tree)


def _mapped(state, change):
    memory = {name: change(each) for name, each in state.optimiser.memory.items()}
    return state._replace(
        params=change(state.params),
        optimiser=state.optimiser._replace(memory=memory),
        best=change(state.best),
    )
