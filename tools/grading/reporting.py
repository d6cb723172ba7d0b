"""The table of grades, a page for each student, and the slips of the class."""

import csv
from collections import Counter
from html import escape

STYLE = (
    "<style>body{font-family:sans-serif;max-width:44rem;margin:2rem auto}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .6rem;"
    "text-align:left}</style>"
)


def write(grades, notes, out):
    """Write everything into a folder.

    Parameters
    ----------
    grades : list of Grade
    notes : dict
        What was noticed in the notebook of each student.
    out : pathlib.Path
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "grades.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "exercise", "right", "slip"])
        for g in grades:
            row = [g.student, g.label, int(g.right), g.slip]
            table.writerow([_safe(cell) for cell in row])
    for student in notes:
        own = [g for g in grades if g.student == student]
        page = feedback(student, own, notes[student])
        (out / f"{student}.html").write_text(page, encoding="utf-8")
    (out / "slips.html").write_text(slips(grades), encoding="utf-8")


def _safe(cell):
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return "'" + text if text[:1] in "=+-@" else text


def _page(title, body):
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}'
        f"</title>{STYLE}<h1>{escape(title)}</h1>{body}</html>\n"
    )


def feedback(student, grades, notes):
    """What one student is told: what is right first, then each slip; no score."""
    parts = []
    for g in grades:
        parts.append(f"<h2>{escape(g.label)}</h2>")
        if g.right:
            parts.append("<p>Right.</p>")
            continue
        if g.parts:
            parts.append(f"<p>Right: {escape(', '.join(g.parts))}.</p>")
        lines = [f"{part}: {said}" for part, said in g.slips] or [g.problem]
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        parts.append(f"<p>Not yet:</p><ul>{items}</ul>")
    if notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in notes)
        parts.append(f"<h2>Noticed</h2><ul>{items}</ul>")
    return _page(f"Answers of {student}", "".join(parts))


def slips(grades):
    """How often each slip was made, exercise by exercise."""
    counts = Counter()
    for g in grades:
        for part, said in g.slips or ((("", g.problem),) if g.problem else ()):
            counts[g.label, f"{part}: {said}".removeprefix(": ")] += 1
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{escape(said)}</td><td>{n}</td></tr>"
        for (label, said), n in sorted(
            counts.items(), key=lambda item: (item[0][0], -item[1], item[0][1])
        )
    )
    head = "<tr><th>exercise</th><th>slip</th><th>students</th></tr>"
    return _page("Slips of the class", f"<table>{head}{rows}</table>")
