"""Lines of generated code, broken as the formatter would break them."""

import re
from dataclasses import dataclass, field

WIDTH = 88


@dataclass
class Writer:
    """Lines of code with their indentation."""

    lines: list = field(default_factory=list)
    depth: int = 0

    def line(self, text=""):
        """One line."""
        self.lines.append("    " * self.depth + text if text else "")

    def set(self, target, value, sign="="):
        """An assignment, broken as the formatter would."""
        room = WIDTH - 4 * self.depth
        text = f"{target} {sign} {value}"
        if len(text) <= room:
            self.line(text)
            return
        parts = split_terms(value)
        first = parts[0]
        several = len(parts) > 1 and parts[1][0] in "+-" and " " in first
        rest = " ".join(parts[1:])
        again = speaks_of(target, rest)
        if value[-1] in ")]" and several and not again:
            self.set(target, first, sign)
            for part in parts[1:]:
                self.set(target, part[2:], f"{part[0]}=")
            return
        if len(parts) > 1 and " " not in parts[-1].split("[")[0][2:]:
            last = parts[-1]  # a subscript at the end would be broken
            plain = target.isidentifier() and not again
            if plain and sign == "=" and last[0] == "*" and last[-1] == "]":
                self.set(target, " ".join(parts[:-1]))
                self.set(target, f"{target} * {last[2:]}")
                return
        self.line(f"{target} {sign} (")
        self.depth += 1
        parts = [value] if len(value) <= room - 4 else split_terms(value)
        for part in parts:
            self.line(part)
        self.depth -= 1
        self.line(")")

    def call(self, head, args, tail=")"):
        """A call, or another bracket, whose arguments may need lines of their own."""
        room = WIDTH - 4 * self.depth
        inside = ", ".join(args)
        if len(head + inside + tail) <= room:
            self.line(head + inside + tail)
            return
        self.line(head)
        self.depth += 1
        if len(inside) <= room - 4 and head.startswith("def "):
            self.line(inside)
        else:
            for arg in args:
                self.line(f"{arg},")
        self.depth -= 1
        self.line(tail.lstrip(","))


def closes(text):
    """True when the text begins with a bracket that closes at the very end."""
    depth = 0
    for k, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return letter == ")" and k == len(text) - 1
    return False


def split_terms(text, signs=(" + ", " - ")):
    """The terms of a sum, each on its own line."""
    found, depth, start = [], 0, 0
    k = 0
    while k < len(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[k], 0)
        if not depth and text[k : k + 3] in signs:
            found.append(text[start:k])
            start = k + 1
            k += 2
        k += 1
    found.append(text[start:])
    if len(found) == 1 and " * " in signs[0]:
        return found
    return found if len(found) > 1 else split_terms(text, (" * ", " / ", " @ "))


def joined(texts):
    """Signed texts as one sum, a positive one first."""
    first = next((k for k, (s, _) in enumerate(texts) if s == "+"), 0)
    order = [first, *(k for k in range(len(texts)) if k != first)]
    text = ""
    for k in order:
        sign, part = texts[k]
        if text:
            text += f" {sign} {part}"
        else:
            text = part if sign == "+" else f"-{part}"
    return text


def between(low, high):
    """The slice from one row to another, spaced as the formatter does."""
    simple = all(re.fullmatch(r"\w*", bound) for bound in (low, high))
    return f"{low}:{high}" if simple else f"{low} : {high}".strip()


def sum_of_rows(text):
    """The sum over steps and sequences of the code of an array."""
    return f"rows{text}.sum(0)" if closes(text) else f"rows({text}).sum(0)"


def speaks_of(name, text):
    """True when code speaks of a name, not as a part of another or as an attribute."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None
