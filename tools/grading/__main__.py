"""Grade a folder of returned notebooks."""

import argparse
import sys
from pathlib import Path

from tools.grading.collecting import collect
from tools.grading.judging import Grade, grade
from tools.grading.reporting import write


def grade_folder(folder, out, seed=None):
    """Grade every notebook beneath a folder; returns the grades."""
    grades, notes = [], {}
    for path in sorted(folder.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts or path.is_relative_to(out):
            continue
        student = "-".join(path.relative_to(folder).with_suffix("").parts)
        found = collect(path)
        notes[student] = found.notes
        for label in found.labels:
            name = found.functions.get(label)
            if name is None:
                grades.append(
                    Grade(student, label, False, problem="the answer is missing")
                )
            else:
                grades.append(grade(student, label, name, found.cells, seed))
        right = sum(g.right for g in grades if g.student == student)
        print(f"{student}: {right} of {len(found.labels)} right")
    write(grades, notes, out)
    return grades


def main(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int, help="of `make exercises SEED=...`")
    args = parser.parse_args(arguments)
    if not args.folder.is_dir():
        print(f"make grade: {args.folder} is no folder")
        return 1
    out = (args.out or args.folder / "graded").resolve()
    grade_folder(args.folder.resolve(), out, args.seed)
    print(f"grades.csv, slips.html and a page for each student are in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
