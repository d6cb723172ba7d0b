"""The page that answers what people type into the search is among its first two."""

import sys
from urllib.parse import quote

import pytest

from tests.book import browser
from tools import ROOT

sys.path.insert(0, str(ROOT / "_ext"))
import search_words

ANSWERS = {
    "vanishing gradient": "chapters/vanishing",
    "exploding gradients": "chapters/exploding",
    "backpropagation through time": "chapters/bptt",
    "BPTT": "chapters/bptt",
    "Xavier": "chapters/optimising",
    "glorot initialisation": "chapters/optimising",
    "gradient clipping": "chapters/optimising",
    "Adam": "chapters/optimising",
    "learning rate": "chapters/optimising",
    "LSTM": "chapters/gates",
    "forget gate": "chapters/gates",
    "gru": "chapters/gates",
    "truncated backpropagation": "chapters/truncation",
    "teacher forcing": "chapters/truncation",
    "softmax derivative": "chapters/losses",
    "gradient check": "chapters/gradient_checking",
    "spectral radius": "chapters/spectral_bounds",
    "RTRL": "chapters/total_derivative",
    "Hawkes process": "chapters/point_process",
    "perplexity": "chapters/language_models",
    "min-char-rnn": "chapters/min_char_rnn",
    "numerator layout": "chapters/notation",
    "unrolled sums": "chapters/unrolled_sums",
    # phrases that stand in no list of ours
    "Kneser Ney discount": "chapters/language_models",
    "exploding": "chapters/exploding",
    "complex step derivative": "chapters/gradient_checking",
}


@pytest.fixture(scope="module")
def search(chromium, site):
    """Type a question into the search; the pages found, best first, each once."""
    with browser.launched(chromium) as context:
        page = context.new_page()

        def found(question):
            page.goto(f"{site.as_uri()}/search.html?q={quote(question)}")
            page.locator(".search-summary", has_text="Search finished").wait_for()
            links = page.locator("#search-results li > a").evaluate_all(
                "links => links.map(a => a.pathname.split('/').slice(-2).join('/'))"
            )
            return [name.removesuffix(".html") for name in dict.fromkeys(links)]

        yield found


@pytest.mark.parametrize("question", ANSWERS)
def test_search_answers(search, question):
    assert ANSWERS[question] in search(question)[:2]


def test_glossary_comes_last_but_is_found(search):
    found = search("forget gate")
    assert found.index("reference/glossary") > 2


def test_every_list_of_phrases_is_of_a_page_and_no_phrase_is_of_two():
    table = search_words.phrases()
    sources = {p.with_suffix("") for p in ROOT.glob("[cl]*/*") if p.is_file()}
    made = ("reference/",)
    for name in table:
        assert name.startswith(made) or ROOT / name in sources, name
    phrases = [phrase.lower() for listed in table.values() for phrase in listed]
    assert len(phrases) == len(set(phrases))
