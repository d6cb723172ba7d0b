"""Section 11: exploding gradients, and clipping by the norm."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close


@check(
    "topcuoglu-11-01",
    printed=lambda rate, curvature: 1 / rate,
    planted=[lambda rate, curvature: 1 / curvature, lambda rate, curvature: 3 / rate],
    cases=[(0.1, 4.0), (0.1, 30.0), (0.5, 8.0)],
)
def a_long_gradient_overshoots(statement, case):
    """(a/2) w^2 from w = 1 with gradient a: the step jumps over 0 for a > 1/rate."""
    rate, curvature = case
    after = 1 - rate * curvature
    assert (after < 0) == (curvature > statement(rate, curvature))


def descend(rate, curvature, steps=2000):
    w = np.float64(1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            w = w - rate * (curvature * w)
    return w


@check(
    "topcuoglu-11-02",
    printed=np.isnan,
    planted=[np.isfinite, np.isinf],
    cases=[(0.1, 30.0), (0.1, 25.0), (1.0, 4.0)],
)
def divergence_ends_in_nan(statement, case):
    assert statement(descend(*case))


def display_15(g, tau):
    return g * tau / max(tau, np.linalg.norm(g))


def gradients(rng):
    """(g, tau): short, long and just as long."""
    g = rng.standard_normal(6)
    return [(0.1 * g, 5.0), (40 * g, 5.0), (g, float(np.linalg.norm(g))), (9 * g, 0.3)]


def entries(g, tau):
    return np.clip(g, -tau, tau)


def always(g, tau):
    return g * tau / np.linalg.norm(g)


@check(
    "topcuoglu-11-03",
    printed=lambda g, tau: g,  # as an equation: the left side is g itself
    corrected=display_15,
    planted=[entries, always, lambda g, tau: g * max(tau, np.linalg.norm(g)) / tau],
    cases=gradients,
    counterexample=(np.array([3.0, 4.0]), 1.0),
    numbers=lambda: {"before": np.linalg.norm([3, 4]), "after": 1},
)
def the_left_side_of_the_display(statement, case):
    """It is the right side, whose norm is the smaller of two."""
    g, tau = case
    assert close(statement(g, tau), g * tau / max(tau, np.linalg.norm(g)))
    assert close(np.linalg.norm(statement(g, tau)), min(tau, np.linalg.norm(g)))


@check(
    "topcuoglu-11-04",
    printed=display_15,
    planted=[always, lambda g, tau: g / 2, lambda g, tau: g * tau / (tau + 1)],
    cases=gradients,
)
def a_short_gradient_stays_as_it_is(statement, case):
    g, tau = case
    changed = not close(statement(g, tau), g)
    assert changed == bool(np.linalg.norm(g) > tau * (1 + 1e-12))


@check(
    "topcuoglu-11-05",
    printed=display_15,
    planted=[entries, lambda g, tau: -display_15(g, tau)],
    cases=gradients,
)
def the_direction_is_kept(statement, case):
    g, tau = case
    clipped = statement(g, tau)
    assert close(clipped / np.linalg.norm(clipped), g / np.linalg.norm(g))


@check(
    "topcuoglu-11-06",
    printed=lambda g, tau: tau,
    planted=[lambda g, tau: tau / 2, lambda g, tau: np.linalg.norm(g) * (1 - 1e-6)],
    cases=gradients,
)
def the_norm_is_at_most_tau(statement, case):
    assert np.linalg.norm(display_15(*case)) <= statement(*case) * (1 + 1e-12)


def together(arrays, tau):
    norm = np.sqrt(sum(np.sum(a**2) for a in arrays))
    return [a * tau / max(tau, norm) for a in arrays]


def five_arrays(rng):
    shapes = ((3, 2), (3, 3), (3,), (4, 3), (4,))
    return [
        [scale * (i + 1) * rng.standard_normal(s) for i, s in enumerate(shapes)]
        for scale in (0.1, 3.0, 50.0)
    ]


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays])


@check(
    "topcuoglu-11-07",
    printed=together,
    otherwise=lambda arrays, tau: [display_15(a.ravel(), tau) for a in arrays],
    planted=[lambda arrays, tau: [entries(a, tau) for a in arrays]],
    cases=five_arrays,
)
def one_norm_for_all_arrays(statement, arrays):
    g, clipped = flat(arrays), flat(statement(arrays, 5.0))
    assert close(clipped / np.linalg.norm(clipped), g / np.linalg.norm(g))
    assert close(np.linalg.norm(clipped), min(5.0, np.linalg.norm(g)))


@check(
    "topcuoglu-11-08",
    printed=lambda rate, tau: rate * tau,
    planted=[lambda rate, tau: tau * rate / 2, lambda rate, tau: rate**2 * tau],
    cases=[(0.1, 5.0), (0.1, 1.0), (0.01, 5.0)],
)
def the_update_is_bounded(statement, case):
    """However steep the loss, a step is no longer than rate times tau."""
    rate, tau = case
    for curvature in (1.0, 1e3, 1e9):
        w = np.array([3.0, -4.0])
        for _ in range(20):
            step = rate * display_15(curvature * w, tau)
            assert np.linalg.norm(step) <= statement(rate, tau) * (1 + 1e-12)
            w = w - step
        first = rate * display_15(curvature * np.array([3.0, -4.0]), tau)
        assert close(np.linalg.norm(first), min(rate * curvature * 5, statement(*case)))
        assert np.all(np.isfinite(w))
