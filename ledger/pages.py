"""The ledger as pages of the book: records in, MyST text out."""

import textwrap
from typing import NamedTuple

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
    faults,
    outline,
)
from ledger.filling import said
from ledger.scoring import stored, survivors
from tools import chapters

AUTHORS = {
    "roysdon": "Roysdon",
    "sarkar": "Sarkar",
    "khanna": "Khanna",
    "pal": "Pal",
    "topcuoglu": "Topçuoğlu",
}


class About(NamedTuple):
    """What the title page of a document says."""

    title: str
    author: str
    kind: str
    date: str


ABOUT = {
    "roysdon": About(
        "Recurrent Neural Network - Derivations & Proofs",
        "Paul F. Roysdon, Ph.D.",
        "a chapter of lecture notes",
        "undated",
    ),
    "sarkar": About(
        "Notes: Recurrent Neural Network (RNN)", "Sarbajit Sarkar", "notes", "2025-12"
    ),
    "khanna": About(
        "Recurrent Neural Networks: A Mathematical Overview",
        "Jayin Khanna, Shiv Nadar University",
        "report on the third presentation of an undergraduate seminar (MAT399)",
        "undated",
    ),
    "pal": About(
        "Mathematical derivation of BPTT for RNN, and gradient vanishing and "
        "exploding problems",
        "Susovan Pal",
        "short article, part of it marked as unfinished",
        "2019-07",
    ),
    "topcuoglu": About(
        "Recurrent Neural Networks (RNN): Logic and Mathematics",
        "Hincal Topçuoğlu",
        "study notes with a program",
        "2026-02-23",
    ),
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
        lines += [f"In the book: {covered}."]
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
    parts = [head, said(claim, "claim")]
    for title, field in (
        ("Convention", "convention"),
        ("As printed", "printed"),
        ("As it should be", "correction"),
        ("Why", "why"),
        ("Smallest counterexample", "counterexample"),
        (f"What it does to you ({claim.harm})", "consequence"),
        ("Lost or garbled in the scan", "scan"),
    ):
        if getattr(claim, field):
            parts.append(f"*{title}:* {said(claim, field)}")
    parts += fault_of(claim)
    parts.append(f"Treated in {treated_in(claim.see)}.")
    if claim.verdict != "not checkable":
        source = checks(claim.document)[claim.id].source
        parts.append(f":::{{dropdown}} The check\n```python\n{source}```\n:::")
    classes = f"claim {classes_of(claim)}"
    body = "\n\n".join(textwrap.dedent(p).strip() for p in parts)
    return f"::::{{container}} {classes}\n:name: claim-{claim.id}\n\n{body}\n::::"


def fault_of(claim):
    """The fault of a claim, with the defence of the author."""
    if claim.fault not in faults():
        return []
    fault = faults()[claim.fault]
    found = [f"*The fault:* {{ref}}`this one <fault-{fault.id}>`. {fault.title}"]
    if claim.verdict in ("false", "imprecise"):
        for_author = f"{claim.defence} {fault.defence}".strip()
        found.append(f"*For the author:* {for_author} *Against:* {fault.ruling}")
    if claim.difference:
        found.append(
            f"*Another verdict than the fault has elsewhere:* {claim.difference}"
        )
    return found


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
    at_fault = {c.fault for c in wrong}
    meaning = [
        f"[{v}]{{.verdict .verdict-{slug(v)}}}\n: {m}" for v, m in VERDICTS.items()
    ]
    return "\n\n".join(
        [
            f"The five documents make **{len(records)} claims** that we found. "
            f"{len(wrong)} of them need a correction; the rest stand, or cannot be "
            f"run. The corrections go back to {len(at_fault)} faults, "
            "{doc}`each with one verdict <faults>`: a fault can spoil several claims, "
            "and be made in several documents. Every verdict but the last is backed by "
            "a check that the tests execute. A check shows each time that it can fail: "
            "a claim that holds is tested together with falsifications, a claim that "
            "does not hold together with its correction.",
            bars({AUTHORS[d]: counts(claims(d)) for d in DOCUMENTS}),
            count_table(),
            score_text(),
            "## The five documents",
            about_table(),
            "## What the verdicts mean",
            *meaning,
        ]
    )


def about_table():
    """Who wrote the documents, when, and what kind of text they are."""
    rows = ["| document | author | kind of text | date |", "| --- | --- | --- | --- |"]
    for document in DOCUMENTS:
        about = ABOUT[document]
        rows.append(
            f"| {{doc}}`{about.title} <{document}>` | {about.author} | {about.kind} "
            f"| {about.date} |"
        )
    return "\n".join(rows) + (
        "\n\nFive short texts that derive, or state, the gradients of one and the same "
        "network, no two in the same notation: columns, indices, columns with other "
        "letters, total derivatives, and a program. What the table says is what their "
        "title pages say. None of them gives an address, and we know of none; an "
        "author, or whoever has a document, can run `make outline` on it and see "
        "whether it is the text that was judged. The book worked from transcriptions "
        "made by a scanner: drawings are lost, and where a figure or a line of a "
        "listing is missing the record says so."
    )


def faults_page():
    """Every fault, with its verdict and everywhere it is made."""
    parts = [
        f"{len(faults())} faults, most frequent first. "
        "{doc}`Where the line runs <summary>`."
    ]
    made = {id_: [c for c in all_claims() if c.fault == id_] for id_ in faults()}
    for id_, own in sorted(made.items(), key=lambda item: -len(item[1])):
        fault = faults()[id_]
        places = "; ".join(
            f"{{ref}}`{name(c)} <claim-{c.id}>`"
            + (f" ({c.verdict}: {c.difference.rstrip('.')})" if c.difference else "")
            for c in own
        )
        verdict = f"[{fault.verdict}]{{.verdict .verdict-{slug(fault.verdict)}}}"
        parts += [
            f"(fault-{id_})=\n\n**{fault.title}** {verdict}",
            f"*For the author:* {fault.defence} *But:* {fault.ruling}",
            f"*Where:* {places}.",
        ]
    return "\n\n".join(parts)


def score_text():
    """How many false versions the checks refuse, and which they let pass."""
    scores = stored().values()
    planted, made, refused = (sum(column) for column in zip(*scores, strict=True))
    missed = {g.why: g for g in survivors().values() if g.kind == "missed"}.values()
    lines = [
        f"The checks refuse all of {planted} false versions of the claims that were "
        f"planted by hand, and {refused} of {made} made by rule "
        f"({100 * refused / made:.1f}%). The rules exchange what people confuse: "
        "< and <=, a norm and a radius, a sum and a mean, every and some, $t$ and "
        "$t - 1$, a matrix and its transpose, the state before and after the "
        "activation; they drop a term, a factor or a hypothesis, and turn a sign. A "
        "version that is true as well, being weaker or the same in other words, is "
        "listed with its reason and does not count. Those that the checks miss:",
    ]
    for group in missed:
        names = ", ".join(f"{{ref}}`{c} <claim-{c}>`" for c in group.claims)
        lines.append(f"- {names}: {group.why}")
    return "\n".join([lines[0], "", *lines[1:]])


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
                f": {one_line(said(c, 'consequence'))}",
                f"  *As printed:* {one_line(said(c, 'printed'))}",
                f"  *As it should be:* {one_line(said(c, 'correction'))}",
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
            f"[{c.verdict}]{{.verdict}} · {one_line(said(c, 'claim'))}\n::::"
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
    "ledger/faults": faults_page,
    "ledger/all": all_page,
    **{f"ledger/{d}": lambda d=d: document_page(d) for d in DOCUMENTS},
}
