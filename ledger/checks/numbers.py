"""The worked examples in the records: their numbers, computed from what is given.

One function an example; a record names its numbers as ``<<name>>``. Given are the
arguments' defaults, and everything else follows from them.
"""

from fractions import Fraction as F

import numpy as np

import rnnlib
from ledger.checks.oracles import softmax


def norm(A):
    """The 2-norm of a matrix, a whole number where it is one."""
    size = np.linalg.norm(A, 2)
    return round(size, 9)


def overflow():
    """The last whole number whose exponential is a double."""
    return {"last": int(np.log(np.finfo(float).max))}


def two_jacobians(first=(1, 0), second=(1, 1), sent=(1, 0)):
    """Slopes of two steps, W_hh an exchange: what comes back, and what the text has."""
    W = np.array([[0, 1], [1, 0]])
    J_1, J_2 = np.diag(first) @ W, np.diag(second) @ W
    truth, text = J_1.T @ J_2.T @ sent, J_2.T @ J_1.T @ sent
    names = {"first": first, "second": second, "sent": sent, "W": W}
    return names | {"truth": truth, "text": text}


def units_in_turn(w=2):
    """ReLU units of weight w that are active in turn."""
    one, other = np.diag([w, 0]), np.diag([0, w])
    radius = np.max(np.abs(np.linalg.eigvals(one)))
    product = norm(one @ other)
    names = {"w": w, "one": np.diag(one), "other": np.diag(other)}
    return names | {"norm": norm(one), "radius": radius, "product": product}


def transient(half=F(1, 2), off=10):
    """The last power of a matrix of radius 1/2 whose norm is above one."""
    W = np.array([[half, off], [0, half]], object)
    sizes = [norm(np.linalg.matrix_power(W.astype(float), k)) for k in range(1, 40)]
    return {"W": W, "last": max(k for k, s in enumerate(sizes, 1) if s > 1)}


def forget_bias(bias=1):
    """The gate of a cell at rest."""
    return {"bias": bias, "gate": 1 / (1 + np.exp(-bias))}


def first_updates(gradient=0.01, rate=0.1):
    """How far plain descent and Adam move at their first update."""
    moved = {}
    for name in ("sgd", "adam"):
        optimiser = getattr(rnnlib, name)(rate)
        w = np.array([1.0])
        state = optimiser.init_state(w)
        new, _ = optimiser.update(w, np.array([gradient]), state)
        moved[name] = round(float((w - new)[0]), 6)
    return {"gradient": gradient, "rate": rate} | moved


def nilpotent(a=5):
    """A matrix of large norm whose square is zero."""
    W = np.array([[0, a], [0, 0]])
    return {"W": W, "norm": norm(W), "bound": norm(W) ** 2, "square": norm(W @ W)}


def linear_unit(x=1, states=(0, 1)):
    """Weights one: the outputs at two states."""
    return {"x": x, "at_0": x + states[0], "at_1": x + states[1]}


def squared_errors(error=2):
    """One output: the mean squared error, and half the sum."""
    return {"error": error, "mean": error**2, "half": F(error**2, 2)}


def softmax_of_one(o=(0, 1)):
    """The softmax of each logit by itself."""
    return {"o": o, "each": [softmax(np.array([float(v)]))[0] for v in o]}


def nearly_markov(shift=F(1, 3200)):
    """P(x_3 = x_1 | x_1, x_2) of three bits, each triple 1/8 give or take the shift."""
    same, other = F(1, 8) + shift, F(1, 8) - shift
    return {"more": same / (same + other) - F(1, 2)}


def two_predictions(truth=(0.6, 0.4), wrong=(0.49, 0.51), right=(0.99, 0.01)):
    """Cross-entropies of two predictions."""
    loss = [-np.sum(np.multiply(truth, np.log(p))) for p in (wrong, right)]
    names = {"truth": truth, "wrong": wrong, "right": right}
    return names | {"of_wrong": loss[0], "of_right": loss[1]}


def at_one_half(p=F(1, 2)):
    """-log p and its slope."""
    return {"p": p, "loss": -np.log(float(p)), "slope": -1 / p, "least": -1}


