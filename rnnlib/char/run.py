"""A run of training on a text: its windows, its beginning, and how it goes on."""

import os
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnnlib import optimisers
from rnnlib.char import network
from rnnlib.char.fast import optimiser as fast_optimiser
from rnnlib.char.settings import About, read_settings
from rnnlib.char.vector import with_trees, with_vectors
from rnnlib.clipping import clip_by_global_norm
from rnnlib.language.text import check_length, split_in_three
from rnnlib.training import begin, load_checkpoint, save_checkpoint, train
from rnnlib.training.state import TrainingState
from rnnlib.trees import flatten

# During training a sample of the validation part is measured: at most so many streams
# side by side, of at most so many steps. Each begins in a foreign context.
STREAMS, STREAM_STEPS = 32, 300


class Model(NamedTuple):
    """A checkpoint as it was read."""

    about: About
    cell: Any
    state: TrainingState

    @property
    def params(self):
        """Those with the least validation loss that was measured, or the last ones."""
        measured = self.state.history.validation.size
        return self.state.best if measured else self.state.params

    @property
    def carried(self):
        """The state that training carried on, of the last stream, for a batch of one.

        A network that has not begun at zero for long need not know what to do there.
        """
        return network.last_stream(self.state.carried)


def about_corpus(settings, corpus):
    """The `About` of a run on a `Corpus`. ValueError when the text is too short."""
    check_length(corpus.indices, settings.window)
    parts_of(settings, corpus.indices)
    return About(settings, corpus.alphabet, corpus.digest)


def parts_of(settings, indices):
    """The symbols for training, for validation and for the test."""
    try:
        return split_in_three(indices, settings.held_out)
    except ValueError as error:
        raise ValueError(str(error).replace("fraction", "held_out", 1)) from None


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
    _check_size(about, path)
    state = load_checkpoint(path, like=first_state(about))
    for name, array in flatten(state.carried).items():
        if not np.isfinite(array).all():
            raise ValueError(f"{path}: carried.{name}: expected finite numbers")
    return Model(about, _cell(about.settings), state)


def _check_size(about, path):
    """The file must be able to hold what its settings are about, before it is made."""
    settings, V = about.settings, len(about.alphabet)
    d_h, item = settings.hidden, np.dtype(settings.dtype).itemsize
    least = item * d_h * (settings.layers * d_h + V + settings.batch)
    if least > (size := os.stat(path).st_size):
        raise ValueError(
            f"{path}: not a model of rnnlib.char: hidden {d_h}, layers "
            f"{settings.layers} and batch {settings.batch} are too many for its "
            f"{size:,} bytes"
        )


def check_same_text(about, corpus, path):
    """The text must be the one that the run in the checkpoint ``path`` is on."""
    if corpus.digest != about.text:
        raise ValueError(f"text: expected the one that {path} was trained on")


def optimiser(settings):
    """The optimiser, whose learning rate halves every ``half_life`` steps."""
    rate, half_life = settings.learning_rate, settings.half_life
    kind = {"adagrad": fast_optimiser.adagrad, "adam": optimisers.adam}
    if np.isfinite(half_life):
        return kind[settings.optimiser](lambda n: rate * 0.5 ** (n / half_life))
    return kind[settings.optimiser](rate)


def clipping(settings):
    """The function of gradients that clips them, a vector in place; or None."""
    clips = {"value": fast_optimiser.limited, "norm": clip_by_global_norm}
    if settings.clip_by == "none":
        return None
    return lambda g: clips[settings.clip_by](g, settings.clip)


def streams(indices, count):
    """Inputs and targets (n, count): the sequence cut into ``count`` pieces, in order.

    The targets are the inputs shifted by one. Fewer than ``count`` symbols at the end
    are left over. Both are views. Raises ValueError when there is not one step for each
    stream.
    """
    n = (len(indices) - 1) // count
    if n < 1:
        raise ValueError(
            f"batch: expected at most {len(indices) - 1} streams for "
            f"{len(indices)} symbols, got {count}"
        )
    x, y = (part[: n * count].reshape(count, n).T for part in (indices, indices[1:]))
    return x, y


def sample_streams(indices, count=STREAMS, steps=STREAM_STEPS):
    """`streams` over all of the sequence, of which each is cut off after ``steps``.

    Fewer than ``count`` where there are not that many symbols.
    """
    count = max(1, min(count, len(indices) // steps))
    x, y = streams(indices, count)
    return x[:steps], y[:steps]


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
    taken = (a[start : start + window].astype(np.int64) for a in (x, y))
    return *taken, start == 0


def go_on(about, state, indices, *, steps, checkpoint=None, **options):
    """Train from a state until ``steps``, on the symbols of the text; the new state.

    ``checkpoint`` is a path, or a function of the state; the other options are those of
    `rnnlib.training.train`. It trains on vectors; what others see are trees.
    """
    if checkpoint is not None and not callable(checkpoint):
        checkpoint = partial(save_checkpoint, checkpoint, about=about.to_json())
    settings, cell = about.settings, _cell(about.settings)
    train_part, validation, _ = parts_of(settings, indices)
    x, y = streams(train_part, settings.batch)
    window_at(0, x, y, settings.window)
    zero = network.zero_state(cell, state.params, settings.batch)
    layout = network.layout(cell, state.params)
    one_step = network.objective(cell, state.params, settings.window, settings.batch)

    def carrying(vector, batch, carried):
        return one_step(vector, *batch[:2], zero if batch[2] else carried)

    if settings.validate_every:
        x_held, y_held = sample_streams(validation)

        def measure(vector, carried):
            """All streams begin in the state of the last one of training."""
            first = network.last_stream(carried, x_held.shape[1])
            return network.mean_loss(cell, layout.tree(vector), x_held, y_held, first)

        options |= {"validate": measure, "validate_every": settings.validate_every}
    if checkpoint is not None:
        options |= {"checkpoint": lambda state: checkpoint(with_trees(state, layout))}
    state = train(
        with_vectors(state, layout),
        optimiser(settings),
        carrying,
        lambda step, rng: window_at(step, x, y, settings.window),
        steps=steps,
        clip=clipping(settings),
        **options,
    )
    return with_trees(state, layout)


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
