"""Chapters are read in one place: files, labels, links, formulas, contents."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import chapters

TEXT = """\
# A title

(sec-a-b)=
## A section

$$
x = 1
$$ (eq-a-b)

:::{prf:theorem} Of $x$
:label: thm-a-b
So.
:::

```python
:label: no-label
```
"""


@pytest.fixture
def nb():
    """A notebook with prose, a figure, printed prose, and code that names files."""
    printed = new_output("display_data", data={"text/markdown": "$$ y $$ (eq-a-c)"})
    figure = {"mystnb": {"figure": {"name": "fig-a-b"}}}
    code = 'open("long_memories.json")\nf = "no such file.json"'
    cells = [
        new_markdown_cell(TEXT),
        new_code_cell(code, outputs=[printed], metadata=figure),
        new_code_cell(" "),
    ]
    return new_notebook(cells=cells)


def test_labels(nb):
    expected = ["thm-a-b", "eq-a-b", "eq-a-c", "sec-a-b", "fig-a-b"]
    assert sorted(chapters.labels(nb)) == sorted(expected)


def test_cells_texts_and_data(nb):
    assert chapters.code_cells(nb) == [nb.cells[1]]
    assert chapters.texts(nb) == [TEXT, "$$ y $$ (eq-a-c)"]
    assert [path.name for path in chapters.data_of(nb)] == ["long_memories.json"]


@pytest.mark.parametrize(
    ("label", "words", "expected"),
    [
        ("eq-a", "", "{eq}`eq-a`"),
        ("fig-a", "", "{ref}`fig-a`"),
        ("ex-a", "Do it", "{ref}`Do it <ex-a>`"),
        ("thm-a", "", "{prf:ref}`thm-a`"),
    ],
)
def test_links(label, words, expected):
    assert chapters.link(label, words) == expected


def test_pieces():
    text = "Of $x$ and\n$$\ny\n$$ (eq-a), 5 dollars"
    assert chapters.formulas(text) == ["x", "\ny\n"]
    assert [p for is_formula, p in chapters.pieces(text) if not is_formula] == [
        "Of ",
        " and\n",
        " (eq-a), 5 dollars",
    ]
    assert chapters.pieces("") == []


def test_owner_is_the_longest_name_that_fits():
    assert chapters.owner("thm-bptt") == chapters.owner("eq-bptt-5") == "bptt"
    assert chapters.owner("fig-point-process-fits-a") == "point_process_fits"
    assert chapters.owner("thm-point-process-a") == "point_process"
    assert chapters.owner("thm-nothing") is None


def test_contents():
    (first, *parts) = chapters.contents()
    assert first == (None, ["chapters/intro"])
    assert all(caption and files for caption, files in parts)
    assert "formula_sheet" not in chapters.names() and "bptt" in chapters.names()
    assert {chapters.path_of(n) for n in chapters.names()} < set(chapters.paths())
