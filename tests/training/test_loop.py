"""The loop: what a step does, what it skips, when it ends."""

import numpy as np
import pytest

from rnnlib.clipping import clip_by_global_norm, global_norm
from rnnlib.optimisers import sgd
from rnnlib.training import begin, generator, train
from rnnlib.training.early_stopping import observe, should_stop
from rnnlib.trees import flatten
from tests.support.refusals import refuses
from tests.training import problem
from tests.training.problem import OPTIMISER, draw, objective, run, same, start


def test_steps_written_out():
    rng, params = np.random.Generator(np.random.PCG64(2)), start().params
    memory, losses, norms = OPTIMISER.init_state(params), [], []
    for step in range(12):
        loss, gradients = objective(params, draw(step, rng))
        losses.append(loss)
        norms.append(global_norm(gradients))
        clipped = clip_by_global_norm(gradients, 0.5)
        params, memory = OPTIMISER.update(params, clipped, memory)
    state = run(start(), 12)
    assert all(map(np.array_equal, state.params, params)) and state.step == 12
    assert state.history.loss.tolist() == losses
    assert state.history.gradient_norm.tolist() == norms
    assert not state.history.skipped.any() and max(norms) > 0.5


def test_it_learns():
    state = run(start(), 200)
    assert state.history.loss[-5:].mean() < 0.2 * state.history.loss[:5].mean()


def test_in_pieces_or_at_once():
    first = start()
    pieces = run(run(run(first, 5), 5), 23)
    assert same(pieces, run(start(), 23))
    assert same(first, start())  # the state that was given stays as it is


def test_the_generator_given_is_not_advanced():
    rng = np.random.default_rng(0)
    state = begin(start().params, OPTIMISER, rng=rng)
    run(state, 3)
    assert generator(state.rng).random() == np.random.default_rng(0).random()
    assert rng.random() == np.random.default_rng(0).random()


def spoiled(at, loss=False):
    """The objective, with a NaN at the calls of these numbers."""
    calls = []

    def spoilt(params, batch):
        value, gradients = objective(params, batch)
        calls.append(1)
        if len(calls) - 1 in at:
            if loss:
                return np.nan, gradients
            W = gradients.W_hh.copy()
            W[0, 1] = np.inf
            return value, gradients._replace(W_hh=W)
        return value, gradients

    return spoilt


@pytest.mark.parametrize("loss", [False, True])
def test_not_finite_is_an_error(loss, tmp_path):
    what = "the loss is nan" if loss else "the gradient of W_hh is not finite"
    with pytest.raises(FloatingPointError, match=f"^step 3: {what}$"):
        run(start(), 9, objective=spoiled({3}, loss), checkpoint=tmp_path / "a")
    assert (tmp_path / "a").exists()


@pytest.mark.parametrize("loss", [False, True])
def test_not_finite_is_skipped_when_told_so(loss):
    state = run(start(), 9, objective=spoiled({3, 5}, loss), nonfinite="skip")
    assert np.flatnonzero(state.history.skipped).tolist() == [3, 5]
    assert state.optimiser.step == 7 and state.step == 9
    assert np.isnan(state.history.gradient_norm[[3, 5]]).all()
    assert all(np.isfinite(a).all() for a in flatten(state.params).values())
    before = run(start(), 3)
    skipped = run(before, 4, objective=spoiled({0}, loss), nonfinite="skip")
    assert all(map(np.array_equal, before.params, skipped.params))


def test_early_stopping_returns_the_best():
    values = iter([3.0, 2.0, 2.5, 2.2, 2.1, 1.0, 0.5])
    seen = []

    def validate(params):
        seen.append(params)
        return next(values)

    options = {"validate": validate, "validate_every": 2, "patience": 3}
    state = run(start(), 100, **options)
    assert state.step == 10 and state.patience == (2.0, 4, 3)
    assert state.history.validation.tolist() == [3.0, 2.0, 2.5, 2.2, 2.1]
    assert state.history.validation_step.tolist() == [2, 4, 6, 8, 10]
    assert all(map(np.array_equal, state.best, seen[1]))
    assert same(run(state, 100, **options), state)  # it has stopped already


def test_progress_bar(capsys):
    run(start(), 4, progress=True)
    assert "4/4" in capsys.readouterr().err
    run(start(), 4)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "options, message",
    [
        ({"steps": -1}, "steps: expected an integer >= 0, got -1"),
        ({"patience": 0}, "patience: expected an integer >= 1, got 0"),
        ({"validate_every": 0}, "validate_every: expected an integer >= 1, got 0"),
        ({"checkpoint_every": 0}, "checkpoint_every: expected an integer >= 1, got 0"),
        ({"patience": 2}, "validate: expected a function beside patience, got None"),
        ({"nonfinite": "no"}, "nonfinite: expected one of 'error', 'skip', got 'no'"),
        (
            {"checkpoint": "/no/such/place"},
            "checkpoint: expected a file in a folder that exists, got /no/such/place",
        ),
    ],
)  # fmt: skip
def test_refusals(options, message):
    options = {"steps": 3} | options
    refuses(message, train, start(), OPTIMISER, objective, draw, **options)


