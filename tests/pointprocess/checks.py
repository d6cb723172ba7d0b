"""What rnnlib.pointprocess must get right, by means that know nothing of it.

Each check returns True when rnnlib is right; a mistake that is planted in it must
make one of them return something else.
"""

import numpy as np
from scipy import integrate, stats

import rnnlib
from rnnlib import pointprocess as pp
from tests.pointprocess import reference
from tests.pointprocess.problems import problem

SLOPES = (-2.0, -0.5, -1e-3, -1e-9, -1e-300, 0.0, 1e-15, 1e-6, 0.1, 1.0, 2.0)
TIMES = (0.0, 1e-9, 0.3, 0.5, 1.0, 3.0)


def close(actual, wanted, tolerance=1e-10):
    """Equal relative to the larger of one and the largest entry."""
    scale = max(1.0, np.max(np.abs(wanted)))
    return bool(np.max(np.abs(actual - wanted)) <= tolerance * scale)


def compensator_is_right():
    """Lambda and dLambda/dw against adaptive quadrature."""
    for w in SLOPES:
        for tau in TIMES:
            for a in (-1.0, 0.7):
                integrals = [
                    integrate.quad(f, 0, tau, epsabs=1e-13, epsrel=1e-13)[0]
                    for f in (
                        lambda s, a=a, w=w: np.exp(a + w * s),
                        lambda s, a=a, w=w: s * np.exp(a + w * s),
                    )
                ]
                by_a, by_w, by_tau = pp.compensator_gradients(a, w, tau)
                found = [pp.compensator(a, w, tau), by_a, by_w, by_tau]
                wanted = [integrals[0], *integrals, np.exp(a + w * tau)]
                if not close(np.array(found), np.array(wanted)):
                    return False
    return True


def likelihood_is_right():
    """One sequence, its integral by quadrature over all of (0, T]."""
    for w in (-0.8, 0.6):
        case = problem(w=w, shared=True)
        v, sequence = case.variables, case.sequences[0]
        rate = lambda t, v=v, s=sequence: reference.intensity_at(v, s, t)  # noqa: E731
        edges = [0.0, *sequence.times, sequence.T]
        integral = sum(
            integrate.quad(rate, a, b, epsabs=1e-12)[0]
            for a, b in zip(edges[:-1], edges[1:], strict=True)
        )
        no_marks = v | {"W_hy": 0 * v["W_hy"], "b_y": 0 * v["b_y"]}
        params, data, h_0 = case.arguments(no_marks, [sequence])
        wanted = sum(np.log(rate(t)) for t in sequence.times) - integral
        wanted -= sequence.N * np.log(len(v["b_y"]))  # marks all equally likely
        found = pp.log_likelihood(params, data, h_0=h_0)
        if not close(found, wanted):
            return False
    return True


def gradients_are_right():
    """Loss and all gradients against autograd on the independent implementation."""
    for phi in ("tanh", "logistic", "identity"):
        for shared in (False, True):
            case = problem(w=-0.7, shared=shared)
            loss, found = case.loss_and_gradients(phi)
            wanted_loss, wanted = reference.loss_and_gradients(*case, phi)
            if not close(loss, wanted_loss):
                return False
            if not all(close(found[n], wanted[n]) for n in wanted):
                return False
    return True


def wrong_by_complex_step():
    """Names of the gradients that complex steps of the package's own loss deny."""
    wrong = set()
    for w in (-0.7, 0.0, 1e-9, 0.9):
        case = problem(w=w)
        _, found = case.loss_and_gradients()
        wanted = rnnlib.complex_step_gradients(
            lambda v, case=case: case.loss_at(v), case.variables
        )
        wrong |= {n for n in wanted if not close(found[n], wanted[n])}
    return wrong


def complex_step_agrees():
    """The whole gradient, near and at w = 0 too."""
    return not wrong_by_complex_step()


