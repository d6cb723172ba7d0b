"""The ledger as pages of the book: records in, MyST text out."""

import textwrap

from ledger.anchors import anchors, place
from ledger.chart import bars, slug
from ledger.checking import checks
from ledger.claims import (
    AT_FAULT,
    DOCUMENTS,
    HARMS,
    TOPICS,
    VERDICTS,
    all_claims,
    claims,
    outline,
)
from tools import chapters

AUTHORS = {
    "roysdon": "Roysdon",
    "sarkar": "Sarkar",
    "khanna": "Khanna",
    "pal": "Pal",
    "topcuoglu": "Topçuoğlu",
}
UNNUMBERED = ("fig-", "ex-", "sec-", "tab-")  # how the labels of such places begin


def name(claim):
    """How a claim is called in text: Roysdon 1.6-14."""
    return f"{AUTHORS[claim.document]} {claim.id.removeprefix(claim.document + '-')}"


def treated_in(see):
    """A reference to the place in a chapter where a claim is treated."""
    chapter, anchor = place(see)
    if not chapters.belongs(anchor, chapter):
        where = f"{{ref}}`this cell <{cell_label(chapter, anchor)}>`"
    else:
        unnumbered = anchor.startswith(UNNUMBERED)
        where = chapters.link(anchor, "here" if unnumbered else "")
    return f"{chapters.to_chapter(chapter)}, {where}"


def cell_label(chapter, cell):
    """The label of a code cell of a chapter."""
    return f"cell-{chapter}-{cell}".replace("_", "-")


def document_page(document):
    """Every claim of a document, section by section."""
    records = claims(document)
    lines = [
        f"{{cite}}`{document}` makes {len(records)} claims. "
        "{doc}`What the verdicts mean <summary>`.",
        f'<p><a href="../errata/{document}.md" download>Errata sheet</a> '
        "(Markdown), ready to be sent to the author.</p>",
        bars({AUTHORS[document]: counts(records)}),
        *form(("verdict", VERDICTS), ("topic", TOPICS)),
    ]
    top = min(section.level for section in outline(document))
    for section in outline(document):
        lines += [f"(ledger-{document}-{section.number.replace('.', '-')})="]
        number = f"{section.number} " if section.number[0].isdigit() else ""
        lines += [f"{'#' * (section.level - top + 2)} {number}{section.title}"]
        covered = ", ".join(f"{{doc}}`{page}`" for page in pages_of(section))
        lines += [f"In the book: {covered}. {section.silent}".strip()]
        lines += [entry(c) for c in records if c.section == section.number]
    return "\n\n".join(lines)


def pages_of(section):
    """The pages of the book that cover a section of a document."""
    return [
        "/bibliography" if chapter == "bibliography" else f"/chapters/{chapter}"
        for chapter in section.chapters
        if chapter == "bibliography" or anchors(chapter) is not None
    ]


def entry(claim):
    """One claim, with its verdict and its check."""
    head = f"**{name(claim)}** · {claim.place} · [{claim.verdict}]{{.verdict}}"
    parts = [head, claim.claim]
    for title, text in (
        ("Convention", claim.convention),
        ("As printed", claim.printed),
        ("As it should be", claim.correction),
        ("Why", claim.why),
        ("Smallest counterexample", claim.counterexample),
        (f"What it does to you ({claim.harm})", claim.consequence),
        ("Lost in the scan, not the author's doing", claim.scan),
    ):
        if text:
            parts.append(f"*{title}:* {text}")
    parts.append(f"Treated in {treated_in(claim.see)}.")
    if claim.verdict != "not checkable":
        source = checks(claim.document)[claim.id].source
        parts.append(f":::{{dropdown}} The check\n```python\n{source}```\n:::")
    classes = f"claim {classes_of(claim)}"
    body = "\n\n".join(textwrap.dedent(p).strip() for p in parts)
    return f"::::{{container}} {classes}\n:name: claim-{claim.id}\n\n{body}\n::::"


