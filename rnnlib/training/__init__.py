"""The training loop, its checkpoints and exact resumption.

    state = begin(params, optimiser, rng=rng)
    state = train(state, optimiser, objective, draw, steps=1000, checkpoint=path)

and after an interruption ``load_checkpoint(path, like=state)`` in place of the first.
"""

from rnnlib.training.checkpoint import load_checkpoint, read_about, save_checkpoint
from rnnlib.training.loop import train
from rnnlib.training.state import History, TrainingState, begin, generator

__all__ = [
    "History",
    "TrainingState",
    "begin",
    "generator",
    "load_checkpoint",
    "read_about",
    "save_checkpoint",
    "train",
]
