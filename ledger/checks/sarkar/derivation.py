"""Sections 3.1 and 3.2: the cost, and its derivatives line by line."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, network
from ledger.checks.sarkar.outputs import networks, of, one_unit


def from_step(n, first):
    """The cost with the sum starting at step ``first``: also step 0, with target 0."""
    at_0 = n.step_loss(n.W_hy @ n.h_0 + n.b_y, np.zeros_like(n.b_y))
    return sum([at_0, *n.ell[1:]][first:])


@check("sarkar-3.1-01", printed=0, corrected=1, cases=networks)
def the_first_step_with_a_cost(statement, n):
    found = jacobian(lambda b: from_step(replace(n, b_y=b), statement), n.b_y)
    assert close(found, sum(n.e(t) for t in range(1, n.T + 1)))


@check(
    "sarkar-3.1-02",
    printed=lambda prediction, target: prediction - target,
    planted=[lambda prediction, target: target - prediction],
    cases=networks,
)
def which_is_the_prediction(statement, n):
    for t in range(1, n.T + 1):
        y = n.output(n.z[t])
        slope = jacobian(lambda v, t=t: np.sum((v - n.y[t]) ** 2) / 2, y)
        assert close(statement(y, n.y[t]), slope)


@check(
    "sarkar-3.1-03",
    printed=lambda e: np.sum(e**2) / 2,
    corrected=lambda e: np.mean(e**2),
    planted=[lambda e: np.sum(e**2)],
    counterexample=np.array([2.0]),
    cases=lambda rng: [rng.standard_normal(k) for k in (1, 3, 4)],
)
def mean_squared_error(statement, e):
    assert close(statement(e), sum(v * v for v in e) / len(e))


@check(
    "sarkar-3.1-04",
    printed=lambda n: sum(n.ell[1:]),
    planted=[lambda n: n.ell[-1], lambda n: sum(n.ell[1:]) / n.T],
    cases=networks,
)
def the_cost_is_summed_over_the_steps(statement, n):
    one_by_one = (n.step_loss(n.z[t], n.y[t]) for t in range(1, n.T + 1))
    assert close(statement(n), np.array(list(one_by_one)).sum())


PARTIALS = ("W_xh", "W_hh", "W_hy", "b_h", "b_y")


@check(
    "sarkar-3.2-01",
    printed=PARTIALS,
    planted=[PARTIALS[:4], ("W_xh", "W_hh", "W_hy", "b_h", "b_y", "x")],
    cases=networks,
)
def all_that_is_learned(statement, n):
    arrays = {k for k, v in vars(n).items() if isinstance(v, np.ndarray)}
    assert set(statement) == arrays - {"h_0"}  # h_0 is zero in the document


def rows(a):
    """Entries row by row, as the display lists them."""
    return a.reshape(-1)


def columns(a):
    """Entries column by column: the usual vec."""
    return a.reshape(-1, order="F")


@check(
    "sarkar-3.2-02",
    printed=rows,
    otherwise=columns,
    planted=[lambda a: rows(a)[::-1], lambda a: rows(a[::-1])],
    cases=networks,
)
def the_order_of_vec(statement, n):
    g = n.gradient("W_xh")
    wanted = [g[i, j] for i in range(g.shape[0]) for j in range(g.shape[1])]
    assert close(statement(g), np.array(wanted))


def with_softmax(rng):
    """The same networks with the softmax for g."""
    return [replace(n, g="softmax") for n in networks(rng)]


def output_jacobian(n, t):
    """dy_t/do_t, exact."""
    return jacobian(n.output, n.z[t])


def entrywise(n, t):
    """(y - target) g'(o), entry by entry; g' is the diagonal of the Jacobian."""
    slope = np.diag(output_jacobian(n, t))
    return (n.output(n.z[t]) - n.y[t]) * slope


def through_jacobian(n, t):
    """J_g^T (y - target)."""
    return output_jacobian(n, t).T @ (n.output(n.z[t]) - n.y[t])


def error_line(id_):
    """The output error: right for g entry by entry, wrong for the softmax."""

    @check(
        id_,
        printed=entrywise,
        corrected=through_jacobian,
        planted=[lambda n, t: output_jacobian(n, t) @ (n.y[t] - n.output(n.z[t]))],
        counterexample=replace(of(two_outputs()), g="softmax"),
        cases=lambda rng: networks(rng) + with_softmax(rng),
    )
    def output_error(statement, n):
        for t in range(1, n.T + 1):
            assert close(statement(n, t), n.e(t))

    return output_error


def two_outputs():
    """One step, two outputs: the smallest softmax that is not constant."""
    return network(np.random.default_rng(3), d_x=1, d_h=1, K=2, T=1)


e_entries = error_line("sarkar-3.2-03")
e_matrix = error_line("sarkar-3.2-04")
e_entries_summary = error_line("sarkar-3.2-28")
e_matrix_summary = error_line("sarkar-3.2-36")


def cost_of_step(t):
    """C_t as a function of a run."""
    return lambda s, h, z, ell: ell[t]


@check(
    "sarkar-3.2-05",
    printed=lambda e, h: np.einsum("i,j->ij", e, h),
    planted=[
        lambda e, h: np.einsum("i,j->ij", 2 * e, h),
        lambda e, h: np.einsum("i,j->ij", -e, h),
        lambda e, h: np.einsum("i,j->ij", e, 1 - h**2),
    ],
    cases=networks,
)
def step_derivative_of_W_hy(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.e(t), n.h[t]), n.gradient("W_hy", of=cost_of_step(t)))


@check(
    "sarkar-3.2-07",
    printed=lambda e: e,
    planted=[lambda e: 0 * e, lambda e: -e],
    cases=networks,
)
def step_derivative_of_b_y(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.e(t)), n.gradient("b_y", of=cost_of_step(t)))


def over_time(term):
    """sum over t = 1..T of a term of a step."""
    return lambda n: sum(term(n, t) for t in range(1, n.T + 1))


TERMS = {  # of the gradients: right, and two that are wrong
    "W_hy": (
        lambda n, t: np.outer(n.e(t), n.h[t]),
        [lambda n, t: np.outer(n.e(t), n.h[t - 1])],
    ),
    "b_y": (lambda n, t: n.e(t), [lambda n, t: n.e(t) / n.T]),
    "W_hh": (
        lambda n, t: np.outer(n.delta(t), n.h[t - 1]),
        [
            lambda n, t: np.outer(n.delta(t), n.h[t]),
            lambda n, t: np.outer(n.h[t - 1], n.delta(t)),
        ],
    ),
    "W_xh": (
        lambda n, t: np.outer(n.delta(t), n.x[t]),
        [lambda n, t: np.outer(n.slope(n.s[t]) * n.delta(t), n.x[t])],
    ),
    "b_h": (lambda n, t: n.delta(t), [lambda n, t: n.slope(n.s[t]) * n.delta(t)]),
}


def gradient_sum(id_, *names):
    """Gradients of the total cost as sums over the steps."""
    wrong = [
        {name: over_time(planted) for name in names} for planted in TERMS[names[0]][1]
    ]

    @check(
        id_,
        printed={name: over_time(TERMS[name][0]) for name in names},
        planted=wrong,
        cases=networks,
    )
    def gradient_of_the_total_cost(statement, n):
        for name, formula in statement.items():
            assert close(formula(n), n.gradient(name))

    return gradient_of_the_total_cost


hy_sum = gradient_sum("sarkar-3.2-06", "W_hy")
by_sum = gradient_sum("sarkar-3.2-08", "b_y")
output_matrix = gradient_sum("sarkar-3.2-09", "W_hy", "b_y")
hh_sum = gradient_sum("sarkar-3.2-22", "W_hh")
bh_sum = gradient_sum("sarkar-3.2-24", "b_h")
xh_sum = gradient_sum("sarkar-3.2-26", "W_xh")
hidden_matrix = gradient_sum("sarkar-3.2-27", "W_hh", "W_xh", "b_h")
hy_summary = gradient_sum("sarkar-3.2-29", "W_hy")
by_summary = gradient_sum("sarkar-3.2-30", "b_y")
hh_summary = gradient_sum("sarkar-3.2-33", "W_hh")
xh_summary = gradient_sum("sarkar-3.2-34", "W_xh")
bh_summary = gradient_sum("sarkar-3.2-35", "b_h")
hy_matrix = gradient_sum("sarkar-3.2-37", "W_hy")
by_matrix = gradient_sum("sarkar-3.2-38", "b_y")
hh_matrix = gradient_sum("sarkar-3.2-41", "W_hh")
xh_matrix = gradient_sum("sarkar-3.2-42", "W_xh")
bh_matrix = gradient_sum("sarkar-3.2-43", "b_h")


def signal(id_, wanted, printed, planted, last_too=True):
    """A line about an error signal, at every step (or at all but the last)."""

    @check(id_, printed=printed, planted=planted, cases=networks)
    def line_about_a_signal(statement, n):
        for t in range(1, n.T + last_too):
            assert close(statement(n, t), wanted(n, t))

    return line_about_a_signal


def truth(n, t):
    """dC/dz_t in the document's letters."""
    return n.total("s", t)


