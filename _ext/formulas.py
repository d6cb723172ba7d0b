"""Write the formulas into the pages as MathML, which browsers draw by themselves.

MathJax reads the TeX when the book is built, as it does in Jupyter: all formulas of all
pages in one run of Node (formulas.js), each text once. No page loads MathJax. The font
is STIX Two Math with the signs that the book uses and no others.

The TeX stays with the formula, as `data-tex`, for whoever copies it. A formula that
cannot be read is a warning, and so stops the strict build.
"""

import html
import json
import re
import subprocess
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset
from myst_parser.sphinx_ext.mathjax import html_visit_displaymath
from playwright._impl._driver import compute_driver_executable
from sphinx.ext.mathjax import html_visit_math
from sphinx.util import logging

PROGRAM = Path(__file__).with_suffix(".js")
FONT = "fonts/STIXTwoMath-Regular.ttf"
SHEET, FACE = "_static/formulas.css", "formulas.woff"
PLACE = re.compile(
    r'<(span|div) class="[^"]*\bmath notranslate nohighlight\b[^"]*"([^>]*)>(.*?)</\1>',
    re.DOTALL,
)
DELIMITED = re.compile(r"\\([(\[])(.*)\\[)\]]", re.DOTALL)
PRIMES = (0x2032, 0x2033, 0x2034)
ALPHABETS = [*range(0x20, 0x7F), *range(0x1D434, 0x1D468)]  # upright and italic letters
ALPHABETS += [0x210E, *range(0x1D6E2, 0x1D71C)]  # h, and the Greek ones

logger = logging.getLogger(__name__)


def package_folder(name):
    """The folder of an installed package."""
    return Path(find_spec(name).origin).parent


def read_tex(formulas):
    """The answers of formulas.js to [(TeX, whether it is displayed)]."""
    node, _ = compute_driver_executable()
    mathjax = package_folder("sphinx-mathjax-offline") / "static/mathjax"
    done = subprocess.run(
        [node, str(PROGRAM), str(mathjax)],
        input=json.dumps(formulas),
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"formulas: Node ended with an error\n{done.stderr}")
    return json.loads(done.stdout)


def parts(body, tag):
    """(what stands before the TeX, the TeX, whether it is displayed)."""
    found = DELIMITED.search(body)
    if not found:  # an environment of its own
        return "", html.unescape(body).strip(), tag == "div"
    return body[: found.start()], html.unescape(found[2]).strip(), found[1] == "["


def wanted(texts):
    """The different formulas of these pages."""
    found = {parts(m[3], m[1])[1:] for text in texts for m in PLACE.finditer(text)}
    return sorted(found)


def written(text, mathml):
    """A page with its formulas; `mathml` maps (TeX, displayed) to MathML."""

    def replaced(match):
        tag, attributes, body = match.groups()
        before, tex, display = parts(body, tag)
        formula = mathml[tex, display]
        source = f'data-tex="{html.escape(tex)}"'
        if tag == "div":
            inside = f'{before}<span class="formula" {source}>{formula}</span>'
            return f'<div class="math notranslate"{attributes}>{inside}</div>'
        return f'<span class="math notranslate" {source}{attributes}>{formula}</span>'

    return PLACE.sub(replaced, text)


def font(signs, target):
    """Write the font with these signs; returns its name."""
    options = subset.Options(flavor="woff", layout_features=["dtls", "flac"])
    options.name_IDs = [0, 1, 2, 5, 7, 13, 14]  # whose it is, and its licence
    drawn = subset.load_font(package_folder("ziamath") / FONT, options)
    for table in drawn["cmap"].tables:
        for prime in PRIMES:  # TeX has them as superscripts: drawn as such
            if not table.cmap.get(prime, ".ssty").endswith(".ssty"):
                table.cmap[prime] += ".ssty"
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=signs)
    subsetter.subset(drawn)
    name = f"formulas-{sha256(repr(sorted(signs)).encode()).hexdigest()[:12]}.woff"
    subset.save_font(drawn, target / name, options)
    return name


def write_formulas(app, exception):
    """Replace the TeX of the pages that were written."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in folder.rglob("*.html")
        if "lite" not in path.relative_to(folder).parts
    }
    formulas = wanted(texts.values())
    mathml = {}
    for (tex, display), answer in zip(formulas, read_tex(formulas), strict=True):
        if "error" in answer:
            logger.warning("formula that cannot be read: %s: %s", answer["error"], tex)
        fallback = f"<math><mtext>{html.escape(tex)}</mtext></math>"
        mathml[tex, display] = answer.get("mathml", fallback)
    for path, text in texts.items():
        new = written(text, mathml)
        if new != text:
            path.write_text(new, encoding="utf-8")
    signs = set(html.unescape(re.sub("<[^>]*>", "", "".join(mathml.values()))))
    signs = {ord(sign) for sign in signs} | set(ALPHABETS)
    sheet = folder / SHEET
    for old in sheet.parent.glob("formulas-*.woff"):
        old.unlink()
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(re.sub(r"formulas[-\w]*\.woff", font(signs, sheet.parent), text))


def setup(app):
    """Register with Sphinx; the pages are made light afterwards."""
    visits = (html_visit_math, None), (html_visit_displaymath, None)
    app.add_html_math_renderer("mathml", *visits)
    app.connect("build-finished", write_formulas, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
