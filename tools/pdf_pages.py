"""Put the printed chapters and the contents together; check the PDF that results."""

import unicodedata

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

SCHEME = "heading:"  # how the contents name a heading, until both files are one
LINKS = "links-to-headings"  # where the pages of mere links start
FRONT = "/r"  # the contents are numbered i, ii, ...
BODY = "/D"


def count(path):
    """The number of pages."""
    return len(PdfReader(path).pages)


def destinations(reader):
    """{name: index of the page} of everything that a link leads to."""
    found = reader.named_destinations
    return {
        name.lstrip("/"): reader.get_destination_page_number(place)
        for name, place in found.items()
    }


def places(path, names):
    """{name: index of its page}; ValueError names what is not there."""
    found = destinations(PdfReader(path))
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path}: no page for {', '.join(missing[:5])}")
    return {name: found[name] for name in names}


def links(page):
    """The link annotations of a page."""
    for annotation in page.get("/Annots") or ():
        annotation = annotation.get_object()
        if annotation.get("/Subtype") == "/Link":
            yield annotation


def target(link):
    """(name of a destination, None) or (None, address) of a link."""
    action = (link.get("/A") or {}).get_object() if "/A" in link else {}
    name = link.get("/Dest") or action.get("/D")
    if name is not None:
        return str(name).lstrip("/"), None
    return None, str(action.get("/URI", ""))


def join(front, body, headings, config, output):
    """One file: the front, the chapters without the pages of mere links, bookmarks."""
    reader = PdfReader(body)
    at = destinations(reader)
    writer = PdfWriter(clone_from=reader)
    while len(writer.pages) > at[LINKS]:
        writer.remove_page(len(writer.pages) - 1)
    opening = PdfReader(front).pages
    for index, page in enumerate(opening):
        writer.insert_page(page, index)
    shift = len(opening)
    spelled = {name.lstrip("/"): name for name in reader.named_destinations}
    for page in writer.pages[:shift]:
        for link in links(page):
            _, address = target(link)
            if address and address.startswith(SCHEME):
                del link["/A"]
                name = spelled[address.removeprefix(SCHEME)]
                link[NameObject("/Dest")] = as_spelled(name)
    parents = {}
    for heading in headings:
        level = heading["level"]
        parent = next(
            (parents[n] for n in range(level - 1, 0, -1) if n in parents), None
        )
        parents = {n: item for n, item in parents.items() if n < level}
        parents[level] = writer.add_outline_item(
            title=heading["shown"],
            page_number=at[heading["id"]] + shift,
            parent=parent,
            is_open=False,
        )
    writer.set_page_label(0, shift - 1, style=FRONT, start=1)
    writer.set_page_label(shift, len(writer.pages) - 1, style=BODY, start=1)
    writer.add_metadata({"/Title": config["title"], "/Author": config["author"]})
    writer.page_mode = "/UseOutlines"
    writer.write(output)


def as_spelled(name):
    """A destination's name as a PDF object of the kind that the file uses."""
    return NameObject(name) if name.startswith("/") else TextStringObject(name)


def outline(reader, entries=None):
    """[(title, index of the page)] of all bookmarks, in order."""
    found = []
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            found += outline(reader, entry)
        else:
            found.append((entry.title, reader.get_destination_page_number(entry)))
    return found


def squeezed(text):
    """Text without spaces and ligatures, which a PDF's text has at will."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def complaints(path, headings, documents):
    """What is wrong with the finished file."""
    reader = PdfReader(path)
    found, marks, names = [], outline(reader), destinations(reader)
    labels = reader.page_labels
    shift = labels.index("1")
    if [title for title, _ in marks] != [h["shown"] for h in headings]:
        found.append("the bookmarks are not the headings")
    pages = [page for _, page in marks]
    if pages != sorted(pages):
        found.append("the bookmarks are not in the order of the pages")
    chapters = [h for h in headings if h["level"] == 1]
    if [h["name"] for h in chapters] != documents:
        found.append("the chapters are not those of _toc.yml")
    front = [reader.pages[n] for n in range(shift)]
    contents = squeezed("".join(page.extract_text() for page in front))
    led = {target(link)[0] for page in front for link in links(page)}
    for heading in headings:
        if heading["level"] <= 2:
            entry = squeezed(heading["shown"]) + labels[names[heading["id"]]]
            if entry not in contents:
                found.append(f"not in the contents: {heading['shown']}")
            if heading["id"] not in led:
                found.append(f"the contents do not link to: {heading['shown']}")
    for heading in chapters:
        index = names[heading["id"]]
        text = squeezed(reader.pages[index].extract_text())
        if squeezed(heading["shown"]) not in text:
            found.append(f"page {labels[index]} has no heading {heading['shown']}")
        if not text.endswith(labels[index]) and not text.startswith(labels[index]):
            found.append(f"page {labels[index]} does not show its number")
    for index, page in enumerate(reader.pages):
        for link in links(page):
            name, address = target(link)
            if name is not None and name not in names:
                found.append(f"page {labels[index]}: no such place: {name}")
            if address and not address.startswith(("http://", "https://")):
                found.append(f"page {labels[index]}: a link to {address}")
    return found
