"""Symbols drawn one after the other, with as few calls a symbol as possible."""

import sys
from bisect import bisect_right

import numpy as np

from rnnlib.layers.cell import initial_state
from rnnlib.parameters import check_params
from rnnlib.validate import (
    check_count,
    check_indices,
    check_rng,
    is_finite,
    shape_error,
)

TINY = 1 / sys.float_info.max  # the reciprocal of a smaller temperature overflows


def sample(params, n, *, first, rng, temperature=1.0, h_0=None, return_state=False):
    """n symbols: each is drawn from softmax(z_t / temperature) and is the next input.

    The draw takes one uniform number u a symbol: the first symbol whose cumulative
    probability exceeds u. All n numbers are ``rng.random(n)``.

    Parameters
    ----------
    params : Params
        With K = d_x.
    n : int
        How many symbols.
    first : int
        The first input; it is not part of what is returned.
    rng : numpy.random.Generator
    temperature : float
        Positive; 1 is the distribution of the network.
    h_0 : array (d_h,), optional
        The state before ``first`` is read; zero by default.
    return_state : bool
        Return the last state too, so that a call can go on where another ended: the
        last symbol is the next ``first``.

    Raises
    ------
    ValueError
        For wrong shapes, a first symbol out of range, a temperature or an ``rng`` that
        is none.
    """
    check_params(params)
    if params.d_x != params.K:
        raise shape_error("W_hy", (params.d_x, params.d_h), params.W_hy.shape)
    if params.dtype.kind != "f":
        raise ValueError(f"params: expected real numbers, got {params.dtype}")
    n = check_count("n", n)
    if isinstance(first, bool) or not isinstance(first, (int, np.integer)):
        raise ValueError(f"first: expected an integer, got {first!r}")
    check_indices("first", np.array(first), params.d_x)
    if not (is_finite(temperature) and temperature > 0):
        raise ValueError(f"temperature: expected a number > 0, got {temperature!r}")
    check_rng(rng)
    if h_0 is not None and np.ndim(h_0) != 1:
        raise shape_error("h_0", (params.d_h,), np.shape(h_0))
    if np.iscomplexobj(h_0):
        raise ValueError(f"h_0: expected real numbers, got {np.asarray(h_0).dtype}")
    h = np.array(initial_state("h_0", h_0, 1, params)[0], np.finfo(params.dtype).dtype)
    h = h.reshape(params.d_h)

    with np.errstate(all="ignore"):
        return _draw(params, n, first, rng, temperature, h, return_state)


def _draw(params, n, first, rng, temperature, h, return_state):
    """One product a symbol: with M = [W_hh, 0; W_hy, b_y] the rows of M [h_t; 1] are
    W_hh h_t, for the next state, and z_t."""
    d_h, scale = params.d_h, np.inf
    if temperature > TINY:
        scale = params.dtype.type(1 / temperature)
    inputs = list(np.ascontiguousarray(params.W_xh.T) + params.b_h)  # a row a symbol
    M = np.zeros((d_h + params.K, -(-(d_h + 1) // 4) * 4), h.dtype)  # rows aligned
    M[:d_h, :d_h] = params.W_hh
    M[d_h:, :d_h], M[d_h:, d_h] = params.W_hy * scale, params.b_y * scale
    # |h| <= 1 bounds every logit; while no exponential can overflow or vanish, the
    # largest logit need not be subtracted.
    bound = float(np.abs(M[d_h:]).sum(axis=1).max())
    if not np.isfinite(bound):
        raise FloatingPointError(
            "params, temperature: expected finite logits, got an overflow"
        )
    shift = not bound < 0.5 * np.log(np.finfo(params.dtype).max)
    read, written = np.zeros(M.shape[1], h.dtype), np.empty(len(M), h.dtype)
    read[:d_h], read[d_h] = h, 1
    h, s, z = read[:d_h], written[:d_h], written[d_h:]
    cumulative = np.empty_like(z)
    sums = cumulative.data  # a number of it is a float of Python
    product, add, tanh, exp = M.dot, np.add, np.tanh, np.exp
    largest, accumulate = np.maximum.reduce, np.add.accumulate
    last, k, drawn = params.K - 1, int(first), []
    product(read, written)
    for u in rng.random(n).tolist():
        add(s, inputs[k], s)
        tanh(s, h)
        product(read, written)
        if shift:
            z -= largest(z)
        exp(z, z)
        accumulate(z, 0, None, cumulative)
        # before ``last``: rounding cannot draw a symbol behind the last
        k = bisect_right(sums, u * sums[last], 0, last)
        drawn.append(k)
    symbols = np.array(drawn)
    return (symbols, h.copy()) if return_state else symbols
