"""A text becomes sections, sentences, displays and listings; no word of it is kept."""

import pytest

from ledger import outlining
from ledger.claims import DOCUMENTS, outline
from ledger.reading import digest, parts, sentences

TEXT = r"""Title page

1 First things

A sentence, e.g. this one, with $a. b$ in it. Another one? Yes:

- an item
- (a) an item in an item

$$x = 1. Y$$

where the sentence goes on. Table of two cells:

left	right

1.1 Below

```
code = 1
more = 2
```

2 Second things
3 apples are not a heading.
"""


def test_the_sections_are_found_by_their_numbers():
    assert [(p.number, p.title) for p in parts(TEXT)] == [
        ("1", "First things"),
        ("1.1", "Below"),
        ("2", "Second things"),
    ]


def test_headings_of_markdown_are_found_and_names_without_a_number():
    found = parts("# Abstract\n\nA.\n\n## 1 One\n\nB.\n\n# References\n\nC.")
    assert [p.number for p in found] == ["abstract", "1", "references"]


def test_what_is_counted():
    first, below, second = parts(TEXT)
    assert (len(first.sentences), first.displays) == (8, 1)
    assert below.listings == 2
    assert len(second.sentences) == 1


def test_a_sentence_is_told_from_another_by_its_digest():
    assert digest("a  b\nc") == digest("a b c") != digest("a b d")
    before, after = (parts(t)[0].sentences for t in (TEXT, TEXT.replace("Yes", "No")))
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_a_formula_and_an_abbreviation_do_not_end_a_sentence():
    assert sentences("See Eqn. (1) for $a. B$ and e.g. Jordan. Then stop.") == [
        "See Eqn. (1) for $a. B$ and e.g. Jordan.",
        "Then stop.",
    ]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_an_outline_is_written_as_it_is_stored(document):
    stored = list(outline(document))
    path = outlining.HERE / "outlines" / f"{document}.toml"
    assert outlining.dump(document, stored) == path.read_text("utf-8")


def test_a_file_belongs_to_the_document_whose_titles_it_has(tmp_path):
    titles = [(s.number, s.title) for s in outline("topcuoglu")]
    text = "\n\n".join(f"{n} {t}\n\nWords." for n, t in titles)
    assert outlining.belongs(text) == "topcuoglu"
    assert outlining.belongs(TEXT) is None
    (tmp_path / "x.txt").write_text(TEXT, "utf-8")
    assert "x.txt: no document of the ledger" in outlining.main(tmp_path)


def test_a_changed_sentence_is_reported():
    old = list(outline("sarkar"))
    new = [s._replace(sentences=[*s.sentences, "0" * 10]) for s in old[:1]] + old[1:]
    found = outlining.differences("sarkar", old, new)
    assert found == ["sarkar abstract: 1 new sentences"]
