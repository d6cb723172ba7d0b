"""Make the written pages light: few requests, few icons, no inline code.

The theme loads a script of a megabyte and a half for a dozen icons, the search index on
every page, and a file for each extension. When the site is written, each page gets one
style sheet and one script, its icons as small drawings, and a content-security policy
that lets no inline script run. What is written twice in the head is written once.
"""

import re
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from fontTools import subset

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'"
)
ICONS = "_static/scripts/fontawesome.js"
SEARCH = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")
PREFIX = 'data-sd-tabs-storage-prefix="sphinx-design-tab-id-"'  # what tabs remember
DATA = re.compile(r'type="(application|text/x)')
SCRIPT = re.compile(r"[ \t]*<script\b([^>]*)>(.*?)</script>\n?", re.DOTALL)
SHEET = re.compile(r'[ \t]*<link\b[^>]*href="([^"]+)"[^>]*rel="stylesheet"[^>]*/>\n?')
SHEET_TOO = re.compile(r'[ \t]*<link rel="stylesheet"[^>]*href="([^"]+)"[^>]*/>\n?')
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*/>\n?')
VIEWPORT = re.compile(r'[ \t]*<meta name="viewport"[^>]*/>\n?')
SOURCE = re.compile(r'src="([^"?]+)')
ICON = re.compile(r'<i class="([^"]*\bfa-[^"]*)"([^>]*)></i>')
HANDLER = re.compile(r'onclick="([^"]+)"')
PAGE_NAME = re.compile(r"DOCUMENTATION_OPTIONS\.pagename = '[^']*';")
ID = re.compile(r'\sid="([^"]+)"')
IMPORT = re.compile(r'@import "([^"]+)";')
CLASSES = re.compile(  # .fa-sun:before{content:"\f185"}, for icons in the text
    r'\.fa-[\w-]+:before(,\.fa-[\w-]+:before)*\{content:"[^"]*"\}'
)
CODE = re.compile(r'"\\(f[0-9a-f]{3})"')
SOLID = "_static/vendor/fontawesome/webfonts/fa-solid-900.ttf"
FONT = re.compile(
    r'url\("[^"]*fa-solid-900\.woff2"\) format\("woff2"\),\s*'
    r'url\([^)]*\) format\("truetype"\)'
)
MATH_FONT = re.compile(r"formulas-[0-9a-f]+\.woff")
SHARED = re.compile(r"_static/(pages-[0-9a-f]+\.\w+)")
FIRST = Path(__file__).with_name("first.js")  # before a page is drawn
SETTING = ("let ", "var ")  # read when the other scripts begin
MODE = "dataset.mode"  # light or dark, before anything is drawn
DOES = {
    "window.print()": "print",
    "toggleFullScreen()": "fullscreen",
    "document.getElementById('run-in-browser').showModal()": "run",
}
THEME = "_static/scripts/pydata-sphinx-theme.js"
MEASURING = re.compile(  # the theme lays the page out anew for each box; scrolling.js
    r't=\w+\(e,300\);window\.addEventListener\("resize",t\),'
    r"new MutationObserver\(t\)\.observe\("
    r'document\.getElementById\("main-content"\),\{subtree:!0,childList:!0\}\),e\(\)'
)
SIZES = re.compile(r"fa-(?:solid|regular|brands|lg|sm|xs|2x|fw)\b")


@cache
def drawing(name, source):
    """(width, height, path) of a solid icon, from the theme's script."""
    quoted = re.escape(name)
    pattern = rf'[{{,]"?{quoted}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]'
    found = re.findall(pattern, source)
    if not found:
        raise ValueError(f"light: no icon is named {name}")
    return found[-1]  # the solid ones stand last


def with_icons(text, source):
    """The page with a drawing for each icon."""

    def replaced(match):
        names = [n for n in match[1].split() if n.startswith("fa-")]
        (name,) = [n.removeprefix("fa-") for n in names if not SIZES.fullmatch(n)]
        width, height, path = drawing(name, source)
        hidden = "" if "aria-hidden" in match[2] else ' aria-hidden="true"'
        return (
            f'<svg class="svg-inline--fa {match[1]}"{match[2]}{hidden} role="img" '
            f'viewBox="0 0 {width} {height}">'
            f'<path fill="currentColor" d="{path}"/></svg>'
        )

    return ICON.sub(replaced, text)


def with_single_ids(text):
    """The page with each id once, where a link to it leads: at its first place."""
    seen = set()

    def kept(match):
        again = match[1] in seen
        seen.add(match[1])
        return "" if again else match[0]

    return ID.sub(kept, text)


def without_measuring(text):
    """The theme's script without its measuring of boxes: scrolling.js does that."""
    text, found = MEASURING.subn("t=e", text)
    if found != 1:
        raise ValueError(f"{THEME} no longer measures boxes as MEASURING says")
    return text


