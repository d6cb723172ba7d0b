"""Static checks of the built site: each returns a list of complaints.

The Jupyter that runs in the browser, in `lite/`, is a program and no page of the book;
test_lite.py checks what it loads.
"""

import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from tools import ROOT

LITE = "lite"
LOADED_RELS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch"}
LOADED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
}
EXTERNAL = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")
IN_JS = re.compile(
    r"(?:\bfetch|\bimport|importScripts)\(\s*[\"'`]((?:https?:)?//[^\"'`]+)"
    r"|\.src\s*=\s*[\"'`]((?:https?:)?//[^\"'`]+)"
)
MACHINE = re.compile(r"(?:site|dist)-packages|PosixPath|" + re.escape(f"{ROOT}/"))


class Page(HTMLParser):
    """What a page loads, links to, and offers as a target."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids, self.unnamed = [], [], set(), []
        self.inline, self.redirect = "", None
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Sort the attributes of one element."""
        attrs = {key: value or "" for key, value in attrs}
        self.ids |= {attrs[key] for key in ("id", "name") if key in attrs}
        self.inside = tag
        self.loads += [attrs[key] for key in LOADED.get(tag, ()) if key in attrs]
        if tag == "link" and LOADED_RELS & set(attrs.get("rel", "").split()):
            self.loads.append(attrs.get("href", ""))
        if tag == "meta" and attrs.get("http-equiv", "").lower() == "refresh":
            self.redirect = attrs["content"].partition("url=")[2]
            self.links.append(self.redirect)
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag == "img" and not attrs.get("alt", "").strip():
            self.unnamed.append(attrs.get("src", ""))
        self.inline += attrs.get("style", "")

    def handle_data(self, data):
        """Keep inline scripts and styles."""
        if self.inside in ("script", "style"):
            self.inline += data

    def handle_endtag(self, tag):
        """Leave the element."""
        self.inside = None


@cache
def read(path):
    """The page at a path, parsed once."""
    return Page(path.read_text(encoding="utf-8"))


def files(site, *endings):
    """The files of the book, with one of these endings if any is given."""
    found = [p for p in site.rglob("*") if p.is_file() and LITE not in p.parts]
    return sorted(p for p in found if not endings or p.suffix in endings)


def pages(site):
    """All HTML pages; the templates that the theme leaves in _static are none."""
    return [p for p in files(site, ".html") if site / "_static" not in p.parents]


def names(site):
    """The pages that are no mere redirections, by their address in the book."""
    found = [path for path in pages(site) if not read(path).redirect]
    return [str(path.relative_to(site)) for path in found]


def in_code(text):
    """External addresses that CSS or JavaScript loads."""
    return IN_CSS.findall(text) + ["".join(match) for match in IN_JS.findall(text)]


def external_complaints(site):
    """Scripts, styles, fonts and images that come from elsewhere."""
    found = []
    for path in pages(site):
        page, name = read(path), path.relative_to(site)
        outside = [url for url in page.loads if EXTERNAL.match(url)]
        found += [f"{name} loads {url}" for url in outside + in_code(page.inline)]
    for path in files(site, ".css", ".js"):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(site)} loads {url}" for url in in_code(text)]
    return found


def link_complaints(site):
    """Internal links, scripts, styles and images that lead nowhere."""
    found = []
    for path in pages(site):
        page, name = read(path), path.relative_to(site)
        for url in page.links + page.loads:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc or url == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            target = target if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file():
                found.append(f"{name}: {url}: no such file")
            elif anchor and target.suffix == ".html" and anchor not in read(target).ids:
                found.append(f"{name}: {url}: no such anchor")
    return found


def image_complaints(site):
    """Images without alternative text."""
    return [
        f"{path.relative_to(site)}: {src}: no alternative text"
        for path in pages(site)
        for src in read(path).unnamed
    ]


def path_complaints(site):
    """Places on the machine that has built the pages."""
    return [
        f"{path.relative_to(site)}: {match}"
        for path in pages(site)
        for match in set(MACHINE.findall(path.read_text(encoding="utf-8")))
    ]


def escape_complaints(site):
    """Quotes with the backslash that was to keep them straight."""
    return [
        f"{path.relative_to(site)}: {match}"
        for path in pages(site)
        for match in re.findall(r"\w\\[‘’“”]", path.read_text(encoding="utf-8"))
    ]


def megabytes(site):
    """The size of the site, without the Jupyter that runs in the browser."""
    return sum(p.stat().st_size for p in files(site)) / 1e6