def dC_dh(n, t):
    """dC/dh_t, total."""
    return n.total("h", t)


def two_terms(n, t):
    """From the output and from the next step, as derivatives."""
    own = jacobian(lambda v: n.W_hy @ v + n.b_y, n.h[t]).T @ n.e(t)
    if t == n.T:
        return own
    later = jacobian(lambda v: n.W_hh @ v + n.W_xh @ n.x[t + 1] + n.b_h, n.h[t])
    return own + later.T @ n.delta(t + 1)


def back(n, t):
    """e_j w_ji^(hy) + delta_j w_ji^(hh), written out in indices."""
    later = np.einsum("j,ji->i", n.delta(t + 1), n.W_hh)
    return np.einsum("j,ji->i", n.e(t), n.W_hy) + later


def back_matrix(n, t):
    """The same with matrices."""
    return n.W_hy.T @ n.e(t) + n.W_hh.T @ n.delta(t + 1)


definition = signal(
    "sarkar-3.2-10",
    truth,
    lambda n, t: n.total("h", t) * n.slope(n.s[t]),
    [lambda n, t: n.total("h", t), lambda n, t: n.total("h", t) * n.slope(n.h[t])],
)
split = signal(
    "sarkar-3.2-11", dC_dh, two_terms, [lambda n, t: n.W_hh.T @ n.delta(t + 1)]
)
implied = signal(
    "sarkar-3.2-12",
    dC_dh,
    back,
    [lambda n, t: n.W_hy.T @ n.e(t) + n.W_hh @ n.delta(t + 1)],
)
substituted = signal(
    "sarkar-3.2-13",
    truth,
    lambda n, t: back(n, t) * n.slope(n.s[t]),
    [back, lambda n, t: n.W_hy.T @ n.e(t) * n.slope(n.s[t])],
)


