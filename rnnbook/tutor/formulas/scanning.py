r"""From text to tokens, with their places: LaTeX, plain, Python-like and Unicode.

What only decorates is passed over (``\left``, ``\mathbf``, dollars, spacing, ``np.``).
``x²`` is x ^ 2, and ``hₜ₋₁`` is h _ {t - 1}.
"""

import re
import unicodedata
from typing import NamedTuple


class Unreadable(Exception):
    """A sentence about a place of the text that cannot be read."""

    def __init__(self, sentence, place):
        super().__init__(sentence)
        self.sentence, self.place = sentence, place


class Token(NamedTuple):
    """A word, a number or a sign, and where it stands."""

    kind: str  # word, number, sign
    text: str
    start: int
    end: int


FONTS = (
    "mathrm|mathbf|boldsymbol|mathcal|operatorname|text|textrm|textbf|textit|mathsf"
    "|mathtt|mathbb|mathit|mathfrak|bm|vec|underline|pmb"
)
ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "tilde": "tilde",
    "widetilde": "tilde",
    "bar": "bar",
    "overline": "bar",
    "dot": "dot",
}
SKIPPED = re.compile(
    r"\s+|\\[,;:!>]|\\ |\\\[|\\\]|\\\(|\\\)|\\\\|[~&$]|%[^\n]*\n"
    r"|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|quad"
    r"|qquad|rm|bf|it|mathrel|mathstrut|phantom\{[^}]*\})(?![A-Za-z])\.?"
    rf"|\\(?:{FONTS})\*?(?![A-Za-z])"
    r"|\b(?:np|numpy|jnp|torch|tf|math|params|trace|self|F|sp|mx|gradients)\.(?:linalg\.)?(?=[A-Za-z])"
    r"|\\(?:begin|end)\{[a-z]+\*?\}"
)
FONT_WORD = re.compile(
    rf"\\(?:{FONTS})\*?\s*\{{\s*([A-Za-z]+(?:\\?_[A-Za-z]+)*|1)\s*\}}"
)
ACCENTED = re.compile(
    rf"\\({'|'.join(ACCENTS)})(?![A-Za-z])\s*"
    rf"(?:\{{\s*(?:\\(?:{FONTS})\s*\{{)?\s*\\?([A-Za-z]+)\s*\}}?\s*\}}|\\?([A-Za-z]+))"
)
COMMANDS = {
    "odot": "odot",
    "circ": "odot",
    "ast": "odot",
    "cdot": "*",
    "times": "*",
    "bullet": "*",
    "otimes": "otimes",
    "top": "top",
    "intercal": "top",
    "prime": "'",
    "nabla": "nabla",
    "partial": "partial",
    "sum": "sum",
    "prod": "prod",
    "frac": "frac",
    "dfrac": "frac",
    "tfrac": "frac",
    "geq": ">=",
    "ge": ">=",
    "leq": "<=",
    "le": "<=",
    "langle": "<",
    "rangle": ">",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "ldots": "dots",
    "cdots": "dots",
    "dots": "dots",
    "to": "to",
    "leftarrow": "=",
    "coloneqq": "=",
    "equiv": "=",
    "dagger": "dagger",
}
SIGNS = {
    "⊙": "odot",
    "∘": "odot",
    "○": "odot",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "•": "*",
    "×": "*",
    "∗": "*",
    "⊗": "otimes",
    "⊤": "top",
    "∇": "nabla",
    "∂": "partial",
    "∑": "sum",
    "Σ": "sum",
    "∏": "prod",
    "Π": "prod",
    "−": "-",
    "–": "-",
    "—": "-",
    "′": "'",
    "’": "'",
    "`": "'",
    "″": "' '",
    "≥": ">=",
    "≤": "<=",
    "⟨": "<",
    "⟩": ">",
    "…": "dots",
    "⋯": "dots",
    "∕": "/",
    "÷": "/",
    "←": "=",
}
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
OPERATORS = re.compile(
    r"\*\*|\+=|:=|==|>=|<=|\.T(?![A-Za-z0-9])|\.\.+|[-+*/@^_(){}\[\],;:='<>|.]"
)
LETTERS = {"ell": "ell", "varphi": "phi", "varepsilon": "epsilon", "vartheta": "theta"}
COMBINING = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}


