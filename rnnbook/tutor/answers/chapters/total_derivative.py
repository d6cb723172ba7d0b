"""The answers of the chapter on the total derivative."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Mistake

# the cube


def cube(W, h_0, turned=False, immediate=0, thrice=False, power=0):
    """The immediate derivative of W h_2 and the total one; or with a slip."""
    terms = []
    for a in range(3):
        left = np.linalg.matrix_power(W, a)
        right = np.linalg.matrix_power(W, 2 - a + power) @ h_0
        row = right[None, :]
        terms.append(np.kron(row, left) if turned else np.kron(left, row))
    return terms[immediate], 3 * terms[0] if thrice else sum(terms)


def _matrices():
    rng = np.random.default_rng(24)
    return {
        f"{n} units": (rng.standard_normal((n, n)), rng.standard_normal(n))
        for n in (2, 3)
    }


def _both_total(W, h_0):
    return (cube(W, h_0)[1],) * 2


CUBE = Exercise(
    "ex-total-derivative-cube",
    Code(
        _matrices,
        cube,
        {
            "the entries are counted column by column: row by row W stands left of "
            "the row, W^a kron (W^b h_0)^T": lambda W, h: cube(W, h, turned=True),
            "the immediate derivative is another term: h_2 is held fixed, and W to "
            "its left moves": lambda W, h: cube(W, h, immediate=2),
            "the middle term is no immediate derivative: h_2 is held fixed": (
                lambda W, h: cube(W, h, immediate=1)
            ),
            "3 W^2 is the rule for numbers: matrices do not commute": lambda W, h: cube(
                W, h, thrice=True
            ),
            "the immediate derivative is the total one: h_2 is held fixed": _both_total,
            "one power too many: each term has one W less than the product": (
                lambda W, h: cube(W, h, power=1)
            ),
        },
    ),
    (
        "Move each of the three factors W in turn, the other two fixed.",
        "The changes are V W^2 h_0, W V W h_0 and W^2 V h_0. In which is h_2 fixed?",
        "A V b is A kron b^T row by row: I kron (W^2 h_0)^T, the immediate one, plus "
        "W kron (W h_0)^T plus W^2 kron h_0^T.",
    ),
    wrong={
        "the entries are counted column by column": lambda W, h: cube(
            W, h, turned=True
        ),
        "the immediate derivative is another term": lambda W, h: cube(
            W, h, immediate=2
        ),
        "3 W^2 is the rule for numbers": lambda W, h: cube(W, h, thrice=True),
    },
    called=False,
)

# one product, two ways to bracket it


def work(m, n):
    """Multiplications of one Jacobian, from the left and the right; the threshold."""
    return m * n**2, n**4, n**2 + 1


BRACKETS = Exercise(
    "ex-total-derivative-brackets",
    Code(
        lambda: {f"m = {m}, d_h = {n}": (m, n) for m, n in ((1, 3), (9, 3), (20, 4))},
        work,
        {
            "from the right the last factor has d_h^2 columns, not d_h": lambda m, n: (
                m * n**2,
                n**3,
                n**2 + 1,
            ),
            "d_h columns on the right, and so a threshold of d_h: the last factor has "
            "d_h^2": lambda m, n: (m * n**2, n**3, n + 1),
            "from d_h^2 on they cost the same: cheaper is one more": lambda m, n: (
                m * n**2,
                n**4,
                n**2,
            ),
            "from the left the row of each loss meets a whole Jacobian": lambda m, n: (
                m * n,
                n**4,
                n**2 + 1,
            ),
            "the two are exchanged: backpropagation brackets from the left": (
                lambda m, n: (n**4, m * n**2, n**2 + 1)
            ),
            "from the left there are m rows: one loss has been counted": lambda m, n: (
                n**2,
                n**4,
                n**2 + 1,
            ),
        },
    ),
    (
        "A product of an m x n and an n x q matrix takes m n q multiplications.",
        "From the left m rows meet d_h x d_h; from the right d_h x d_h meets d_h^2 "
        "columns.",
        "m d_h^2 against d_h^4: forwards is cheaper when m > d_h^2, from d_h^2 + 1 on.",
    ),
    wrong={
        "the last factor has d_h^2 columns, not d_h": lambda m, n: (
            m * n**2,
            n**3,
            n**2 + 1,
        ),
        "cheaper is one more": lambda m, n: (m * n**2, n**4, n**2),
        "the two are exchanged": lambda m, n: (n**4, m * n**2, n**2 + 1),
    },
    called=False,
)

# the gradient of the inputs


def input_gradients(
    params, x, y, kept=True, slope=True, turned=False, carried_slope=True
):
    """dL/dx of one sequence, forwards in time, from one-hot y; or with a slip."""
    T, _, d_x = x.shape
    S, gradient = np.zeros((T, params.d_h, d_x)), np.zeros((T, d_x))
    run = rnnlib.forward(params, x)
    h, error = run.h[:, 0], rnnlib.softmax(run.z[:, 0]) - np.asarray(y)[:, 0]
    W_hh = params.W_hh.T if turned else params.W_hh
    for t in range(1, T + 1):
        phi_prime = (1 - h[t] ** 2)[:, None]
        S[: t - 1] = ((phi_prime if carried_slope else 1) * W_hh) @ S[: t - 1] * kept
        S[t - 1] = (phi_prime if slope else 1) * params.W_xh
        gradient[:t] += (error[t - 1] @ params.W_hy) @ S[:t]
    return gradient


def _network(d_h, K, rng):
    """A network whose biases are not zero."""
    p = rnnlib.init_params(2, d_h, K, rng=rng)
    return p._replace(b_h=rng.standard_normal(d_h), b_y=rng.standard_normal(K))


def _sequences():
    rng, found = np.random.default_rng(25), {}
    for T, d_h in ((4, 3), (1, 2), (3, 2)):
        p = _network(d_h, 3, rng)
        x = rng.standard_normal((T, 1, 2))
        found[f"{T} steps, {d_h} units"] = p, x, np.eye(3)[rng.integers(3, size=(T, 1))]
    return found


def _one_axis(found):
    """(T, d_x), with or without the axis of the one sequence."""
    found = np.asarray(found, float)
    return found[:, 0] if found.ndim == 3 and found.shape[1] == 1 else found


INPUTS = Exercise(
    "ex-total-derivative-inputs",
    Code(
        _sequences,
        input_gradients,
        {
            "only the sensitivity of the newest input is kept: an old input still "
            "moves the state": lambda *a: input_gradients(*a, kept=False),
            "the slope phi'(s_k) is missing from the immediate derivative": lambda *a: (
                input_gradients(*a, slope=False)
            ),
            "the slope phi'(s_t) is missing from the Jacobian of the states": (
                lambda *a: input_gradients(*a, carried_slope=False)
            ),
            "W_hh is transposed: forwards in time it is not": lambda *a: (
                input_gradients(*a, turned=True)
            ),
            "the order of the steps is turned round": lambda *a: input_gradients(*a)[
                ::-1
            ],
        },
        _one_axis,
    ),
    (
        "x_k has an immediate effect on s_k alone.",
        "Keep one sensitivity of the state for every input so far: from step to step "
        "each is multiplied by the Jacobian.",
        "S[:t-1] = (phi' W_hh) @ S[:t-1]; S[t-1] = phi' W_xh; then add delta_z W_hy "
        "S[:t] to the first t gradients.",
    ),
    wrong={
        "only the sensitivity of the newest input is kept": lambda *a: input_gradients(
            *a, kept=False
        ),
        "is missing from the immediate derivative": lambda *a: input_gradients(
            *a, slope=False
        ),
        "W_hh is transposed": lambda *a: input_gradients(*a, turned=True),
    },
    called=False,
)

# learning in real time


def _carried(params, x, changes):
    """The derivative of the last state by W_hh, W_hh changed on the way."""
    d_h = params.d_h
    h, S = np.zeros(d_h), np.zeros((d_h, d_h * d_h))
    for x_t, W_hh in zip(x[:, 0], changes, strict=True):
        before, h = h, np.tanh(params.W_xh @ x_t + W_hh @ h + params.b_h)
        S = (1 - h**2)[:, None] * (np.kron(np.eye(d_h), before) + W_hh @ S)
    return S


def stale_error(params, x, V, rate, after=5, sign=-1, relative=True, restart=False):
    """The relative error of sensitivities carried over a change of W_hh."""
    new = params.W_hh + sign * rate * V
    T = len(x)
    carried = _carried(params, x, [params.W_hh if t < after else new for t in range(T)])
    wanted = _carried(params, x, [params.W_hh if restart else new] * T)
    return np.linalg.norm(carried - wanted) / (
        np.linalg.norm(wanted) if relative else 1
    )


def _changes():
    rng, found = np.random.default_rng(26), {}
    for rate in (0.0, 1e-3, 0.1):
        p = _network(3, 4, rng)
        x, V = rng.standard_normal((10, 1, 2)), rng.standard_normal((3, 3))
        found[f"rate {rate}"] = p, x, V, rate
    return found


ONLINE = Exercise(
    "ex-total-derivative-online",
    Code(
        _changes,
        stale_error,
        {
            "W_hh is changed by + eta V: expected - eta V": lambda *a: stale_error(
                *a, sign=1
            ),
            "W_hh is changed after the fourth step": lambda *a: stale_error(
                *a, after=4
            ),
            "W_hh is changed after the sixth step": lambda *a: stale_error(*a, after=6),
            "the error is not divided by the size of the derivative": lambda *a: (
                stale_error(*a, relative=False)
            ),
            "it is compared with the derivative at the old W_hh": lambda *a: (
                stale_error(*a, restart=True)
            ),
        },
        float,
    ),
    (
        "Write the forward recursion of the chapter for ten steps, with a W_hh of its "
        "own at each.",
        "Steps 1 to 5 use the old W_hh, 6 to 10 the new one; compare with a run that "
        "uses the new one throughout.",
        "S = phi' * (kron(I, h_{t-1}) + W S) with W old for t <= 5; the norm of the "
        "difference over that of the derivative at the new W_hh.",
    ),
    wrong={
        "expected - eta V": lambda *a: stale_error(*a, sign=1),
        "after the fourth step": lambda *a: stale_error(*a, after=4),
        "the derivative at the old W_hh": lambda *a: stale_error(*a, restart=True),
    },
    called=False,
)

# a rule looked up


def _forwards(params, x, y, turned=False, order="C", recurrent=True, beside=False):
    """The student's function with one-hot targets, as it should be or with a slip."""
    y = np.asarray(y)
    y = np.eye(params.K)[y.astype(int)] if y.ndim == 2 else y
    n, h = params.d_h, np.zeros(params.d_h)
    S, gradient = np.zeros((n, n * n)), np.zeros(n * n)
    for x_t, y_t in zip(np.asarray(x)[:, 0], y[:, 0], strict=True):
        before, h = h, np.tanh(params.W_xh @ x_t + params.W_hh @ h + params.b_h)
        read = h if beside else before
        immediate = np.kron(read, np.eye(n)) if turned else np.kron(np.eye(n), read)
        immediate = immediate.reshape(n, n * n)
        S = (1 - h**2)[:, None] * (immediate + recurrent * params.W_hh @ S)
        delta_z = rnnlib.softmax(params.W_hy @ h + params.b_y) - y_t
        gradient += delta_z @ params.W_hy @ S
    return gradient.reshape(n, n, order=order)


