"""The derivation machine: the equations of a cell in, its backward recursion out."""

from rnnlib.symbolic.derivation.derivation import Derivation, derive
from rnnlib.symbolic.derivation.lemmas import LEMMAS, lemma

__all__ = ["LEMMAS", "Derivation", "derive", "lemma"]
