"""check_gradients on other people's functions: any form, and any classic mistake."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnnlib import check_gradients


def rng():
    return np.random.default_rng(0)


# A reader's own network, in a reader's own form: one sequence, dictionaries, loops.

RNG = np.random.default_rng(7)
X, TARGET = RNG.standard_normal((6, 3)), RNG.standard_normal((6, 2))
OWN = {
    "Wx": RNG.standard_normal((4, 3)),
    "Wh": 0.5 * RNG.standard_normal((4, 4)),
    "out": {"W": RNG.standard_normal((2, 4)), "b": RNG.standard_normal(2)},
}


def own_network(p, mistake=None):
    """Loss and gradients of a small tanh network, right but for one mistake."""
    h, states = np.zeros(4), [np.zeros(4)]
    loss, errors = 0.0, []
    for x, y in zip(X, TARGET, strict=True):
        h = np.tanh(p["Wx"] @ x + p["Wh"] @ h)
        errors.append(p["out"]["W"] @ h + p["out"]["b"] - y)
        loss += errors[-1] @ errors[-1] / 2
        states.append(h)
    dWx, dWh = np.zeros((4, 3)), np.zeros((4, 4))
    dW, db, future = np.zeros((2, 4)), np.zeros(2), np.zeros(4)
    for t in reversed(range(len(X))):
        dW += np.outer(errors[t], states[t if mistake == "shift" else t + 1])
        db += errors[t]
        g = p["out"]["W"].T @ errors[t] + (0 if mistake == "no future" else future)
        delta = g if mistake == "no derivative" else g * (1 - states[t + 1] ** 2)
        dWx += np.outer(delta, X[t])
        dWh += np.outer(delta, states[t + 1 if mistake == "h_t" else t])
        future = (p["Wh"] if mistake == "transposed" else p["Wh"].T) @ delta
    if mistake == "mean":
        db /= len(X)
    if mistake == "sign":
        dWx = -dWx
    if mistake == "half a percent":
        dWh *= 1.005
    return loss, {"Wx": dWx, "Wh": dWh, "out": {"W": dW, "b": db}}


def test_a_right_network_is_accepted():
    check = check_gradients(own_network, OWN, rng=rng())
    assert check.ok and check.wrong == []
    assert list(check.errors) == ["Wx", "Wh", "out.W", "out.b"]
    agrees = ["Wx     agrees", "Wh     agrees", "out.W  agrees", "out.b  agrees"]
    assert str(check).split("\n") == agrees


MISTAKES = {
    "no derivative": ["Wx", "Wh"],
    "no future": ["Wx", "Wh"],
    "transposed": ["Wx", "Wh"],
    "h_t": ["Wh"],
    "shift": ["out.W"],
    "mean": ["out.b"],
    "sign": ["Wx"],
    "half a percent": ["Wh"],
}


@pytest.mark.parametrize("mistake, wrong", MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_is_named(mistake, wrong):
    check = check_gradients(lambda p: own_network(p, mistake), OWN, rng=rng())
    assert check.wrong == wrong and not check.ok
    for line in str(check).split("\n"):
        name, verdict = line.split(maxsplit=1)
        assert verdict.startswith("WRONG: entry [" if name in wrong else "agrees")


# Forms


def quadratic(a):
    """A loss of one array."""
    return (a**2).sum() / 2, a.copy()


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 4), (2, 3, 4)])
def test_one_plain_array(shape):
    a = rng().standard_normal(shape)
    assert check_gradients(quadratic, a, rng=rng()).ok
    doubled = check_gradients(lambda a: (quadratic(a)[0], 2 * a), a, rng=rng())
    assert doubled.wrong == ["params"]


@pytest.mark.parametrize("kind", [tuple, list, lambda a: dict(enumerate(a))])
def test_tuples_lists_and_dictionaries(kind):
    at = kind([np.ones(2), np.ones((2, 2))])

    def function(p):
        (u, A) = p.values() if isinstance(p, dict) else p
        return u @ A @ u, kind([A @ u + A.T @ u, np.outer(u, u)])

    def careless(p):
        loss, gradients = function(p)
        gradients = gradients.values() if isinstance(gradients, dict) else gradients
        g, G = gradients
        return loss, kind([g / 2, G])

    assert check_gradients(function, at, rng=rng()).ok
    assert check_gradients(careless, at, rng=rng()).wrong == ["0"]


def test_gradients_may_come_in_another_order():
    def function(p):
        return p["a"] @ p["b"], {"b": p["a"], "a": p["b"]}

    at = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, -1.0])}
    assert check_gradients(function, at, rng=rng()).ok


def test_numbers_are_parameters_too():
    def function(p):
        return p["slope"] * 3 + p["bias"] ** 2, {"slope": 3.0, "bias": 2 * p["bias"]}

    assert check_gradients(function, {"slope": 0.5, "bias": -1.5}, rng=rng()).ok


# Functions that write where they should not, or keep something between calls


def test_a_function_that_reuses_its_buffer():
    buffer = np.empty(4)

    def function(a):
        buffer[:] = a
        return (a**2).sum() / 2, buffer

    assert check_gradients(function, np.arange(4.0), rng=rng()).ok


def test_a_function_that_writes_into_its_parameters():
    def function(a):
        result = quadratic(a)
        a -= 0.1 * result[1]
        return result

    a = np.arange(4.0)
    assert check_gradients(function, a, rng=rng()).ok
    np.testing.assert_array_equal(a, np.arange(4.0))


def test_gradients_left_over_from_an_earlier_call():
    model = SimpleNamespace(gradient=np.ones(4))

    def function(a):
        model.gradient += a
        return (a**2).sum() / 2, model.gradient

    assert check_gradients(function, np.arange(4.0), rng=rng()).wrong == ["params"]
