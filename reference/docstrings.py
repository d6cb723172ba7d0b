"""Docstrings of the packages as reStructuredText, and what the book adds to them.

A docstring is plain text: formulas stand indented, code between two backticks, a name
of the library between one, and a source is cited by the role of MyST. Whatever
reStructuredText would read as markup beside that is escaped.
"""

import ast
import inspect
import io
import re
import textwrap
import tokenize

from reference import api
from tools import chapters

MARKUP = re.compile(
    r"(?P<code>``.+?``)"
    r"|\{(?P<role>cite(?::\w)?)\}`(?P<keys>[^`]+)`"
    r"|`(?P<name>[^`]+)`"
    r"|(?P<stressed>(?<![\w*])\*[a-z][\w -]*\*(?![\w*]))"
    r"|(?P<special>[\\*|`'\"]|_(?!\w))"  # phi' has a prime, and no curly quote
)
NAME = re.compile(r"[A-Za-z_][\w.]*")
SECTIONS = {"Parameters", "Returns", "Yields", "Raises", "Attributes"}


def escaped(text, module=""):
    """One line of running text; `name` becomes a link where the library knows it."""

    def replaced(match):
        if match["code"] or match["stressed"]:
            return match[0]
        if match["role"]:
            return f":{match['role']}:`{match['keys']}`\\ "
        if match["name"]:
            return link(match["name"], module)
        return f"\\{match['special']}"

    return MARKUP.sub(replaced, text).replace("\\  ", " ").removesuffix("\\ ")


def link(name, module):
    """A link to a name as the docstring of a module writes it, or just code."""
    full = NAME.fullmatch(name) and api.full_name(name, scopes(module))
    return f":py:obj:`{name} <{full}>`" if full else f"``{name}``"


def scopes(module):
    """Where a name in a docstring is looked up: the module, then what is above it."""
    parts = module.split(".")
    above = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return [*above, "rnnlib.layers"] if module else ["rnnlib"]


def converted(lines, module):
    """The lines of a docstring as reStructuredText with NumPy sections."""
    paragraphs = _paragraphs(lines)
    found, section = [], False
    for number, paragraph in enumerate(paragraphs):
        heading = _heading(paragraph)
        if heading and heading in SECTIONS:
            section = True
            found += ["", "", heading, "-" * len(heading), *_all(paragraph[2:], module)]
        elif heading:
            section = True
            found += ["", "", f"{escaped(heading, module)}.", "", "", "Parameters"]
            found += ["----------", *_all(paragraph[2:], module)]
        elif section and _is_field(paragraph):
            found += ["", *_all(paragraph, module)]
        elif section and paragraph[0].startswith(" "):
            found += ["", *_all(paragraph, module)]
        else:
            section = False
            found += ["", "", *_running(paragraph, module, number)]
    return [*found[2:], ""]


def _paragraphs(lines):
    """Groups of lines between empty ones."""
    groups = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line.rstrip())
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _heading(paragraph):
    """The heading of a section that starts here, or None."""
    if len(paragraph) > 1 and re.fullmatch(r"-{4,}", paragraph[1]):
        return paragraph[0]
    return None


def _is_field(paragraph):
    """Whether this is another entry of a section."""
    first = re.match(r"[\w*, ]+( : .+)?$", paragraph[0])
    return bool(first) and (" : " in paragraph[0] or _hangs(paragraph))


def _hangs(paragraph):
    return len(paragraph) > 1 and paragraph[1].startswith("    ")


def _all(lines, module):
    return [escaped(line, module) for line in lines]


def _running(paragraph, module, number):
    """A paragraph: a list, a formula that stands indented, or text with both."""
    if re.match(r" *[-*] ", paragraph[0]):
        return [re.sub(r"^( *)\\\*", r"\1*", e) for e in _all(paragraph, module)]
    if number and all(line.startswith("    ") for line in paragraph):
        return [".. code-block:: none", "", *(f"  {line}" for line in paragraph)]
    return _all([line.strip() for line in paragraph], module)


def added(entry):
    """What the book says below a function: its equations, and who uses it."""
    lines = []
    labels = api.equations().get(entry.name, ())
    if labels:
        lines += ["", f":In the book: {_roles(chapters.link(n) for n in labels)}"]
    users = api.users(entry)
    if users:
        lines += [
            "" * (not labels),
            f":Used in: {_roles(map(chapters.to_chapter, users))}",
        ]
    return [*lines, ""]


def _roles(links):
    """Roles of MyST as roles of reStructuredText."""
    return ", ".join(re.sub(r"\{([\w:]+)\}", r":\1:", link) for link in links)


def fields(kind, module):
    """The fields of a named tuple or data class, with what the source says of each."""
    source = textwrap.dedent(inspect.getsource(kind))
    remarks = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for node in ast.parse(source).body[0].body:
        if isinstance(node, ast.AnnAssign) and not node.target.id.startswith("_"):
            says = remarks.get(node.lineno) or ast.unparse(node.annotation)
            says = re.sub(r" {2,}", "; ", says)
            found.append(f"   * ``{node.target.id}``: {escaped(says, module)}")
    return ["", ":Fields:", "", *found, ""] if found else []
