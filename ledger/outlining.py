"""`python -m ledger.outlining FOLDER`: read the documents again, and store what is new.

The documents themselves are not part of the book. FOLDER has one text file a document,
under any names: a file belongs to the outline whose titles it has. The stored outline
is what the tests use; whoever has the documents renews it with this.
"""

import json
import sys
from pathlib import Path

from ledger.claims import DOCUMENTS, HERE, Section, outline
from ledger.reading import parts

EMPTY = Section("", "", 1, [])


def renewed(sections, text):
    """The outline of a text; what people added to ``sections`` is kept."""
    known = {section.number: section for section in sections}
    found = parts(text)
    top = min((part.number.count(".") for part in found), default=0)
    return [
        known.get(part.number, EMPTY)._replace(
            number=part.number,
            title=part.title,
            level=part.number.count(".") - top + 1,
            displays=part.displays,
            listings=part.listings,
            numbered=part.numbered,
            sentences=part.sentences,
        )
        for part in found
    ]


def belongs(text):
    """The document whose outline shares most titles with the text, or None."""
    titles = {part.title for part in parts(text)}
    shared = {d: len(titles & {s.title for s in outline(d)}) for d in DOCUMENTS}
    best = max(shared, key=shared.get)
    return best if shared[best] > len(titles) / 2 else None


def dump(name, sections):
    """An outline as TOML."""
    lines = [f"# What {name} contains: its sections, and a digest of each sentence."]
    for section in sections:
        lines += ["", "[[section]]"]
        for field, value in section._asdict().items():
            if field in Section._field_defaults and value in (
                Section._field_defaults[field],
                [],
            ):
                continue
            lines.append(f"{field} = {literal(value)}")
    return "\n".join(lines) + "\n"


def literal(value):
    """A value of an outline as TOML."""
    if isinstance(value, list):
        items = [literal(item) for item in value]
        short = f"[{', '.join(items)}]"
        if len(short) < 80:
            return short
        rows = [", ".join(items[i : i + 6]) for i in range(0, len(items), 6)]
        return "[\n  " + ",\n  ".join(rows) + ",\n]"
    if isinstance(value, str):
        raw = "\\" in value and "'" not in value
        return f"'{value}'" if raw else json.dumps(value, ensure_ascii=False)
    return str(value)


def main(folder):
    """Write the outlines of the documents in a folder; what changed, as sentences."""
    changes, missing = [], set(DOCUMENTS)
    for path in sorted(Path(folder).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        document = belongs(text)
        if document is None:
            changes.append(f"{path.name}: no document of the ledger")
            continue
        missing.discard(document)
        new, old = renewed(outline(document), text), list(outline(document))
        if new != old:
            changes += differences(document, old, new)
            place = HERE / "outlines" / f"{document}.toml"
            place.write_text(dump(document, new), encoding="utf-8")
    return changes + [f"{document}: no file here" for document in sorted(missing)]


def differences(document, old, new):
    """What is not the same in two outlines, a sentence a section."""
    before = {section.number: section for section in old}
    after = {section.number: section for section in new}
    found = [f"{document} {n}: gone" for n in before if n not in after]
    for number, section in after.items():
        if section != before.get(number):
            same = set(before[number].sentences) if number in before else set()
            fresh = sum(s not in same for s in section.sentences)
            found.append(f"{document} {number}: {fresh} new sentences")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ledger.outlining FOLDER")
    for sentence in main(sys.argv[1]):
        print(sentence)
