"""The assignments for nbgrader and otter, as they are written."""

import re
from pathlib import Path

import pytest
import yaml

from reference.exercises import CHECKED, page
from rnnbook.tutor.answers import check_answer
from rnnbook.tutor.answers.checking import known, parts, varied
from tools import ROOT, assignments, chapters
from tools.exercises import TAG, checks, defines, exercises, stub, with_seed
from tools.grading.collecting import needed

NAMES = sorted({p.stem for p in chapters.paths() if checks(chapters.read(p))})


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_knows_every_answer_and_its_check(name):
    chapter, worth = chapters.read(name), assignments.points(name)
    new = assignments.nbgrader(chapter, worth)
    facts = [c.metadata.nbgrader for c in new.cells if "nbgrader" in c.metadata]
    ids = [f["grade_id"] for f in facts]
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[\w-]+", i) for i in ids)
    wanted = checks(chapter)
    assert {f"answer-{label}" for label in wanted} | set(wanted) == set(ids)
    for fact in facts:
        assert fact["schema_version"] == 3
        graded = fact["grade_id"] in wanted
        assert fact["grade"] == fact["locked"] == graded != fact["solution"]
        assert ("points" in fact) == graded
    sources = {c.metadata.nbgrader["grade_id"]: c.source for c in new.cells
               if "nbgrader" in c.metadata}  # fmt: skip
    for label in wanted:
        assert "BEGIN SOLUTION" in sources[f"answer-{label}"]
        last = sources[label].splitlines()[-1]
        assert last == f"{wanted[label]}_answer.marks({worth[label]})"
        assert "with quiet():" in sources[label]
    text = "\n".join(
        c.source for c in new.cells if TAG not in c.metadata.get("tags", [])
    )
    assert "{solution" not in text and "**Solution" not in text


@pytest.mark.parametrize("name", NAMES)
def test_otter_has_a_test_for_every_part(name):
    chapter, worth = chapters.read(name), assignments.points(name)
    new = assignments.otter(chapter, worth, ["matplotlibrc"])
    raw = [c.source for c in new.cells if c.cell_type == "raw"]
    config = yaml.safe_load(raw[0].partition("\n")[2])
    assert config["tests"] == {"ok_format": False}
    wanted = checks(chapter)
    for opening in ("# BEGIN QUESTION", "# END QUESTION", "# BEGIN TESTS"):
        assert sum(r.startswith(opening) for r in raw) == len(wanted)
    tests = [c.source for c in new.cells if "# BEGIN TEST CONFIG" in c.source]
    assert len(tests) == sum(len(parts(known()[label].kind)) for label in wanted)
    assert not any("points:" in test for test in tests)  # otter shares them alike
    questions = [r for r in raw if r.startswith("# BEGIN QUESTION")]
    given = sum(int(re.search(r"^points: (\d+)$", q, re.M)[1]) for q in questions)
    assert given == sum(worth[label] for label in wanted)


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_needs_a_cell_that_is_not_handed_out(name):
    chapter = chapters.read(name)
    all_cells = [c.source for c in chapters.code_cells(chapter)]
    new = [c.source for c in chapters.code_cells(assignments.solved(chapter))]
    for function in checks(chapter).values():
        for source in needed(all_cells, function):
            handed_out = any(cell.endswith(source) for cell in new)  # under its title
            if handed_out or defines(source, function):
                continue
            helpers = re.findall(r"^def (\w+)", source, re.M)
            answer = next(c for c in new if defines(c, function))
            assert any(f"    def {helper}(" in answer for helper in helpers), source


def test_a_folded_helper_is_handed_out_to_nobody():
    """`truncated` stands in a fold, and a solution calls it."""
    nb = assignments.solved(chapters.read("unrolled_sums"))
    answers = [c.source for c in nb.cells if "def truncation_errors" in c.source]
    assert len(answers) == 1 and "    def truncated(" in answers[0]
    assert "truncated(" not in stub(answers[0])


def test_marks_are_shared_among_the_parts():
    answer = check_answer("ex-forward-budget", lambda: (37, 37))
    assert answer.share == 0.5 and answer.marks(3) == 1.5
    assert answer.has("zero h_0") and not answer.has("learned h_0")
    assert (
        not answer.has() and check_answer("ex-forward-budget", lambda: (37, 36)).has()
    )
    wrong = next(iter(known()["ex-forward-logistic"].wrong.values()))
    report = check_answer("ex-forward-logistic", wrong)
    assert report.share == 0.0 and not report.has()

    def stub():
        raise NotImplementedError("not written yet")

    assert check_answer("ex-forward-budget", stub).marks(2) == 0.0


