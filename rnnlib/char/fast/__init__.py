"""The same training step and the same samples, in as few NumPy calls as possible.

    work = Workspace(params, T, B)             # all arrays are made here, once
    squares = np.zeros_like(work.flat)         # the memory of Adagrad
    for x, y in batches:
        loss = loss_and_gradients(work, x, y)  # fills work.gradient
        clip_by_value(work, 5.0)               # in place
        adagrad(work, squares, 0.1)            # work.params have moved
        work.carry()                           # h_T is the next h_0
    text = sample(work.params, 200, first=0, rng=rng)

It computes what `rnnlib.loss_and_gradients`, `rnnlib.clipping` and `optimisers.adagrad`
compute, for phi = tanh, the cross-entropy and one output a step, without a mask; the
tests hold the two against each other. Those read like the equations and return new
arrays. This part writes into the arrays of a `Workspace`, and nowhere else.

What makes it fast: one gather or matrix product in front of the loop over time, three
calls for each step in it, matrix products behind it; parameters and gradient are each
one vector, so that clipping and the update are a few calls.
"""

from rnnlib.char.fast.sampling import sample
from rnnlib.char.fast.step import cross_entropy, forward, loss_and_gradients
from rnnlib.char.fast.update import adagrad, clip_by_global_norm, clip_by_value
from rnnlib.char.fast.workspace import Workspace

__all__ = [
    "Workspace",
    "adagrad",
    "clip_by_global_norm",
    "clip_by_value",
    "cross_entropy",
    "forward",
    "loss_and_gradients",
    "sample",
]
