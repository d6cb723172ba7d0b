"""What does the recurrent point process lack on Hawkes data: a floor, or a memory?

The intensity of the recurrent process, without marks, gets two more terms, each of
which can be left out. With u_j the excitation just before event j, and q_j the factor
by which it fades in the gap tau_j before it,

    lambda(t) = exp(a_j + w (t - t_j)) + mu + alpha exp(-beta (t - t_j)) S_j
    q_j = exp(-beta tau_j),    u_j = q_j S_{j-1},    S_j = 1 + u_j,    S_0 = 0

mu is a floor, and S_j a linear unit whose recurrent weight depends on the gap. With
S_j, and a network whose output weights and w are zero, the process is a Hawkes process
whose floor is exp(b). The arms have neither term, or one of them. The rates tried are
weight decays of the network.
"""

from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib import pointprocess as pp
from rnnlib.pointprocess.sequences import Batch, pad
from rnnlib.trees import flatten, rebuild

TRUTH = pp.Hawkes(np.array(0.5), np.array(1.6), np.array(2.0))
LENGTH, WINDOWS, UNITS = 10.0, 80, 4
STEPS = 600  # of the search, at most
FLAT = 1e-5  # nats an event: a slope that counts as level
WALL = 1e3  # nats an event: what an infinite intensity counts as


class Excited(NamedTuple):
    """The recurrent process without marks, and the terms added to its intensity.

    The network reads the gaps, one number a step, and its one output is a_j.
    """

    network: rnnlib.Params
    w: np.ndarray  # slope of the log intensity
    mu: np.ndarray  # 0: no floor
    alpha: np.ndarray  # 0: no decaying unit
    beta: np.ndarray


class Sums(NamedTuple):
    """What the forward pass keeps; row j - 1 belongs to the gap before event j.

    For B sequences padded to N events; the last gap of each ends with the window.
    """

    network: rnnlib.Trace
    a: np.ndarray  # (N+1, B)  a_{j-1}
    S: np.ndarray  # (N+1, B)  S_{j-1}
    q: np.ndarray  # (N+1, B)  q_j
    u: np.ndarray  # (N+1, B)  u_j
    gone: np.ndarray  # (N+1, B)  S_{j-1} - u_j, what fades in the gap
    share: np.ndarray  # (N+1, B)  f_j, what the network gives to lambda(t_j)
    inverse: np.ndarray  # (N+1, B)  1 / lambda(t_j), 0 where no event ends the gap
    pieces: np.ndarray  # (N+1, B)  the compensator of the gap


def forward(params, batch):
    """Run the network and the decaying unit over padded events.

    Parameters
    ----------
    params : Excited
    batch : rnnlib.pointprocess.sequences.Batch

    Returns
    -------
    Sums

    Raises
    ------
    ValueError
        For an intensity whose exponential is not finite.
    """
    network, w, mu, alpha, beta = params
    gaps = batch.gaps.astype(np.result_type(*flatten(params).values()))
    trace = rnnlib.forward(network, gaps[:-1, :, None])
    a = (trace.h @ network.W_hy.T + network.b_y)[..., 0]  # from h_0 on
    q, S = np.exp(-beta * gaps), np.zeros_like(gaps)
    for j in range(1, len(S)):
        S[j] = 1 + q[j - 1] * S[j - 1]
    share, u, gone = np.exp(a + w * gaps), q * S, -np.expm1(-beta * gaps) * S
    rate, inverse = share + mu + alpha * u, np.zeros_like(gaps)
    inverse[:-1][batch.events] = 1 / rate[:-1][batch.events]
    pieces = pp.compensator(a, w, batch.gaps) + mu * gaps + alpha / beta * gone
    return Sums(trace, a, S, q, u, gone, share, inverse, pieces)


def log_likelihood(params, sequences):
    """Of all sequences together, in nats."""
    batch = pad(sequences)
    at = forward(params, batch)
    return -np.log(at.inverse[:-1][batch.events]).sum() - at.pieces.sum()


