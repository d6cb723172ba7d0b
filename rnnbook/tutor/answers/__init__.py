"""Answer cells: every kind of exercise has a check, hints, and typical slips.

`kinds` checks, `checking` reports; `chapters` has what the exercises of a chapter need.
"""

from rnnbook.tutor.answers.checking import Answer, check_answer, forget, hint, quiet

__all__ = ["Answer", "check_answer", "forget", "hint", "quiet"]
