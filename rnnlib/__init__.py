"""rnnlib: vanilla recurrent networks and their gradients, written like the equations.

The notation is that of the book: columns in the equations, and arrays with time
first, then the batch, then the features, ``(T, B, d)``, in the code. Functions are
pure; the forward pass returns an explicit trace and the backward pass reads it.
"""

import sys

# ``python -m rnnlib.char`` can be interrupted while this is still being loaded. Then it
# ends at once and without a traceback; the command takes Ctrl-C over when it begins.
# Python sets argv[0] to "-m" while it looks for the module that it will run. The module
# ``signal`` is read from a file, which takes a while; what it is made from is built in.
if sys.argv[:1] == ["-m"] and "rnnlib.char" in sys.orig_argv:
    import _signal

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

from rnnlib.activations import ACTIVATIONS, Activation, get_activation
from rnnlib.clipping import clip_by_global_norm, clip_by_value, global_norm
from rnnlib.derivatives import (
    central_difference,
    complex_step,
    complex_step_gradients,
)
from rnnlib.gradcheck import check_gradients
from rnnlib.losses import (
    cross_entropy,
    half_squared_error,
    log_softmax,
    softmax,
    weight_decay_penalty,
)
from rnnlib.objective import loss_and_gradients
from rnnlib.optimisers import adagrad, adam, adamw, sgd
from rnnlib.parameters import Params, count_parameters, init_params, parameter_shapes
from rnnlib.rnn import (
    Gradients,
    Trace,
    adjoints,
    backward,
    forward,
)

__version__ = "0.2.0"

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Gradients",
    "Params",
    "Trace",
    "adagrad",
    "adam",
    "adamw",
    "adjoints",
    "backward",
    "central_difference",
    "check_gradients",
    "clip_by_global_norm",
    "clip_by_value",
    "complex_step",
    "complex_step_gradients",
    "count_parameters",
    "cross_entropy",
    "forward",
    "get_activation",
    "global_norm",
    "half_squared_error",
    "init_params",
    "log_softmax",
    "loss_and_gradients",
    "parameter_shapes",
    "sgd",
    "softmax",
    "weight_decay_penalty",
]
