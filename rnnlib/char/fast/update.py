"""Clipping and Adagrad on the vectors of a workspace, in place."""

import math

import numpy as np

from rnnlib import clipping
from rnnlib.char.fast.workspace import check_work
from rnnlib.validate import check_array, check_rate, is_array, kind_of, shape_error


def clip_by_value(work, threshold):
    """Every entry of the gradient limited to [-tau, tau], as min-char-rnn has it.

    Raises
    ------
    ValueError
        For a threshold that is not a positive number, or a gradient that is not finite.

    Source: {cite}`topcuoglu`, section 13, lines 64-66.
    """
    check_work(work)
    threshold = clipping._check_threshold(threshold)
    g = work.gradient_flat
    low, high = g.min(), g.max()  # quicker than clipping, which is seldom needed
    if not (low >= -threshold and high <= threshold):
        if not (math.isfinite(low) and math.isfinite(high)):
            check_array("gradient", g)
        np.clip(g, -threshold, threshold, out=g)


def clip_by_global_norm(work, threshold):
    """g tau / max(tau, |g|), with |g| the norm of the whole gradient.

    Raises ValueError as `clip_by_value`. Source: {cite}`topcuoglu`, (15);
    {cite}`pascanu2013`.
    """
    check_work(work)
    threshold = clipping._check_threshold(threshold)
    g = work.gradient_flat
    with np.errstate(over="ignore"):
        squares = float(np.dot(g, g))
    limits, threshold = np.finfo(g.dtype), min(float(threshold), 1e150)
    if not limits.tiny / limits.eps**2 < squares < limits.max:
        g[...] = clipping.clip_by_global_norm(g, threshold)  # squares over or underflow
    elif squares > threshold**2:
        g *= threshold / math.sqrt(squares)


def adagrad(work, squares, learning_rate, *, eps=1e-10):
    """r <- r + g^2, v <- v - eta g / (sqrt(r) + eps), in place.

    Parameters
    ----------
    squares : array (n,)
        r, of the form of ``work.flat``: zeros at the beginning. min-char-rnn divides by
        sqrt(r + 1e-8); that is r = 1e-8 at the beginning and eps = 0.
    learning_rate, eps : float
        With eps = 0 every entry of r must be positive.

    Raises
    ------
    ValueError
        For squares of another form, or a rate or eps that is negative or not finite.

    Source: {cite}`duchi2011`.
    """
    check_work(work)
    learning_rate = check_rate("learning_rate", learning_rate)
    eps = check_rate("eps", eps)
    v, g, buffer = work.flat, work.gradient_flat, work.scratch
    if not is_array(squares) or squares.dtype != v.dtype:
        kind = kind_of(squares)
        raise ValueError(f"squares: expected an array of {v.dtype}, got {kind}")
    if squares.shape != v.shape:
        raise shape_error("squares", v.shape, squares.shape)
    np.square(g, out=buffer)
    squares += buffer
    np.sqrt(squares, out=buffer)
    if eps:
        buffer += eps
    try:
        with np.errstate(divide="raise", invalid="raise"):
            np.divide(g, buffer, out=buffer)
    except FloatingPointError:
        raise ValueError("squares: expected positive numbers when eps is 0") from None
    buffer *= learning_rate
    v -= buffer
