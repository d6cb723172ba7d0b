"""Search as readers ask: the page that is about a question first, the glossary last.

`search_words.toml` lists phrases for pages. Their words become keywords of the page,
which the index of words takes in; the phrases go into the rule that orders results.
"""

import json
import tomllib
from functools import cache
from pathlib import Path

from docutils import nodes

TABLE = Path(__file__).with_suffix(".toml")
SCORER = """
const ASKED = %s;
const plain = text => text.toLowerCase().replace(/[^\\p{L}\\p{N}]+/gu, " ").trim();
const question = plain(new URLSearchParams(location.search).get("q") || "");
var Scorer = {
  score: ([page, title, anchor, description, score]) => {
    if (page === "reference/glossary") return score - 100;
    if (page.startsWith("chapters/")) score += 20;
    const asked = anchor ? -1 : (ASKED[page] || []).map(plain).indexOf(question);
    return asked < 0 ? score : score + 200 - asked;
  },
  objNameMatch: 11, objPartialMatch: 6,
  objPrio: {0: 15, 1: 5, 2: -5}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
"""


@cache
def phrases():
    """The phrases of each page, by its name."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))["pages"]


def rule(app, config):
    """Write the rule that orders results where Sphinx looks for it."""
    path = Path(app.doctreedir, "scorer.js")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCORER % json.dumps(phrases()), encoding="utf-8")
    config.html_search_scorer = str(path)


def keywords(app, doctree):
    """Give a page the words of its phrases as keywords."""
    words = " ".join(phrases().get(app.env.docname, [])).split()
    if words:
        listed = ", ".join(dict.fromkeys(words))
        doctree.insert(0, nodes.meta(name="keywords", content=listed, lang="en"))


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", rule)
    app.connect("doctree-read", keywords)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
