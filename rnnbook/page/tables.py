"""Tables that a cell shows."""

from IPython.display import Markdown

RULES = {"none": "---", "left": ":--", "right": "--:", "centre": ":-:"}


def table(header, rows, align="left"):
    """A table; a cell is Markdown, with formulas between dollars.

    ``align`` is for all columns. ValueError when a row has not a cell for each column
    or the alignment is unknown.
    """
    if align not in RULES:
        raise ValueError(f"align: expected one of {list(RULES)}, got {align!r}")
    rows = [list(line) for line in rows]
    for n, line in enumerate(rows):
        if len(line) != len(header):
            raise ValueError(
                f"rows: expected {len(header)} cells a row, got {len(line)} in row {n}"
            )
    lines = [header, [RULES[align]] * len(header), *rows]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
