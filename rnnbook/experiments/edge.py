"""Where does gradient descent leave the largest curvature of a network?

The target is the symbol of three steps before, the loss is half the squared error, and
the data are one batch, so the loss is a fixed function of the parameters. The curvature
is the largest eigenvalue of its Hessian, times eta/2: gradient descent on a quadratic
converges below one. The arms are the rates themselves, so none is tuned.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib import Params

LAG, STEPS, BATCH, UNITS, UPDATES = 3, 12, 20, 8, 1000
TINY = 1e-20  # of the complex step: nothing is subtracted, so nothing is lost


def task(seed):
    """A network, inputs of two symbols, and targets of plus and minus one."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (STEPS, BATCH))
    y = 2.0 * np.roll(x, LAG, axis=0)[..., None] - 1
    y[:LAG] = 0
    return rnnlib.init_params(2, UNITS, 1, rng=rng), x, y


def mean_gradient(params, x, y):
    """Mean loss a sequence, and its gradient."""
    loss, gradients = rnnlib.loss_and_gradients(params, x, y, loss="half_squared_error")
    return loss / BATCH, Params(*(g / BATCH for g in gradients.params))


def hessian(params, x, y):
    """The second derivatives of the mean loss, by a complex step of each parameter."""
    v = np.concatenate([a.ravel() for a in params])
    cuts = np.cumsum([a.size for a in params])[:-1]
    H = np.empty((v.size, v.size))
    for i in range(v.size):
        moved = v.astype(complex)
        moved[i] += 1j * TINY
        parts = np.split(moved, cuts)
        shapes = (a.shape for a in params)
        tree = Params(*(p.reshape(s) for p, s in zip(parts, shapes, strict=True)))
        g = mean_gradient(tree, x, y)[1]
        H[i] = np.concatenate([a.ravel() for a in g]).imag / TINY
    return H


def sharpness(params, x, y):
    """The largest eigenvalue of the Hessian."""
    return float(np.linalg.eigvalsh(hessian(params, x, y))[-1])


def path(eta, seed, updates=UPDATES, every=50):
    """(losses of all updates, curvatures of some) of gradient descent."""
    params, x, y = task(seed)
    losses, found = [], []
    for n in range(updates + 1):
        loss, g = mean_gradient(params, x, y)
        losses.append(float(loss))
        if n % every == 0:
            found.append(sharpness(params, x, y))
        pairs = zip(params, g, strict=True)
        params = Params(*(p - eta * a for p, a in pairs))
    return np.array(losses), np.array(found)


def run(arm, rate, seed):
    """The last curvature times eta/2, the first one, and both losses."""
    eta = rate * arm["eta"]
    try:
        losses, found = path(eta, seed, every=UPDATES)
    except FloatingPointError:
        return dict.fromkeys(("score", "first", "loss", "risen"), float("inf"))
    risen = float((np.diff(losses) > 0).mean())  # share of the updates that raise it
    first, last = (eta / 2 * found).tolist()
    return {"score": last, "first": first, "loss": losses[-1].item(), "risen": risen}


PLAN = Plan(
    name="edge",
    question="where does gradient descent leave the largest curvature?",
    run=run,
    arms={f"eta = {eta}": {"eta": eta} for eta in (0.01, 0.02, 0.04)},
    rates=(1.0,),
)