def inversion_is_right():
    """The inverse inverts; defective laws end; samples follow the law."""
    for w in SLOPES:
        for a in (-1.0, 0.7):
            total = np.exp(a) / -w if w < 0 else np.inf
            targets = np.array([1e-12, 0.1, 0.4, 0.999]) * min(total, 5.0)
            gaps = pp.inverse_compensator(a, w, targets)
            if not close(pp.compensator(a, w, gaps) / targets, np.ones(4), 1e-8):
                return False
            if w < -1e-6 and np.isfinite(pp.inverse_compensator(a, w, 1.01 * total)):
                return False
            mass = 1 - np.exp(-total)
            if not close(pp.probability_of_event(a, w), mass, 1e-12):
                return False
    rng = np.random.default_rng(0)
    gaps = pp.sample_gaps(-0.2, -0.5, rng=rng, size=4000)
    expected = 1 - np.exp(-np.exp(-0.2) / 0.5)
    if abs(np.isfinite(gaps).mean() - expected) > 4 * 0.5 / np.sqrt(4000):
        return False
    clock = pp.compensator(-0.2, -0.5, gaps[np.isfinite(gaps)])
    law = stats.truncexpon(b=np.exp(-0.2) / 0.5)
    return stats.kstest(clock, law.cdf).pvalue > 1e-3


def direct_hawkes(params, sequences):
    """Minus the log-likelihood by the double sum, O(N^2)."""
    mu, alpha, beta = params
    total = 0.0
    for times, T, _ in sequences:
        for i, t in enumerate(times):
            total -= np.log(mu + alpha * np.exp(-beta * (t - times[:i])).sum())
        total += mu * T + alpha / beta * (1 - np.exp(-beta * (T - times))).sum()
    return total


def hawkes_is_right():
    """The recursion against the double sum, the gradient against complex steps."""
    data = [pp.EventSequence(s.times, s.T) for s in problem().sequences]
    params = pp.Hawkes(*map(np.array, (0.4, 0.9, 1.3)))
    loss, gradient = pp.hawkes_loss_and_gradients(params, data)
    wanted = rnnlib.complex_step_gradients(lambda p: direct_hawkes(p, data), params)
    pieces = pp.hawkes_compensators(params, data)
    total = sum(
        0.4 * s.T + 0.9 / 1.3 * (1 - np.exp(-1.3 * (s.T - s.times))).sum() for s in data
    )
    return (
        close(loss, direct_hawkes(params, data))
        and close(np.array(gradient), np.array(wanted))
        and close(sum(p.sum() for p in pieces), total)
    )


def grid_is_right():
    """The likelihood on a fine grid is near that in continuous time."""
    case = problem(w=-0.5, shared=True)
    params, data, _ = case.arguments(sequences=case.sequences[:1])
    exact = pp.log_likelihood(params, data)
    fine = pp.discrete_log_likelihood(params, data[0], 2.0**-12 * 5)
    return abs(fine - exact) < 0.02


def score_is_centred():
    """At the truth the score has mean zero: |z| small for each free parameter."""
    z = scores()
    return bool(np.abs(z).max() < 4 and (z * z).mean() < 2.5)


def scores(count=150):
    """Mean score over its standard error, an entry a parameter."""
    rng = np.random.default_rng(3)
    case = problem(w=-0.3, shared=True, seed=3)
    params, _, h_0 = case.arguments()
    drawn = pp.simulate(params, 5.0, rng=rng, count=count, h_0=h_0)
    rows = []
    for sequence in drawn:
        _, g = pp.loss_and_gradients(params, [sequence], h_0=h_0)
        rows.append(np.concatenate([np.ravel(p) for p in (*g.params, g.h_0)]))
    rows = np.array(rows)
    return rows.mean(axis=0) / (rows.std(axis=0, ddof=1) / np.sqrt(count))


CHECKS = {
    "compensator": compensator_is_right,
    "likelihood": likelihood_is_right,
    "gradients": gradients_are_right,
    "complex step": complex_step_agrees,
    "inversion": inversion_is_right,
    "Hawkes": hawkes_is_right,
    "grid": grid_is_right,
    "score": score_is_centred,
}
