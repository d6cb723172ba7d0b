"""What the optimisers and the clipping must do, as checks that mutants must fail."""

import numpy as np

from rnnlib import clipping, optimisers

RATE = 0.05


def path(optimiser, v, gradients):
    """The parameters after each step."""
    state, found = optimiser.init_state(v), []
    for g in gradients:
        v, state = optimiser.update(v, g, state)
        found.append(v)
    return np.array(found)


def gradients():
    """Parameters (3,) and six gradients of unequal size."""
    rng = np.random.default_rng(1)
    g = rng.standard_normal((6, 3)) * np.array([0.01, 1.0, 30.0])
    return rng.standard_normal(3), g


def close(found, wanted):
    """Equal but for rounding."""
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)


def sgd_equations():
    """Momentum as the sum over all earlier gradients; decay as an added gradient."""
    v, g = gradients()
    close(path(optimisers.sgd(RATE), v, g), v - RATE * np.cumsum(g, axis=0))
    for decay in (0.0, 0.2):
        ours = path(optimisers.sgd(RATE, momentum=0.7, weight_decay=decay), v, g)
        before = np.vstack([v, ours[:-1]])
        full = g + decay * before
        for n in range(6):
            u = sum(0.7 ** (n - k) * full[k] for k in range(n + 1))
            close(ours[n], before[n] - RATE * u)


def adagrad_equations():
    """The root of the sum of all squares so far."""
    v, g = gradients()
    ours = path(optimisers.adagrad(RATE, eps=1e-3), v, g)
    steps = [g[n] / (np.sqrt((g[: n + 1] ** 2).sum(axis=0)) + 1e-3) for n in range(6)]
    close(ours, v - RATE * np.cumsum(steps, axis=0))


def adam_steps(g, beta_1, beta_2, eps):
    """The steps of Adam by weighted means written out: the weights add up to one."""
    steps = []
    for n in range(1, len(g) + 1):
        ages = np.arange(n)[::-1, None]
        first, second = beta_1**ages, beta_2**ages
        m = (first * g[:n]).sum(axis=0) / first.sum()
        q = (second * g[:n] ** 2).sum(axis=0) / second.sum()
        steps.append(m / (np.sqrt(q) + eps))
    return np.array(steps)


def adam_equations():
    """With the bias correction both memories are weighted means."""
    v, g = gradients()
    ours = path(optimisers.adam(RATE, beta_1=0.8, beta_2=0.95, eps=1e-3), v, g)
    close(ours, v - RATE * np.cumsum(adam_steps(g, 0.8, 0.95, 1e-3), axis=0))


def adam_l2_equations():
    """The penalty is part of the gradient."""
    v, g = gradients()
    ours = path(optimisers.adam(RATE, eps=1e-3, weight_decay=0.4), v, g)
    full = g + 0.4 * np.vstack([v, ours[:-1]])
    close(ours, v - RATE * np.cumsum(adam_steps(full, 0.9, 0.999, 1e-3), axis=0))


def adamw_equations():
    """The decay is no part of the gradient."""
    v, g = gradients()
    ours = path(optimisers.adamw(RATE, eps=1e-3, weight_decay=0.4), v, g)
    before = np.vstack([v, ours[:-1]])
    steps = adam_steps(g, 0.9, 0.999, 1e-3)
    close(ours, (1 - RATE * 0.4) * before - RATE * steps)


def decay_without_gradient():
    """No gradient: AdamW shrinks by 1 - eta lambda, Adam + L2 steps by about eta."""
    v, none = np.array([5.0, 0.05]), np.zeros((1, 2))
    decoupled = path(optimisers.adamw(RATE, weight_decay=0.4), v, none)[0]
    coupled = path(optimisers.adam(RATE, weight_decay=0.4), v, none)[0]
    close(decoupled, (1 - RATE * 0.4) * v)
    np.testing.assert_allclose(coupled, v - RATE, atol=1e-6)
    assert abs(coupled - decoupled).max() > 0.01


def without_decay_both_are_one():
    """AdamW with lambda = 0 is Adam."""
    v, g = gradients()
    one, other = (
        path(m(RATE, weight_decay=0.0), v, g)
        for m in (optimisers.adam, optimisers.adamw)
    )
    assert (one == other).all()


def reaches_the_minimum():
    """Each method finds the minimum of a quadratic."""
    target = np.array([1.0, -2.0, 0.5])
    for optimiser in (
        optimisers.sgd(0.1),
        optimisers.sgd(0.05, momentum=0.8),
        optimisers.adagrad(1.0),
        optimisers.adam(0.05),
        optimisers.adamw(0.05, weight_decay=0.0),
    ):
        v = np.zeros(3)
        state = optimiser.init_state(v)
        for _ in range(800):
            v, state = optimiser.update(
                v, np.array([1.0, 2.0, 5.0]) * (v - target), state
            )
        np.testing.assert_allclose(v, target, atol=1e-3)


CHECKS = {
    "sgd": sgd_equations,
    "adagrad": adagrad_equations,
    "adam": adam_equations,
    "adam l2": adam_l2_equations,
    "adamw": adamw_equations,
    "decay without gradient": decay_without_gradient,
    "no decay": without_decay_both_are_one,
    "minimum": reaches_the_minimum,
}


def clipping_check():
    """By norm: the size, the direction. By value: each entry."""
    g = {"a": np.array([30.0, -40.0]), "b": [np.array([[120.0]]), np.array([0.0])]}
    assert abs(clipping.global_norm(g) - 130) < 1e-12
    c = clipping.clip_by_global_norm(g, 13.0)
    close(c["a"], [3.0, -4.0])
    close(c["b"][0], [[12.0]])
    same = clipping.clip_by_global_norm(g, 130.5)
    assert (same["a"] == g["a"]).all() and same["b"][0] == g["b"][0]
    v = clipping.clip_by_value(g, 35.0)
    assert v["a"].tolist() == [30.0, -35.0] and v["b"][0].item() == 35.0
    for size in (1e200, 1e-200):
        vector = size * np.array([3.0, 4.0])
        assert abs(clipping.global_norm(vector) / size - 5) < 1e-12
        close(clipping.clip_by_global_norm(vector, 2.5 * size) / size, [1.5, 2.0])
