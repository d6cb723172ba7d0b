"""The pages of the desk and of the letters say what the code says."""

from reference import desk, letters, questions
from rnnbook.tutor import check_formula
from rnnlib.symbolic.notations.brought import BROUGHT


def test_the_examples_are_of_every_verdict():
    found = [check_formula(key, text, spoken) for key, text, spoken in desk.EXAMPLES]
    assert {report.right for report in found} == {True, False, None}
    assert any(report.convention for report in found)
    assert sum(report.slip is not None for report in found) == 3
    text = desk.page()
    for report in found:
        assert str(report) in text


def test_every_notation_has_its_letters():
    text = letters.page()
    for record in BROUGHT.values():
        assert f"## {record.title}\n" in text and f"Key: `{record.key}`." in text
        assert all(f"- {line}." in text for line in record.conventions)
    assert text.count("was not at hand") == 3
    assert text.count("$$") % 2 == 0


def test_every_question_has_an_answer_a_place_and_a_verdict():
    text = questions.page()
    assert len(questions.QUESTIONS) == text.count("\n\nSee ") == 18
    for asked in questions.QUESTIONS:
        assert asked.places and len(asked.answer) > 80
        if asked.formula:
            report = check_formula(*asked.formula)
            assert report.right is asked.right, report
            assert str(report) in text
    assert sum(bool(asked.formula) for asked in questions.QUESTIONS) == 16