def classes_of(claim):
    """What the filter looks at."""
    return (
        f"document-{claim.document} verdict-{slug(claim.verdict)} "
        f"topic-{slug(claim.topic)}"
    )


def summary_page():
    """Counts, the chart, and what the verdicts mean."""
    records = all_claims()
    wrong = [c for c in records if c.verdict in AT_FAULT]
    meaning = [
        f"[{v}]{{.verdict .verdict-{slug(v)}}}\n: {m}" for v, m in VERDICTS.items()
    ]
    return "\n\n".join(
        [
            f"The five documents make **{len(records)} claims** that we found. "
            f"{len(wrong)} of them need a correction; the rest stand, or cannot be "
            "run. Every verdict but the last is backed by a check that the tests "
            "execute. A check shows each time that it can fail: a claim that holds "
            "is tested together with planted falsifications, a claim that does not "
            f"hold together with its correction. There are {planted()} planted "
            "falsifications, and the tests demand that every one is refused.",
            bars({AUTHORS[d]: counts(claims(d)) for d in DOCUMENTS}),
            count_table(),
            "## What the verdicts mean",
            *meaning,
        ]
    )


def planted():
    """How many falsifications the checks plant."""
    return sum(len(check.planted) for d in DOCUMENTS for check in checks(d).values())


def counts(records):
    """How many claims have each verdict."""
    return {v: sum(c.verdict == v for c in records) for v in VERDICTS}


def count_table():
    """The numbers of the chart."""
    rows = [f"| document | {' | '.join(VERDICTS)} | all |"]
    rows.append("| --- |" + " ---: |" * (len(VERDICTS) + 1))
    for document in DOCUMENTS:
        number = counts(claims(document)).values()
        cells = " | ".join(str(n) for n in (*number, sum(number)))
        rows.append(f"| {{doc}}`{AUTHORS[document]} <{document}>` | {cells} |")
    number = counts(all_claims()).values()
    rows.append(f"| all | {' | '.join(str(n) for n in (*number, sum(number)))} |")
    return "\n".join(rows)


def errors_page():
    """The errors that matter, worst first."""
    harmful, parts = [c for c in all_claims() if c.harm], []
    for harm, meaning in HARMS.items():
        own = [c for c in harmful if c.harm == harm]
        if own:
            parts += [f"## {harm.capitalize()}", meaning]
        for c in own:
            parts += [
                f"{{ref}}`{name(c)} <claim-{c.id}>`, {c.place}\n"
                f": {one_line(c.consequence)}",
                f"  *As printed:* {one_line(c.printed)}",
                f"  *As it should be:* {one_line(c.correction)}",
            ]
    return "\n\n".join(parts)


def all_page():
    """Every claim in a line, to be filtered."""
    documents = {d: AUTHORS[d] for d in DOCUMENTS}
    parts = form(("document", documents), ("verdict", VERDICTS), ("topic", TOPICS))
    for c in all_claims():
        parts.append(
            f"::::{{container}} claim line {classes_of(c)}\n\n"
            f"{{ref}}`{name(c)} <claim-{c.id}>` · {c.place} · "
            f"[{c.verdict}]{{.verdict}} · {one_line(c.claim)}\n::::"
        )
    return "\n\n".join(parts)


def one_line(text):
    """Text without line breaks."""
    return " ".join(text.split())


def form(*fields):
    """A filter: one choice a field, and how many claims are left."""
    parts = ['<form class="claim-filter" aria-label="Filter the claims">']
    for field, options in fields:
        values = options.items() if field != "verdict" else ((v, v) for v in options)
        parts.append(
            f'<label>{field} <select name="{field}"><option value="">all</option>'
        )
        parts += [f'<option value="{slug(v)}">{text}</option>' for v, text in values]
        parts.append("</select></label>")
    parts.append('<output aria-live="polite"></output></form>')
    return ["".join(parts)]


PAGES = {
    "ledger/summary": summary_page,
    "ledger/errors": errors_page,
    "ledger/all": all_page,
    **{f"ledger/{d}": lambda d=d: document_page(d) for d in DOCUMENTS},
}
