"""Which mistake is it? Checks of a reader's own functions for min-char-rnn.

Each check runs the function on small problems and returns a `Diagnosis`: ``.ok``, and
when printed, which output is wrong and which classic mistake it looks like. The right
computation is written in replaceable pieces; an entry of the catalogue replaces one.
The diagnosis compares the reader's outputs with those of every entry, and of every two
entries together.
"""

from rnnbook.tutor.backward import check_backward
from rnnbook.tutor.clipping import check_clipping
from rnnbook.tutor.formulas import FormulaReport, check_formula
from rnnbook.tutor.forward import check_forward
from rnnbook.tutor.layout import Layout
from rnnbook.tutor.report import Diagnosis, solved
from rnnbook.tutor.sampling import check_sampling
from rnnbook.tutor.training import check_training
from rnnbook.tutor.update import check_update
from rnnbook.tutor.windows import check_windows

__all__ = [
    "Diagnosis",
    "FormulaReport",
    "Layout",
    "check_backward",
    "check_clipping",
    "check_formula",
    "check_forward",
    "check_sampling",
    "check_training",
    "check_update",
    "check_windows",
    "solved",
]
