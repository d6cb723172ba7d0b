"""The pages of the desk and of the letters say what the code says."""

import json
from random import Random

import pytest

from reference import desk, desk_points, letters, questions
from rnnbook.tutor import check_formula
from rnnlib.symbolic.notations.brought import BROUGHT
from tests.book import browser
from tests.tutor.formulas import campaign

MANY = 60  # right formulas, and as many wrong ones
MALFORMED = {
    r"W_{hy}^\top (p_t - y_t": "not closed",
    "g_t +": "missing at the end",
    r"\foo x": "not read here",
    "": "no formula",
    "Q_t": "not one of the book's",
    "W_hh^T delta_{q+1}": "bound by no sum",
    "dell_t/dW_hh": "by h, s and z of a step alone",
    "W_hh^{-2}": "a power",
    "((" * 3000: "",
}


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
    assert len(questions.QUESTIONS) == text.count("\n\nSee ") == 20
    for asked in questions.QUESTIONS:
        assert asked.places and len(asked.answer) > 80
        if asked.formula:
            report = check_formula(*asked.formula)
            assert report.right is asked.right, report
            assert str(report) in text
    assert sum(bool(asked.formula) for asked in questions.QUESTIONS) == 18


def formulas(kind):
    """Formulas of the campaign in the book's letters, with what is asked for."""
    found, seed = [], 0
    while len(found) < MANY:
        case = getattr(campaign, f"{kind}_one")(seed)
        seed += 1
        if case.notation == "book" and case.key in desk_points.KEYS:
            found.append(case)
    return found


@pytest.fixture
def judged(chromium):
    """Judge (key, text) pairs by the script, on a page of its own."""
    script = (desk.__file__.removesuffix("desk.py")) + "desk.js"
    with browser.launched(chromium) as context:
        page = context.new_page()
        page.set_content(
            '<script type="application/json" id="desk-data">'
            f"{desk_points.data()}</script>"
        )
        page.add_script_tag(path=script)

        def judge(pairs):
            return page.evaluate(
                "(pairs) => pairs.map(([key, text]) => desk.judge(key, text))", pairs
            )

        yield judge


@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_the_script_judges_as_the_book_does(judged, kind):
    cases = formulas(kind)
    answers = judged([(case.key, case.text) for case in cases])
    for case, answer in zip(cases, answers, strict=True):
        assert answer["right"] is (kind == "right"), (case, answer)
        if kind == "wrong":
            assert answer["counterexample"] or answer["problem"], (case, answer)


def test_the_script_says_what_it_cannot_read(judged):
    answers = judged([("g", text) for text in MALFORMED])
    for (text, words), answer in zip(MALFORMED.items(), answers, strict=True):
        assert answer["right"] is None and words in answer["problem"], (text, answer)
        start, end = answer["place"]
        assert 0 <= start < max(end, 1)


def test_the_script_survives_whatever_is_typed(judged):
    random, texts = Random(0), [case.text for case in formulas("right")]
    for i, text in enumerate(texts):
        for _ in range(3):
            at = random.randrange(len(text))
            text = text[:at] + random.choice("(){}_^+*@T\\2 ") + text[at + 1 :]
        texts[i] = text
    for answer in judged([("W_hh", text) for text in texts]):
        assert answer["right"] in (True, False, None)


@pytest.mark.parametrize(
    ("key", "text", "convention"),
    [
        ("W_hh", r"\frac{1}{T} \sum_t \delta_t h_{t-1}^T", "the mean over the steps"),
        ("W_hh", "sum_t h_{t-1} delta_t^T", "the result is transposed"),
        ("delta_z", "y_t - p_t", "the sign of the error"),
        ("g", "W_hy^T (y_t - p_t) + W_hh^T delta_{t+1}", "the sign of the error"),
        ("g", "-(p_t - y_t) + W_hh^T delta_{t+1}", ""),
        ("W_hh", "dW_hh += delta_s[t] @ h[t-1].T", "collected step by step"),
        ("g", "(p_t - y_t)^T W_hy + delta_{t+1} W_hh", ""),
        ("delta_s", r"\frac{dL}{dh_t} \odot (1 - h_t^2)", None),
        ("delta_s", "∂L/∂h_t ⊙ (1 − h_t²)", None),
        ("g", r"W_{hy}^\top (\hat y_t - y_t) + W_{hh}^\top\delta_{t+1}", None),
        ("g", "W_hyᵀ(pₜ − yₜ) + W_hhᵀ δₜ₊₁", None),
        ("g", "dℓ_t/dh_t + (dh_{t+1}/dh_t)^T dL/dh_{t+1}", None),
        ("g", r"(p_t-y_t) W_{hy} + g_{t+1} \odot \phi'(s_{t+1}) W_{hh}", "as rows"),
        ("g", "sum_{k=t}^T dell_k/dh_t", None),
        ("b_h", "sum_{t=1}^T sum_{k=t}^T dell_k/ds_t", None),
        ("W_hh", r"\sum_{t=1}^{T} \delta_t \otimes h_{t-1}", None),
        ("W_hh", "sum(np.outer(delta_s[t], h[t-1]) for t in range(1, T+1))", None),
        ("s", "W_xh x_t + W_hh h_t-1 + b_h", None),
    ],
)
def test_the_script_names_the_convention(judged, key, text, convention):
    (answer,) = judged([(key, text)])
    expected = check_formula(key, text)
    assert answer["right"] is expected.right, (answer, str(expected))
    if convention is None:
        assert answer["convention"] == ""
    elif answer["right"]:
        assert convention in answer["convention"]


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("g", "g_t", "only the name of what is asked for"),
        ("g", "2 g_t - g_t", "written with what is asked for itself"),
        ("p", "softmax(p_t)", ""),
        ("b_y", "p_t - y_t", "the sum over t is missing"),
        ("W_hh", "delta_t h_t^T", "bound by no sum"),
        ("g", "W_hy^{-1} delta_z_t", "only a square matrix has an inverse"),
        ("g", "np.linalg.inv(W_hh) @ delta_s[t+1] + W_hy.T @ delta_z[t]", ""),
        ("h", "phi(h_t)", ""),
    ],
)
def test_the_script_judges_wrong_what_no_sum_or_no_inverse_can_save(
    judged, key, text, problem
):
    (answer,) = judged([(key, text)])
    assert answer["right"] is check_formula(key, text).right is False
    assert problem in answer["problem"]
    assert problem or answer["counterexample"]


def test_the_form_answers(chromium, site):
    with browser.launched(chromium) as context:
        page, found = context.new_page(), []
        browser.watch(page, site.as_uri(), found)
        page.goto(f"{site.as_uri()}/reference/desk.html")
        said = page.locator(".desk-said")
        page.locator("form.desk select").select_option("delta_s")
        for text, words in (
            ("g_t * (1 - h_t^2)", "Equal at every point"),
            ("g_t * h_t", "Smallest case"),
            ("g_t * (1 - ", "Cannot be read"),
        ):
            page.locator("form.desk textarea").fill(text)
            page.get_by_role("button", name="Judge it").click()
            assert words in said.inner_text()
        assert found == []


def test_the_points_are_of_sizes_that_are_not_square():
    for network in json.loads(desk_points.data())["networks"]:
        assert len(set(network["sizes"].values())) == 3
