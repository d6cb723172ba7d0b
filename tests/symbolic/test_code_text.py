"""Lines of generated code: as the formatter breaks them, and with the same value."""

import math
import subprocess
import sys

import pytest

from rnnlib.symbolic.derivation.code_text import (
    Writer,
    between,
    closes,
    joined,
    speaks_of,
    split_terms,
    sum_of_rows,
)

VALUES = (  # v is a name that grows
    "{v} * a + {v} * f(b)",
    "{v} * a - {v} * f(b) + f(a - b)",
    "({v} + a) * ({v} - b)",
    "{v} * {v} * q[t - 1]",
    "{v} * {v} / q[t + 1]",
    "{v} + {v} + q[t]",
    "{v} / (a + {v}) - b * q[t - 1]",
    "a * {v} + x * f({v})",
    "-{v} * a + {v} * (b - a)",
)
NUMBERS = {"a": 3.0, "b": 0.5, "q": [2.0, 5.0, 7.0], "t": 1, "f": math.exp, "x": 11.0}


def written(value, k, target="x", depth=1):
    """The lines of an assignment, and the value with its names."""
    value = value.format(v="v" * k)
    writer = Writer(depth=depth)
    writer.set(target, value)
    return writer.lines, value


@pytest.mark.parametrize("value", VALUES)
def test_an_assignment_is_broken_without_a_change_of_value(value):
    lengths = set()
    for k in range(1, 60):
        lines, whole = written(value, k)
        numbers = NUMBERS | {"v" * k: 0.25}
        one, other = dict(numbers), dict(numbers)
        exec(f"x = {whole}", one)
        exec("\n".join(line[4:] for line in lines), other)
        assert one["x"] == pytest.approx(other["x"], rel=1e-14)
        length = len(f"    x = {whole}")
        assert (len(lines) == 1) == (length <= 88)
        lengths.add(length <= 88)
    assert lengths == {True, False}


def test_the_formatter_leaves_the_lines_as_they_are():
    text = ["def layer(x, y):"]
    for value in VALUES:
        if "(" in value:  # the formatter may break inside a bracket
            continue
        for k in range(1, 38):
            for target in ("x", "y[t]"):
                text += written(value, k, target)[0]
        for k in range(8, 30):
            text += ["    if x:", *written(value, k, depth=2)[0]]
    for k in range(1, 30):
        writer = Writer(depth=1)
        writer.call("x = f(", ["v" * k, "w" * k, "u" * k])
        text += writer.lines
    for k in range(16, 30):
        writer = Writer()
        writer.call("def function(", ["v" * k, "w" * k, "u" * k], "):")
        text += ["", "", *writer.lines, "    return 0"]
    source = "\n".join(text) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-", "-q", "--isolated"],
        input=source,
        text=True,
        capture_output=True,
    )
    assert done.stdout == source


def test_pieces_of_code():
    assert [
        closes(t) for t in ("(a)", "(a) + (b)", "((a) b)", "a", "a(b)", "(", "")
    ] == [*(True, False, True, False, False, False, False)]
    for text, terms in (
        ("a + b - c", ["a", "+ b", "- c"]),
        ("(a + b) - c[d - e] + f", ["(a + b)", "- c[d - e]", "+ f"]),
        ("a * b / c @ d", ["a", "* b", "/ c", "@ d"]),
        ("a * b + c", ["a * b", "+ c"]),
        ("f(a + b)", ["f(a + b)"]),
    ):
        assert split_terms(text) == terms
    for signed, text in (
        ([("+", "a"), ("-", "b")], "a - b"),
        ([("-", "a"), ("+", "b"), ("-", "c")], "b - a - c"),
        ([("-", "a"), ("-", "b")], "-a - b"),
        ([("+", "a"), ("+", "b")], "a + b"),
    ):
        assert joined(signed) == text
    assert sum_of_rows("g * h") == "rows(g * h).sum(0)"
    assert sum_of_rows("(g * h)") == "rows(g * h).sum(0)"
    assert sum_of_rows("(g) * (h)") == "rows((g) * (h)).sum(0)"
    assert sum_of_rows("g") == "rows(g).sum(0)"
    for low, high, text in (
        *(("", "d_h", ":d_h"), ("d_h", "n", "d_h:n"), ("2", "d_h", "2:d_h")),
        *(("", "2 * d_h", ": 2 * d_h"), ("d_h", "2 * d_h", "d_h : 2 * d_h")),
        ("", "2", ":2"),
    ):
        assert between(low, high) == text
    assert speaks_of("T", "range(T, 0)") and speaks_of("x", "x[0]")
    for text in ("T_1 + aT", "a.T", "params.T"):
        assert not speaks_of("T", text)