def last_step(id_):
    """The error signal of step T."""

    @check(
        id_,
        printed=lambda n: n.W_hy.T @ n.e(n.T) * n.slope(n.s[n.T]),
        planted=[lambda n: n.W_hy.T @ n.e(n.T)],
        cases=networks,
    )
    def the_last_signal(statement, n):
        assert close(statement(n), n.total("s", n.T))

    return the_last_signal


def every_step(id_, form):
    """The recursion."""
    return signal(
        id_,
        truth,
        lambda n, t: form(n, t) * n.slope(n.s[t]),
        [
            lambda n, t: form(n, t),
            lambda n, t: (
                (n.W_hy.T @ n.e(t) + n.W_hh @ n.delta(t + 1)) * n.slope(n.s[t])
            ),
        ],
        last_too=False,
    )


last_reached = last_step("sarkar-3.2-14")
last_entries = last_step("sarkar-3.2-15")
step_entries = every_step("sarkar-3.2-16", back)
last_matrix = last_step("sarkar-3.2-17")
step_matrix = every_step("sarkar-3.2-18", back_matrix)
last_entries_summary = last_step("sarkar-3.2-31")
step_entries_summary = every_step("sarkar-3.2-32", back)
last_matrix_summary = last_step("sarkar-3.2-39")
step_matrix_summary = every_step("sarkar-3.2-40", back_matrix)

z_again = signal(
    "sarkar-3.2-19",
    lambda n, t: n.s[t],
    lambda n, t: np.einsum("ij,j->i", n.W_hh, n.h[t - 1]) + n.W_xh @ n.x[t] + n.b_h,
    [lambda n, t: np.einsum("ji,j->i", n.W_hh, n.h[t - 1]) + n.W_xh @ n.x[t] + n.b_h],
)


