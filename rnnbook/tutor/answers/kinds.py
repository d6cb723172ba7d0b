"""The kinds of answers, and how each is checked.

A check takes an answer apart: what is right is said first, then the specific slip. An
answer that is a function is run; one that is a formula is judged by `check_formula`.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np

from rnnbook.tutor.formulas.proofs import first_gap


@dataclass(frozen=True)
class Verdict:
    """What is right, and what is wrong in words, by part."""

    right: tuple = ()
    wrong: dict = field(default_factory=dict)

    @property
    def ok(self):
        """True when every part is right."""
        return not self.wrong


def parts_of(answer, names):
    """The answer by the names of its parts; a tuple is in their order."""
    if isinstance(answer, dict):
        return answer
    if len(names) == 1:
        return {names[0]: answer}
    if not isinstance(answer, (tuple, list)) or len(answer) != len(names):
        raise ValueError(f"expected {len(names)} parts: {', '.join(names)}")
    return dict(zip(names, answer, strict=True))


@dataclass(frozen=True)
class Numbers:
    """Numbers with their slips: ``follow`` gives what is right after a wrong one.

    ``right`` is by name, ``slips`` by name a dictionary from a wrong number to words.
    """

    right: dict
    slips: dict = field(default_factory=dict)
    tolerance: float = 0.0  # relative; 0: exact
    follow: dict = field(default_factory=dict)  # name: function of the parts before

    def check(self, answer):
        """The `Verdict` on an answer."""
        given, right, wrong = parts_of(answer, tuple(self.right)), [], {}
        for name, wanted in self.right.items():
            if name not in given:
                wrong[name] = "is missing"
            elif self.same(given[name], wanted):
                right.append(name)
            elif self.follows(name, given):
                right.append(f"{name} (it follows from what stands before)")
            else:
                wrong[name] = self.words(name, given[name])
        return Verdict(tuple(right), wrong)

    def same(self, given, wanted):
        """True within the tolerance; words and truth values are compared as such."""
        if isinstance(wanted, (bool, str)):
            return isinstance(given, (type(wanted), np.bool_)) and given == wanted
        try:
            return bool(abs(given - wanted) <= self.tolerance * abs(wanted))
        except TypeError:
            return False

    def follows(self, name, given):
        """True for what is right after a wrong number before it."""
        rule = self.follow.get(name)
        if rule is None:
            return False
        try:
            return self.same(given[name], rule(given))
        except (KeyError, TypeError, ValueError, ArithmeticError):
            return False

    def words(self, name, given):
        """The slip of a wrong number."""
        for number, words in self.slips.get(name, {}).items():
            if self.same(given, number):
                return words
        if isinstance(self.right[name], (bool, str)):
            return "is another answer"
        plain = isinstance(given, (float, np.number)) or hasattr(given, "numerator")
        if isinstance(given, bool) or not (plain or hasattr(given, "evalf")):
            return f"is {type(given).__name__}: expected a number"
        return "is another number"


@dataclass(frozen=True)
class Formulas:
    """Formulas by name, each judged by a `Question` that is made when needed.

    ``slips`` has by name, for slips that `check_formula` does not name, a dictionary
    from a wrong formula to words.
    """

    questions: dict  # name: function that makes a `Question`
    slips: dict = field(default_factory=dict)

    def check(self, answer):
        """The `Verdict` on an answer."""
        given, right, wrong = parts_of(answer, tuple(self.questions)), [], {}
        for name, make in self.questions.items():
            question, text = make(), str(given.get(name, ""))
            report = question.answer(text)
            if report.right:
                right.append(name)
            elif report.right is None:
                wrong[name] = f"cannot be read: {report.problem}"
            else:
                said = report.slip.words if report.slip else report.problem
                said = self.slip(name, question, text) or said
                wrong[name] = said or report.differs or "is not equal to it"
        return Verdict(tuple(right), wrong)

    def slip(self, name, question, text):
        """The words of the stored slip that is equal to a wrong formula."""
        known = self.slips.get(name, {})
        term = question.read(text).term if known else None
        for formula, words in known.items():
            if question.judge.one_value(term, question.read(formula).term):
                return words
        return ""


@dataclass(frozen=True)
class Code:
    """A function, compared with the right one on cases that tell slips apart."""

    cases: Callable  # function that makes the arguments: name of the case to a tuple
    right: Callable  # function of the same arguments
    slips: dict = field(default_factory=dict)  # words: a wrong function
    result: Callable = lambda found: found  # what is compared
    refuses: bool = False  # every ValueError is alike, whatever it says

    def check(self, function):
        """The `Verdict` on a reader's function."""
        if not callable(function):
            return Verdict((), {"the function": "expected a function"})
        right, wrong, outcomes = [], {}, {}
        for name, arguments in self.cases().items():
            outcomes[name] = outcome = self.run(function, arguments)
            if same_arrays(outcome, self.run(self.right, arguments)):
                right.append(name)
            else:
                wrong[name] = _described(outcome)
        if wrong:
            slip = self.slip(outcomes)
            if slip:
                wrong = {next(iter(wrong)): slip}
        return Verdict(tuple(right), wrong)

    def slip(self, outcomes):
        """The words of the slip that has the same results on every case."""
        for words, function in self.slips.items():
            found = {
                name: self.run(function, arguments)
                for name, arguments in self.cases().items()
            }
            if all(same_arrays(found[n], outcomes[n]) for n in found):
                return words
        return ""

    def run(self, function, arguments):
        """What is compared, or the error."""
        try:
            with np.errstate(all="ignore"):
                return self.result(function(*deepcopy(arguments)))
        except NotImplementedError:
            raise
        except Exception as error:  # a reader's function may do anything
            if self.refuses and isinstance(error, ValueError):
                return ValueError("the arguments are refused")
            return error


