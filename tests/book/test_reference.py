"""The reference pages and the first page say what the chapters say, and all of it."""

import importlib
import re

import pytest

from reference import drawing, needs, pages, symbols, terms
from rnnlib.symbolic import quantities
from tools import ROOT, chapters

every_chapter = pytest.mark.parametrize("name", chapters.names())


@pytest.fixture(scope="module")
def known():
    """Every label of the book, and the label's form in a link."""
    read = (chapters.read(path) for path in chapters.paths())
    return {label for nb in read for label in chapters.labels(nb)}


def bare(text):
    """LaTeX without what only lays it out."""
    return re.sub(r"[\s&]|\\\\", "", text)


def formulas(name):
    """The formulas of a chapter as its cells hold them, in another notation or not."""
    return chapters.formulas("\n".join(chapters.texts_of(name)))


# The map.


def test_the_map_agrees_with_the_contents_and_the_links():
    assert needs.complaints() == []


BROKEN = [
    ({"a": []}, {}, "b is missing"),
    ({"a": [], "b": [], "c": []}, {}, "c is no chapter"),
    ({"a": ["b"], "b": []}, {}, "a needs b, which comes later"),
    ({"a": ["b"], "b": ["a"]}, {}, "a needs itself"),
    ({"a": [], "b": ["x"]}, {}, "b needs x, which is no chapter"),
    ({"a": [], "b": []}, {"b": ["a"]}, "b refers to a result of a"),
    ({"b": [], "a": []}, {}, "another order"),
]


@pytest.mark.parametrize(("direct", "used", "sentence"), BROKEN)
def test_a_wrong_map_is_refused(direct, used, sentence):
    found = needs.complaints(direct, ["a", "b"], lambda name: used.get(name, []))
    assert any(sentence in complaint for complaint in found)


def test_a_superfluous_step_is_refused():
    direct = {"a": [], "b": ["a"], "c": ["a", "b"]}
    found = needs.complaints(direct, list(direct), lambda name: [])
    assert found == ["c needs a through another chapter already"]


def test_the_drawing_has_every_chapter_and_every_step():
    svg = drawing.map_svg()
    direct = needs.needs()
    assert svg.count('class="arc"') == sum(map(len, direct.values()))
    for name in direct:
        assert f"chapters/{name}.html" in svg
        assert f">{chapters.title(name)}</text>" in svg
    assert 'aria-label="Map of the chapters.' in svg
    text = pages.map_page()
    for name, others in direct.items():
        assert f"- {{doc}}`/chapters/{name}` builds on" in text
        assert all(f"{{doc}}`/chapters/{other}`" in text for other in others)


# Symbols.


def test_every_name_that_rnnlib_prints_has_an_entry():
    keys = [symbol.key for symbol in symbols.symbols()]
    assert set(symbols.expected()) <= set(keys)
    anchors = {symbols.anchor(symbol) for symbol in symbols.symbols()}
    assert len(anchors) == len(keys)


def test_every_entry_is_complete(known):
    text = pages.symbols_page()
    for symbol in symbols.symbols():
        assert symbol.meaning, symbol.key
        assert symbol.where in known, symbol
        every = {*chapters.names(), *chapters.NO_CHAPTERS}
        assert set(symbol.only + symbol.never) <= every
        assert f":name: {symbols.anchor(symbol)}\n" in text
    network = {s.key: s for s in symbols.symbols() if s.key in quantities.MEANINGS}
    assert list(network) == list(quantities.SHAPES)
    assert all(s.shape and s.code and s.array and s.documents for s in network.values())


def test_the_chapter_on_notation_prints_the_meanings_of_the_symbols():
    """Both take them from the same place; neither reads the other."""
    text = "\n".join(chapters.texts_of("notation"))
    for name, meaning in quantities.MEANINGS.items():
        assert re.search(rf"^\| .*\| {re.escape(meaning)}( \(\d+\))? \|", text, re.M)
        assert f"$({', '.join(quantities.axes(name))})$" in text


def test_every_symbol_is_found_where_it_is_defined():
    for symbol in symbols.symbols():
        owner = chapters.owner(symbol.where)
        assert symbol in symbols.found_in(formulas(owner), owner), symbol.key


def test_code_names_of_modules_exist():
    for symbol in symbols.symbols():
        head, _, rest = symbol.code.partition(".")
        if head in ("spectral", "layers"):
            target = importlib.import_module(f"rnnlib.{head}")
            for part in rest.split("."):
                assert hasattr(target, part), symbol.code
                target = getattr(target, part)


PATTERNS = [
    ("h_{%t}", "h_0 h_{t-1} h_t dh_T h_{k}", 5),
    ("h_{%t}", r"W_{hh} \tilde h_t \ell_h d_h b_h", 1),
    (r"\phi", r"\phi(s) \phi' \phi'(s_t) \phix", 1),
    (r"\phi'", r"\phi(s) \phi' \phi'(s_t)", 2),
    ("b_{h}", "b_h b_{h} b_{hh}", 2),
    (r"\delta^{(s)}_{%t}", r"\delta^{(s)}_t \delta^{(z)}_t \delta^{(s)}_{t+1}", 2),
    (r"\frac{d \mathcal{L}}{d h_{%t}}", r"\frac{d\mathcal{L}}{dh_0}", 1),
    ("T", r"T - t, W^T, \top, h_{T}, Th", 3),
]


@pytest.mark.parametrize(("latex", "text", "count"), PATTERNS)
def test_a_symbol_is_found_at_every_step_and_nowhere_else(latex, text, count):
    text = re.sub(r"([_^])\{([A-Za-z0-9])\}", r"\1\2", text)
    assert len(symbols.pattern(latex).findall(text)) == count


