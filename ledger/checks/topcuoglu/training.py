"""Section 13, lines 64 to 130: clipping, update, sampling, and the word."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import close, network, networks, softmax
from ledger.checks.topcuoglu.clipping import five_arrays, flat, together
from ledger.checks.topcuoglu.listing_forward import run
from ledger.checks.topcuoglu.recipe import recipe


def entries(arrays, limit=5.0):
    return [np.clip(a, -limit, limit) for a in arrays]


def steep(rng):
    """Recurrent networks with large weights, but finite gradients."""
    return [replace(network(rng), W_hh=40 * rng.standard_normal((3, 3))) for _ in "123"]


def overflowing():
    """States at zero, where every slope is one; a weight whose powers overflow."""
    n = network(np.random.default_rng(0), d_h=1, T=5)
    zero = np.zeros(1)
    x = (None, *(0 * a for a in n.x[1:]))
    return replace(n, W_hh=np.array([[1e100]]), h_0=zero, b_h=zero, x=x)


@check(
    "topcuoglu-13-01",
    printed=entries,
    planted=[lambda arrays: arrays, lambda arrays: [a / 2 for a in arrays]],
    cases=steep,
    outside=[overflowing()],
)
def entries_of_at_most_five(statement, n):
    with np.errstate(over="ignore", invalid="ignore"):
        arrays = [1e3 * g for g in recipe(n)[0].values()]
        clipped = flat(statement(arrays))
        assert np.all(np.abs(clipped) <= 5)  # not so for NaN
        small = np.array([-4.0, 0.0, 4.9])
        assert close(statement([small])[0], small)
    assert np.linalg.norm(clipped) <= 5 * clipped.size**0.5


@check(
    "topcuoglu-13-23",
    printed=entries,
    corrected=lambda arrays: together(arrays, 5.0),
    planted=[lambda arrays: [together([a], 5.0)[0] for a in arrays]],
    cases=five_arrays,
    counterexample=[np.array([60.0, 0.0, 11.0])],
)
def global_clipping_keeps_the_direction(statement, arrays):
    g, clipped = flat(arrays), flat(statement(arrays))
    assert close(clipped / np.linalg.norm(clipped), g / np.linalg.norm(g))
    assert np.linalg.norm(clipped) <= 5 * (1 + 1e-12)


def inside(terms):
    found = 0.0
    for term in terms:
        found = np.clip(found + term, -5, 5)
    return found


@check(
    "topcuoglu-13-24",
    printed=inside,
    corrected=lambda terms: np.clip(sum(terms), -5, 5),
    planted=[lambda terms: sum(np.clip(term, -5, 5) for term in terms), sum],
    cases=lambda rng: list(10 * rng.standard_normal((5, 4))),
    counterexample=[8.0, -6.0],
)
def the_gradient_is_clipped_when_it_is_complete(statement, terms):
    total = np.sum(terms)
    assert close(statement(terms), np.sign(total) * min(abs(total), 5.0))


def clip_in_place(arrays):
    for a in arrays:
        np.clip(a, -5, 5, out=a)


def clip_a_copy(arrays):
    for a in arrays:
        np.clip(a, -5, 5)


def clip_the_name(arrays):
    for a in arrays:
        a = np.clip(a, -5, 5)


@check(
    "topcuoglu-13-25",
    printed=clip_in_place,
    planted=[clip_a_copy, clip_the_name],
    cases=five_arrays,
)
def the_arrays_themselves_are_changed(statement, arrays):
    own = [50 * a for a in arrays]
    wanted = entries(own)
    statement(own)
    assert close(flat(own), flat(wanted))


UPDATE = """
dWxh, {}, dWhy, dbh, dby = grads
self.Wxh -= lr * dWxh
self.Whh -= lr * dWhh
self.Why -= lr * dWhy
self.bh -= lr * dbh
self.by -= lr * dby
"""


@check(
    "topcuoglu-13-26",
    printed=UPDATE.format("dWwh"),
    corrected=UPDATE.format("dWhh"),
    planted=[
        UPDATE.format("dWhh").replace("-=", "+="),
        UPDATE.format("dWhh").replace("lr * ", ""),
        UPDATE.format("dWhh").replace("self.by -= lr * dby", ""),
    ],
    cases=networks,
    raises=[AssertionError, NameError],
)
def one_step_downhill(statement, n):
    """To first order the loss falls by the rate times the squared norm."""
    order = ("W_xh", "W_hh", "W_hy", "b_h", "b_y")
    own = SimpleNamespace(**{k.replace("_", ""): getattr(n, k).copy() for k in order})
    grads, rate = [n.gradient(k) for k in order], 1e-3
    run(statement, {"self": own, "grads": grads, "lr": rate})
    after = replace(n, **{k: getattr(own, k.replace("_", "")) for k in order})
    squares = sum(np.sum(g**2) for g in grads)
    assert 0.9 * rate * squares < n.L - after.L < 1.1 * rate * squares


def sample(n, h, start, count, choose, feed=lambda drawn, start: drawn, carry=True):
    """Lines 77 to 93 on columns: the letters drawn, and each distribution."""
    size = n.W_xh.shape[1]
    x, found = np.eye(size)[:, [start]], []
    for _ in range(count):
        state = np.tanh(n.W_xh @ x + n.W_hh @ h + n.b_h[:, None])
        h = state if carry else h
        y = n.W_hy @ state + n.b_y[:, None]
        p = np.exp(y - np.max(y)) / np.sum(np.exp(y - np.max(y)))
        index = choose(p.ravel())
        x = np.eye(size)[:, [feed(index, start)]]
        found.append((index, p.ravel()))
    return found


def letters(rng):
    """Networks that read and write four letters."""
    return [network(rng, d_x=4, K=4, scale=1.5) for _ in range(3)]


def sampling(id_, printed, planted):
    """The check that a draw follows the model, letter after letter."""

    @check(id_, printed=printed, planted=planted, cases=letters)
    def each_letter_is_drawn_given_the_ones_before(statement, n):
        rng = np.random.default_rng(4)
        drawn = statement(n, lambda p: int(rng.choice(4, p=p)))
        read = [1, *(index for index, _ in drawn[:-1])]
        x = (None, *(np.eye(4)[i] for i in read))
        again = replace(n, x=x, y=(None, *(np.eye(4)[0] for _ in read)))
        assert close([p for _, p in drawn], again.p[1:])

    return each_letter_is_drawn_given_the_ones_before


def eight(n, choose, **options):
    return sample(n, n.h_0[:, None], 1, 8, choose, **options)


state_carried = sampling(
    "topcuoglu-13-27",
    eight,
    [
        lambda n, choose: eight(n, choose, carry=False),
        lambda n, choose: sample(n, 0 * n.h_0[:, None], 1, 8, choose),
    ],
)
fed_back = sampling(
    "topcuoglu-13-30",
    eight,
    [
        lambda n, choose: eight(n, choose, feed=lambda drawn, start: start),
        lambda n, choose: eight(n, choose, feed=lambda drawn, start: (drawn + 1) % 4),
    ],
)


@check(
    "topcuoglu-13-28",
    printed=lambda n_in, n_out: n_in,
    planted=[lambda n_in, n_out: n_out - 1],
    cases=[(4, 4), (26, 26)],
    outside=[(3, 4), (5, 4)],
    raises=[AssertionError, ValueError],
)
def as_many_letters_as_probabilities(statement, case):
    n_in, n_out = case
    p = np.full(n_out, 1 / n_out)
    drawn = np.random.default_rng(0).choice(range(statement(n_in, n_out)), p=p)
    assert 0 <= drawn < n_out


@check(
    "topcuoglu-13-29",
    printed=np.ravel,
    planted=[lambda p: p, np.transpose, lambda p: p[:1].ravel()],
    cases=[2, 4],
    raises=[ValueError],
)
def a_draw_needs_one_axis(statement, size):
    p = np.full((size, 1), 1 / size)
    np.random.default_rng(0).choice(range(size), p=statement(p))


@check(
    "topcuoglu-13-31",
    printed=lambda count: count,
    planted=[lambda count: count + 1, lambda count: count - 1],
    cases=[1, 4, 9],
)
def as_many_letters_as_asked_for(statement, count):
    n = letters(np.random.default_rng(0))[0]
    assert len(sample(n, n.h_0[:, None], 1, count, np.argmax)) == statement(count)


WORD = "hello"
LETTERS = sorted(set(WORD))
DATA = [LETTERS.index(letter) for letter in WORD]


@cache
def trained(seed):
    """(loss before each update, parameters after 100 epochs, largest gradient entry).

    The settings of the listing: 100 units, weights of 0.01, rate 0.1, start at zero.
    """
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(4, 100, 4, rng=rng, scale=0.01)
    x, y = (np.array(part)[:, None] for part in (DATA[:-1], DATA[1:]))
    losses, largest = [], 0.0
    for _ in range(100):
        loss, gradients = rnnlib.loss_and_gradients(params, x, y)
        largest = max(largest, *(np.abs(g).max() for g in gradients.params))
        steps = zip(params, gradients.params, strict=True)
        params = rnnlib.Params(*(p - 0.1 * g for p, g in steps))
        losses.append(float(loss))
    return losses, params, largest


def spelled(params, choose):
    """The four letters after h, each read again as the next input."""
    found, h = "", np.zeros((1, 100))
    index = LETTERS.index("h")
    for _ in range(4):
        trace = rnnlib.forward(params, np.array([[index]]), h_0=h)
        h, index = trace.h[-1], choose(softmax(trace.z[0, 0]))
        found += LETTERS[index]
    return found