def own_use(n, t):
    """The derivatives of z_t with h_{t-1} held: immediate."""
    h = n.h[t - 1]
    return [
        jacobian(lambda W: W @ h + n.W_xh @ n.x[t] + n.b_h, n.W_hh),
        jacobian(lambda W: n.W_hh @ h + W @ n.x[t] + n.b_h, n.W_xh),
        jacobian(lambda b: n.W_hh @ h + n.W_xh @ n.x[t] + b, n.b_h),
    ]


def all_uses(n, t):
    """The derivatives of z_t through h_{t-1} as well: total."""
    names = ("W_hh", "W_xh", "b_h")
    return [n.gradient(name, of=lambda s, h, z, ell: s[t]) for name in names]


@check("sarkar-3.2-20", printed=own_use, otherwise=all_uses, cases=networks)
def derivatives_of_the_pre_activation(statement, n):
    for t in range(2, n.T + 1):
        W_hh, W_xh, b_h = statement(n, t)
        for i in range(len(n.b_h)):
            assert close(W_hh[i, i], n.h[t - 1])
            assert close(W_xh[i, i], n.x[t])
            assert close(b_h[i, i], 1.0)


def copies(n, name):
    """dC/d(the copy of a weight that step t uses), for every t."""

    def cost(copy, t):
        h = n.h_0.astype(complex)
        total = 0
        for step in range(1, n.T + 1):
            here = replace(n, **{name: copy}) if step == t else n
            h = n.act(here.W_hh @ h + here.W_xh @ n.x[step] + here.b_h)
            total = total + n.step_loss(n.W_hy @ h + n.b_y, n.y[step])
        return total

    at = getattr(n, name)
    return [jacobian(lambda c, t=t: cost(c, t), at) for t in range(1, n.T + 1)]


def step_line(id_, name, term, steps=2):
    """dC_t/dw = delta ...: false; dC/d(copy of step t): true."""

    @check(
        id_,
        printed=lambda n: [
            n.gradient(name, of=cost_of_step(t)) for t in range(1, n.T + 1)
        ],
        corrected=lambda n: copies(n, name),
        planted=[lambda n: copies(n, name)[::-1]],
        counterexample=one_unit(T=steps, W_hh=np.array([[2.0]])),
        cases=networks,
    )
    def what_delta_times_the_input_is(statement, n):
        delta = [n.total("s", t) for t in range(1, n.T + 1)]
        products = [term(n, t, d) for t, d in enumerate(delta, 1)]
        assert close(np.stack(statement(n)), np.stack(products))

    return what_delta_times_the_input_is


hh_step = step_line(  # with h_0 = 0 two steps do not show it
    "sarkar-3.2-21", "W_hh", lambda n, t, d: np.outer(d, n.h[t - 1]), steps=3
)
bh_step = step_line("sarkar-3.2-23", "b_h", lambda n, t, d: d)
xh_step = step_line("sarkar-3.2-25", "W_xh", lambda n, t, d: np.outer(d, n.x[t]))


@check(
    "sarkar-3.2-44",
    printed=lambda n: sum(copies(n, "W_hh")),
    planted=[lambda n: copies(n, "W_hh")[-1]],
    cases=networks,
)
def backpropagation_in_the_unrolled_network(statement, n):
    assert close(statement(n), n.gradient("W_hh"))


@check("sarkar-3.2-45", printed=0.0, planted=[1.0], cases=networks)
def nothing_comes_from_after_the_end(statement, n):
    beyond = np.full_like(n.b_h, statement)
    known = n.W_hy.T @ n.e(n.T) + n.W_hh.T @ beyond
    assert close(known, n.total("h", n.T))


@check(
    "sarkar-3.2-46",
    printed=PARTIALS,
    planted=[PARTIALS[:3]],
    cases=networks,
)
def the_pieces_make_the_gradient(statement, n):
    """The pieces predict the change of the cost in any direction."""
    rng = np.random.default_rng(0)
    along = {name: rng.standard_normal(getattr(n, name).shape) for name in PARTIALS}

    def moved(step):
        new = {name: getattr(n, name) + step * along[name] for name in PARTIALS}
        return replace(n, **new).run()[3]

    change = jacobian(lambda v: sum(moved(v[0])[1:]), np.zeros(1))[0]
    pieces = sum(np.sum(over_time(TERMS[k][0])(n) * along[k]) for k in statement)
    assert close(pieces, change)
