"""Recurrent layers: each a module with ``init_params``, ``forward`` and ``backward``.

`vanilla`, `lstm`, `gru` and `layer_norm` are cells as `rnnlib.layers.cell` defines
them; `stack` puts cells on top of each other and `with_options` fixes options of one.
`readout` turns the states into what the logits read; `from_torch` and `to_torch`
convert parameters.
"""

from rnnlib.layers import gru, layer_norm, lstm, vanilla
from rnnlib.layers.cell import with_options
from rnnlib.layers.convert import from_torch, to_torch
from rnnlib.layers.stacked import stack

__all__ = [
    "from_torch",
    "gru",
    "layer_norm",
    "lstm",
    "stack",
    "to_torch",
    "vanilla",
    "with_options",
]
