"""Do intervals of two standard errors cover the true parameters of a point process?

Sequences are drawn from known parameters, fitted by maximum likelihood, and the
standard errors are those of the observed information. Two arms: many sequences and few.
There is nothing to tune; the one rate has no effect.
"""

import numpy as np
from scipy import stats

from rnnbook.experiments.protocol import Plan
from rnnlib import pointprocess as pp

TRUTH = pp.PointProcessParams(
    E=np.array([[0.0, 1.0]]),
    W_xh=np.array([[1.5, -0.8]]),
    W_hh=np.array([[0.5]]),
    b_h=np.array([-0.2]),
    W_hy=np.array([[0.0], [1.0]]),
    b_y=np.array([0.0, -0.3]),
    v=np.array([1.2]),
    w=np.array(-0.4),
    b=np.array(0.3),
)
SECOND = np.array([False, True])
FREE = dict.fromkeys(("W_xh", "W_hh", "b_h", "v", "w", "b"), True) | {
    "W_hy": SECOND[:, None],
    "b_y": SECOND,
}
START = TRUTH._replace(
    W_xh=np.array([[0.5, 0.0]]), W_hh=np.zeros((1, 1)), w=np.zeros(()), b=np.zeros(())
)


def fitted(count, seed, length=25.0):
    """Sequences from the true parameters, the fit, and its observed information."""
    observed = pp.simulate(TRUTH, length, rng=np.random.default_rng(seed), count=count)
    found = pp.fit(START, observed, free=FREE)
    return observed, found, pp.observed_information(found.params, observed, free=FREE)


def run(arm, rate, seed):
    """How many of the nine parameters are covered, and the test of all together.

    Where the information is not positive definite there are no errors: none covered.
    """
    observed, found, information = fitted(arm["sequences"], seed)
    distance = pp.to_vector(found.params, FREE) - pp.to_vector(TRUTH, FREE)
    events = sum(sequence.N for sequence in observed)
    if np.linalg.eigvalsh(information)[0] <= 0:
        return {"score": 9, "covered": 0, "p": 0.0, "events": events}
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    covered = int((np.abs(distance) < 2 * errors).sum())
    p = float(stats.chi2.sf(distance @ information @ distance, errors.size))
    return {"score": 9 - covered, "covered": covered, "p": p, "events": events}


PLAN = Plan(
    name="coverage",
    question="do two standard errors cover the true parameters?",
    run=run,
    arms={"60 sequences": {"sequences": 60}, "20 sequences": {"sequences": 20}},
    rates=(1.0,),
    seeds=100,
    validation=1,
)