def student(params, x, y):
    """With the wrong rule."""
    return _forwards(params, x, y, turned=True)


def repaired(params, x, y):
    """With the rule for entries counted row by row."""
    return _forwards(params, x, y)


def _twice(params, x, y):
    return _forwards(params, x, y, order="F")


def _without_past(params, x, y):
    return _forwards(params, x, y, recurrent=False)


def _one_sequence(d_h=3):
    rng = np.random.default_rng(27)
    p = _network(d_h, 3, rng)
    return p, rng.standard_normal((4, 1, 2)), np.eye(3)[rng.integers(3, size=(4, 1))]


MISTAKE = Exercise(
    "ex-total-derivative-mistake",
    Mistake(
        ({6}, {10}),
        student,
        repaired,
        _sequences,
        {
            "it is the transpose: neither line was changed, or both, which turns it "
            "again": student,
            "the term W_hh S of the past is lost": _without_past,
            "h_t stands for h_{t-1} in the immediate derivative": lambda *a: _forwards(
                *a, beside=True
            ),
        },
    ),
    (
        "Compare the result with the gradient and with its transpose.",
        "The looked-up rule counts the entries column by column; reshape counts row by "
        "row. Which of the two lines do you change?",
        'np.kron(np.eye(n), before) in line 6, or reshape(n, n, order="F") in line 10; '
        "two units and random parameters show it.",
    ),
    wrong={
        "it is the transpose: neither line was changed, or both": (
            6,
            _twice,
            _one_sequence(),
        ),
        "the term W_hh S of the past is lost": (6, _without_past, _one_sequence()),
        "the wrong function is right on it": (6, repaired, _one_sequence(d_h=1)),
    },
)
EXERCISES = (CUBE, BRACKETS, INPUTS, ONLINE, MISTAKE)
SOLUTIONS = {
    CUBE.label: cube,
    BRACKETS.label: work,
    INPUTS.label: input_gradients,
    ONLINE.label: stale_error,
    MISTAKE.label: (6, repaired, _one_sequence()),
}
