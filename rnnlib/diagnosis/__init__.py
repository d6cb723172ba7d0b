"""Which mistake is it? Checks of a reader's own functions for min-char-rnn.

Each check runs the function on small problems and returns a `Diagnosis`: ``.ok``, and
when printed, which output is wrong and which classic mistake it looks like. The right
computation is written in replaceable pieces; an entry of the catalogue replaces one.
The diagnosis compares the reader's outputs with those of every entry, and of every two
entries together.
"""

from rnnlib.diagnosis.backward import check_backward
from rnnlib.diagnosis.clipping import check_clipping
from rnnlib.diagnosis.forward import check_forward
from rnnlib.diagnosis.layout import Layout
from rnnlib.diagnosis.report import Diagnosis, solved
from rnnlib.diagnosis.sampling import check_sampling
from rnnlib.diagnosis.training import check_training
from rnnlib.diagnosis.update import check_update
from rnnlib.diagnosis.windows import check_windows

__all__ = [
    "Diagnosis",
    "Layout",
    "check_backward",
    "check_clipping",
    "check_forward",
    "check_sampling",
    "check_training",
    "check_update",
    "check_windows",
    "solved",
]
