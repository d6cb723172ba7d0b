"""The four-step loop: forward, backward, gradient, update, over and over."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from rnnlib.clipping import global_norm
from rnnlib.training.checkpoint import save_checkpoint
from rnnlib.training.early_stopping import observe, should_stop
from rnnlib.training.interrupts import Held
from rnnlib.training.state import History, TrainingState, copied, generator
from rnnlib.trees import flatten
from rnnlib.validate import all_finite, check_choice, check_count


def train(
    state,
    optimiser,
    objective,
    draw,
    *,
    steps,
    clip=None,
    nonfinite="error",
    validate=None,
    validate_every=100,
    patience=None,
    least_gain=0.0,
    checkpoint=None,
    checkpoint_every=100,
    about="",
    progress=True,
):
    """Train until ``state.step`` is ``steps``; the state that was given stays as it is.

    Parameters
    ----------
    state : TrainingState
        Of `begin`, of an earlier call or of `load_checkpoint`.
    optimiser : Optimiser
    objective : function (params, batch) -> (loss, gradients)
        Gradients of the form of the parameters. When the state carries something
        besides the parameters: (params, batch, carried) -> (loss, gradients, carried);
        a step without an update hands on what it was handed.
    draw : function (step, rng) -> batch
        The batch of step 0, 1, ...; must depend on its two arguments alone. Then a
        resumed run equals an unbroken one to the bit.
    steps : int
        Where to stop, counted from the very beginning.
    clip : function (gradients) -> gradients, optional
        Such as ``lambda g: clip_by_global_norm(g, 1.0)``.
    nonfinite : str
        What to do when a loss or gradient is NaN or infinite: "error", or "skip": no
        update, and True in ``history.skipped``.
    validate : function (params) -> float, optional
        Called every ``validate_every`` steps; (params, carried) -> float when the state
        carries something.
    patience : int, optional
        Stop after so many validations in a row without an improvement by more than
        ``least_gain``; ``state.best`` has the parameters to take.
    checkpoint : path, or function (state), optional
        Where `save_checkpoint` writes the state, or what is called with it instead:
        before the first step, so that a place that cannot be written is an error at
        once; every ``checkpoint_every`` steps; and when the run ends, in whatever way.
    about : str
        A text that every checkpoint at a path is saved with.
    progress : bool
        Show a progress bar.

    An interrupt (Ctrl-C, and SIGTERM or SIGHUP where the program handles them) ends the
    run after the step that is being made; its exception is raised once the state has
    been written. A second one changes nothing.

    Raises
    ------
    ValueError
        For an option that is not valid, or what the functions given raise.
    FloatingPointError
        For a loss or gradient that is not finite, when ``nonfinite`` is "error".
    """
    _check_options(state, steps, nonfinite, validate, patience, checkpoint)
    for name, every in (
        ("validate_every", validate_every),
        ("checkpoint_every", checkpoint_every),
    ):
        check_count(name, every)
    state = state._replace(params=copied(state.params))
    rng, log = generator(state.rng), _Log(state.history)

    def one_step(state):
        batch, carried = draw(state.step, rng), state.carried
        try:
            if carried is None:
                loss, gradients = objective(state.params, batch)
            else:
                loss, gradients, carried = objective(state.params, batch, carried)
                carried = copied(carried)
            norm, bad = _size(loss, gradients)
        except FloatingPointError as error:  # such as an overflow in the objective
            loss, norm, bad = np.nan, np.nan, str(error)
        params, memory = state.params, state.optimiser
        if bad and nonfinite == "error":
            raise FloatingPointError(f"step {state.step}: {bad}")
        if bad:
            carried = state.carried
        else:
            gradients = gradients if clip is None else clip(gradients)
            params, memory = optimiser.update(params, gradients, memory)
        log.steps.append((float(loss), norm, bool(bad)))
        done, best, waiting = state.step + 1, state.best, state.patience
        if validate is not None and done % validate_every == 0:
            value = validate(params) if carried is None else validate(params, carried)
            waiting = observe(waiting, value, done, least_gain=least_gain)
            best = params if waiting.waited == 0 else best
            log.validations.append((done, float(value)))
        random = rng.bit_generator.state
        return TrainingState(
            done, params, memory, best, waiting, state.history, random, carried
        )

    save, saved = _saver(checkpoint, about), None
    with Held() as held:
        if save is not None:
            save(log.written(state))
            saved = state.step
        bar = tqdm(total=steps, initial=state.step, disable=not progress, unit="step")
        try:
            while state.step < steps and not _stopped(state, patience):
                state = one_step(state)  # a step counts once it is complete
                bar.update()
                bar.set_postfix_str(f"loss={log.steps[-1][0]:.4g}", refresh=False)
                if save is not None and state.step % checkpoint_every == 0:
                    save(log.written(state))
                    saved = state.step
                if held.received is not None:
                    break
        finally:
            state = log.written(state)
            try:
                if save is not None and saved != state.step:
                    save(state)
            finally:
                bar.close()  # an error when the terminal is gone
    return state


def _saver(checkpoint, about):
    """The function of a state that writes it, or None."""
    if checkpoint is None or callable(checkpoint):
        return checkpoint
    return lambda state: save_checkpoint(checkpoint, state, about)


class _Log:
    """What will be the history; may run one step ahead of the state."""

    def __init__(self, history):
        self.steps = list(zip(*(a.tolist() for a in history[:3]), strict=True))
        self.validations = list(zip(*(a.tolist() for a in history[3:]), strict=True))

    def written(self, state):
        """The state with the history of its own steps."""
        loss, norm, skipped = _columns(self.steps[: state.step], 3)
        seen = [v for v in self.validations if v[0] <= state.step]
        at, value = _columns(seen, 2)
        history = History(
            np.array(loss, float),
            np.array(norm, float),
            np.array(skipped, bool),
            np.array(at, int),
            np.array(value, float),
        )
        return state._replace(history=history)


def _columns(rows, count):
    return zip(*rows, strict=True) if rows else ((),) * count


def _size(loss, gradients):
    """The norm of the gradient, and what is not finite: a sentence, or nothing."""
    if not np.isfinite(loss):
        return np.nan, f"the loss is {float(loss)}"
    try:
        return global_norm(gradients), ""
    except ValueError:
        for name, array in flatten(gradients).items():
            if not all_finite(array):
                return np.nan, f"the gradient of {name} is not finite"
        raise


def _stopped(state, patience):
    return patience is not None and should_stop(state.patience, patience)


def _check_options(state, steps, nonfinite, validate, patience, checkpoint):
    if not isinstance(state, TrainingState):
        raise ValueError(f"state: expected a TrainingState, got {type(state).__name__}")
    check_count("steps", steps, least=0)
    check_choice("nonfinite", nonfinite, ("error", "skip"))
    if patience is not None:
        check_count("patience", patience)
        if validate is None:
            raise ValueError("validate: expected a function beside patience, got None")
    if checkpoint is None or callable(checkpoint):
        return
    if not Path(checkpoint).parent.is_dir():
        raise ValueError(
            f"checkpoint: expected a file in a folder that exists, got {checkpoint!s}"
        )
