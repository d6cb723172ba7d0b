"""Section 6: shapes, and the number of parameters."""

from functools import cache
from itertools import product
from string import ascii_lowercase

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import close, softmax

d, h, q = 2, 3, 5  # three different sizes, none of them one
SHAPES = {
    "x": (d, 1),
    "h": (h, 1),
    "b_h": (h, 1),
    "y": (q, 1),
    "b_y": (q, 1),
    "W_xh": (h, d),
    "W_hh": (h, h),
    "W_hy": (q, h),
}


def times(a, b):
    """The shape of a product; None when there is none."""
    return (a[0], b[1]) if a and b and a[1] == b[0] else None


def fits(shapes):
    """True when (1) and (2) make sense, with no broadcasting."""
    s = shapes
    return (
        times(s["W_xh"], s["x"]) == times(s["W_hh"], s["h"]) == s["b_h"] == s["h"]
        and times(s["W_hy"], s["h"]) == s["b_y"] == s["y"]
    )


def shape(id_, names):
    """The check that a shape is the only one that fits, the others being as stated."""
    right = SHAPES[names[0]]
    wrong = {(right[1], right[0]), (right[0], right[0]), (1, 1), (d, h)} - {right}

    @check(id_, printed=right, planted=sorted(wrong))
    def the_only_shape_that_fits(statement):
        for candidate in product((1, d, h, q), repeat=2):
            shapes = SHAPES | dict.fromkeys(names, candidate)
            assert fits(shapes) == (candidate == statement)

    return the_only_shape_that_fits


x_shape = shape("topcuoglu-6-03", ["x"])
h_shape = shape("topcuoglu-6-04", ["h", "b_h"])
y_shape = shape("topcuoglu-6-05", ["y", "b_y"])
W_xh_shape = shape("topcuoglu-6-06", ["W_xh"])
W_hh_shape = shape("topcuoglu-6-07", ["W_hh"])
W_hy_shape = shape("topcuoglu-6-08", ["W_hy"])


@check(
    "topcuoglu-6-02",
    printed={"d": 26, "h": 100, "q": 27},
    planted=[{"d": 100, "h": 26, "q": 27}, {"d": 27, "h": 100, "q": 26}],
)
def what_the_three_letters_count(statement):
    params = rnnlib.init_params(26, 100, 27, rng=np.random.default_rng(0))
    trace = rnnlib.forward(params, np.zeros((1, 1, 26)))
    found = trace.x.shape[-1], trace.h.shape[-1], trace.z.shape[-1]
    assert dict(zip("dhq", found, strict=True)) == statement


def counted(d, h, q):
    """The numbers in each array of a network of these sizes."""
    params = rnnlib.init_params(d, h, q, rng=np.random.default_rng(0))
    return {name: getattr(params, name).size for name in params._fields}


SOME = list(product((1, 2, 4, 7), repeat=3))


def count(id_, names, printed, planted):
    """The check of a count of parameters, for 64 networks."""

    @check(id_, printed=printed, planted=planted, cases=SOME)
    def the_entries_are_counted(statement, sizes):
        arrays = counted(*sizes)
        assert sum(arrays[name] for name in names) == statement(*sizes)

    return the_entries_are_counted