def test_a_letter_with_two_meanings_is_told_apart():
    (rate,) = (s for s in symbols.found_in([r"\eta"], "optimising"))
    (rounding,) = (s for s in symbols.found_in([r"\eta"], "gradient_checking"))
    assert (rate.key, rounding.key) == ("eta", "rounding")


# Words.


def test_every_definition_has_a_word_in_the_glossary(known):
    places = {place for term in terms.terms() for place in term.where}
    assert places <= known | set(chapters.names())
    for name in chapters.names():
        for statement in chapters.statements(name):
            if statement.kind == "definition":
                assert statement.label in places, statement.label


@every_chapter
def test_every_chapter_uses_words_of_the_glossary(name):
    assert len(terms.found_in("\n".join(chapters.texts_of(name)))) >= 3


def test_every_word_is_used_where_it_is_defined():
    for term in terms.terms():
        for place in term.where:
            owner = place if place in chapters.names() else chapters.owner(place)
            text = "\n".join(chapters.texts_of(owner))
            assert term in terms.found_in(text), (term.name, owner)


# Collections.


@every_chapter
def test_the_summary_of_every_chapter_is_collected(name):
    text = pages.summaries_page()
    assert f"### {chapters.title(name)}\n" in text
    own = chapters.summary(name)
    assert own in text and len(own) > 100
    assert not re.search(r"\{doc\}`(?!/|[^`]*</)", own)


def test_the_index_has_every_box_twice(known):
    text = pages.theorems_page()
    found = re.findall(r"\{prf:ref\}`([\w-]+)`", text)
    boxes = [s.label for name in chapters.names() for s in chapters.statements(name)]
    assert sorted(found) == sorted(boxes * 2)
    kinds = ("def", "thm", "lem", "cor", "prp", "alg")
    assert {b for b in known if b.split("-")[0] in kinds} == set(boxes)


def test_every_line_of_the_formula_sheet_leads_to_its_result(known):
    lines = [
        line
        for text in chapters.texts_of("formula_sheet")
        for line in text.splitlines()
        if line.startswith("- ")
    ]
    assert len(lines) > 40
    for line in lines:
        found = re.findall(r"\{(?:eq|prf:ref)\}`([\w-]+)`", line)
        assert found and set(found) <= known, line


# The first page.


def entries():
    """{chapter: what the first page says of it}."""
    text = "\n".join(chapters.texts_of("intro"))
    section = text.split("## What each chapter proves")[1].split("\n## ")[0]
    return dict(re.findall(r"^- \{doc\}`(\w+)`: (.+)$", section, re.MULTILINE))


def test_the_first_page_names_every_chapter_in_order():
    assert list(entries()) == chapters.names()


@every_chapter
def test_the_first_page_states_a_result_of_the_chapter(name):
    entry = entries()[name]
    boxes = [s.label for s in chapters.statements(name)]
    named = re.findall(r"\{prf:ref\}`([\w-]+)`", entry)
    assert len(named) == bool(boxes) and set(named) <= set(boxes)
    whole = bare(" ".join(formulas(name)))
    for formula in chapters.formulas(entry):
        assert bare(formula) in whole, formula


# The built pages.


def html(site, name):
    """The text of a built page."""
    return (site / f"{name}.html").read_text(encoding="utf-8")


@every_chapter
def test_a_chapter_leads_to_its_symbols_and_words(site, name):
    page = html(site, f"chapters/{name}")
    fold = page.split('<details class="on-this-page">')[1].split("</details>")[0]
    assert fold.count("symbols.html#symbol-") >= 3
    assert fold.count("glossary.html#term-") >= 3


@every_chapter
def test_every_box_and_equation_leads_to_itself(site, name):
    page = html(site, f"chapters/{name}")
    for statement in chapters.statements(name):
        assert f'class="permalink" href="#{statement.label}"' in page
    for number in re.findall(r'id="(equation-[\w-]+)"', page):
        assert f'class="headerlink" href="#{number}"' in page
    for exercise in re.findall(r'<div class="exercise[^>]*id="(ex-[\w-]+)"', page):
        assert f'class="permalink" href="#{exercise}"' in page


def test_every_claim_leads_to_itself(site):
    for path in (site / "ledger").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        for claim in re.findall(r'<div class="claim [^>]*id="(claim-[\w.-]+)"', page):
            assert f'class="permalink" href="#{claim}"' in page


def test_every_page_leads_to_the_next_and_back(site):
    toc = [name for _, names in chapters.contents()[1:] for name in names]
    for name in toc:
        page = html(site, name)
        assert 'class="left-prev"' in page, name
        assert ('class="right-next"' in page) == (name != toc[-1]), name


def test_the_bibliography_leads_to_every_source_with_an_address(site):
    page = html(site, "bibliography")
    cited = "\n".join(
        text for path in chapters.paths() for text in chapters.texts_of(path.stem)
    )
    bib = (ROOT / "references.bib").read_text(encoding="utf-8")
    found = 0
    for key, entry in re.findall(r"^@\w+\{(\w+),(.*?)^\}", bib, re.M | re.S):
        address = re.search(r"^ +(?:doi|url|eprint) += \{(.+?)\}", entry, re.M)
        if address and re.search(rf"\{{cite[^}}]*\}}`[^`]*\b{key}\b", cited):
            assert re.search(rf'href="[^"]*{re.escape(address[1])}"', page), key
            found += 1
    assert found > 20
