"""The checks of accessibility complain about what they are there for."""

import pytest

from tests.book import accessibility, browser

PAGE = (
    "<!doctype html><html lang=en><title>t</title><link rel=icon href='data:,'>"
    "<style>a:focus {{ outline: none }} .seen:focus {{ outline: 2px solid }}</style>"
    "<main><article><h1>One</h1>{}</article></main>"
)
FORMULA = "<span data-tex=x>{}</span>"
SPOKEN = "<math><mi>x</mi></math>"


@pytest.fixture(scope="module")
def context(chromium):
    """One browser for all tests here."""
    with browser.launched(chromium) as context:
        yield context


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Fine.</p>" + FORMULA.format(SPOKEN), None),
        ("<img src='data:,'>", "image-alt"),
        ("<p style='color: #ccc'>Pale</p>", "light: color-contrast"),
        (
            "<style>[data-theme=dark] p {color:#ccc}</style><p>Pale</p>",
            "dark: color-contr",
        ),
        ("<pre><i class=a>11</i> <span class=b style='color:#ddd'>22</span></pre>",)
        + ("color-contrast",),
        ("<h3>Three</h3>", "skips a level"),
        ("<h1>Two</h1>", "not one h1"),
        (FORMULA.format(""), "formula without MathML"),
        (FORMULA.format(f"<b aria-hidden=true>{SPOKEN}</b>"), "MathML hidden"),
        (FORMULA.format(SPOKEN + SPOKEN), "read twice"),
    ],
)
def test_page_complaints(context, tmp_path, body, expected):
    (tmp_path / "a.html").write_text(PAGE.format(body))
    found = accessibility.page_complaints(context, tmp_path.as_uri(), "a.html")
    if expected is None:
        assert found == []
    else:
        assert any(expected in complaint for complaint in found)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<a class=seen href='#x'>fine</a>", None),
        ("<a href='#x'>unseen</a>", "focus not visible: A"),
        ("<div onclick='1'>only for a mouse</div>", "DIV"),
        ("<button class=seen tabindex=-1>left out</button>", "BUTTON"),
    ],
)
def test_keyboard_complaints(context, tmp_path, body, expected):
    (tmp_path / "a.html").write_text(PAGE.format(body))
    page = context.new_page()
    page.goto((tmp_path / "a.html").as_uri())
    found, _ = accessibility.keyboard_complaints(page, 20)
    page.close()
    assert (found == []) if expected is None else (expected in found[0])
