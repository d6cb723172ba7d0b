"""Forward pass, loss and backward pass of one window, in the arrays of a workspace."""

import math

import numpy as np

from rnnlib.char.fast.workspace import check_work
from rnnlib.validate import check_array, check_indices, is_array, kind_of, shape_error


def loss_and_gradients(work, x, y):
    """The summed cross-entropy in nats; its gradient is then in the workspace.

    The initial state is ``work.h[0]``, a constant. Afterwards ``work.gradient`` has
    the gradients of the parameters, ``work.h`` the states, ``work.delta_z`` p - y and
    ``work.delta_s`` the adjoints of the pre-activations.

    Parameters
    ----------
    work : Workspace
    x : integer array (T, B), or floating array (T, B, d_x) for a dense workspace
    y : integer array (T, B), the classes

    Raises
    ------
    ValueError
        For an array of another shape or precision, an index out of range, or a dense
        input that is not finite.
    FloatingPointError
        When the loss is not finite.

    Source: {cite}`roysdon`, (1)-(11).
    """
    index = classes(check_work(work), y)
    forward(work, x)
    loss = cross_entropy_at(work, index)
    _backward(work)
    return loss


def forward(work, x):
    """The forward pass: states into ``work.h``, logits into ``work.delta_z``."""
    if check_work(work).dense:
        _take_rows(work, x)
    else:
        _take_indices(work, x)
    recur, term, tanh = work.recur, work.term, np.tanh
    for h_before, a, h in work.forward_steps:
        recur(h_before, term)  # W_hh h_{t-1}
        term += a
        tanh(term, h)
    np.matmul(work.out, work.C, out=work.z)


def cross_entropy(work, y):
    """The loss after `forward`; ``work.delta_z`` is then p - y. Errors as above."""
    return cross_entropy_at(work, classes(check_work(work), y))


def cross_entropy_at(work, index):
    """All steps at once; ``index`` has the place of each z_{t, y_t} in the logits.

    Of ``work``, the arrays ``z``, ``entries_z``, ``unit`` and ``safe`` are used.
    """
    z, entries = work.z, work.entries_z
    if not (z.max() < work.safe and z.min() > -work.safe):  # exp could overflow
        z -= z.max(axis=1, keepdims=True)
    score = entries[index].sum()
    np.exp(z, out=z)
    total = np.dot(z, work.unit)
    loss = float(np.log(total).sum() - score)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss}: parameters or state not finite")
    z /= total[:, None]
    entries[index] -= 1
    return loss


def _backward(work):
    """The adjoints and the gradients of the parameters, from delta_z."""
    np.matmul(work.z, work.C[1:].T, out=work.g)  # W_hy^T delta_z, all steps at once
    phi_prime = work.products
    np.multiply(work.h[1:], work.h[1:], out=phi_prime)
    np.subtract(1, phi_prime, out=phi_prime)
    recur_back, term, multiply = work.recur_back, work.term, np.multiply
    if work.B > 1:
        np.copyto(work.W_hh, work.params.W_hh)
    for g, slope, g_before in work.backward_steps:
        multiply(g, slope, g)  # g_t becomes delta_s_t
        recur_back(g, term)  # W_hh^T delta_s_t
        g_before += term  # what the future sends to h_{t-1}
    multiply(work.g_t[0], work.a_t[0], work.g_t[0])
    np.matmul(work.read.T, work.g, out=work.dA)  # delta_s_t h_{t-1}^T, not h_t
    np.matmul(work.out.T, work.z, out=work.dC)  # delta_z_t h_t^T


def _take_indices(work, x):
    """Row x of W_xh^T for each step, plus the bias; and the unit vectors x_t."""
    index = symbols(work, x)
    work.A[: work.d_x].take(index, axis=0, out=work.a, mode="clip")
    work.a += work.A[work.d_x]
    work.entries[work.ones] = 0
    work.ones = work.row_starts + index
    work.entries[work.ones] = 1


def _take_rows(work, x):
    """W_xh x_t + b_h for all steps, as one product."""
    check_array("x", x, (work.T, work.B, work.d_x))
    if x.dtype != work.dtype:
        raise ValueError(f"x: expected {work.dtype} like the parameters, got {x.dtype}")
    work.x[...] = x
    columns = work.d_x + 1
    np.matmul(work.read[:, :columns], work.A[:columns], out=work.a)


def symbols(work, x):
    """The symbols of all steps and sequences in one axis, checked."""
    _check_integers("x", x, work)
    return check_indices("x", x, work.d_x).ravel().astype(np.intp, copy=False)


def classes(work, y):
    """The place of each z_{t, y_t} in the flattened logits."""
    _check_integers("y", y, work)
    return work.z_starts + check_indices("y", y, work.K).ravel().astype(np.intp)


def _check_integers(name, array, work):
    if not is_array(array) or array.dtype.kind not in "iu":
        kind = kind_of(array)
        raise ValueError(f"{name}: expected an integer NumPy array, got {kind}")
    if array.shape != (work.T, work.B):
        raise shape_error(name, (work.T, work.B), array.shape)
