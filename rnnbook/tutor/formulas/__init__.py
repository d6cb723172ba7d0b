"""A formula is judged: read, shown as understood, compared exactly, explained."""

from rnnbook.tutor.formulas.checking import FormulaReport, check_formula

__all__ = ["FormulaReport", "check_formula"]
