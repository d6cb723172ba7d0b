"""Right programs in other forms are not accused, and wrong ones are still named."""

import numpy as np
import pytest

from rnnbook import tutor
from rnnbook.tutor import (
    Layout,
    check_backward,
    check_clipping,
    check_forward,
    check_sampling,
    check_training,
    check_update,
)
from rnnbook.tutor.backward import catalogue, planted
from rnnbook.tutor.backward_mistakes import NOT_ZEROED
from rnnlib import (
    Params,
    adagrad,
    backward,
    clip_by_global_norm,
    clip_by_value,
    cross_entropy,
    forward,
    init_params,
    softmax,
)
from tests.tutor.readers import SLIPS, program, slip

ORDER = ("b_y", "W_hh", "W_hy", "W_xh", "b_h")
OWN = ("Wxh", "Whh", "bh", "Why", "by")


def library_forward(params, x, y, h_0):
    """rnnlib in place of loops, from the stable loss."""
    trace = forward(params, x, h_0=h_0)
    return cross_entropy(trace.z, y)[0], trace.h, softmax(trace.z)


def library_backward(params, x, y, h, p):
    """rnnlib in place of loops: the trace is made again."""
    trace = forward(params, x, h_0=h[0])
    return backward(params, trace, p - np.eye(p.shape[-1])[y]).params


def library_update(params, gradients, memory, learning_rate, eps):
    """rnnlib's Adagrad, with its own form of the memory."""
    optimiser = adagrad(learning_rate, eps=eps)
    state = optimiser.init_state(params)._replace(memory={"squares": memory})
    params, state = optimiser.update(params, gradients, state)
    return params, state.memory["squares"]


def test_the_library_is_right():
    assert check_forward(library_forward).ok
    assert check_backward(library_backward).ok
    assert check_update(library_update).ok
    assert check_clipping(clip_by_value).ok
    assert check_clipping(clip_by_global_norm, rule="norm").ok


def adapted(layout, function, kinds, result):
    """A program of the book's form behind another form: written here by hand."""

    def own(tree):
        if layout.container == "dict":
            arrays = dict(
                zip(Params._fields, (tree[n] for n in layout.names), strict=True)
            )
        elif layout.container == "tuple":
            arrays = dict(zip(layout.order, tree, strict=True))
        else:
            arrays = tree._asdict()
        for name in arrays:
            if name in layout.transposed:
                arrays[name] = arrays[name].T
            elif layout.columns and name.startswith("b"):
                arrays[name] = arrays[name][:, 0]
        return Params(**arrays)

    def back(params):
        arrays = params._asdict()
        for name in arrays:
            if name in layout.transposed:
                arrays[name] = arrays[name].T
            elif layout.columns and name.startswith("b"):
                arrays[name] = arrays[name][:, None]
        if layout.container == "dict":
            values = (arrays[n] for n in Params._fields)
            return dict(zip(layout.names, values, strict=True))
        if layout.container == "tuple":
            return [arrays[name] for name in layout.order]
        return Params(**arrays)

    def turned(array, kind):
        if kind == "params":
            return own(array)
        if layout.columns and kind in ("states", "start"):
            array = np.swapaxes(array, -1, -2)
        if layout.batch_first and kind in ("states", "symbols"):
            array = np.swapaxes(array, 0, 1)
        return array

    def wrapped(*arguments):
        pairs = zip(arguments, kinds, strict=True)
        found = function(*(turned(a, kind) for a, kind in pairs))
        if result == "symbols":
            return found
        if result == "trained":
            return back(found[0]), found[1]
        if result == "params":
            return back(found)
        loss, h, p = found
        return [loss, turned(np.array(h), "states"), turned(p, "states")]

    return wrapped


