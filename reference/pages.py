"""The reference pages as MyST text, from what the other modules read."""

from itertools import groupby

from reference import desk, exercises, letters, questions
from reference.drawing import map_svg
from reference.needs import needs
from reference.symbols import anchor, symbols
from reference.terms import terms
from tools import chapters
from tools.chapters import link, to_chapter

PLURAL = {
    "definition": "Definitions",
    "theorem": "Theorems",
    "lemma": "Lemmas",
    "corollary": "Corollaries",
    "proposition": "Propositions",
    "algorithm": "Algorithms",
}


def place(label):
    """A reference to a label, and the chapter that it stands in; or to a chapter."""
    if label in chapters.names():
        return to_chapter(label)
    return f"{to_chapter(chapters.owner(label))}, {link(label)}"


def map_page():
    """The drawing of the chapters, and the same as a list."""
    lines = ["<figure>" + map_svg() + "</figure>", "## The same as a list"]
    titles = {name: to_chapter(name) for name in needs()}
    items = []
    for name, others in needs().items():
        before = ", ".join(titles[o] for o in others) or "nothing but this book's start"
        after = [titles[n] for n, own in needs().items() if name in own]
        leads = f" Leads to {', '.join(after)}." if after else ""
        items.append(f"- {titles[name]} builds on {before}.{leads}")
    return "\n\n".join([*lines, "\n".join(items)])


def summaries_page():
    """The summary of every chapter, part by part."""
    lines = []
    for caption, names in chapters.parts():
        own = [n for n in names if n in chapters.names()]
        lines += [f"## {caption}"] if own else []
        for name in own:
            lines += [f"### {chapters.title(name)}"]
            lines += [f"From {to_chapter(name)}."]
            lines += [chapters.summary(name)]
    return "\n\n".join(lines)


def theorems_page():
    """Every numbered box with its title: chapter by chapter, then by kind."""
    lines = ["## By chapter"]
    for name in chapters.names():
        found = chapters.statements(name)
        if found:
            lines.append(f"**{to_chapter(name)}**")
            lines.append("\n".join(f"- {link(s.label)}: {s.title}" for s in found))
    every = [s for name in chapters.names() for s in chapters.statements(name)]
    for kind in PLURAL:
        found = sorted((s for s in every if s.kind == kind), key=_by_title)
        if found:
            lines.append(f"## {PLURAL[kind]}, by title")
            items = (f"- {s.title}: {place(s.label)}" for s in found)
            lines.append("\n".join(items))
    return "\n\n".join(lines)


def _by_title(statement):
    return statement.title.lower()


def symbols_page():
    """An entry for every symbol, with the names that the documents give it."""
    lines = []
    for symbol in symbols():
        parts = [f"**${symbol.shown}$** · {symbol.meaning}"]
        facts = [f"shape {symbol.shape}"] if symbol.shape else []
        facts += [f"in `rnnlib`: `{symbol.code}`"] if symbol.code else []
        facts += [f"array {symbol.array}"] if symbol.array else []
        if facts:
            text = ", ".join(facts)
            parts.append(f"{text[0].upper()}{text[1:]}.")
        parts.append(f"Defined in {place(symbol.where)}.")
        if symbol.only:
            here = ", ".join(map(to_chapter, symbol.only))
            parts.append(f"With this meaning in {here}.")
        if symbol.documents:
            parts.append(_other_names(symbol.documents))
        body = "\n\n".join(parts)
        name = anchor(symbol)
        lines.append(f"::::{{container}} symbol\n:name: {name}\n\n{body}\n::::")
    return "\n\n".join(lines)


def _other_names(documents):
    """The names of a symbol in the documents; equal names together."""
    by_name = sorted(documents, key=lambda pair: pair[1])
    found = []
    for latex, group in groupby(by_name, key=lambda pair: pair[1]):
        found.append(f"${latex}$ in {', '.join(title for title, _ in group)}")
    return f"In the documents: {'; '.join(found)}."


def glossary_page():
    """The list of terms, for the glossary of Sphinx."""
    entries = []
    for term in terms():
        see = "; ".join(map(place, term.where))
        names = "\n".join((term.name, *term.also))
        entries.append(f"{names}\n  {term.meaning} See {see}.")
    body = "\n\n".join(entries)
    return f":::{{glossary}}\n:sorted:\n\n{body}\n:::"


PAGES = {
    "reference/map": map_page,
    "reference/summaries": summaries_page,
    "reference/theorems": theorems_page,
    "reference/exercises": exercises.page,
    "reference/symbols": symbols_page,
    "reference/glossary": glossary_page,
    "reference/desk": desk.page,
    "reference/letters": letters.page,
    "reference/questions": questions.page,
}