def test_other_refusals():
    message = "state: expected a TrainingState, got Params"
    refuses(message, train, start().params, OPTIMISER, objective, draw, steps=1)
    message = "rng: expected a numpy Generator, got int"
    refuses(message, begin, start().params, OPTIMISER, rng=0)
    message = "optimiser: expected a function, got NoneType"
    rng = np.random.default_rng(0)
    refuses(message, begin, start().params, None, rng=rng)
    message = "patience: expected a Patience, got int"
    refuses(message, observe, 3, 1.0, 1)
    refuses(message, should_stop, 3, 1)
    names = "PCG64, PCG64DXSM, MT19937, Philox, SFC64"
    refuses(f"rng: expected one of {names}, got 'x'", generator, {"bit_generator": "x"})
    state = {"bit_generator": "PCG64", "state": {}}
    refuses("rng: expected a state of PCG64, got another", generator, state)


def test_the_problem_has_unequal_lengths():
    mask = problem.draw(0, np.random.default_rng(0))[1]
    assert len(set(problem.LENGTHS)) > 3 and mask.any()


@pytest.mark.parametrize("steps", [1, 3])
def test_what_an_objective_writes_stays_out_of_the_state_that_was_given(steps):
    """The first step works on copies, as the later ones do on what a step has made."""
    state = start()
    kept = {name: a.copy() for name, a in flatten(state.params).items()}
    best = {name: a.copy() for name, a in flatten(state.best).items()}

    def writing(params, batch):
        found = objective(params, batch)
        for array in flatten(params).values():
            array *= 2
        return found

    run = train(state, OPTIMISER, writing, draw, steps=steps, progress=False)
    for name, array in flatten(state.params).items():
        assert (array == kept[name]).all()
    for tree in (state.best, run.best):
        assert all((a == best[n]).all() for n, a in flatten(tree).items())


def quick(steps, **options):
    """A run of one number: its square is minimised."""
    state = begin(np.ones(1), sgd(0.1), rng=np.random.default_rng(0))

    def square(x, batch):
        return float(x @ x), 2 * x

    return train(state, sgd(0.1), square, lambda *_: None, steps=steps, **options)


def test_what_is_not_given(capsys):
    """Every hundred steps, any gain counts, and there is a bar."""
    written = []
    options = {"validate": lambda x: float(x[0]), "checkpoint": written.append}
    state = quick(201, patience=1, **options)
    assert state.history.validation_step.tolist() == [100, 200]
    assert [s.step for s in written] == [0, 100, 200, 201]
    assert state.patience.best_step == 200
    assert "201/201" in capsys.readouterr().err


def test_a_gain_that_is_too_small_does_not_count():
    values = iter([3.0, 2.5, 2.2, 1.0])
    options = {"validate": lambda x: next(values), "validate_every": 1}
    state = quick(9, patience=2, least_gain=1.0, progress=False, **options)
    assert state.step == 3 and state.patience == (3.0, 1, 2)


def test_what_the_bar_shows(monkeypatch):
    seen = []

    class Bar:
        def __init__(self, **options):
            seen.append(options)

        def update(self):
            pass

        def set_postfix_str(self, text, refresh):
            seen.append((text, refresh))

        def close(self):
            pass

    first = run(start(), 2)
    monkeypatch.setattr("rnnlib.training.loop.tqdm", Bar)
    state = run(first, 4)
    assert seen[0] == {"total": 4, "initial": 2, "disable": True, "unit": "step"}
    assert seen[1:] == [(f"loss={v:.4g}", False) for v in state.history.loss[2:]]


def test_gradients_that_are_none_are_refused_and_not_skipped():
    def wrong(params, batch):
        return 1.0, {"W": np.ones(2, int)}

    with pytest.raises(ValueError, match="floating"):
        run(start(), 2, objective=wrong, nonfinite="skip")


def test_the_first_part_that_is_not_finite_is_named():
    def wrong(params, batch):
        loss, gradients = objective(params, batch)
        spoilt = {name: g.copy() for name, g in gradients._asdict().items()}
        spoilt["W_hy"].flat[1] = spoilt["b_y"].flat[0] = np.nan
        return loss, type(gradients)(**spoilt)

    with pytest.raises(FloatingPointError) as error:
        run(start(), 2, objective=wrong)
    assert str(error.value) == "step 0: the gradient of W_hy is not finite"


def test_a_generator_of_ones_own_is_refused():
    """Its state could be stored, and nobody could go on from it."""

    class Own(np.random.PCG64):
        pass

    names = "PCG64, PCG64DXSM, MT19937, Philox, SFC64"
    message = f"rng: expected one of {names}, got 'Own'"
    rng = np.random.Generator(Own(0))
    refuses(message, begin, start().params, OPTIMISER, rng=rng)
    refuses(f"rng: expected one of {names}, got None", generator, 3)


def test_a_state_of_no_steps():
    state = start()
    assert state.step == 0 and state.carried is None and state.patience.waited == 0
    assert [(a.shape, a.dtype.kind) for a in state.history] == [
        ((0,), kind) for kind in "ffbif"
    ]