def one_tanh_unit(w=F(2), h=F(1, 2), y=(F(3, 4), F(1, 4))):
    """One unit, two steps, all states h; the output weights are (1, 0).

    The losses: target class 2 at step 2, target class 1 at step 1.
    """
    slope = 1 - h**2
    out_2, out_1 = (y[0], y[1] - 1), (y[0] - 1, y[1])  # dL/do at the two steps
    delta_2 = out_2[0] * slope
    before = w * delta_2  # dL^(2)/dh^(1)
    inner_1, inner_2 = slope * h, slope * h + slope * w * slope * h
    true = out_2[0] * inner_2
    return {
        "w": w,
        "h": h,
        "y": y,
        "true": before,
        "printed": before * slope,
        "with_loss": out_1[0] + before,
        "sum_printed": inner_1 + inner_2,
        "last_true": true,
        "whole": out_1[0] * inner_1 + true,
        "by_output": tuple(v * h for v in out_2),
    }


def outputs_of_one_unit(h=2.0, slope=0.5):
    """p_1 of two logits with opposite slopes, without and with the tanh."""
    p = [softmax(np.array([slope, -slope]) * v)[0] for v in (h, np.tanh(h))]
    return {"h": h, "slope": F(slope), "printed": p[0], "right": p[1]}


def second_valley(targets=(1, 4), start=-2):
    """Where descent of (w - 1)^2 + (w^2 - 4)^2 from the left ends."""
    w = float(start)
    for _ in range(4000):
        w -= 0.01 * (2 * (w - targets[0]) + 4 * w * (w * w - targets[1]))
    return {"start": start, "valley": w, "near": targets[0], "far": targets[1]}


def two_linear_steps(w=2, h_0=1, x=(1, 1)):
    """h_t = w h_{t-1} + x_t, E = h_2^2 / 2: its derivative by w, and the sum (3)."""
    h_1 = w * h_0 + x[0]
    h_2 = w * h_1 + x[1]
    gradient = h_2 * (h_1 + w * h_0)
    return {"w": w, "gradient": gradient, "sum": 2 * gradient}


def three_linear_steps(w=2, h_0=1):
    """h_t = w h_{t-1}: dh_3/dw, and what the line makes of it."""
    immediate = [h_0 * w**t for t in range(3)]  # of h_1, h_2, h_3
    return {
        "w": w,
        "h_0": h_0,
        "true": 3 * w**2 * h_0,
        "line": immediate[2] + w * immediate[1],
    }


def wrong_vector(W=F(1, 2), first=F(2), last=F(1, 4), n=3):
    """Both sides of the third line of Proof 3, for one linear unit."""
    names = {"W": W, "first": first, "last": last, "left": W**n * first}
    return names | {"right": W**n * last**n}


def size_of_tanh(h=(3, 3)):
    """The norm of tanh(h)."""
    return {"h": h, "size": np.linalg.norm(np.tanh(h))}


def shear(off=10):
    """[[1, off], [0, 1]] and its inverse."""
    A = np.array([[1, off], [0, 1]])
    B = np.linalg.inv(A)
    least = np.min(np.abs(np.linalg.eigvals(A)))
    return {"A": A, "norm": norm(A), "product": norm(A @ B), "bound": least * norm(B)}


def jordan(half=F(1, 2), off=10):
    """[[1/2, off], [0, 1/2]]: the largest eigenvalue, and the norm."""
    W = np.array([[half, off], [0, half]], object)
    return {"W": W, "eigenvalue": half, "norm": norm(W.astype(float))}


def steered(w=2, states=(1, -2, 0, 0)):
    """The inputs that take one linear unit through these states, from h_0 on."""
    x = [b - w * a for a, b in zip(states, states[1:], strict=False)]
    names = {"w": w, "h_0": states[0], "h_1": states[1]}
    return names | {"x_1": x[0], "x_2": x[1], "x_3": x[2]}


def eighth_turn():
    """An eighth of a turn and its inverse, in the norm of the largest row sum."""
    A = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    B = np.linalg.inv(A)
    rows = [np.linalg.norm(M, np.inf) for M in (A @ B, B)]
    return {"product": round(rows[0], 9), "bound_squared": round(rows[1] ** 2, 9)}


def two_eigenvalues(values=(-3, 1)):
    """The absolute value of the least, and the least absolute value."""
    of_least, least = abs(min(values)), min(map(abs, values))
    return {"low": values[0], "high": values[1], "printed": of_least, "right": least}


def half_and_half(p=F(1, 2)):
    """Two classes, the first one true: derivatives by probabilities and by logits."""
    return {"p": p, "by_p": (-1 / p, F(0)), "by_z": (p - 1, p)}


def all_entries(entry=0.9, size=2):
    """The radius of a matrix with equal entries."""
    W = np.full((size, size), entry)
    radius = np.max(np.abs(np.linalg.eigvals(W)))
    return {"size": size, "entry": entry, "radius": radius}


