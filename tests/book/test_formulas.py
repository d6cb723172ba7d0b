"""Formulas are set when the book is built, as MathML from the TeX of the chapters."""

import re
import sys

import pytest
from fontTools.ttLib import TTFont

from tests.book import browser, site_checks
from tools import ROOT

sys.path.insert(0, str(ROOT / "_ext"))
import formulas

INLINE = '<span class="math notranslate nohighlight">{}</span>'
NUMBERED = (
    '<div class="math notranslate nohighlight" id="equation-a">'
    '<span class="eqno">(1.1)<a class="headerlink" href="#equation-a">#</a></span>'
    "\\[x &lt; 1\\]</div>"
)


def mathml(*texts, display=False):
    """The answers to these formulas: MathML, or what is wrong."""
    answers = formulas.read_tex([(text, display) for text in texts])
    return [answer.get("mathml") or answer["error"] for answer in answers]


def test_spaces_are_those_of_tex():
    sum_, index, function, bars = mathml("a+b", "h_{t-1}", r"W\tanh s", "|x|=2")
    assert '<mo lspace="0.222em" rspace="0.222em">+</mo>' in sum_
    assert '<mo lspace="0" rspace="0">−</mo>' in index
    assert '<mspace width="0.167em"></mspace><mi>tanh</mi>' in function
    assert 'rspace="0.167em"' in function
    assert bars.count('lspace="0" rspace="0"') == 2  # the bars are no relations
    assert 'lspace="0.278em" rspace="0.278em">=' in bars


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\mathbf W", "<mi>𝐖</mi>"),
        (r"\mathbb R", "<mi>ℝ</mi>"),
        (r"\mathcal L", "<mi>ℒ</mi>"),
        (r"\mathrm d", '<mi mathvariant="normal">d</mi>'),
        (r"\mathbf 1", "<mn>𝟏</mn>"),
        (r"\texttt{W_hh}", '<mtext class="code">W_hh</mtext>'),
        (r"\boxed{x}", '<mrow class="boxed">'),
        (r"\cancel{x}", '<mrow class="cancelled">'),
        (
            r"\begin{aligned}a&=b\\c&=d\end{aligned}",
            '<mtable displaystyle="true" class=',
        ),
        (r"\bigl(a\bigr)^2", "<msup><mrow><mo"),
        ("a < b", "&lt;"),
    ],
)
def test_what_browsers_do_not_know_is_written_otherwise(tex, expected):
    assert expected in mathml(tex)[0]


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\frac{1}", "Missing argument"),
        (r"\unknownmacro x", "unknown macro"),
        (r"\begin{array}{rcl}a&b&c\end{array}", "columns that are not known"),
        (r"\enclose{circle}{x}", "a line that is not known"),
    ],
)
def test_a_bad_formula_is_an_error(tex, expected):
    assert expected in mathml(tex)[0]


def test_a_page_keeps_numbers_anchors_and_the_tex():
    page = INLINE.format(r"\(a &lt; b\)") + NUMBERED
    assert formulas.wanted([page, page]) == [("a < b", False), ("x < 1", True)]
    text = formulas.written(page, {("a < b", False): "<A>", ("x < 1", True): "<B>"})
    assert text == (
        '<span class="math notranslate" data-tex="a &lt; b"><A></span>'
        '<div class="math notranslate" id="equation-a"><span class="eqno">(1.1)'
        '<a class="headerlink" href="#equation-a">#</a></span>'
        '<span class="formula" data-tex="x &lt; 1"><B></span></div>'
    )


def test_a_formula_that_cannot_be_read_is_a_warning(tmp_path, monkeypatch):
    class App:
        class builder:
            format = "html"

        outdir = tmp_path

    said = []
    monkeypatch.setattr(formulas.logger, "warning", lambda *words: said.append(words))
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/formulas.css").write_text("src: url(formulas.woff)")
    (tmp_path / "a.html").write_text(INLINE.format(r"\(\frac{1}\)"))
    formulas.write_formulas(App, None)
    assert said and said[0][2] == r"\frac{1}"
    (written,) = (tmp_path / "_static").glob("formulas-*.woff")
    assert written.name in (tmp_path / "_static/formulas.css").read_text()


def test_no_page_loads_mathjax_and_the_font_has_every_sign(site):
    assert not list((site / "_static").rglob("*mathjax*"))
    (font,) = (site / "_static").glob("formulas-*.woff")
    drawn, missing = set(TTFont(font).getBestCmap()), set()
    for path in site_checks.pages(site):
        text = path.read_text(encoding="utf-8")
        for part in re.findall(r"<math\b.*?</math>", text):
            signs = re.sub("<[^>]*>|&[a-z]+;|&#\\w+;", "", part)
            missing |= {sign for sign in signs if ord(sign) not in drawn}
    assert missing == set()


def test_the_tex_is_copied(chromium, site):
    with browser.launched(chromium) as context:
        page = context.new_page()
        page.goto(f"{site.as_uri()}/chapters/bptt.html")
        page.evaluate("""() => {
          window.copied = [];
          DataTransfer.prototype.setData = (kind, text) => copied.push(text);
          const paragraph = document.querySelector("article p:has(.math)");
          getSelection().selectAllChildren(paragraph);
        }""")
        page.evaluate("document.execCommand('copy')")
        text = page.evaluate("copied[0]")
        assert re.search(r"\$[^$]+\$", text) and "\\(" not in text
        page.evaluate("getSelection().removeAllRanges()")
        formula = page.locator("article .math").first
        formula.click(button="right")
        page.get_by_role("button", name="Copy the TeX").click()
        assert page.locator(".copy-tex").inner_text() == "Copied"
        page.keyboard.press("Escape")
        assert page.locator(".copy-tex").count() == 0
