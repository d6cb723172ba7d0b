"""The initial state h_0 in its three forms, beside the gradient of each.

None is zero; (B, d_h) is one state a sequence, such as a carried one; (d_h,) is one
state that all sequences share, such as a learned one.
"""

import numpy as np

from rnnlib.validate import check_array, check_precision, shape_error


def initial_state(name, h, B, params):
    """An initial state that may be None, (d_h,) or (B, d_h), and the shape it has.

    Raises ValueError, which names it ``name``, for anything else.
    """
    if h is None:
        return np.zeros((B, params.d_h), params.dtype), (B, params.d_h)
    check_precision(name, check_array(name, h), params)
    if h.shape not in ((B, params.d_h), (params.d_h,)):
        raise shape_error(name, f"{(B, params.d_h)} or {(params.d_h,)}", h.shape)
    return h, h.shape


def of_shape(gradient, shape):
    """The gradient (B, d_h) of an initial state; summed where the sequences shared it.

    ``shape`` is that of the state as it was given; that of None is ().
    """
    return gradient.sum(axis=0) if len(shape) == 1 else gradient