def scan(text):
    """The tokens of a text.

    Raises `Unreadable` where a sign means nothing here.
    """
    found, at = [], 0
    while at < len(text):
        for kind in (_marked, _named, _lettered):
            tokens, end = kind(text, at)
            if end > at:
                found += tokens
                at = end
                break
        else:
            what = unicodedata.name(text[at], "this sign").lower()
            raise Unreadable(
                f"{text[at]!r} ({what}) means nothing in a formula here", (at, at + 1)
            )
    return found


def _marked(text, at):
    """Small figures above and below the line, as in x² and hₜ."""
    for mark, sign in (("<super>", "^"), ("<sub>", "_")):
        end = at
        while end < len(text) and unicodedata.decomposition(text[end]).startswith(mark):
            end += 1
        if end > at:
            plain = unicodedata.normalize("NFKC", text[at:end])
            inside = [
                Token(t.kind, t.text, at + t.start, at + t.end) for t in scan(plain)
            ]
            first = Token("sign", sign, at, at)
            open_, close = Token("sign", "{", at, at), Token("sign", "}", end, end)
            return [first, open_, *inside, close], end
    return [], at


def _named(text, at):
    """What begins with a backslash, and what is passed over."""
    if match := ACCENTED.match(text, at):
        word = f"{ACCENTS[match[1]]}({match[2] or match[3]})"
        return [Token("word", word, at, match.end())], match.end()
    if match := FONT_WORD.match(text, at):
        word = "one" if match[1] == "1" else re.sub(r"\\?_", "", match[1])
        return [Token("word", word, at, match.end())], match.end()
    if match := SKIPPED.match(text, at):
        return [], match.end()
    if match := re.compile(r"\\([A-Za-z]+)").match(text, at):
        word = match[1]
        if word in COMMANDS:
            return [Token("sign", COMMANDS[word], at, match.end())], match.end()
        return [Token("word", LETTERS.get(word, word), at, match.end())], match.end()
    if match := re.compile(r"\\([{}|])").match(text, at):
        sign = {"{": "(", "}": ")", "|": "|"}[match[1]]
        return [Token("sign", sign, at, match.end())], match.end()
    return [], at


def _lettered(text, at):
    """Words, numbers and signs; Greek letters by their names."""
    if match := WORD.match(text, at):
        end, word = match.end(), match[0]
        if end < len(text) and text[end] in COMBINING:
            return [
                Token("word", f"{COMBINING[text[end]]}({word})", at, end + 1)
            ], end + 1
        return [Token("word", word, at, end)], end
    if match := NUMBER.match(text, at):
        return [Token("number", match[0], at, match.end())], match.end()
    if text[at] in SIGNS:
        signs = SIGNS[text[at]].split()
        return [Token("sign", sign, at, at + 1) for sign in signs], at + 1
    if match := OPERATORS.match(text, at):
        return [Token("sign", match[0], at, match.end())], match.end()
    letter = text[at]
    if letter == "ℓ":
        return [Token("word", "ell", at, at + 1)], at + 1
    name = unicodedata.name(letter, "")
    if "GREEK" in name and "LETTER" in name:
        word = name.split("LETTER ")[1].split()[0].lower().replace("lamda", "lambda")
        return [Token("word", word, at, at + 1)], at + 1
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 2 and parts[1] in COMBINING and parts[0].isascii():
        word = f"{COMBINING[parts[1]]}({parts[0]})"
        return [Token("word", word, at, at + 1)], at + 1
    plain = unicodedata.normalize("NFKC", letter)
    if plain != letter and plain.isascii() and plain.isalnum():
        kind = "number" if plain.isdigit() else "word"
        return [Token(kind, plain, at, at + 1)], at + 1
    return [], at