def compensators(params, sequences):
    """For each sequence the compensator over every gap, (N + 1,)."""
    pieces = forward(params, pad(sequences)).pieces
    return [pieces[: s.N + 1, i] for i, s in enumerate(sequences)]


def loss_and_gradients(params, batch: Batch):
    """Minus the log-likelihood in nats, and its gradient, an `Excited`.

    With lambda_j the intensity at event j and f_j the part of it that the network
    gives, the output a_{j-1} gets Lambda_j - f_j / lambda_j, where it gets Lambda_j - 1
    without the two terms. The adjoints of u_j and S_j are

        xi_j = eta_j - alpha/beta - alpha/lambda_j     (no last term after event N)
        eta_{j-1} = alpha/beta + q_j xi_j

    Parameters and errors are those of `forward`.
    """
    network, w, _, alpha, beta = params
    at, gaps = forward(params, batch), batch.gaps
    caused = at.share * at.inverse
    areas, areas_by_w, _ = pp.compensator_gradients(at.a, w, gaps)
    d_a = (areas - caused)[..., None]
    back = rnnlib.backward(network, at.network, d_a[1:]).params
    back = back._replace(b_y=back.b_y + d_a[0].sum(0))  # h_0 = 0 has an output too

    d_beta, eta = -alpha / beta**2 * at.gone.sum(), np.zeros_like(at.u[0])
    for j in range(len(gaps) - 1, -1, -1):  # back over the gaps
        xi = eta - alpha / beta - alpha * at.inverse[j]
        d_beta = d_beta - (gaps[j] * at.u[j] * xi).sum()
        eta = alpha / beta + at.q[j] * xi
    gradient = Excited(
        network=back,
        w=np.asarray((areas_by_w - gaps * caused).sum()),
        mu=np.asarray(gaps.sum() - at.inverse.sum()),
        alpha=np.asarray(at.gone.sum() / beta - (at.u * at.inverse).sum()),
        beta=np.asarray(d_beta),
    )
    loss = at.pieces.sum() + np.log(at.inverse[:-1][batch.events]).sum()
    return loss, gradient


def start(arm, data, rng):
    """Small weights, and the rate of a Poisson process shared equally by the terms.

    The decaying unit starts with the mean gap as its time of fading. Returns `Excited`.
    """
    rate = pp.poisson_rate(data)
    part = np.array(rate / (1 + arm["floor"] + arm["unit"]))
    network = rnnlib.init_params(1, UNITS, 1, rng=rng)
    network = network._replace(
        W_hy=0.1 * rng.standard_normal((1, UNITS)), b_y=np.log(part)[None]
    )
    floor, jump = arm["floor"] * part, arm["unit"] * part
    return Excited(network, np.zeros(()), floor, jump, np.array(rate))


def _vector(params):
    """All entries of an `Excited`, the terms last."""
    return np.concatenate([np.ravel(array) for array in flatten(params).values()])


def _params(like, vector):
    """The `Excited` of the form of another whose entries are these."""
    flat = flatten(like)
    cuts = np.cumsum([array.size for array in flat.values()])[:-1]
    parts = zip(flat.items(), np.split(vector, cuts), strict=True)
    return rebuild(like, {name: part.reshape(a.shape) for (name, a), part in parts})


