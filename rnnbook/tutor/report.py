"""What a check says: `.ok`, and sentences that name what is wrong and why."""

from dataclasses import dataclass, field


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The verdict on one function. Printed, it is the same on every machine."""

    name: str  # of the piece that was checked
    problem: str = ""  # what prevents a comparison, or has to be mended first
    right: tuple = ()  # names of the outputs that are right
    wrong: dict = field(default_factory=dict)  # name: how it differs, in words
    mistakes: tuple = ()  # of the catalogue, that explain what was found
    tried: int = 0  # how many entries of the catalogue were tried
    written: bool = True  # False while the function is the stub
    alternatives: tuple = ()  # other mistakes that make the very same outputs
    first: str = ""  # the first quantity that differs, in the order of computation
    facts: tuple = ()  # what was noticed besides, a sentence each

    @property
    def ok(self):
        """True when everything is right."""
        return not (self.problem or self.wrong or self.mistakes)

    @property
    def original(self):
        """True where it is right, in the way of the original min-char-rnn."""
        return bool(self.mistakes) and all(m.original for m in self.mistakes)

    def _lines(self, place):
        yield f"{self.name}: {self._verdict()}"
        for output, words in self.wrong.items():
            yield f"  {output} {words}"
        if self.wrong and self.problem:
            yield f"  {self.problem}"
        for number, mistake in enumerate(self.mistakes):
            yield from _entry(mistake, number, place)
        for other in self.alternatives:
            names = " with ".join(m.name for m in other)
            yield f"The same outputs would come from: {names}."
        if self.wrong and not self.mistakes:
            yield f"It is none of {self.tried} known mistakes, nor two of them at once."
            yield f"  The first that differs: {self.first}."
        yield from (f"  {fact}" for fact in self.facts)

    def _verdict(self):
        """The first line, after the name."""
        if self.ok:
            return "right"
        if self.original and self.wrong:
            return f"as in the original program: {', '.join(self.wrong)}"
        if self.wrong:
            right = f" (right: {', '.join(self.right)})" if self.right else ""
            return f"wrong: {', '.join(self.wrong)}{right}"
        return self.problem or "wrong"

    def __str__(self):
        return "\n".join(self._lines(lambda mistake: mistake.place))

    __repr__ = __str__

    def _repr_markdown_(self):
        """With links, for a notebook."""
        lines = list(self._lines(lambda mistake: mistake.link))
        return "\n".join(f"{_escaped(line)}  " for line in lines)


def _entry(mistake, number, place):
    """The lines of one entry of the catalogue."""
    if mistake.original:
        start = "and" if number else "It is"
        yield f"{start} as in the original program: {mistake.name}."
    else:
        yield f"{'and like' if number else 'It looks like'}: {mistake.name}."
    yield f"  {mistake.sentence}"
    if mistake.original:
        yield f'  To have it checked as such: Layout(original=("{mistake.original}",)).'
    if mistake.equation:
        yield f"  See {place(mistake)}."


def stub_text(*diagnoses):
    """Which functions are still to be written or mended, for `solved`."""
    missing = [d.name for d in diagnoses if not d.ok]
    return f"First the checks of {', '.join(missing)} have to pass."


def solved(*diagnoses):
    """True when all of these checks passed; otherwise says which did not."""
    done = all(d.ok for d in diagnoses)
    if not done:
        print(stub_text(*diagnoses))
    return done


def _escaped(line):
    """Markdown must not read W_hh or *args as emphasis; code stays as it is."""
    if "](" in line:
        return line.strip()
    texts = line.strip().split("`")
    for i in range(0, len(texts), 2):
        for sign in ("\\", "_", "*", "<", "$", "[", "]"):
            texts[i] = texts[i].replace(sign, "\\" + sign)
    return "`".join(texts)
