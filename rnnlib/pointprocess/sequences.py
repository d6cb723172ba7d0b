"""Sequences of events, and several of them side by side with time first.

A batch is a list of sequences of any lengths; its likelihood is the sum of theirs.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.pointprocess.validate import check_marks, check_times


class EventSequence(NamedTuple):
    """What was seen on (0, T]: the events, and that there were no others.

    Source: {cite}`du2016`, with the window (0, T] made explicit.
    """

    times: np.ndarray  # (N,), 0 < t_1 < ... < t_N <= T
    T: float  # end of the observation, in the unit of the times
    marks: np.ndarray | None = None  # (N,) integers from 0 to K - 1

    @property
    def N(self):
        """Number of events."""
        return len(self.times)


class Batch(NamedTuple):
    """Padded sequences: N is the length of the longest one, at least one."""

    gaps: np.ndarray  # (N+1, B)  gaps[j] from t_j to t_{j+1}, or to T after the last
    marks: np.ndarray  # (N, B)   marks[j-1] of event j; 0 where there is no event
    events: np.ndarray  # (N, B)  is there an event j?
    steps: np.ndarray  # (N, B)   the mask for the network: it wants one step at least


def pad(sequences, K=None):
    """Check sequences and set them side by side.

    Raises
    ------
    ValueError
        For no sequence, times that do not increase strictly within (0, T], marks out of
        range; the message names the sequence and the field.
    """
    if isinstance(sequences, EventSequence) or not isinstance(sequences, (list, tuple)):
        kind = type(sequences).__name__
        raise ValueError(f"sequences: expected a list of EventSequence, got {kind}")
    if not sequences:
        raise ValueError("sequences: expected at least one, got none")
    for i, sequence in enumerate(sequences):
        if not isinstance(sequence, EventSequence):
            kind = type(sequence).__name__
            raise ValueError(f"sequences[{i}]: expected an EventSequence, got {kind}")
        check_times(f"sequences[{i}]", sequence.times, sequence.T)
    lengths = np.array([sequence.N for sequence in sequences])
    B, N = len(sequences), max(1, lengths.max())
    gaps, marks = np.zeros((N + 1, B)), np.zeros((N, B), int)
    for i, (times, T, given) in enumerate(sequences):
        n = lengths[i]
        marks[:n, i] = check_marks(f"sequences[{i}]", given, n, K)
        gaps[: n + 1, i] = np.diff(times, prepend=0.0, append=T)
    events = np.arange(N)[:, None] < lengths
    return Batch(gaps, marks, events, events | (lengths == 0))
