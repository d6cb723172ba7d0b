"""Goodness of fit by time rescaling.

In the time of its own compensator every point process is a unit-rate Poisson process.
So under the right model the compensator over the gaps is standard exponential, and
`scipy.stats.kstest(gaps, "expon")` tests it.
"""

import numpy as np

from rnnlib.pointprocess.likelihood import forward
from rnnlib.pointprocess.validate import check_numbers
from rnnlib.validate import finite_result


def compensators(params, sequences, *, h_0=None, phi="tanh"):
    """For each sequence the compensator of the recurrent process over every gap.

    Arrays (N + 1,); the last entry is that of the survival from t_N to T. Arguments and
    errors as in `forward`.
    """
    pieces = forward(params, sequences, h_0=h_0, phi=phi).compensator
    return [pieces[: s.N + 1, i] for i, s in enumerate(sequences)]


@finite_result("pieces")
def rescaled_gaps(pieces):
    """The gaps between events in compensator time, over all sequences joined.

    Parameters
    ----------
    pieces : list of arrays (N + 1,)
        As `compensators` and `hawkes_compensators` give them.

    The piece after the last event of a sequence has no event at its end. It is not
    dropped, which would favour short gaps: it counts towards the first gap of the next
    sequence. Only the piece after the very last event is left over.

    Raises
    ------
    ValueError
        For a piece that is negative or not finite, or when there is no event.
    """
    if not isinstance(pieces, (list, tuple)):
        raise ValueError(f"pieces: expected a list, got {type(pieces).__name__}")
    ends, start = [], 0.0
    for i, piece in enumerate(pieces):
        piece = check_numbers(f"pieces[{i}]", piece, low=0)
        if piece.ndim != 1 or not piece.size:
            raise ValueError(f"pieces[{i}]: expected shape (N + 1,), got {piece.shape}")
        clock = start + np.cumsum(piece)
        ends.append(clock[:-1])
        start = clock[-1]
    if not sum(map(len, ends)):
        raise ValueError("pieces: expected at least one event, got none")
    return np.diff(np.concatenate(ends), prepend=0.0)