ALL = ("W_xh", "b_h", "W_hh", "W_hy", "b_y")
input_to_hidden = count(
    "topcuoglu-6.1-01",
    ("W_xh", "b_h"),
    lambda d, h, q: h * d + h,
    [lambda d, h, q: h * d + d, lambda d, h, q: h * d],
)
hidden_to_hidden = count(
    "topcuoglu-6.1-02",
    ("W_hh",),
    lambda d, h, q: h * h,
    [lambda d, h, q: h * h + h, lambda d, h, q: h * d],
)
hidden_to_output = count(
    "topcuoglu-6.1-03",
    ("W_hy", "b_y"),
    lambda d, h, q: q * h + q,
    [lambda d, h, q: q * h + h, lambda d, h, q: q * h],
)
total = count(
    "topcuoglu-6.1-04",
    ALL,
    lambda d, h, q: (h * d + h) + (h * h) + (q * h + q),
    [
        lambda d, h, q: h * d + h * h + q * h,
        lambda d, h, q: (h * d + h) + (h * h + h) + (q * h + q),
    ],
)
factored = count(
    "topcuoglu-6.1-05",
    ALL,
    lambda d, h, q: h * (d + h + q + 1) + q,
    [
        lambda d, h, q: h * (d + h + q) + q,
        lambda d, h, q: h * (d + h + q + 1),
        lambda d, h, q: h * (d + h + q + 1) + d,
    ],
)


@check(
    "topcuoglu-6.1-06",
    printed=lambda sizes, T: sum(counted(*sizes).values()),
    planted=[
        lambda sizes, T: T * sum(counted(*sizes).values()),
        lambda sizes, T: sum(counted(*sizes).values()) + T,
    ],
    cases=[(sizes, T) for sizes in SOME[:8] for T in (1, 2, 30)],
)
def any_length_reads_the_same_numbers(statement, case):
    sizes, T = case
    params = rnnlib.init_params(*sizes, rng=np.random.default_rng(0))
    x = np.zeros((T, 1, sizes[0]))
    trace = rnnlib.forward(params, x)
    gradients = rnnlib.backward(params, trace, np.ones_like(trace.z)).params
    assert sum(g.size for g in gradients) == statement(sizes, T)


@cache
def example():
    """The network of the example: 26 letters, 100 units, 26 letters."""
    return counted(26, 100, 26)


def number(id_, printed, planted, truth):
    """The check of one number of the example."""

    @check(id_, printed=printed, planted=planted)
    def the_number_is_counted(statement):
        assert statement == truth()

    return the_number_is_counted


letters_in = number("topcuoglu-6.1-07", 26, [25, 27], lambda: len(ascii_lowercase))
W_xh_size = number("topcuoglu-6.1-09", 2600, [26, 260], lambda: example()["W_xh"])
b_h_size = number("topcuoglu-6.1-10", 100, [26, 1], lambda: example()["b_h"])
W_hh_size = number("topcuoglu-6.1-11", 10_000, [1000, 100], lambda: example()["W_hh"])
W_hy_size = number("topcuoglu-6.1-12", 2600, [26, 260], lambda: example()["W_hy"])
b_y_size = number("topcuoglu-6.1-13", 26, [100, 1], lambda: example()["b_y"])
example_sum = number(
    "topcuoglu-6.1-14",
    [2600, 100, 10_000, 2600, 26, 15_326],
    [[2600, 100, 10_000, 2600, 26, 15_300], [2600, 26, 10_000, 2600, 100, 15_326]],
    lambda: [*(example()[name] for name in ALL), sum(example().values())],
)
example_formula = number(
    "topcuoglu-6.1-15",
    [100 * (26 + 100 + 26 + 1) + 26, 100 * 153 + 26, 15_326],
    [[100 * (26 + 100 + 26 + 1) + 26, 100 * 152 + 26, 15_326]],
    lambda: [sum(example().values())] * 3,
)


@check(
    "topcuoglu-6.1-08",
    printed=lambda y: y,
    corrected=softmax,
    planted=[np.exp, lambda y: 1 / (1 + np.exp(-y)), lambda y: y / np.sum(y)],
    cases=[0, 1],
)
def a_distribution_over_the_letters(statement, seed):
    """What ``statement`` makes of the output (2) of an untrained network."""
    params = rnnlib.init_params(26, 100, 26, rng=np.random.default_rng(seed))
    p = statement(rnnlib.forward(params, np.eye(26)[:, None, :]).z[-1, 0])
    assert p.shape == (26,) and np.all(p >= 0) and close(p.sum(), 1.0)