LAYOUTS = {
    "dictionary": Layout(container="dict", names=OWN),
    "tuple in another order": Layout(container="tuple", order=ORDER),
    "row vectors": Layout(transposed=("W_xh", "W_hh", "W_hy")),
    "columns": Layout(container="dict", names=OWN, columns=True),
    "batch first": Layout(batch_first=True),
    "batch first, rows, tuple": Layout(
        container="tuple", batch_first=True, transposed=("W_hh",)
    ),
    "float32": Layout(dtype=np.float32),
}
FORWARD = ("params", "symbols", "symbols", "start")
BACKWARD = ("params", "symbols", "symbols", "states", "states")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_other_forms_are_right_when_declared(layout):
    ran = adapted(layout, program("forward"), FORWARD, "tuple")
    assert check_forward(ran, layout=layout).ok, str(check_forward(ran, layout=layout))
    ran = adapted(layout, program("backward"), BACKWARD, "params")
    assert check_backward(ran, layout=layout).ok


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("mistake", ["W_hh transposed", "h_t for h_{t-1}"])
def test_other_forms_do_not_hide_mistakes(layout, mistake):
    wrong = program("backward", *SLIPS["backward"][mistake])
    ran = adapted(layout, wrong, BACKWARD, "params")
    found = check_backward(ran, layout=layout)
    assert [m.name for m in found.mistakes] == [mistake]


@pytest.mark.parametrize("name", ["dictionary", "batch first", "columns"])
def test_other_forms_are_not_guessed(name):
    ran = adapted(LAYOUTS[name], program("forward"), FORWARD, "tuple")
    assert not check_forward(ran).ok


@pytest.mark.parametrize("reduction", ["mean over time", "mean over both"])
def test_a_declared_mean_is_right_and_a_sum_is_then_named(reduction):
    layout = Layout(reduction=reduction)
    slip = f"{reduction} for sum"
    for check, name in ((check_forward, "forward"), (check_backward, "backward")):
        mean = program(name, *SLIPS[name][slip])
        assert check(mean, layout=layout).ok
        found = check(program(name), layout=layout)
        assert [m.name for m in found.mistakes] == [f"sum for {reduction}"]


def test_lists_and_dictionaries_of_steps_count_as_arrays():
    def listed(params, x, y, h_0):
        loss, h, p = library_forward(params, x, y, h_0)
        return loss, {t - 1: a for t, a in enumerate(h)}, list(p)

    assert check_forward(listed).ok


def test_in_place_programs_are_right_when_declared():
    def update(params, gradients, memory, learning_rate, eps):
        for v, g, r in zip(params, gradients, memory, strict=True):
            r += g * g
            v -= learning_rate * g / (np.sqrt(r) + eps)

    def clip(gradients, threshold):
        for g in gradients:
            np.clip(g, -threshold, threshold, out=g)

    layout = Layout(in_place=True)
    assert check_update(update, layout=layout).ok
    assert check_clipping(clip, layout=layout).ok
    assert "returned None" in str(check_update(update))
    assert "returned None" in str(check_clipping(clip))


def test_changed_arguments_are_named():
    def update(params, gradients, memory, learning_rate, eps):
        for r, g in zip(memory, gradients, strict=True):
            r += g * g
        roots = (np.sqrt(r) + eps for r in memory)
        parts = zip(params, gradients, roots, strict=True)
        return Params(*(v - learning_rate * g / d for v, g, d in parts)), memory

    found = check_update(update)
    assert "changes its argument memory" in str(found) and not found.ok


@pytest.mark.parametrize("seed", range(2))
def test_right_sampling_is_right_however_it_draws(seed):
    def sample(params, h_0, first, length, temperature, rng):
        rng.random(seed)  # other draws from the same model
        h, symbol, drawn = h_0, first, []
        for _ in range(length):
            h = forward(params, np.array([[symbol]]), h_0=h).h[-1]
            z = (h @ params.W_hy.T + params.b_y)[0] / temperature
            noise = rng.gumbel(size=len(z))
            symbol = int(np.argmax(z + noise))
            drawn.append(symbol)
        return np.array(drawn)

    assert check_sampling(sample).ok


