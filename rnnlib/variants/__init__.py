"""Variants of the one network: other ways to its gradient, and other networks.

`truncated` cuts the backward pass, `checkpointing` recomputes states to save memory,
`rtrl` carries the gradient forward in time; `feedback` gives outputs back as inputs,
and `dropout` drops units with a mask.
"""

from rnnlib.variants.rtrl import rtrl_loss_and_gradients, sensitivities

__all__ = ["rtrl_loss_and_gradients", "sensitivities"]
