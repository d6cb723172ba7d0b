"""Abstract and sections 1 and 2: what a recurrent network is."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import (
    close,
    delay_lines,
    jacobian,
    network,
    networks,
    softmax,
)
from ledger.checks.sarkar.outputs import logistic, one_unit


def two_layer_perceptron(x):
    """An MLP without memory, on one vector."""
    hidden = np.tanh(np.arange(6).reshape(3, 2) @ x / 5)
    return np.ones((4, 3)) @ hidden


def pasts(rng):
    """Two sequences with the same last input, and a network to read them."""
    n = network(rng)
    other = (None, *(rng.standard_normal(2) for _ in range(n.T - 1)), n.x[-1])
    return [(n, replace(n, x=other))]


@check(
    "sarkar-abstract-01",
    printed={"MLP": False, "RNN": True},
    planted=[{"MLP": True, "RNN": True}, {"MLP": False, "RNN": False}],
    cases=pasts,
)
def who_remembers(statement, case):
    n, other = case
    outputs = {
        "MLP": [two_layer_perceptron(m.x[-1]) for m in case],
        "RNN": [n.z[-1], other.z[-1]],
    }
    for model, (a, b) in outputs.items():
        assert statement[model] == (not close(a, b))


def reached(n):
    """Earlier inputs that change h_T."""
    steps = []
    for k in range(1, n.T):
        moved = list(n.x)
        moved[k] = moved[k] + 1.0
        if not close(replace(n, x=tuple(moved)).h[-1], n.h[-1]):
            steps.append(k)
    return steps


@check(
    "sarkar-abstract-02",
    printed=lambda n: list(range(1, n.T)),
    planted=[lambda n: [], lambda n: [n.T - 1]],
    cases=networks,
    outside=delay_lines(),
)
def the_state_keeps_all_previous_inputs(statement, n):
    assert statement(n) == reached(n)


@check(
    "sarkar-abstract-03",
    printed=lambda n, t: n.W_hh.T @ n.total("s", t + 1) + n.W_hy.T @ (n.p[t] - n.y[t]),
    planted=[lambda n, t: n.W_hh.T @ n.total("s", t + 1)],
    cases=networks,
)
def the_recursion_gives_the_derivatives(statement, n):
    for t in range(1, n.T):
        assert close(statement(n, t), n.total("h", t))


DIFFERENCE = np.array([[-1.0, 1.0]])  # an MLP of one layer on a window of two


@check(
    "sarkar-1-01",
    printed=set(),
    corrected={"windows of a fixed length"},
    planted=[{"windows of a fixed length", "any length"}],
)
def what_sequences_an_mlp_handles(statement):
    x = np.array([3.0, 5.0, 4.0])
    windows = np.stack([x[:-1], x[1:]])
    handled = set()
    if close(DIFFERENCE @ windows, np.diff(x)[None]):
        handled.add("windows of a fixed length")
    if DIFFERENCE.shape[1] == len(x):
        handled.add("any length")
    assert statement == handled


def nested(n, biases):
    """One function composed with itself: a layer a step."""
    h = n.h_0
    for t in range(1, n.T + 1):
        h = n.act(n.W_hh @ h + n.W_xh @ n.x[t] + biases[t])
    return h


@check(
    "sarkar-2-01",
    printed=lambda n: nested(n, [n.b_h] * (n.T + 1)),
    planted=[lambda n: nested(replace(n, x=n.x[:-1]), [n.b_h] * n.T)],
    cases=networks,
)
def layers_in_time(statement, n):
    assert close(statement(n), n.h[-1])


def one_at_a_time(n, carry=True):
    """Outputs of T calls of one step each."""
    h, outputs = n.h_0, []
    for t in range(1, n.T + 1):
        call = replace(n, h_0=h if carry else n.h_0, x=(None, n.x[t]), y=(None, n.y[t]))
        h = call.h[1]
        outputs.append(call.z[1])
    return outputs


@check(
    "sarkar-2-02",
    printed=one_at_a_time,
    planted=[lambda n: one_at_a_time(n, carry=False)],
    cases=networks,
)
def one_vector_a_step(statement, n):
    assert close(statement(n), n.z[1:])


@check(
    "sarkar-2.1-01",
    printed=("x",),
    corrected=("h", "x"),
    planted=[("h",)],
    counterexample=one_unit(),
    cases=networks,
)
def what_the_output_is_a_function_of(statement, n):
    def output(x, h):
        return replace(n, h_0=h, x=(None, x), y=n.y[:2]).z[1]

    x, h = n.x[1], n.h[1]
    matters = [
        name
        for name, moved in (("h", output(x, h + 1)), ("x", output(x + 1, h)))
        if not close(moved, output(x, h))
    ]
    assert tuple(matters) == statement


@check(
    "sarkar-2.1-02",
    printed=lambda n, t: n.W_hy @ n.h[t] + n.b_y,
    planted=[lambda n, t: n.W_hy @ n.h[t - 1] + n.b_y],
    cases=networks,
)
def input_and_state_give_output_and_state(statement, n):
    for t in range(1, n.T + 1):
        one = replace(n, h_0=n.h[t - 1], x=(None, n.x[t]), y=n.y[:2])
        assert close(one.h[1], n.h[t])
        assert close(statement(n, t), one.z[1])


@check(
    "sarkar-2.1-04",
    printed=lambda n: nested(n, [n.b_h] * (n.T + 1)),
    planted=[lambda n: nested(n, [n.b_h, n.b_h, n.b_h + 1, *[n.b_h] * n.T])],
    cases=networks,
)
def all_layers_share_the_weights(statement, n):
    assert close(statement(n), n.h[-1])


@check(
    "sarkar-2.1-05",
    printed=lambda rows, columns: rows == columns,
    planted=[
        lambda rows, columns: rows <= columns,
        lambda rows, columns: rows >= columns,
        lambda rows, columns: rows > 1,
    ],
    cases=[(3, 2), (2, 3), (3, 3), (1, 1)],
)
def all_layers_have_one_width(statement, sizes):
    """Which layers can be applied to their own output."""
    W = np.ones(sizes)
    try:
        repeated = (W @ (W @ np.ones(sizes[1]))).shape == (sizes[1],)
    except ValueError:
        repeated = False
    assert statement(*sizes) == repeated


def entries(of, n):
    """Steps t whose input reaches the last state only from layer t on."""
    found = []
    for t in range(1, n.T + 1):
        earlier = replace(n, x=(*n.x[:t], n.x[t] + 1, *n.x[t + 1 :]))
        if close(earlier.h[t - 1], n.h[t - 1]) and not close(earlier.h[t], n.h[t]):
            found.append(t)
    return found


@check(
    "sarkar-2.1-06",
    printed=lambda n: list(range(1, n.T + 1)),
    planted=[lambda n: [1]],  # an MLP reads at its first layer alone
    cases=networks,
)
def an_input_at_each_layer(statement, n):
    assert statement(n) == entries("x", n)


SIZES = {"m": 2, "n": 3, "k": 4}


def shape(id_, name, printed, planted):
    """A shape in the letters of the document, against a network that runs."""

    @check(id_, printed=printed, planted=planted, cases=networks)
    def shape_of_it(statement, n):
        known = {
            "x": n.x[1],
            "y": n.p[1],
            "h": n.h[1],
            **{p: getattr(n, p) for p in ("W_xh", "W_hh", "W_hy", "b_h", "b_y")},
        }
        wanted = tuple(SIZES[letter] for letter in statement if letter != "1")
        assert known[name].shape == wanted

    return shape_of_it


x_shape = shape("sarkar-2.1-07", "x", "m1", ["n1", "k1"])
y_shape = shape("sarkar-2.1-08", "y", "k1", ["m1", "n1"])
h_shape = shape("sarkar-2.1-09", "h", "n1", ["m1", "k1"])
W_xh_shape = shape("sarkar-2.1-10", "W_xh", "nm", ["mn", "nk"])
W_hh_shape = shape("sarkar-2.1-11", "W_hh", "nn", ["nm", "mm"])
W_hy_shape = shape("sarkar-2.1-12", "W_hy", "kn", ["nk", "km"])
b_h_shape = shape("sarkar-2.1-13", "b_h", "n1", ["m1", "k1"])
b_y_shape = shape("sarkar-2.1-14", "b_y", "k1", ["n1", "m1"])


@check(
    "sarkar-2.1-15",
    printed=lambda n: n.W_xh @ n.x[1] + n.b_h,
    planted=[
        lambda n: n.W_xh @ n.x[1] + n.W_hh @ np.ones(3) + n.b_h,
        lambda n: n.W_xh @ n.x[1],
    ],
    cases=lambda rng: [replace(n, h_0=np.zeros(3)) for n in networks(rng)],
)
def a_zero_start_leaves_no_recurrent_term(statement, n):
    assert close(statement(n), n.s[1])


def forward_line(id_, printed, planted, wanted):
    """A line of the forward pass at every step."""

    @check(id_, printed=printed, planted=planted, cases=networks)
    def line_of_the_forward_pass(statement, n):
        for t in range(1, n.T + 1):
            assert close(statement(n, t), wanted(n, t))

    return line_of_the_forward_pass


def pre(n, t):
    """s_t of the run."""
    return n.s[t]


z_entries = forward_line(
    "sarkar-2.1-16",
    lambda n, t: (
        np.einsum("ij,j->i", n.W_hh, n.h[t - 1])
        + np.einsum("ik,k->i", n.W_xh, n.x[t])
        + n.b_h
    ),
    [lambda n, t: n.W_hh @ n.h[t] + n.W_xh @ n.x[t] + n.b_h],
    pre,
)
h_entries = forward_line(
    "sarkar-2.1-17",
    lambda n, t: np.array([n.act(s) for s in n.s[t]]),
    [lambda n, t: n.act(n.s[t][::-1])],
    lambda n, t: n.h[t],
)
o_entries = forward_line(
    "sarkar-2.1-18",
    lambda n, t: np.einsum("ij,j->i", n.W_hy, n.h[t]) + n.b_y,
    [lambda n, t: n.W_hy @ n.h[t - 1] + n.b_y, lambda n, t: n.W_hy @ n.h[t]],
    lambda n, t: n.z[t],
)
z_matrix = forward_line(
    "sarkar-2.1-21",
    lambda n, t: n.W_hh @ n.h[t - 1] + n.W_xh @ n.x[t] + n.b_h,
    [lambda n, t: n.W_hh.T @ n.h[t - 1] + n.W_xh @ n.x[t] + n.b_h],
    pre,
)
h_matrix = forward_line(
    "sarkar-2.1-22",
    lambda n, t: n.act(n.s[t]),
    [lambda n, t: n.s[t]],
    lambda n, t: n.h[t],
)
o_matrix = forward_line(
    "sarkar-2.1-23",
    lambda n, t: n.W_hy @ n.h[t] + n.b_y,
    [lambda n, t: n.W_hy @ n.s[t] + n.b_y],
    lambda n, t: n.z[t],
)


def vectors(rng):
    """Logits."""
    return [rng.standard_normal(4) for _ in range(3)]


@check(
    "sarkar-2.1-19",
    printed=lambda g, o: np.array([g(o[i : i + 1])[0] for i in range(len(o))]),
    cases=lambda rng: [(logistic, o) for o in vectors(rng)],
    outside=[(softmax, np.array([0.0, 1.0]))],
)
def each_output_from_its_own_logit(statement, case):
    g, o = case
    assert close(statement(g, o), g(o))


def zero_start(id_):
    """h_0 is a column of zeros, as long as the state."""

    @check(
        id_,
        printed=np.zeros((3, 1)),
        planted=[np.zeros((2, 1)), np.ones((3, 1))],
    )
    def the_first_state(statement):
        n = network(np.random.default_rng(1))
        assert statement.shape == (*n.b_h.shape, 1)
        run = replace(n, h_0=statement[:, 0])
        assert close(run.s[1], n.W_xh @ n.x[1] + n.b_h)

    return the_first_state


first_state = zero_start("sarkar-2.1-20")
first_state_again = zero_start("sarkar-2.1-27")


@check(
    "sarkar-2.1-24",
    printed=lambda g, o: g(o),
    planted=[lambda g, o: g(o + 1) * g(o), lambda g, o: g(-o), lambda g, o: g(2 * o)],
    cases=lambda rng: [(g, o) for o in vectors(rng) for g in (logistic, softmax)],
)
def all_outputs_from_all_logits(statement, case):
    g, o = case
    wanted = {logistic: lambda o: np.exp(o) / (1 + np.exp(o)), softmax: shares}[g](o)
    assert close(statement(g, o), wanted)


def shares(o):
    """exp(o_k) over their sum, written out."""
    powers = [np.exp(value) for value in o]
    return np.array([power / sum(powers) for power in powers])


@check(
    "sarkar-2.1-26",
    printed=softmax,
    planted=[logistic, lambda o: np.exp(o), lambda o: softmax(2 * o)],
    cases=vectors,
)
def the_softmax_is_an_output_function(statement, o):
    y = statement(o)
    assert np.all(y > 0)
    assert close(np.sum(y), 1.0)
    assert close(np.log(y) - np.log(y[0]), o - o[0])  # and not softmax(2 o)


def summed(terms, free):
    """The convention: an index that appears twice is summed, unless it is free."""
    letters = "".join(terms)
    return {i for i in letters if letters.count(i) > 1 and i not in free}


USES = {  # what the document writes: indices of the factors, free index, summed over
    "w_ij h_j": (["ij", "j"], "i", {"j"}),
    "(y_i - target_i)^2": (["i", "i"], "", {"i"}),
    "e_j w_ji": (["j", "ji"], "i", {"j"}),
    "(y_i - target_i) g'(o_i)": (["i", "i"], "i", set()),
    "dC/dh_i f'(z_i)": (["i", "i"], "i", set()),
}


@check(
    "sarkar-2.1-28",
    printed=lambda terms, free: summed(terms, ""),
    corrected=summed,
    planted=[lambda terms, free: set()],
    counterexample=USES["(y_i - target_i) g'(o_i)"],
    cases=list(USES.values()),
)
def repeated_indices(statement, use):
    terms, free, meant = use
    assert statement(terms, free) == meant


def slopes(n):
    """dz_T/dx_t for each t: which inputs the last output sees."""
    found = []
    for t in range(1, n.T + 1):

        def last(v, t=t):
            xs = (*n.x[:t], v, *n.x[t + 1 :])
            return replace(n, x=xs).run()[2][-1]

        found.append(jacobian(last, n.x[t]))
    return found


@check(
    "sarkar-2.1-29",
    printed=lambda n: n.T,
    planted=[lambda n: 1, lambda n: n.T - 1],
    cases=networks,
    outside=delay_lines(),
)
def every_input_of_a_sequence_counts(statement, n):
    seen = sum(bool(np.any(slope)) for slope in slopes(n))
    assert seen == statement(n)
