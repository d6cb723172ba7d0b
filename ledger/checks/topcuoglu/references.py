"""The list of references, compared with the book's own bibliography."""

import re
from functools import cache
from pathlib import Path

from ledger.checking import check

BIBLIOGRAPHY = Path(__file__).parents[3] / "references.bib"
FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*?)\},?$", re.MULTILINE)


@cache
def entry(key):
    """The fields of an entry, braces of the title taken out."""
    text = BIBLIOGRAPHY.read_text("utf-8")
    body = re.search(rf"^@\w+\{{{key},$(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    fields = dict(FIELD.findall(body[1]))
    names = fields["author"].split(" and ")
    return fields | {
        "author": [name.partition(",")[0] for name in names],
        "title": fields["title"].replace("{", "").replace("}", "").lower(),
        "pages": fields.get("pages", "").replace("--", "-"),
    }


def reference(id_, key, wrong, **printed):
    """The check of a reference; each of ``wrong`` changes one field."""

    @check(id_, printed=printed, planted=[printed | change for change in wrong])
    def as_in_the_bibliography(statement):
        known = entry(key)
        assert {name: known[name] for name in statement} == statement

    return as_in_the_bibliography


blog = reference(
    "topcuoglu-references-01",
    "karpathy2015",
    [{"year": "2016"}, {"author": ["Graves"]}],
    author=["Karpathy"],
    title="the unreasonable effectiveness of recurrent neural networks",
    year="2015",
    url="http://karpathy.github.io/2015/05/21/rnn-effectiveness/",
)
difficult = reference(
    "topcuoglu-references-03",
    "bengio1994",
    [{"volume": "6"}, {"pages": "157-168"}],
    author=["Bengio", "Simard", "Frasconi"],
    title="learning long-term dependencies with gradient descent is difficult",
    journal="IEEE Transactions on Neural Networks",
    volume="5",
    number="2",
    pages="157-166",
    year="1994",
)
lstm = reference(
    "topcuoglu-references-04",
    "hochreiter1997",
    [{"year": "1998"}, {"author": ["Schmidhuber", "Hochreiter"]}],
    author=["Hochreiter", "Schmidhuber"],
    title="long short-term memory",
    journal="Neural Computation",
    volume="9",
    number="8",
    pages="1735-1780",
    year="1997",
)
generating = reference(
    "topcuoglu-references-05",
    "graves2013",
    [{"eprint": "1308.0805"}, {"year": "2014"}],
    author=["Graves"],
    title="generating sequences with recurrent neural networks",
    year="2013",
    eprint="1308.0850",
)
PROGRAM = "https://gist.github.com/karpathy/"


@check(
    "topcuoglu-references-02",
    printed=PROGRAM + "d42664d5d53a23362a71",
    corrected=PROGRAM + "d4dee566867f8291f086",
    planted=[PROGRAM + "d4dee566867f8291f068"],
)
def the_address_of_the_program(statement):
    assert entry("karpathy2015code")["url"] == statement