def test_nothing_reaches_the_error_stream(capfd):
    import sys
    import warnings

    from rnnbook.tutor.answers import quiet

    with quiet():
        warnings.warn("one", stacklevel=1)
        print("two", file=sys.stderr)
    assert capfd.readouterr().err == ""


def test_both_forms_are_written(tmp_path, capsys):
    path = chapters.path_of("forward")
    assert assignments.main([str(path), "--out", str(tmp_path)]) == 0
    assert "forward: written" in capsys.readouterr().out
    config = (tmp_path / "nbgrader" / "nbgrader_config.py").read_text("utf-8")
    assert "timeout = 300" in config
    for place in ("nbgrader/source/forward", "otter/forward"):
        assert (tmp_path / place / "forward.ipynb").is_file()
        assert (tmp_path / place / "matplotlibrc").is_file()


def test_the_tools_work_with_the_versions_of_the_book():
    def pins(path):
        found = re.findall(r"^([\w.-]+)==(\S+)", Path(path).read_text("utf-8"), re.M)
        return dict(found)

    book = pins(ROOT / "requirements.txt")
    own = pins(ROOT / "tools" / "requirements" / "classroom.in")
    assert len(set(own) & set(book)) > 9
    assert all(own[name] == book[name] for name in set(own) & set(book))


VARIANTS = [label for label, exercise in known().items() if exercise.variant]


def test_there_are_twenty_variants():
    assert len(VARIANTS) >= 20


@pytest.mark.parametrize("label", VARIANTS)
def test_every_variant_can_be_solved_and_its_slips_told_apart(label):
    for seed in range(3):
        variant = varied(label, seed)
        assert check_answer(label, lambda v=variant: v.solution, seed=seed).ok
        told = []
        for words, answer in variant.exercise.wrong.items():
            report = check_answer(label, lambda a=answer: a, seed=seed)
            told.append(str(report))
            assert not report.ok and all(w in told[-1] for w in words.split(": "))
        assert len(set(told)) == len(told) == len(variant.exercise.hints) == 3


@pytest.mark.parametrize("label", VARIANTS)
def test_the_text_of_a_variant_takes_its_place(label):
    chapter = next(n for n in NAMES if label in checks(chapters.read(n)))
    nb, seen = chapters.read(chapter), set()
    for seed in range(20):
        new = with_seed(nb, seed)
        text = "\n".join(cell.source for cell in new.cells)
        assert all(said in text for said in varied(label, seed).text.values())
        assert f", seed={seed})" in text
        assert repr(varied(label, seed).solution) in text
        seen.add(str(varied(label, seed).text))
    assert len(seen) > 4
    handed_out = "\n".join(c.source for c in exercises(nb, 7).cells)
    assert f"return {varied(label, 7).solution!r}" not in handed_out


@pytest.mark.parametrize("label", VARIANTS)
def test_the_solved_cell_of_a_variant_runs_by_itself(label):
    """A solution is written as numbers, whatever the chapter imports."""
    chapter = next(n for n in NAMES if label in checks(chapters.read(n)))
    nb = chapters.read(chapter)
    name = checks(nb)[label]
    for seed in (1, 7):
        cells = with_seed(nb, seed).cells
        source = next(c.source for c in cells if defines(c.source, name))
        space = {}
        exec(source, space)
        assert check_answer(label, space[name], seed=seed).ok


def test_a_variant_whose_text_is_not_there_is_refused():
    nb = chapters.read("forward")
    for cell in nb.cells:
        cell.source = cell.source.replace("An RNN has 10", "An RNN has ten")
    with pytest.raises(ValueError, match="expected once in the exercise"):
        with_seed(nb, 7)
    assert with_seed(nb, None) == nb


def test_the_page_for_teachers_says_how_each_exercise_is_checked():
    text = page()
    for label, exercise in known().items():
        line = next(
            row for row in text.splitlines() if f"<{label}>" in row and "minutes" in row
        )
        assert CHECKED[type(exercise.kind).__name__] in line
        assert ("from a seed" in line) == bool(exercise.variant)
    assert f"{len(known())} of the" in text
