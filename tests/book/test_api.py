"""The reference of the library: complete, reachable from the chapters, one-way."""

import ast
import importlib
import inspect
import re
import tokenize

import pytest

import rnnlib
from reference import api, api_pages, docstrings
from tests.book.site_checks import read
from tests.fuzz.surface import public_functions
from tools import ROOT, chapters

PACKAGES = ("rnnlib", "rnnbook")
SOURCES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
LIBRARY = [path for path in SOURCES if "rnnlib" in path.relative_to(ROOT).parts[:1]]
CHAPTERS = chapters.names()
LABEL = re.compile(
    r"\b(?:eq|thm|lem|cor|prop|def|alg|fig|ex|sol)-[a-z]+(?:-[a-z0-9]+)+"
)
BARE = re.compile(r"(?<![\w\])}|.^])\((?:[1-9]|1[01])\)(?!\()")
NUMBERS = r"\(\d+\)(?:(?:-| to |, | and )\(\d+\))*"
SOURCED = re.compile(
    rf"(?:\{{cite(?::t)?\}}`\w+`|Roysdon),? (?:section [\d.]+ and )?{NUMBERS}"
)
SECTION = re.compile(r"\bsections? \d")
NAMED_SECTION = re.compile(
    rf"\{{cite(?::t)?\}}`\w+`,? (?:{NUMBERS} and )?sections? [\d.]+"
)
# What is written for one document says its numbers without its name each time
OF_ONE_DOCUMENT = ROOT / "rnnlib/symbolic/notations/conventions.py"


def words(source):
    """The docstrings and comments of a module, each in one line."""
    found = [
        ast.get_docstring(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
    ]
    tokens = tokenize.generate_tokens(iter(source.splitlines(True)).__next__)
    found += [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [" ".join(text.split()) for text in found if text]


def number_complaints(source):
    """Numbers of equations and sections that do not say of which document."""
    found = []
    for text in words(source):
        found += [f"{m[0]}: {text}" for m in BARE.finditer(SOURCED.sub("", text))]
        rest = NAMED_SECTION.sub("", text)
        found += [f"{m[0]}: {text}" for m in SECTION.finditer(rest)]
    return found


def knowledge_complaints(source):
    """What a module says of the book: its chapters, its labels, its own package."""
    found = re.findall(r"\brnnbook\b|\bchapters\b|\.ipynb\b", source)
    return found + LABEL.findall(source)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_numbers_say_of_which_document(path):
    if path != OF_ONE_DOCUMENT:
        assert number_complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        '"""The loss (4), summed."""',
        "x = 1  # (11)",
        '"""See section 1.4."""',
        '"""(7)-(11), from delta_z."""',
    ],
)
def test_a_bare_number_is_a_complaint(text):
    assert number_complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        '"""Source: {cite}`roysdon`, (1)-(3) and section 1.3."""',
        "x = y[0](1)  # Roysdon (7), (8)",
        '"""An array of shape (T, B); f(1) of it."""',
        '"""{cite}`topcuoglu`, section 13."""',
    ],
)
def test_a_number_with_its_document_is_none(text):
    assert number_complaints(text) == []


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_library_knows_nothing_of_the_book(path):
    assert knowledge_complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text", ["chapters/bptt", "eq-bptt-9", "import rnnbook", "thm-gates-lstm"]
)
def test_knowledge_of_the_book_is_a_complaint(text):
    assert knowledge_complaints(text)


def test_every_module_has_a_page():
    for path in SOURCES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        name = name.removesuffix(".__init__")
        if name != "rnnbook" and not name.endswith("__main__"):
            assert importlib.import_module(name) in api.modules(api.page_of(name)), name


def test_every_page_is_in_the_contents():
    contents = (ROOT / "_toc.yml").read_text("utf-8")
    listed = re.findall(rf"file: ({api.FOLDER}/\w+)", contents)
    assert sorted(listed) == sorted(api_pages.PAGES)
    for page in listed:
        assert "<!-- reference -->" in (ROOT / f"{page}.md").read_text("utf-8")


def test_every_name_of_an_entry_leads_to_what_it_names():
    names = [entry.name for entry in api.entries().values()]
    assert len(set(names)) == len(names)
    for thing, entry in api.entries().items():
        assert api.find(entry.name) is thing


def test_every_public_function_is_on_a_page(site):
    """Public is what the fuzzed surface says, found in its own way."""
    ids = {page: read(site / f"{page}.html").ids for page in api_pages.PAGES}
    for name, function in public_functions().items():
        owner = api.find(f"{function.__module__}.{function.__qualname__}")
        assert owner is not None, name
        full = f"{function.__module__}.{function.__qualname__}"
        address = api.look_up(full)
        assert address, name
        assert address[1] in ids[address[0]], name
    for entry in api.entries().values():
        page, anchor = entry.address
        assert anchor in ids[page], entry.name


