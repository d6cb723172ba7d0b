"""A run of training on a text: its windows, its beginning, and how it goes on."""

from typing import NamedTuple

import numpy as np

from rnnlib import optimisers
from rnnlib.char import network
from rnnlib.char.settings import About, digest, read_settings
from rnnlib.clipping import clip_by_global_norm, clip_by_value
from rnnlib.language.text import Alphabet, check_length, split
from rnnlib.training import begin, load_checkpoint, train

# During training the held-out part is measured in streams side by side: this many at
# most, and each of this many steps or more, for each begins in a foreign context.
STREAMS, STREAM_STEPS = 32, 1000


class Model(NamedTuple):
    """A checkpoint as it was read."""

    about: About
    cell: object
    state: object  # a TrainingState

    @property
    def params(self):
        """Those with the least held-out loss that was measured, or the last ones."""
        measured = self.state.history.validation.size
        return self.state.best if measured else self.state.params

    @property
    def carried(self):
        """The state that training carried on, of the last stream, for a batch of one.

        A network that has not begun at zero for long need not know what to do there.
        """
        return network.last_stream(self.state.carried)


def about_text(settings, text):
    """The `About` of a run on a text. ValueError when the text is too short."""
    check_length(text, settings.window)
    return About(settings, Alphabet.of(text), digest(text))


def first_state(about):
    """The state before the first step."""
    settings, cell = about.settings, _cell(about.settings)
    init_rng, rng = np.random.default_rng(settings.seed).spawn(2)
    params = network.init_params(
        cell,
        len(about.alphabet),
        settings.hidden,
        rng=init_rng,
        dtype=np.dtype(settings.dtype),
    )
    carried = network.zero_state(cell, params, settings.batch)
    return begin(params, optimiser(settings), rng=rng, carried=carried)


def load(path):
    """The `Model` in a checkpoint. Errors as `read_settings`."""
    about = read_settings(path)
    state = load_checkpoint(path, like=first_state(about))
    return Model(about, _cell(about.settings), state)


def check_same_text(about, text, path):
    """The text must be the one that the run in the checkpoint ``path`` is on."""
    if digest(text) != about.text:
        raise ValueError(f"text: expected the one that {path} was trained on")


def optimiser(settings):
    """The optimiser, whose learning rate halves every ``half_life`` steps."""
    rate, half_life = settings.learning_rate, settings.half_life
    if np.isfinite(half_life):
        return getattr(optimisers, settings.optimiser)(
            lambda n: rate * 0.5 ** (n / half_life)
        )
    return getattr(optimisers, settings.optimiser)(rate)


def clipping(settings):
    """The function of gradients that clips them, or None."""
    clips = {"value": clip_by_value, "norm": clip_by_global_norm}
    if settings.clip_by == "none":
        return None
    return lambda g: clips[settings.clip_by](g, settings.clip)


def streams(indices, count):
    """Inputs and targets (n, count): the sequence cut into ``count`` pieces, in order.

    The targets are the inputs shifted by one. Fewer than ``count`` symbols at the end
    are left over. Raises ValueError when there is not one step for each stream.
    """
    n = (len(indices) - 1) // count
    if n < 1:
        raise ValueError(
            f"batch: expected at most {len(indices) - 1} streams for "
            f"{len(indices)} symbols, got {count}"
        )
    x, y = (part[: n * count].reshape(count, n).T for part in (indices, indices[1:]))
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def window_at(step, x, y, window):
    """The windows of step 0, 1, ... and whether they are the first of a pass.

    A pass goes through the streams from the beginning to the end, window by window; the
    steps at the end that fill no window are left out.
    """
    per_pass = len(x) // window
    if per_pass < 1:
        raise ValueError(
            f"window: expected at most {len(x)} steps in each of {x.shape[1]} streams, "
            f"got {window}"
        )
    start = step % per_pass * window
    return x[start : start + window], y[start : start + window], start == 0


def go_on(about, state, text, *, steps, **options):
    """Train from a state until ``steps``; the new state.

    The options are those of `rnnlib.training.train`.
    """
    settings, cell = about.settings, _cell(about.settings)
    train_part, held_out = split(about.alphabet.encode(text), settings.held_out)
    x, y = streams(train_part, settings.batch)
    window_at(0, x, y, settings.window)
    zero = network.zero_state(cell, state.params, settings.batch)
    one_step = objective(settings, cell, state.params)

    def carrying(params, batch, carried):
        return one_step(params, *batch[:2], zero if batch[2] else carried)

    if settings.validate_every:
        count = max(1, min(STREAMS, len(held_out) // STREAM_STEPS))
        held = streams(held_out, count)

        def measure(params, carried):
            """All streams begin in the state of the last one of training."""
            first = network.last_stream(carried, count)
            return network.mean_loss(cell, params, *held, first)

        options |= {"validate": measure, "validate_every": settings.validate_every}
    return train(
        state,
        optimiser(settings),
        carrying,
        lambda step, rng: window_at(step, x, y, settings.window),
        steps=steps,
        clip=clipping(settings),
        about=about.to_json(),
        **options,
    )


def objective(settings, cell, params):
    """(params, x, y, state) -> (loss, gradients, state), by the fast path if it can."""
    if settings.cell == "rnn" and settings.layers == 1:
        return network.fast_objective(params, settings.window, settings.batch)
    return lambda *args: network.loss_and_gradients(cell, *args)


def smooth_loss(losses, V, window):
    """The running loss of min-char-rnn after every step, as a sum over a window.

    It begins at ``window`` ln V, the loss of equal probabilities, and each step takes
    it a thousandth of the way to the loss of that step.
    """
    smooth, found = window * np.log(V), np.empty(len(losses))
    for i, loss in enumerate(losses):
        found[i] = smooth = 0.999 * smooth + 0.001 * loss
    return found


def _cell(settings):
    return network.build(settings.cell, settings.layers)
