"""Generate symbols from any model that predicts the next one.

A **step** is a function ``step(state, symbol) -> (logits, state)``. It reads one symbol
and returns the logits of the next, (V,), with the state to be handed to the next call;
the state None is that of a new sequence. Any function of this form will do.
`network_step`, `cell_step` and `ngram_step` make one from a network, from a
`rnnlib.layers.cell` with its outputs, or from an n-gram model.
"""

from numbers import Real

import numpy as np

from rnnlib.activations import get_activation
from rnnlib.language.ngrams import NGrams
from rnnlib.layers.cell import check_cell
from rnnlib.layers.vanilla import VanillaParams, recur
from rnnlib.parameters import check_params
from rnnlib.validate import (
    check_array,
    check_callable,
    check_count,
    check_rate,
    check_rng,
    is_array,
    kind_of,
    shape_error,
)


def generate(
    step,
    state,
    start,
    count,
    *,
    rng=None,
    temperature=1.0,
    stop=None,
    top_k=None,
    top_p=None,
):
    """Symbols drawn one after the other, each from softmax(logits / temperature).

    Parameters
    ----------
    step : function
        ``step(state, symbol) -> (logits, state)``, as above. A logit of -inf is a
        symbol that is never drawn.
    state : any
        Handed to the first call: None, or the state after what came before.
    start : int or sequence of int
        Symbols that are read first, and are not part of the result. None for a model
        that knows the beginning of a sequence: it is handed to the step as it is.
    count : int
        How many symbols to draw.
    rng : numpy.random.Generator
        One number is drawn from it for each symbol. Not needed at temperature 0.
    temperature : float
        1 is the model's own distribution, 0 takes the likeliest symbol, the first of
        several; a large one approaches equal probabilities of all possible symbols.
    stop : int, optional
        The symbol after which to stop: the end of sequence. It is part of the result.
    top_k, top_p : int, float, optional
        Draw only from the ``top_k`` likeliest symbols, or from the nucleus, the fewest
        likeliest symbols whose probability is at least ``top_p``: see `truncated`.

    Returns
    -------
    indices : integer array (count,), or shorter where ``stop`` was drawn

    Raises
    ------
    ValueError
        For options out of range, an empty start, no ``rng``, a step that returns no
        pair, or logits of which none is finite or one is NaN or +inf.
    """
    check_callable("step", step)
    count = check_count("count", count)
    temperature = check_rate("temperature", temperature)
    if temperature > 0:
        check_rng(rng)
    _check_truncation(top_k, top_p)
    prompt = [start] if start is None or np.ndim(start) == 0 else list(start)
    if not prompt:
        raise ValueError("start: expected at least one symbol, got none")
    for symbol in prompt:
        logits, state = _taken(step(state, symbol))
    drawn = []
    while True:
        u = rng.random() if temperature > 0 else None
        drawn.append(_choose(logits, temperature, u, top_k, top_p))
        if len(drawn) == count or drawn[-1] == stop:
            return np.array(drawn)
        logits, state = _taken(step(state, drawn[-1]))


def tempered(logits, temperature):
    """softmax(logits / temperature), (V,); at 0 the indicator of the first maximum.

    Raises ValueError as `generate`.
    """
    temperature = check_rate("temperature", temperature)
    z = np.asarray(logits)
    if isinstance(logits, np.ndarray) and not is_array(logits):
        raise ValueError(f"logits: expected floats (V,), got {kind_of(logits)}")
    if z.ndim != 1 or z.size == 0 or z.dtype.kind != "f":
        raise ValueError(f"logits: expected floats (V,), got {z.dtype} {z.shape}")
    if np.isnan(z).any() or not np.isfinite(z.max()):
        raise ValueError(f"logits: expected a finite maximum, got {z}")
    if temperature == 0:
        return (np.arange(len(z)) == z.argmax()).astype(float)
    with np.errstate(over="ignore"):
        p = np.exp((z - z.max()).astype(float) / temperature)
    return p / p.sum()


