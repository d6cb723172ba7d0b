"""The activation functions phi of h_t = phi(s_t), each with its derivative.

Every derivative is a function of the stored output h = phi(s), so the backward pass
needs no second look at s. ``gamma`` is the largest value that phi' attains: the
constant of the spectral bounds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnlib.validate import refuse_hiding


@dataclass(frozen=True)
class Activation:
    """An elementwise phi: ``phi(s, out)`` and ``derivative(h)`` with h = phi(s)."""

    name: str
    phi: Callable[..., np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]
    gamma: float

    def __call__(self, s, out=None):
        """phi(s), elementwise; written into ``out`` when that is given."""
        return self.phi(np.asarray(refuse_hiding("s", s)), out)


def _tanh(s, out=None):
    return np.tanh(s, out=out)


def _relu(s, out=None):
    """max(s, 0). A complex s is judged by its real part, for the complex step."""
    if np.iscomplexobj(s):
        return np.multiply(s, s.real > 0, out=out)
    return np.maximum(s, 0, out=out)


def _logistic(s, out=None):
    """1 / (1 + exp(-s)), from exp of a number that is never positive."""
    positive = s.real >= 0
    e = np.exp(np.where(positive, -s, s))
    return np.divide(np.where(positive, 1, e), 1 + e, out=out)


def _identity(s, out=None):
    if out is None:
        return np.array(s)
    out[...] = s
    return out


def _plain(h):
    return refuse_hiding("h", h)


def _relu_prime(h):
    return (_plain(h).real > 0).astype(h.dtype)


def _identity_prime(h):
    return np.ones_like(_plain(h))


ACTIVATIONS = {
    "tanh": Activation("tanh", _tanh, lambda h: 1 - _plain(h) * h, 1.0),
    "relu": Activation("relu", _relu, _relu_prime, 1.0),
    "logistic": Activation("logistic", _logistic, lambda h: _plain(h) * (1 - h), 0.25),
    "identity": Activation("identity", _identity, _identity_prime, 1.0),
}


def get_activation(phi: str | Activation) -> Activation:
    """The activation called ``phi``; an `Activation` passes through.

    Raises
    ------
    ValueError
        When there is no activation of that name.
    """
    if isinstance(phi, Activation):
        return phi
    if isinstance(phi, str) and phi in ACTIVATIONS:
        return ACTIVATIONS[phi]
    known = ", ".join(ACTIVATIONS)
    raise ValueError(f"phi: expected one of {known}, got {phi!r}")