class Files:
    """What the pages share, each written once under a name made from its content."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.texts, self.sheets, self.written = {}, {}, set()

    def read(self, name):
        """The text of a file of the site; many pages ask for the same ones."""
        if name not in self.texts:
            text = (self.folder / name).read_text(encoding="utf-8")
            self.texts[name] = without_measuring(text) if name == THEME else text
        return self.texts[name]

    def write(self, text, ending):
        """The name of a file with this text."""
        digest = sha256(text.encode()).hexdigest()[:12]
        name = f"_static/pages-{digest}.{ending}"
        if name not in self.written:
            (self.folder / name).write_text(text, encoding="utf-8")
            self.written.add(name)
        return name

    def sheet(self, names):
        """One style sheet of these, without the icons that pages have as drawings."""
        names = tuple(names)
        if names not in self.sheets:
            text = CLASSES.sub("", "\n".join(map(self.style, names)))
            codes = {int(code, 16) for code in CODE.findall(text)}
            codes |= {ord(letter) for letter in text if "\ue000" <= letter <= "\uf8ff"}
            text = FONT.sub(f'url("{self.font(codes)}") format("woff")', text)
            self.sheets[names] = self.write(text, "css")
        return self.sheets[names]

    def style(self, name):
        """A style sheet with what it imports; addresses count from _static."""
        at = dirname(name)

        def moved(match):
            link = match[1].strip("\"'")
            if link.startswith(("data:", "#", "/")) or ":" in link:
                return match[0]
            return f'url("{relpath(normpath(join(at, link)), "_static")}")'

        text = re.sub(r"url\(([^)]+)\)", moved, self.read(name))
        text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
        return IMPORT.sub(lambda m: self.style(normpath(join(at, m[1]))), text)

    def font(self, codes):
        """The name, in _static, of the theme's font of icons with these alone."""
        options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
        font = subset.load_font(self.folder / SOLID, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        digest = sha256(repr(sorted(codes)).encode()).hexdigest()[:12]
        name = f"pages-{digest}.woff"
        subset.save_font(font, self.folder / "_static" / name, options)
        return name

    def script(self, texts):
        """One script of these texts."""
        return self.write("\n;\n".join(texts) + "\n", "js")


def address(name, page):
    """The relative address of a file of the site from a page of it."""
    return relpath(name, dirname(page) or ".")


def inside(link, page):
    """The name in the site of what a page links to."""
    return normpath(join(dirname(page), link.split("?")[0]))


def font_of_formulas(text, page, files):
    """What tells the first script to load this font with the style sheet, not after."""
    if "<math" not in text:
        return ""
    name = MATH_FONT.search(files.read("_static/formulas.css"))[0]
    return f' data-font="{address(f"_static/{name}", page)}"'


def lighter(text, page, files):
    """The page with few requests and no inline code."""
    sheets = [inside(m[1], page) for m in SHEET.finditer(text)]
    sheets += [inside(m[1], page) for m in SHEET_TOO.finditer(text)]
    first, settings, rest, alone = [], [], [], []
    for match in SCRIPT.finditer(text):
        if DATA.search(match[1]):
            continue
        link = SOURCE.search(match[1])
        name = link and inside(link[1], page)
        if name == ICONS or (name in SEARCH and page != "search.html"):
            continue
        if name in SEARCH:
            if name not in alone:
                alone.append(name)
        elif name:
            rest.append(files.read(name))
        elif MODE in match[2]:
            first.append(match[2].strip())
        else:
            code = PAGE_NAME.sub("", match[2]).strip()
            kind = settings if code.startswith(SETTING) else rest
            if code and code not in kind:
                kind.append(code)
    text = SCRIPT.sub(lambda m: m[0] if DATA.search(m[1]) else "", text)
    for pattern in (SHEET, SHEET_TOO, PRELOAD):
        text = pattern.sub("", text)
    text = with_icons(text, files.read(ICONS))
    text = HANDLER.sub(lambda m: f'data-does="{DOES[m[1]]}"', text)
    text = text.replace("<img ", '<img loading="lazy" ')
    script = files.script(settings + rest)
    script_first = files.script([*first, FIRST.read_text(encoding="utf-8")])
    font = font_of_formulas(text, page, files)
    head = [
        '<meta charset="utf-8" />',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}" />',
        '<meta name="viewport" content="width=device-width, initial-scale=1" />',
        f'<script{font} src="{address(script_first, page)}"></script>',
        f'<link rel="stylesheet" href="{address(files.sheet(sheets), page)}" />',
        f'<script defer {PREFIX} src="{address(script, page)}"></script>',
        *(f'<script defer src="{address(name, page)}"></script>' for name in alone),
    ]
    text = VIEWPORT.sub("", text)
    text = re.sub(r'[ \t]*<meta charset="utf-8" />\n?', "", text, count=1)
    text = with_single_ids(text)
    return text.replace("<head>", "<head>\n    " + "\n    ".join(head), 1)


def lighten(app, exception):
    """Rewrite the pages that were written."""
    if exception or app.builder.name != "html":
        return
    files, used = Files(app.outdir), set()
    for path in sorted(Path(app.outdir).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        if f"{Path(ICONS).name}?" in text:  # a page of the theme, as written
            page = path.relative_to(app.outdir).as_posix()
            text = lighter(text, page, files)
            path.write_text(text, encoding="utf-8")
        used |= set(SHARED.findall(text))
    for name in [name for name in used if name.endswith(".css")]:
        used |= set(re.findall(r"pages-[0-9a-f]+\.woff", files.read(f"_static/{name}")))
    for path in Path(app.outdir, "_static").glob("pages-*"):  # of an earlier build
        if path.name not in used:
            path.unlink()
    remove_joined(files)


def remove_joined(files):
    """Remove what was joined, and the fonts of icons, where no page asks for it."""
    pages = [
        path.read_text(encoding="utf-8")
        for path in files.folder.rglob("*.html")
        if not {"lite", "_static"} & set(path.relative_to(files.folder).parts)
    ]
    asked = {m for text in pages for m in re.findall(r"_static/[\w./-]+", text)}
    fonts = (files.folder / SOLID).parent.glob("*")
    names = set(files.texts) | {str(p.relative_to(files.folder)) for p in fonts}
    for name in names - asked:
        if not name.startswith("_static/pages-"):
            (files.folder / name).unlink(missing_ok=True)


def setup(app):
    """Register with Sphinx, after everything else that writes."""
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
