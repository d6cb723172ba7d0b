"""What a check does with an answer: the numbers in it, and every call of its functions.

``python -m tests.tutor.answers.traces`` writes the table ``traces.toml`` anew.
"""

import json
import tomllib
from functools import wraps
from pathlib import Path

import numpy as np

STORE = Path(__file__).with_name("traces.toml")


def table():
    """{exercise: {answer: what was recorded of it}}."""
    return tomllib.loads(STORE.read_text("utf-8"))


class Trace:
    """An answer whose functions are recorded, with what they get and give."""

    def __init__(self, answer):
        self.calls, self.numbers = 0, []
        self.answer = self.wrapped(answer)

    def wrapped(self, value):
        """The same value, and its functions recorded; its numbers are kept."""
        if isinstance(value, dict):
            return {k: self.wrapped(v) for k, v in value.items()}
        if isinstance(value, (tuple, list)):
            parts = [self.wrapped(v) for v in value]
            named = hasattr(value, "_fields")
            return type(value)(*parts) if named else type(value)(parts)
        if not callable(value):
            self.keep(value)
            return value

        @wraps(value)
        def recorded(*arguments, **named):
            self.calls += 1
            self.keep((arguments, named))
            try:
                found = value(*arguments, **named)
            except Exception as error:
                self.keep(str(error))
                raise
            self.keep(found)
            return found

        return recorded

    def keep(self, value):
        """Add the numbers of a value, however it is nested."""
        if isinstance(value, dict):
            self.keep([*value.items()])
        elif isinstance(value, (tuple, list)) and value:
            for part in value:
                self.keep(part)
        elif isinstance(value, str):
            self.numbers.append(np.frombuffer(value.encode(), np.uint8))
        else:
            try:
                self.numbers.append(np.ravel(np.asarray(value, float)))
            except (TypeError, ValueError):  # a generator of random numbers
                self.numbers.append(np.zeros(1))

    def summary(self):
        """How many numbers there are, and two weighted sums of their logarithms."""
        found = np.concatenate([*self.numbers, np.zeros(1)])
        found = np.nan_to_num(found, nan=0.123, posinf=1e99, neginf=-1e99)
        logs = np.arcsinh(found / 1e-6)
        places = np.arange(len(logs))
        sums = [float(logs @ np.cos(k + places**1.3)) for k in (0, 1)]
        return [self.calls, len(logs), *(round(s, 6) for s in sums)]


def said(report):
    """What is right and what is wrong, in the words of the report."""
    lines = str(report).splitlines()[1:]
    return [line.strip() for line in lines if not line.startswith("  A hint")]


def write(found):
    """Store what was recorded."""
    lines = [
        "# What is told about right and wrong answers, how often their functions are",
        "# called, and what they get and give: the number of all numbers, two sums.",
    ]
    for label, answers in found.items():
        lines.append(f'\n["{label}"]')
        for name, row in answers.items():
            lines.append(f"{json.dumps(name)} = {json.dumps(row)}")
    STORE.write_text("\n".join(lines) + "\n", "utf-8")


def record():
    """Everything that the table has, by the checks as they are now."""
    from rnnbook.tutor.answers import check_answer, forget
    from rnnbook.tutor.answers.checking import known
    from tests.tutor.answers.test_chapters import SLIPS, slip_trace
    from tests.tutor.answers.test_checking import SOLUTIONS, given

    found = {}
    for label, exercise in known().items():
        row = found[label] = {}
        for name, answer in {"": SOLUTIONS[label], **exercise.wrong}.items():
            forget()
            trace = Trace(answer)
            told = said(check_answer(label, given(label, trace.answer)))
            row[name] = [*trace.summary(), *told]
    slips = found["slips"] = {}
    for case in SLIPS:
        name, kind, words = case.values
        trace, told = slip_trace(kind, words)
        slips[f"{name}: {words}"] = [*trace.summary(), *told]
    return found


if __name__ == "__main__":
    write(record())