def fitted(arm, decay, data, rng, steps=STEPS):
    """Search for a maximum of the likelihood by L-BFGS-B, over log mu, alpha and beta.

    Parameters
    ----------
    arm : dict
        ``floor`` and ``unit``: is there such a term?
    decay : float
        The loss gets decay/2 times the squares of w and of the network's entries more.
    data : list of EventSequence
    rng : numpy.random.Generator
        For the weights at the start.
    steps : int
        The search takes no more than so many.

    Returns
    -------
    params : Excited
    slope : float
        The largest entry of the gradient there, in nats an event. The search ends when
        it is at most 1e-5, when a step changes the loss by less than 1e-15 of it, when
        no step along its direction lowers the loss, or after `steps` steps.
    taken : int
        Steps of the search.
    """
    first, batch = start(arm, data, rng), pad(data)
    events = int(batch.events.sum())
    given = _vector(first)
    terms = np.arange(len(given)) >= len(given) - 3  # mu, alpha and beta
    moving = ~terms
    moving[terms] = arm["floor"], arm["unit"], arm["unit"]

    def unpacked(vector):
        full = given.copy()
        full[moving] = vector
        full[terms & moving] = np.exp(full[terms & moving])
        return full, _params(first, full)

    def objective(vector):
        full, at = unpacked(vector)
        try:
            loss, gradients = loss_and_gradients(at, batch)
        except (ValueError, FloatingPointError):  # an intensity that overflows
            return WALL, np.zeros_like(vector)
        slope = _vector(gradients) * np.where(terms, full, 1) + np.where(
            terms, 0, decay * full
        )
        loss += decay / 2 * (full[~terms] ** 2).sum()
        return loss / events, slope[moving] / events

    logarithms = given.copy()
    logarithms[terms & moving] = np.log(given[terms & moving])
    found = optimize.minimize(
        objective,
        logarithms[moving],
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "ftol": 1e-15, "gtol": FLAT, "maxcor": 20},
    )
    params = unpacked(found.x)[1]
    return params, float(np.abs(found.jac).max()), int(found.nit)


def silence(params, sequences):
    """The largest probability, after any event, that no further one ever comes."""
    if params.mu > 0:
        return 0.0
    batch = pad(sequences)
    at = forward(params, batch)
    total = pp.total_compensator(at.a, params.w)
    total = total + params.alpha / params.beta * at.S
    after = np.vstack([np.zeros_like(batch.events[:1]), batch.events])
    return float(np.exp(-total[after].min()))


def run(arm, rate, seed):
    """Fit one model; what is lost against the truth on fresh windows, nats an event.

    Beside it what a fitted Poisson process and a fitted Hawkes process lose, the
    p-value of the Kolmogorov-Smirnov test of the rescaled gaps, the probability of
    silence for ever, and where the search ended.
    """
    old, new, init = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    seen = [pp.simulate_hawkes(TRUTH, LENGTH, rng=old) for _ in range(WINDOWS)]
    fresh = [pp.simulate_hawkes(TRUTH, LENGTH, rng=new) for _ in range(WINDOWS)]
    events = sum(s.N for s in fresh)
    truth = -pp.hawkes_loss_and_gradients(TRUTH, fresh)[0]
    poisson = pp.poisson_log_likelihood(pp.poisson_rate(seen), fresh)
    hawkes = pp.fit_hawkes(seen, pp.Hawkes(*np.array([1.0, 0.5, 1.0]))).params
    of_hawkes = -pp.hawkes_loss_and_gradients(hawkes, fresh)[0]
    params, slope, steps = fitted(arm, rate, seen, init)
    gaps = pp.rescaled_gaps(compensators(params, fresh))
    return {
        "score": float(truth - log_likelihood(params, fresh)) / events,
        "poisson": float(truth - poisson) / events,
        "hawkes": float(truth - of_hawkes) / events,
        "p": float(stats.kstest(gaps, "expon").pvalue),
        "silence": silence(params, fresh),
        "level": int(slope <= FLAT),
        "steps": steps,
    }


PLAN = Plan(
    name="excited",
    question="what does the recurrent process lack on Hawkes data?",
    run=run,
    arms={
        "neither": {"floor": False, "unit": False},
        "a floor": {"floor": True, "unit": False},
        "a decaying unit": {"floor": False, "unit": True},
    },
    rates=(1.0, 3.0, 10.0, 30.0),
)