def truncated(p, top_k=None, top_p=None):
    """The likeliest symbols alone: p(x) / p(S) for x in S, 0 elsewhere, (V,).

    S holds the ``top_k`` likeliest symbols, the first of equal ones, and no symbol of
    probability 0. With ``top_p`` it is the nucleus: the fewest likeliest symbols whose
    probabilities add up to ``top_p`` or more. With both it is the smaller one.

    Sources: {cite}`fan2018`, {cite}`holtzman2020`. Raises ValueError when p is no
    distribution, top_k no integer >= 1, or top_p not above 0 and at most 1.
    """
    _check_truncation(top_k, top_p)
    check_array("p", p)
    if p.ndim != 1 or p.size == 0:
        raise shape_error("p", "(V,)", p.shape)
    if p.min() < 0 or abs(p.sum() - 1) > 1e-6:
        raise ValueError(f"p: expected a distribution, got {p!s:.60}")
    order = np.argsort(-p, kind="stable")
    size = np.count_nonzero(p) if top_k is None else min(top_k, np.count_nonzero(p))
    if top_p is not None:
        mass = p[order].cumsum()
        size = min(size, 1 + np.searchsorted(mass, top_p * (1 - 1e-12), side="left"))
    kept = np.where(np.isin(np.arange(p.size), order[:size]), p, 0.0)
    return kept / kept.sum()


def network_step(params, phi="tanh"):
    """One step of a `Params` that reads what it predicts: d_x = K = V.

    The state is h (d_h,); None is zero. Raises ValueError for other sizes.
    """
    check_params(params)
    if params.d_x != params.K:
        raise shape_error("W_hy", (params.d_x, params.d_h), params.W_hy.shape)
    phi = get_activation(phi)
    layer = VanillaParams(*params[:3])

    def step(h, symbol):
        _check_symbol(symbol, params.K)
        if h is None:
            h = np.zeros(params.d_h, params.dtype)
        check_array("state", h, (params.d_h,))
        _, states = recur(layer, np.array([[symbol]]), h, phi)
        h = states[1, 0]
        return params.W_hy @ h + params.b_y, h

    return step


def cell_step(cell, params, W_hy, b_y):
    """One step of any `rnnlib.layers.cell` on symbols, with logits W_hy output + b_y.

    The state is that of the cell for a batch of one. W_hy (V, d_h), b_y (V,).
    """
    check_cell("cell", cell)
    check_array("W_hy", W_hy)
    if W_hy.ndim != 2:
        raise shape_error("W_hy", "(V, d_h)", W_hy.shape)
    check_array("b_y", b_y, W_hy.shape[:1])
    try:  # one step, so that what does not fit is an error here
        output = cell.forward(params, np.zeros((1, 1), int)).output
    except ValueError as error:
        raise ValueError(f"params: {error}") from error
    if W_hy.shape[1] != output.shape[-1]:
        raise shape_error("W_hy", (len(b_y), output.shape[-1]), W_hy.shape)

    def step(state, symbol):
        _check_symbol(symbol, len(b_y))
        trace = cell.forward(params, np.array([[symbol]]), state=state)
        return W_hy @ trace.output[0, 0] + b_y, trace.state

    return step


def ngram_step(model):
    """One step of an `NGrams` model: the logits are log p(x | last tau symbols).

    The state is a tuple of symbols; None is the beginning, as is the symbol None.
    """

    if not isinstance(model, NGrams):
        raise ValueError(f"model: expected NGrams, got {type(model).__name__}")

    def step(context, symbol):
        context = () if context is None else context
        if symbol is not None:
            _check_symbol(symbol, model.V)
            context = (*context, int(symbol))[-model.order :] if model.order else ()
        return model.log_probabilities(context), context

    return step


def _taken(result):
    """What a step returned, when it is a pair."""
    if not (isinstance(result, tuple) and len(result) == 2):
        size = f" of {len(result)}" if isinstance(result, tuple) else ""
        raise ValueError(
            "step: expected a function that returns (logits, state), "
            f"got {type(result).__name__}{size}"
        )
    return result


def _check_truncation(top_k, top_p):
    if top_k is not None:
        check_count("top_k", top_k)
    if top_p is not None:
        real = isinstance(top_p, Real) and not isinstance(top_p, bool)
        if not (real and 0 < top_p <= 1):
            raise ValueError(
                f"top_p: expected a number above 0, at most 1, got {top_p!r}"
            )


def _choose(logits, temperature, u, top_k=None, top_p=None):
    """The symbol at u in [0, 1) of the cumulative distribution; the mode for None."""
    p = tempered(logits, temperature)
    if top_k is not None or top_p is not None:
        p = truncated(p, top_k, top_p)
    if u is None:
        return int(p.argmax())
    sums = p.cumsum()
    return int(
        min(np.searchsorted(sums, u * sums[-1], side="right"), p.nonzero()[0][-1])
    )


def _check_symbol(symbol, V):
    integer = isinstance(symbol, (int, np.integer)) and not isinstance(symbol, bool)
    if not integer or not 0 <= symbol < V:
        raise ValueError(
            f"symbol: expected an integer from 0 to {V - 1}, got {symbol!r}"
        )
