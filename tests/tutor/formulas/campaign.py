"""Formulas by the hundred: right ones rearranged, wrong ones planted, damaged ones."""

from dataclasses import dataclass
from functools import cache
from random import Random

from rnnbook.tutor.formulas import check_formula
from rnnbook.tutor.formulas.checking import keys, known_notations, question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.writing import Writer
from tests.tutor.formulas.pythonic import Pythonic
from tests.tutor.formulas.rearranging import damaged, rearranged

STYLES = ("plain", "python")  # of the book's notation, besides LaTeX in all of them


@dataclass(frozen=True)
class Case:
    """One formula as a reader would type it."""

    key: str
    notation: str
    text: str
    slip: object = None

    def report(self):
        """What the desk says."""
        return check_formula(self.key, self.text, self.notation)


def _chosen(random):
    """A result, a notation, and the writer of a style."""
    key = random.choice(keys())
    spoken = random.choice([*known_notations(), *STYLES])
    if spoken == "python":
        return key, "book", Pythonic(book_network())
    if spoken == "plain":
        return key, "book", Writer(book_network(), latex=False)
    return key, spoken, Writer(book_network(), known_notations()[spoken])


def right_one(seed):
    """A rearrangement of a right formula."""
    random = Random(f"right {seed}")
    key, notation, writer = _chosen(random)
    term = question_for(key, notation).target.right
    term = rearranged(term, random, book_network(), random.randint(1, 5))
    return Case(key, notation, writer(term))


@cache
def slips_of(key):
    """All slips of a result."""
    return [s for form in question_for(key).slips for s in form]


def mistaken(key, random):
    """A slip of a result that is wrong under every convention."""
    while True:
        slip = random.choice(slips_of(key))
        if question_for(key).verdict(slip.term) is None:
            return slip


def wrong_one(seed):
    """A rearrangement of a formula with one derived mistake."""
    random = Random(f"wrong {seed}")
    key, notation, writer = _chosen(random)
    slip = mistaken(key, random)
    if isinstance(writer, Pythonic) and slip.kind == "hadamard":
        writer = Writer(book_network(), known_notations()["book"])  # * may repeat
    term = rearranged(slip.term, random, book_network(), random.randint(0, 2))
    return Case(key, notation, writer(term), slip)


def malformed_one(seed):
    """A right formula that is damaged, until it cannot be read."""
    random = Random(f"malformed {seed}")
    case = right_one(seed)
    text = case.text
    for _ in range(20):
        text = damaged(text, random)
        found = Case(case.key, case.notation, text)
        if found.report().right is None:
            break
        text = text or case.text
    return found


def names_it(case, report):
    """True when the planted slip is named, or one that is the same formula."""
    if report.slip is None:
        return False
    named = (report.slip, *report.alternatives)
    return any(same_formula(case, case.slip, s) for s in named)


def same_formula(case, a, b):
    """True when two slips are one: of one kind and value, or of equal terms."""
    if a.term == b.term:
        return True
    judge = question_for(case.key, case.notation).judge
    return judge.one_value(a.term, b.term)
