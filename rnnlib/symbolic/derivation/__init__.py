"""The derivation machine: the equations of a cell in, its backward recursion out."""

from rnnlib.symbolic.derivation.derivation import Derivation, derive

__all__ = ["Derivation", "derive"]