def test_a_loop_around_wrong_functions_is_told():
    def train(params, x, y, steps, learning_rate, threshold):
        raise NotImplementedError("train is not written yet")

    found = check_training(train)
    assert not found.written and str(found) == "training: train is not written yet"


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"container": "list"}, "container: expected"),
        ({"reduction": "median"}, "reduction: expected"),
        ({"order": ("W_hh",)}, "order: expected five"),
        ({"order": ("a", "b", "c", "d", "e")}, "order: expected the names"),
        ({"transposed": ("b_h",)}, "transposed: expected some of"),
        ({"columns": True, "batch_first": True}, "columns: expected False"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(layout, words):
    with pytest.raises(ValueError, match=words):
        check_forward(library_forward, layout=Layout(**layout))
    with pytest.raises(ValueError, match="layout: expected a Layout"):
        check_backward(library_backward, layout="rows")


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match="rule: expected one of"):
        check_clipping(clip_by_value, rule="size")
    with pytest.raises(ValueError, match="rule: expected one of"):
        tutor.check_update(library_update, rule="adam")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_clipping_and_update_in_other_forms(layout):
    """Both work entry by entry, so that any form is a tree of arrays."""

    def each(function, *trees):
        if isinstance(trees[0], dict):
            return {n: function(*(t[n] for t in trees)) for n in trees[0]}
        parts = [function(*arrays) for arrays in zip(*trees, strict=True)]
        return Params(*parts) if isinstance(trees[0], Params) else tuple(parts)

    def clip(gradients, threshold):
        return each(lambda g: np.clip(g, -threshold, threshold), gradients)

    def update(params, gradients, memory, learning_rate, eps):
        new = each(lambda r, g: r + g * g, memory, gradients)
        step = each(lambda g, r: g / (np.sqrt(r) + eps), gradients, new)
        return each(lambda v, u: v - learning_rate * u, params, step), new

    assert check_clipping(clip, layout=layout).ok
    assert check_update(update, layout=layout).ok
    wrong = check_update(lambda *a: (update(*a)[0], a[2]), layout=layout)
    assert [m.name for m in wrong.mistakes] == ["memory not returned"]


@pytest.mark.parametrize("name", ["dictionary", "columns", "float32", "row vectors"])
def test_sampling_and_training_in_other_forms(name):
    layout = LAYOUTS[name]
    kinds = ("params", "start", "", "", "", "")
    drawn = adapted(layout, program("sampling"), kinds, "symbols")
    assert check_sampling(drawn, layout=layout).ok
    kinds = ("params", "", "", "", "", "")
    trained = adapted(layout, program("training"), kinds, "trained")
    assert check_training(trained, layout=layout).ok


def test_a_mean_in_the_loop_is_declared():
    mean = program("forward", "return loss", "return loss / T")
    gradients = program("backward", "-= 1", "-= 1\n        dz /= T")
    space = {"forward": mean, "backward": gradients}
    loop = program("training")
    loop.__globals__.update(space)
    layout = Layout(reduction="mean over time")
    assert check_training(loop, layout=layout).ok
    assert not check_training(loop).ok


def test_sums_left_from_an_earlier_run_are_told():
    remembers = slip("backward", "gradients not zeroed")
    x, y = np.ones((2, 3, 2), int)
    q = init_params(5, 4, 5, rng=np.random.default_rng(0))
    remembers(q, x, y, np.ones((4, 2, 4)), np.full((3, 2, 5), 0.2))
    found = check_backward(remembers)
    assert [m.name for m in found.mistakes] == ["gradients not zeroed"]


def test_two_mistakes_one_of_them_in_what_is_kept():
    right = program("backward", " + dh_next", "")
    total = {}

    def backward(*arguments):
        found = right(*arguments)._asdict()
        total.update({n: total.get(n, 0) + g for n, g in found.items()})
        return Params(**total)

    found = check_backward(backward)
    names = [m.name for m in found.mistakes]
    assert names == ["dh_next forgotten", "gradients not zeroed"]


@pytest.mark.parametrize("mistake", ["clipped here", "clip inside the loop"])
def test_what_is_kept_is_looked_at_on_every_problem(mistake):
    """On the first problem alone these two make the same gradients."""
    change = {m.name: m for m in catalogue(Layout(), 5.0)}[mistake].change
    found = check_backward(planted(change | NOT_ZEROED.change))
    names = [m.name for m in found.mistakes]
    assert names == [mistake, "gradients not zeroed"] and not found.alternatives
