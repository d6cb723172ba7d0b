"""Minibatches: which sequences, of unequal lengths, and the mean over them.

Which sequences make up the n-th batch is a function of n and a seed, with no state: a
run that is resumed at step n goes on with the batch that an unbroken run would have.
"""

from numbers import Number

import numpy as np

from rnnlib.trees import flatten, rebuild
from rnnlib.validate import (
    check_count,
    check_rate,
    check_rng,
    is_array,
    kind_of,
    refuse_hiding,
)


def pad(sequences):
    """Sequences of unequal lengths as one array, time first, and its mask.

    Parameters
    ----------
    sequences : list of arrays (T_i, ...)
        Of one dtype, with the same sizes behind the first.

    Returns
    -------
    padded : array (T, B, ...), T the longest length; zero behind the end of a sequence
    mask : boolean array (T, B), True at the real steps

    Raises
    ------
    ValueError
        For no sequence, an empty one, or sequences that differ in more than length.
    """
    if not (isinstance(sequences, (list, tuple)) or is_array(sequences)):
        kind = kind_of(sequences)
        raise ValueError(f"sequences: expected a list of arrays, got {kind}")
    arrays = [
        np.asarray(refuse_hiding(f"sequences[{i}]", s)) for i, s in enumerate(sequences)
    ]
    if not arrays:
        raise ValueError("sequences: expected at least one, got none")
    first = arrays[0]
    for i, a in enumerate(arrays):
        if a.ndim == 0 or len(a) == 0:
            raise ValueError(
                f"sequences[{i}]: expected at least one step, got shape {a.shape}"
            )
        if a.shape[1:] != first.shape[1:] or a.dtype != first.dtype:
            raise ValueError(
                f"sequences[{i}]: expected steps of shape {first.shape[1:]} and "
                f"{first.dtype}, got {a.shape[1:]} and {a.dtype}"
            )
    lengths = np.array([len(a) for a in arrays])
    padded = np.zeros((lengths.max(), len(arrays), *first.shape[1:]), first.dtype)
    for i, a in enumerate(arrays):
        padded[: len(a), i] = a
    return padded, np.arange(len(padded))[:, None] < lengths


def epoch(count, size, *, rng, lengths=None):
    """One pass over ``count`` sequences: a list of index arrays, in random order.

    Every index is in exactly one batch; the last batch made may be smaller than
    ``size``. With ``lengths``, sequences of similar length share a batch, which saves
    padding; ties are broken, and the batches ordered, at random.

    Raises
    ------
    ValueError
        For a count or size that is not a positive integer, or lengths of another count.
    """
    number = epoch_length(count, size)
    count, size = int(count), int(size)
    check_rng(rng)
    order = rng.permutation(count)
    if lengths is not None:
        lengths = np.asarray(lengths)
        if lengths.shape != (count,):
            raise ValueError(f"lengths: expected shape {(count,)}, got {lengths.shape}")
        order = order[np.argsort(lengths[order], kind="stable")]
    made = [order[i * size : (i + 1) * size] for i in range(number)]
    return made if lengths is None else [made[i] for i in rng.permutation(number)]


def batch_at(step, count, size, *, seed, lengths=None):
    """The indices of batch number ``step`` = 0, 1, ... of endless epochs.

    Epoch e is `epoch` with the generator of [seed, e]. Errors as `epoch`.
    """
    step = check_count("step", step, least=0)
    seed = check_count("seed", seed, least=0)
    number = epoch_length(count, size)
    e, within = divmod(int(step), number)
    rng = np.random.default_rng([seed, e])
    return epoch(count, size, rng=rng, lengths=lengths)[within]


def epoch_length(count, size):
    """Batches in one epoch: count / size, rounded up. Errors as `epoch`."""
    return -(-check_count("count", count) // check_count("size", size))


def mean(value, gradients, count):
    """A summed loss and its gradients, divided by ``count``.

    The count is that of sequences, or of real steps (``mask.sum()``): two different
    means when lengths differ. Source: {cite}`sarkar`, 3.3.

    Raises
    ------
    ValueError
        When the count is not a positive number.
    """
    if check_rate("count", count) == 0:
        raise ValueError(f"count: expected a number > 0, got {count!r}")
    known = is_array(value) or isinstance(value, Number)
    if not known or np.asarray(value).dtype == object:
        raise ValueError(f"value: expected a number, got {type(value).__name__}")
    count = float(count)
    divided = {k: np.asarray(g / count) for k, g in flatten(gradients).items()}
    return value / count, rebuild(gradients, divided)
