"""An equation has one number: on its page, in JupyterLab, in messages, in exercises."""

import re

import pytest

from rnnbook.page import equations as printed
from rnnbook.tutor.catalogue import PLACES, Mistake
from tests.book import lab
from tools import equations
from tools.exercises import exercises

NUMBERS = {label: number for label, (number, _) in equations.numbers().items()}


def test_the_written_numbers_are_those_of_the_chapters():
    assert equations.main(["--check"]) == 0


def test_every_label_has_one_number_of_its_own():
    assert len(set(NUMBERS.values())) == len(NUMBERS) > 90
    assert {label: place.number for label, place in printed.places().items()} == NUMBERS


@pytest.mark.parametrize("name", equations.chapter_numbers())
def test_every_displayed_equation_has_a_label(name):
    """JupyterLab numbers those without one too, and the numbers would part."""
    for cell in equations.read(name).cells:
        if cell.cell_type == "markdown":
            displays = cell.source.count("$$") // 2
            assert displays == len(equations.LABEL.findall(cell.source)), cell.id


def test_on_the_pages(site):
    shown = {}
    for page in (site / "chapters").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        pattern = r'id="equation-(eq-[\w-]+)">\s*<span class="eqno">\(([\d.]+)\)'
        shown |= dict(re.findall(pattern, text))
        boxes = re.findall(r'id="equation-eq-[^>]*>[\s\S]*?</div>', text)
        assert not any(r"\tag{" in box for box in boxes)  # no second number
    assert shown == NUMBERS


def test_in_jupyterlab(chromium, tmp_path):
    notebooks = {name: equations.read(name) for name in equations.chapter_numbers()}
    notebooks = {name: nb for name, nb in notebooks.items() if equations.labels(nb)}
    shown = lab.equation_numbers(chromium, notebooks, tmp_path)
    assert shown == {label: [number] for label, number in NUMBERS.items()}


@pytest.mark.parametrize("label", PLACES)
def test_in_messages_of_the_tutor(label):
    mistake = Mistake("a name", "A sentence.", label, {})
    assert f"({NUMBERS[label]})" in mistake.place
    assert f"({NUMBERS[label]})" in mistake.link


@pytest.mark.parametrize("name", equations.chapter_numbers())
def test_in_exercises(name):
    """Any Jupyter shows the number, and no label is left."""
    nb = exercises(equations.read(name))
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    assert "(eq-" not in text and "{eq}`" not in text
    tags = re.findall(r"\\tag\{([\d.]+)\}", text)
    assert set(tags) <= set(NUMBERS.values())


def test_a_number_of_no_equation_is_refused():
    with pytest.raises(ValueError, match="label: expected that of an equation"):
        printed.number("eq-of-nowhere")


def test_a_moved_equation_is_noticed(monkeypatch):
    swapped = dict(NUMBERS)
    swapped["eq-bptt-9"], swapped["eq-bptt-8"] = "4.5", "4.6"
    monkeypatch.setattr(
        equations, "numbers", lambda: {n: (v, "bptt") for n, v in swapped.items()}
    )
    assert equations.main(["--check"]) == 1
