"""Numbers that the prose of a chapter states and its code does not bear out.

    python -m tools.prose_numbers [CHAPTER ...]

A number stated in prose has to occur in the same chapter in what a cell prints or in
what its code says: an assertion, a setting, a size. That ties the two: who changes one
of them alone is told. Numbers up to twelve are left out, as they number and count; so
are numbers of equations, sections and lines of the documents, years in citations, the
reading time, and what stands in `TIES`, with the reason why it is no result.
"""

import re
import sys

from tools import chapters
from tools.equations import CELL
from tools.evidence import caption_of, shown

TIES = {  # chapter: {number: what it is}
    "intro": {
        "2019": "year of a document",
        "2026": "year of a document",
        "20": "number in a theorem: the copy task has T + 20 outputs",
    },
    "forward": {"1.3": "section of a document"},
    "recipes": {"62": "line of the listing"},
    "gradient_checking": {"1e-16": "size of a rounding error of float64"},
    "spectral_bounds": {
        "1.7": "section of a document",
        "9.2": "section of a document",
    },
    "optimising": {"1e200": "size of an example; the cell writes 3e200 and 4e200"},
    "gates": {
        "0.25": "1 / sqrt(16), for the size of the cell",
        "1e-9": "tolerance of the tests with PyTorch",
    },
    "long_memories": {"0.73": "the logistic function at 1"},
    "min_char_rnn": {"20000": "odds that rnnbook.tutor.sampling asks for"},
    "min_char_rnn_studied": {"0.999": "the smoothing of the original program"},
}
NUMBER = re.compile(r"(?<![\w.^{\\])\d[\d,]*(?:\.\d+)?(?![\w])")
POWER = re.compile(r"(?:(\d+(?:\.\d+)?)\s*\\cdot\s*)?10\^\{?(-?\d+)\}?")
REFERENCES = re.compile(
    r"\{cite(?::\w+)?\}`[^`]*`[ ]*(?:,[ ]*)?(?:\([^()]*\)"
    r"|(?:sections?|lines?|displays?|lines? and)[ ]*[\d., toand–-]+)?"
    r"(?:,[ ]*(?:\([^()]*\)))*"
    r"|\((?:[A-Z]|sections? )?\d[^()]*\)"
    r"|(?:[Ss]ections?|[Ll]ines?|[Dd]isplays?|Theorems?|Lemma|Step|step)[ ]+[\d., ]+"
    r"(?:(?:to|and|–)[ ]+[\d.]+)?"
    r"|\*\*Reading time\*\* about \d+ minutes"
    r"|\{[\w:]+\}`[^`]*`|`[^`]*`|\$\$.*?\$\$([ ]*\([\w-]+\))?|^:.*$",
    re.DOTALL | re.MULTILINE,
)


def stated(text):
    """The numbers that a text states, in one form: no commas, 1e-30 for powers."""
    text = re.sub(r"\]\([^)\s]*\)", "]", text)
    text = re.sub(r"^[ ]*\d+\. ", " ", text, flags=re.MULTILINE)
    text = REFERENCES.sub(" ", text)
    found = set()
    for match in POWER.finditer(text):
        if abs(int(match[2])) > 1:
            found.add(f"{match[1] or 1}e{match[2]}")
    text = POWER.sub(" ", text)
    for number in NUMBER.findall(text):
        number = number.rstrip(",").replace(",", "")
        if "." in number or int(number) > 12:
            found.add(number)
    return found


def spoken(text):
    """The numbers of code and outputs, in the same form."""
    text = re.sub(r"(?<=\d)[,_](?=\d{3})", "", text)
    found = set(re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text))
    plain = {f"{float(n):.12g}" for n in found if len(n) < 25}
    powers = {f"1e{k}" for k in re.findall(r"1(?:\.0)?e([+-]?\d+)", text)}
    powers |= {f"1e{k}" for k in re.findall(r"10(?:\.0)?\^?(?:\*\*)?\(?(-?\d+)", text)}
    return found | plain | {p.replace("+", "").replace("e0", "e") for p in powers}


def untied(nb, name=""):
    """[(cell, number)] of the prose of a notebook that nothing bears out."""
    said = set()
    for cell in nb.cells:
        if cell.cell_type == "code":
            said |= spoken(shown(cell))
    percent = {f"{100 * float(n):.12g}" for n in said if re.fullmatch(r"0?\.\d+", n)}
    said |= percent | set(TIES.get(name, ()))
    found = []
    for cell in nb.cells:
        text = cell.source if cell.cell_type == "markdown" else caption_of(cell)
        if cell.id == CELL:
            continue
        for number in sorted(stated(text)):
            plain = f"{float(number):.12g}"
            if not {number, plain} & said:
                found.append((cell.id, number))
    return found


def main(names):
    """Print the numbers without a tie; 1 when there are any."""
    count = 0
    for name in names or ["intro", *chapters.names()]:
        for cell, number in untied(chapters.read(name), name):
            print(f"{name}:{cell}: {number}")
            count += 1
    print(f"{count} numbers without a tie")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