def test_every_entry_is_described():
    for entry in api.entries().values():
        text = inspect.getdoc(entry.thing) or ""
        assert text and not text.startswith(f"{entry.thing.__name__}("), entry.name


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_leads_to_all_that_it_uses(site, name):
    links = read(site / f"chapters/{name}.html").links
    targets = {link.partition("../")[2] for link in links if link.startswith("../")}
    for entry in api.used(name):
        page, anchor = entry.address
        assert f"{page}.html#{anchor}" in targets, entry.name


def test_what_a_chapter_uses_is_found():
    names = {entry.name for entry in api.used("bptt")}
    assert {"rnnlib.backward", "rnnlib.forward"} <= names
    gates = {entry.name for entry in api.used("gates")}
    assert {"rnnlib.layers.lstm.backward", "rnnlib.layers.stack"} <= gates
    assert not any(name.startswith("rnnlib.pointprocess") for name in gates)
    for chapter in CHAPTERS:
        assert api.imported(chapter), chapter


def test_names_in_the_text_of_chapters_are_links(site):
    """In full, as imported, with a module before it; not what a reader defines."""
    for chapter, name, target in [
        ("forward", "rnnlib.forward", "core.html#rnnlib.forward"),
        ("gates", "lstm.backward", "layers.html#rnnlib.layers.lstm.backward"),
        ("spectral_bounds", "norm_bound", "spectral.html#rnnlib.spectral.norm_bound"),
        ("spectral_bounds", "rnnlib.spectral", "spectral.html#module-rnnlib-spectral"),
    ]:
        page = (site / f"chapters/{chapter}.html").read_text("utf-8")
        link = rf'<a [^>]*href="\.\./{api.FOLDER}/{target}"[^>]*><code[^>]*>'
        assert re.search(rf'{link}<span class="pre">{name}</span>', page), name
    recipes = (site / "chapters/recipes.html").read_text("utf-8")
    assert re.search(r'<code[^>]*><span class="pre">forward</span>', recipes)
    assert not re.search(r'<a [^>]*><code[^>]*><span class="pre">forward</', recipes)


def test_equations_lead_back_and_forth(site):
    """Every label of the table exists and is linked below the function."""
    names = {entry.name: entry for entry in api.entries().values()}
    assert set(api.equations()) <= set(names)
    for name, labels in api.equations().items():
        page, _ = names[name].address
        links = read(site / f"{page}.html").links
        assert len(set(labels)) == len(labels) > 0
        for label in labels:
            assert any(
                link.endswith(f"#{'equation-' * label.startswith('eq-')}{label}")
                for link in links
            ), (name, label)
            assert chapters.owner(label), label


def test_a_page_leads_back_to_the_chapters(site):
    for entry in api.entries().values():
        links = read(site / f"{entry.address[0]}.html").links
        for chapter in api.users(entry):
            assert f"../../chapters/{chapter}.html" in links, (entry.name, chapter)


def untyped(function):
    """The parameters without a hint, and "return" when that has none."""
    signature = inspect.signature(function)
    empty = inspect.Parameter.empty
    found = [n for n, p in signature.parameters.items() if p.annotation is empty]
    return found + ["return"] * (signature.return_annotation is empty)


def test_public_functions_of_the_core_carry_type_hints():
    core = [getattr(rnnlib, name) for name in rnnlib.__all__]
    functions = [thing for thing in core if inspect.isfunction(thing)]
    assert len(functions) > 15
    for function in functions:
        assert untyped(function) == [], function.__name__
    assert untyped(lambda x: x) == ["x", "return"]


def converted(text, module="rnnlib.rnn"):
    return "\n".join(docstrings.converted(text.split("\n"), module))


def test_docstrings_become_restructuredtext():
    assert converted("h_ * |x| of `forward`") == (
        "h\\_ \\* \\|x\\| of :py:obj:`forward <rnnlib.rnn.forward>`\n"
    )
    assert ":cite:`pal`\\ , (3)" in converted("{cite}`pal`, (3)")
    assert converted("phi'(s)").count("\\") == 1  # no curly quote: phi\'(s)
    assert "``a * b_``" in converted("``a * b_``")
    assert "``no_such_name``" in converted("`no_such_name`")
    block = converted("One.\n\n    a_ = b * c\n\nTwo.")
    assert ".. code-block:: none\n\n      a_ = b * c" in block
    parts = converted("One.\n\nRaises\n------\nValueError\n    Wrong.\n\nSource: x.")
    assert "\n\n\nSource: x." in parts  # two empty lines end a section for Napoleon
