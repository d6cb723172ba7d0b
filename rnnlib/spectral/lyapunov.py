"""Lyapunov exponents: the mean logarithmic rates at which J_T ... J_1 stretches.

Benettin's method: carry an orthonormal frame along the trajectory, multiply it by each
Jacobian and make it orthonormal again by QR. The logarithms of the diagonal of R add
up, so nothing overflows or underflows, and no trajectory is stored.
"""

from itertools import islice, repeat
from numbers import Integral
from typing import NamedTuple

import numpy as np

from rnnlib.activations import get_activation
from rnnlib.layers.vanilla import recur
from rnnlib.parameters import check_params
from rnnlib.spectral import certificates
from rnnlib.spectral.jacobians import real
from rnnlib.spectral.radii import check_range
from rnnlib.validate import check_inputs, check_rng, shape_error


class Lyapunov(NamedTuple):
    """``exponents`` in nats a step, largest first; ``h`` is the state reached."""

    exponents: np.ndarray  # (B, count)
    h: np.ndarray  # (B, d_h)


def lyapunov_exponents(
    params, steps, *, rng, inputs=None, h_0=None, phi="tanh", count=None, discard=0
) -> Lyapunov:
    """The largest Lyapunov exponents of the network along one trajectory a sequence.

    Parameters
    ----------
    params : Params
    steps : int
        How many steps are averaged over.
    rng : numpy.random.Generator
        Draws the first frame.
    inputs : iterable, optional
        Gives x_1, x_2, ...: float arrays (B, d_x) or integer arrays (B,), one a step,
        at least ``discard + steps`` of them. Without it the input is zero.
    h_0 : array (B, d_h) or (d_h,), optional
        Zero by default, for one sequence.
    phi : str or Activation
    count : int, optional
        How many exponents; d_h by default.
    discard : int
        Steps before averaging starts, for the state and the frame to settle.

    Returns
    -------
    Lyapunov
        -inf is an exponent of a product that is singular: a dead unit gives one.

    Raises
    ------
    ValueError
        For wrong sizes, a count above d_h, no Generator, or inputs that end early.

    Source: {cite}`engelken2023`, {cite}`vogt2022`.
    """
    check_params(params)
    phi = get_activation(phi)
    W_hh, d = real("W_hh", params.W_hh), params.d_h
    for name in ("W_xh", "b_h"):
        real(name, getattr(params, name))
    count = d if count is None else count
    for name, n, low, high in (
        ("steps", steps, 1, np.inf),
        ("discard", discard, 0, np.inf),
        ("count", count, 1, d),
    ):
        integer = isinstance(n, Integral) and not isinstance(n, bool)
        if not (integer and low <= n <= high):
            raise ValueError(
                f"{name}: expected an integer from {low} to {high}, got {n!r}"
            )
    check_rng(rng)
    h = np.zeros((1, d)) if h_0 is None else np.atleast_2d(real("h_0", h_0))
    if h.ndim != 2 or h.shape[1] != d:
        raise shape_error("h_0", f"(B, {d}) or ({d},)", h_0.shape)

    frame = np.linalg.qr(rng.standard_normal((d, count)))[0]
    B, e, _ = certificates.balanced(W_hh)  # a similarity: exponents stay
    similar = np.ldexp(B, e)
    frame, sums, done = frame[None], np.zeros(count), 0
    with np.errstate(all="ignore"):  # a NaN stays, and is found below
        for x in islice(_steps(params, inputs, len(h)), discard + steps):
            if inputs is not None and x.shape[1] != len(h):
                if h_0 is not None:
                    raise shape_error("inputs", (len(h), "..."), x.shape[1:])
                h = np.zeros((x.shape[1], d))
            h = recur(params, x, h, phi)[1][1]
            frame, R = np.linalg.qr(phi.derivative(h)[:, :, None] * (similar @ frame))
            done += 1
            if done > discard:
                sums = sums + np.log(np.abs(np.diagonal(R, axis1=1, axis2=2)))
    check_range("params, inputs, h_0", h, sums[sums != -np.inf])
    if done < discard + steps:
        raise ValueError(f"inputs: expected {discard + steps} steps, got only {done}")
    return Lyapunov(-np.sort(-sums / steps), h)


def _steps(params, inputs, B):
    """The inputs of one step after the other, each (1, B, ...); without any, zeros."""
    if inputs is None:
        yield from repeat(np.zeros((1, B, params.d_x)))
    try:
        inputs = iter(inputs)
    except TypeError:
        kind = type(inputs).__name__
        raise ValueError(
            f"inputs: expected an array for each step, got {kind}"
        ) from None
    for x in inputs:
        x = np.asarray(x)[None]
        try:
            check_inputs(x, params)
        except ValueError as error:
            raise ValueError(f"inputs: {error}") from error
        yield x
