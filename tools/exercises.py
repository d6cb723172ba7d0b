"""Write the reader's notebooks: the chapters without their solutions.

    python -m tools.exercises [--force] [--seed N] [--out FOLDER] [CHAPTER ...]

A solution fold, from ``:::{solution-start}`` to ``:::{solution-end}``, is removed, text
and code. A cell with the tag ``exercise-code`` stays, in a fold or not: what stands
between ``# BEGIN SOLUTION`` and ``# END SOLUTION`` becomes an error that says that it
is not written yet. Everything else stays as it is. With a seed, exercises that have a
variant are posed with other numbers. A notebook that exists is a reader's
work and is not overwritten without ``--force``.
"""

import argparse
import copy
import re
import shutil
import sys
from pathlib import Path

import nbformat

from rnnbook.tutor.answers.checking import known, varied
from tools import ROOT, chapters
from tools.grading.collecting import CHECK
from tools.notebooks import STAMP, dumps
from tools.plain import in_any_jupyter

OUT = ROOT / "exercises"
TAG = "exercise-code"
START = re.compile(r"^(:{3,})\{solution-start\}")
END = re.compile(r"^(:{3,})\{solution-end\}")
REGION = re.compile(
    r"^(?P<indent>[ ]*)# BEGIN SOLUTION\n.*?^[ ]*# END SOLUTION$",
    re.MULTILINE | re.DOTALL,
)


def stub(source):
    """The source with every marked region replaced by an error.

    Raises ValueError when there is none, or a mark without its partner.
    """
    marks = len(re.findall(r"# (?:BEGIN|END) SOLUTION", source))
    name = re.search(r"^def (\w+)", source, re.MULTILINE)
    what = name[1] if name else "this"

    def region(match):
        indent = match["indent"]
        return (
            f"{indent}# Your code comes here, in place of the next line.\n"
            f'{indent}raise NotImplementedError("{what} is not written yet")'
        )

    text, count = REGION.subn(region, source)
    if not count or marks != 2 * count:
        raise ValueError(f"{what}: expected marked solutions, got {marks} marks")
    return text


def fill(source, solution):
    """The stub of ``solution`` in ``source`` replaced by what it stands for."""
    if source != stub(solution):
        raise ValueError("source: expected the stub of this solution")
    return solution


def without_folds(cells, unsolved=stub):
    """The cells outside solution folds; ``unsolved`` of the source of those tagged.

    Raises ValueError for a fold that is opened twice or not closed.
    """
    kept, inside = [], False
    for cell in copy.deepcopy(cells):
        if cell.cell_type == "markdown":
            lines, fence = [], None
            for line in cell.source.split("\n"):
                if START.match(line):
                    if inside:
                        raise ValueError(f"cell {cell.id}: a fold inside a fold")
                    inside, fence = True, START.match(line)[1]
                elif END.match(line):
                    if not inside:
                        raise ValueError(f"cell {cell.id}: a fold that was not opened")
                    inside, fence = False, END.match(line)[1]
                elif fence and not inside and line.strip() == fence:
                    fence = None  # the line that closes the end mark itself
                elif not inside:
                    lines.append(line)
            cell.source = "\n".join(lines).strip("\n")
            if cell.source.strip():
                kept.append(cell)
        elif TAG in cell.metadata.get("tags", []):
            cell.source = unsolved(cell.source)
            kept.append(cell)
        elif not inside:
            kept.append(cell)
    if inside:
        raise ValueError("a fold is not closed")
    return kept


def with_seed(nb, seed):
    """A chapter whose exercises, where they have a variant, are posed with a seed.

    Raises ValueError where a text to be replaced does not stand there exactly once.
    """
    new = copy.deepcopy(nb)
    for label, function in checks(nb).items():
        variant = None if seed is None else varied(label, seed)
        if variant is None:
            continue
        for cell in new.cells:
            if f":label: {label}\n" in cell.source:
                cell.source = _posed(cell.source, label, variant.text)
            elif defines(cell.source, function):
                said = f"    # BEGIN SOLUTION\n    return {variant.solution!r}\n"
                source = REGION.sub(
                    lambda match, said=said: f"{said}    # END SOLUTION", cell.source
                )
                cell.source = _replaced(label, source, variant.code)
            else:
                cell.source = re.sub(
                    rf'(check_answer\("{label}", {function})\)',
                    rf"\1, seed={seed})",
                    cell.source,
                )
    return new


def checks(nb):
    """{label: name of the function} of the exercises of a notebook with a check."""
    sources = (cell.source for cell in chapters.code_cells(nb))
    found = dict(pair for source in sources for pair in CHECK.findall(source))
    return {label: name for label, name in found.items() if label in known()}


def defines(source, name):
    """True when a cell defines the function, at its outermost level."""
    return re.search(rf"^def {name}\(", source, re.MULTILINE) is not None


def _posed(source, label, text):
    """The text of an exercise with other numbers."""
    before, mark, rest = source.partition(f":label: {label}\n")
    statement, end, after = rest.partition("\n:::")
    return before + mark + _replaced(label, statement, text) + end + after


def _replaced(label, source, pieces):
    """A text with some of its pieces replaced, each of which stands there once."""
    for old, new in pieces.items():
        if source.count(old) != 1:
            raise ValueError(f"{label}: expected once in the exercise: {old!r}")
        source = source.replace(old, new)
    return source


def exercises(nb, seed=None):
    """The reader's form of a chapter; without outputs when something is to be written.

    Outputs of a solved notebook say nothing about an unsolved one.
    """
    new = with_seed(nb, seed)
    new.cells = without_folds(new.cells)
    new = in_any_jupyter(new)
    new.metadata.pop(STAMP, None)
    if any(TAG in cell.metadata.get("tags", []) for cell in new.cells):
        for cell in new.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
    nbformat.validate(new)
    return new


def write(paths, out, force, seed=None):
    """Write the notebooks and the data they read; returns how many were kept."""
    out.mkdir(parents=True, exist_ok=True)
    for data in chapters.data_files():
        shutil.copy(data, out)
    kept, shown = 0, out.relative_to(ROOT) if out.is_relative_to(ROOT) else out
    for path in paths:
        target = out / path.name
        text = dumps(exercises(chapters.read(path), seed))
        if target.exists() and not force:
            if target.read_text(encoding="utf-8") != text:
                kept += 1
                print(f"{shown / path.name}: kept as it is, it may be your work")
            continue
        target.write_text(text, encoding="utf-8")
        print(f"{shown / path.name}: written")
    if kept:
        print(f"{kept} kept. `make exercises FORCE=1` overwrites them with new ones.")
    return kept


def main(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    parser.add_argument("--seed", type=int, help="other numbers in the exercises")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("chapters", nargs="*", type=Path)
    args = parser.parse_args(arguments)
    write(args.chapters or chapters.paths(), args.out.resolve(), args.force, args.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
