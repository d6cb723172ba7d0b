"""What a notation is: symbols for the quantities of the book, and conventions."""

from dataclasses import dataclass, field

from rnnlib.symbolic.quantities import with_derivatives

PARTIAL = r"\frac{\partial %L}{\partial %v}"
PARTIAL_JACOBIAN = r"\frac{\partial %u}{\partial %v}"
TOTAL = r"\frac{d %L}{d %v}"
TOTAL_JACOBIAN = r"\frac{d %u}{d %v}"
# What is a row wherever gradients are rows.
ROWS = frozenset(
    {"delta_z", "g", "delta_s", "future", "ell_h", "d_h", "d_b_h", "d_b_y"}
)


@dataclass(frozen=True)
class Notation:
    """One document's symbols, the sizes by the book's names, and its conventions."""

    key: str
    title: str
    names: dict
    sizes: dict
    conventions: tuple = ()
    rows: frozenset = frozenset()  # names of the book's columns that are rows there
    tab: str = ""  # the title in short
    # How the document writes derivatives; see `quantities.with_derivatives`.
    derivatives: tuple = (PARTIAL, PARTIAL_JACOBIAN, PARTIAL)
    flat: frozenset = frozenset()  # gradients that are one long row there
    unnamed: frozenset = frozenset()  # written out in terms of other quantities
    coined: frozenset = frozenset()  # names of this map that the document never writes
    slope: str = ""  # phi'(s_t), where it is written out
    hadamard: str = r"\odot"
    diagonal: str = r"\operatorname{Diag}"  # empty: phi' is the matrix already
    accumulates: bool = False  # += in place of the sum over the steps
    # Other spellings: by the letters of a name, a quantity and how much later it is
    # ("g:1"), for what a reader types.
    also: dict = field(default_factory=dict)
    from_zero: bool = False  # the first step is 0 there, and -1 the one before
    mean: bool = False  # the loss is the mean over the steps
    shifts: dict = field(default_factory=dict)  # steps later, by name, than in the book
    from_memory: bool = False  # the source itself was not at hand

    @property
    def symbols(self):
        """The names, with those of the derivatives."""
        return with_derivatives(self.names, *self.derivatives)