def same_arrays(a, b):
    """Equal up to rounding, in all parts."""
    if isinstance(a, Exception) or isinstance(b, Exception):
        return type(a) is type(b) and str(a) == str(b)
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same_arrays, a, b))
    if isinstance(a, dict):
        same = isinstance(b, dict) and a.keys() == b.keys()
        return same and all(same_arrays(a[k], b[k]) for k in a)
    try:
        a, b = np.asarray(a, complex), np.asarray(b, complex)
    except (TypeError, ValueError):
        return False
    return a.shape == b.shape and np.allclose(a, b, 1e-8, 1e-10, equal_nan=True)


def _described(outcome):
    if isinstance(outcome, Exception):
        return f"raises {type(outcome).__name__}: {outcome}"
    return "has another result"


@dataclass(frozen=True)
class Experiment:
    """Claims about the reader's own result: words and a test of it, in their order."""

    claims: dict  # words: function of the result
    slips: dict = field(default_factory=dict)  # the words of a claim: what to look at

    def check(self, result):
        """The `Verdict` on a result."""
        right, wrong = [], {}
        for words, test in self.claims.items():
            try:
                with np.errstate(all="ignore"):
                    holds = bool(test(result))
            except Exception as e:  # a result may be anything
                wrong[words] = f"cannot be tested: {type(e).__name__}: {e}"
                continue
            if holds:
                right.append(words)
            else:
                wrong[words] = self.slips.get(words, "does not hold of your result")
        return Verdict(tuple(right), wrong)


