"""What the outputs read: every state, the last one, or their mean (section 1.3).

Each reading stands beside its transpose, which the backward pass uses.
"""

import numpy as np

TOPOLOGIES = ("many-to-many", "last", "mean")


def readout(h, topology, mask):
    """The states that (3) reads: all of them, the last one, or their mean."""
    if topology == "many-to-many":
        return h
    if topology == "last":
        return h[-1]
    if mask is None:
        return h.mean(axis=0)
    return (h * mask[..., None]).sum(axis=0) / _lengths(mask, h)


def readout_adjoint(d_read, trace):
    """The transpose of `readout`: what each state receives from the outputs."""
    if trace.topology == "many-to-many":
        return d_read
    received = np.zeros(trace.s.shape, d_read.dtype)
    if trace.topology == "last":
        received[-1] = d_read
    elif trace.mask is None:
        received[:] = d_read / len(received)
    else:
        received[:] = d_read / _lengths(trace.mask, d_read) * trace.mask[..., None]
    return received


def _lengths(mask, like):
    return mask.sum(axis=0)[:, None].astype(np.finfo(like.dtype).dtype)