def round_of_three(factors=(0.9, 0.9, 3)):
    """The product of three factors."""
    return {
        "a": factors[0],
        "b": factors[1],
        "c": factors[2],
        "product": np.prod(factors),
    }


def large_entries(a=2):
    """[[a, -a], [a, -a]]: entries of size a, and a square of zero."""
    W = np.array([[a, -a], [a, -a]])
    return {"W": W, "size": np.max(np.abs(W)), "square": norm(W @ W)}


def clipped_by_entry(g=(60, 0, 11), limit=5):
    """Clipping entry by entry: the result, its norm, and how far it is turned."""
    v = np.array(g, float)
    c = np.clip(v, -limit, limit)
    size = np.linalg.norm(c)
    angle = np.degrees(np.arccos(v @ c / np.linalg.norm(v) / size))
    return {"g": g, "limit": limit, "clipped": c, "norm": size, "angle": angle}


def clipped_on_the_way(terms=(8, -6), limit=5):
    """Two terms, clipped inside the loop and after it."""
    inside = 0
    for term in terms:
        inside = int(np.clip(inside + term, -limit, limit))
    after = int(np.clip(sum(terms), -limit, limit))
    return {"a": terms[0], "b": terms[1], "inside": inside, "after": after}


def sides_of_15(g=(3, 4), tau=1):
    """The norms of the two sides of (15), read as an equation."""
    size = np.linalg.norm(g)
    return {"g": g, "tau": tau, "left": size, "right": size * tau / max(tau, size)}


def relu_values(w=F(1, 2), h_0=F(64), larger=F(11, 10), smaller=F(1, 2)):
    """The first states of h_t = w h_{t-1}."""
    names = {"w": w, "h_0": h_0, "h_1": w * h_0, "h_2": w**2 * h_0}
    return names | {"larger": float(larger), "smaller": smaller}


def lost_class(logits=(0, -1000)):
    """The cross-entropy of the second class, from the logits."""
    z = np.array(logits, float)
    exact = np.max(z) + np.log(np.sum(np.exp(z - np.max(z)))) - z[1]
    return {"logits": logits, "exact": exact}


def model_of_the_word(letters="hello", units=100):
    """The number of parameters of the program's model, by (3)."""
    size = len(set(letters))
    return {
        "letters": size,
        "units": units,
        "parameters": units * (size + units + size + 1) + size,
    }


NUMBERS = {
    "roysdon-1.3-08": overflow,
    "roysdon-1.7-03": two_jacobians,
    "roysdon-1.7-09": units_in_turn,
    "roysdon-1.7-12": transient,
    "roysdon-1.7-16": forget_bias,
    "roysdon-1.9-10": first_updates,
    "roysdon-1.12-07": nilpotent,
    "sarkar-2.1-01": linear_unit,
    "sarkar-2.1-19": softmax_of_one,
    "sarkar-3.1-03": squared_errors,
    "khanna-4.3-02": nearly_markov,
    "khanna-5.2-09": two_predictions,
    "khanna-5.2-14": at_one_half,
    "khanna-6.3-02": one_tanh_unit,
    "khanna-6.3-03": one_tanh_unit,
    "khanna-7.1-02": one_tanh_unit,
    "khanna-7.1-03": one_tanh_unit,
    "khanna-7.2-02": one_tanh_unit,
    "pal-2-16": outputs_of_one_unit,
    "pal-3.1-01": second_valley,
    "pal-3.2-06": two_linear_steps,
    "pal-3.3-19": three_linear_steps,
    "pal-4.1-05": wrong_vector,
    "pal-4.1-07": jordan,
    "pal-4.1-08": size_of_tanh,
    "pal-5-05": steered,
    "pal-5-10": nilpotent,
    "pal-5-12": shear,
    "pal-5-13": eighth_turn,
    "pal-5-14": two_eigenvalues,
    "pal-5-19": shear,
    "pal-5-21": nilpotent,
    "topcuoglu-7.1-04": relu_values,
    "topcuoglu-10.1-04": half_and_half,
    "topcuoglu-10.5.2-04": all_entries,
    "topcuoglu-10.5.2-05": round_of_three,
    "topcuoglu-10.5.2-07": large_entries,
    "topcuoglu-11-03": sides_of_15,
    "topcuoglu-12.2-06": lost_class,
    "topcuoglu-13-23": clipped_by_entry,
    "topcuoglu-13-24": clipped_on_the_way,
    "topcuoglu-13-37": model_of_the_word,
    "topcuoglu-13-39": lost_class,
}