@dataclass(frozen=True)
class Mistake:
    """Find the mistake: the lines, a mended function, and a counterexample that is run.

    ``lines`` are the numbers of the wrong lines, counted from 1; any of ``choices`` is
    accepted. The counterexample is a tuple of arguments.
    """

    lines: tuple  # sets of numbers that are accepted
    original: Callable
    right: Callable
    cases: Callable  # function that makes the arguments of the tests
    slips: dict = field(default_factory=dict)  # words: a wrongly mended function
    PARTS = ("the lines", "the mended function", "the counterexample")

    def check(self, answer):
        """The `Verdict` on (lines, function, counterexample)."""
        names = self.PARTS
        given, right, wrong = parts_of(answer, names), [], {}
        chosen = given[names[0]]
        chosen = {chosen} if isinstance(chosen, int) else set(chosen)
        if chosen in self.lines:
            right.append(names[0])
        elif any(chosen & wanted for wanted in self.lines):
            wrong[names[0]] = "not all of them, or one too many"
        else:
            wrong[names[0]] = "another line: run the function and see what it reads"
        code = Code(self.cases, self.right, self.slips)
        verdict = code.check(given[names[1]])
        if verdict.ok:
            right.append(names[1])
        else:
            case, words = next(iter(verdict.wrong.items()))
            wrong[names[1]] = f"{words} ({case})"
        words = self.refutes(code, given[names[2]])
        if words:
            wrong[names[2]] = words
        else:
            right.append(names[2])
        return Verdict(tuple(right), wrong)

    def refutes(self, code, arguments):
        """Why a counterexample is none; nothing when it is one."""
        wanted = code.run(self.right, tuple(arguments))
        if isinstance(wanted, Exception):
            return f"the right function cannot be run on it: {wanted}"
        if same_arrays(code.run(self.original, tuple(arguments)), wanted):
            return "the wrong function is right on it"
        return ""


@dataclass(frozen=True)
class Proof:
    """A chain of formulas; ``make`` gives what `first_gap` needs besides the lines."""

    make: Callable

    def check(self, lines):
        """The `Verdict` on a list of pairs (formula, rule)."""
        if not isinstance(lines, (list, tuple)) or not all(
            isinstance(p, (list, tuple)) and len(p) == 2 for p in lines
        ):
            return Verdict((), {"the lines": "expected pairs: a formula, its rule"})
        gap = first_gap(list(lines), **self.make())
        done = len(lines) if gap is None else gap.line - 1
        right = tuple(f"line {k}" for k in range(1, done + 1))
        return Verdict(right, {} if gap is None else {f"line {gap.line}": gap.words})


@dataclass(frozen=True)
class Samples:
    """A function that draws, compared in law with the right one, as `Code` is.

    ``draw`` gives many numbers drawn by a function. Two samples belong together up to
    a distance of their distribution functions that chance passes once in 10,000.
    """

    draw: Callable  # function of a reader's function
    right: Callable
    slips: dict = field(default_factory=dict)  # words: a wrong function

    def check(self, function):
        """The `Verdict` on a reader's function."""
        found = self.run(function)
        if isinstance(found, str):
            return Verdict((), {"the draws": found})
        wanted = self.run(self.right)
        if found.shape != wanted.shape:
            words = f"have the shape {found.shape}: expected {wanted.shape}"
            return Verdict((), {"the draws": words})
        if one_law(found, wanted):
            return Verdict(("the draws",))
        named = (w for w, f in self.slips.items() if one_law(found, self.run(f)))
        return Verdict((), {"the draws": next(named, "have another law")})

    def run(self, function):
        """The numbers drawn, or why there are none."""
        if not callable(function):
            return "expected a function"
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self.draw(function), float)
        except NotImplementedError:
            raise
        except Exception as error:  # a reader's function may do anything
            return _described(error)
        return "some are no numbers" if np.isnan(found).any() else found


def one_law(a, b):
    """True when two samples may come from one law (Kolmogorov and Smirnov)."""
    if isinstance(a, str) or isinstance(b, str):
        return False
    points = np.union1d(a, b)
    below = (np.searchsorted(np.sort(x), points, side="right") / x.size for x in (a, b))
    distance = np.abs(np.subtract(*below)).max()
    return bool(distance < 2.23 * np.sqrt(1 / a.size + 1 / b.size))


@dataclass(frozen=True)
class Parts:
    """An answer in parts, each of a kind of its own."""

    kinds: dict  # name: kind

    def check(self, answer):
        """The `Verdict` on all parts together."""
        given, right, wrong = parts_of(answer, tuple(self.kinds)), [], {}
        for name, kind in self.kinds.items():
            if name not in given:
                wrong[name] = "is missing"
                continue
            try:
                verdict = kind.check(given[name])
            except ValueError as error:
                wrong[name] = f"cannot be read: {error}"
                continue
            right += [f"{name} ({n})" if n != name else n for n in verdict.right]
            for part, words in verdict.wrong.items():
                wrong[name if part == name else f"{name} ({part})"] = words
        return Verdict(tuple(right), wrong)
