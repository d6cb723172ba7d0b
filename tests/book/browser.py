"""Load the built pages in a real Chromium and collect what is wrong with them."""

import contextlib
import functools
import http.server
import threading

from playwright.sync_api import sync_playwright

from tools.chromium import FLAGS

NOT_CHECKED = (
    "NOT CHECKED, no Chromium on PATH: that every page loads over HTTP and from "
    "file:// without external requests or console errors, that every formula is "
    "rendered, that nothing runs out of a 360-pixel page or is cut without a sign, "
    "that axe-core finds nothing, and that keyboard, search, folds, filter and colour "
    "mode work"
)
PATIENCE = 120_000  # milliseconds, for a busy machine

FORMULAS = """async () => {
  const article = document.querySelector("main") || document.body;
  const wrong = [];
  await document.fonts.ready;
  for (const f of article.querySelectorAll(".math")) {
    const formula = f.matches("[data-tex]") ? f : f.querySelector(".formula[data-tex]");
    const drawn = formula && formula.querySelector(":scope > math");
    if (!drawn || !drawn.firstElementChild)
      wrong.push("formula not rendered: " + f.textContent.slice(0, 60));
    else if (f.checkVisibility() && !drawn.getBoundingClientRect().width)
      wrong.push("formula without a size: " + formula.dataset.tex.slice(0, 60));
  }
  for (const e of article.querySelectorAll("merror, [mathcolor=red]"))
    wrong.push("formula with an error: " + e.textContent.slice(0, 60));
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (/\\$\\$|\\\\[(\\[]/.test(node.data)
        && !node.parentElement.closest("pre, code, script"))
      wrong.push("formula left as source: " + node.data.trim().slice(0, 60));
  }
  return wrong;
}"""

OVERFLOW = """() => {
  const FRAME = "body, html, main, .bd-container__inner, .bd-content";
  const width = document.documentElement.clientWidth, wrong = [];
  if (document.documentElement.scrollWidth > width + 1)
    wrong.push("the page scrolls sideways");
  const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX);
  for (const e of document.querySelectorAll("article *")) {
    if (e.closest("math, svg")) continue;
    const box = e.getBoundingClientRect();
    if (!box.width || box.right <= width + 1) continue;
    let parent = e.parentElement;
    while (parent && !scrolls(parent)) parent = parent.parentElement;
    if (!parent || parent.matches(FRAME))
      wrong.push(`too wide: ${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`);
  }
  return wrong.slice(0, 3);
}"""

# All of the page is laid out, not only what is near the screen, and what scrolls has
# got its signs from the script of the book, which waits for idle time; or a minute.
LAID_OUT = """async () => {
  const style = document.createElement("style");
  style.textContent = "article section { content-visibility: visible !important; }";
  document.head.append(style);
  const BOXES = "article :is(pre, table.table, div.math, .formula, .output)";
  const waits = box => box.scrollWidth > box.clientWidth + 1 && box.clientWidth
    && box.tabIndex < 0 && /auto|scroll/.test(getComputedStyle(box).overflowX);
  for (let round = 0; round < 600; round++) {
    await new Promise(done => setTimeout(done, 100));
    if (![...document.querySelectorAll(BOXES)].some(waits)) break;
  }
}"""

CUT = """() => {
  const formulas = [...document.querySelectorAll("article .formula")];
  const wrong = [];
  for (const formula of formulas) {
    const block = formula.closest("div.math") || formula;
    const number = block.querySelector(":scope > .eqno"), text = formula.textContent;
    const below = formula.getBoundingClientRect().bottom - 1;
    if (number && number.getBoundingClientRect().top < below)
      wrong.push("the number of an equation is not below it: " + number.textContent);
    for (const box of [formula, block])
      if (box.scrollWidth > box.clientWidth + 1
          && !(/right/.test(box.dataset.more)
               && getComputedStyle(box).maskImage.includes("gradient")))
        wrong.push("cut without a sign: " + text.slice(0, 40));
  }
  return wrong.slice(0, 3);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line a request."""

    def log_message(self, *args):
        """Say nothing."""


@contextlib.contextmanager
def serve(folder, handler=Quiet):
    """Serve a folder on a free local port; yields the address."""
    handler = functools.partial(handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def watch(page, base, found):
    """Note external and failed requests and errors of the page in `found`."""

    def request(req):
        if not req.url.startswith((base, "data:", "blob:")):
            found.append(f"external request: {req.url}")

    def response(res):
        if res.status >= 400:
            found.append(f"{res.status}: {res.url}")

    def console(message):
        if message.type in ("error", "warning"):
            found.append(f"console {message.type}: {message.text}")

    page.on("request", request)
    page.on("response", response)
    page.on("requestfailed", lambda req: found.append(f"failed: {req.url}"))
    page.on("console", console)
    page.on("pageerror", lambda error: found.append(f"script error: {error}"))


def page_complaints(context, base, name):
    """What is wrong with one page, at desktop and at phone width."""
    found = []
    page = context.new_page()
    watch(page, base, found)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{base}/{name}", wait_until="load")
    found += page.evaluate(FORMULAS)
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate(LAID_OUT)
    found += page.evaluate(OVERFLOW)
    found += page.evaluate(CUT)
    page.close()
    return [f"{name}: {complaint}" for complaint in list(dict.fromkeys(found))[:10]]


@contextlib.contextmanager
def launched(executable):
    """A fresh browser context."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE)
        yield context
        chromium.close()


def site_complaints(executable, base, names):
    """What is wrong with the pages of a site."""
    with launched(executable) as context:
        return [c for name in names for c in page_complaints(context, base, name)]


def landing(executable, url):
    """The address that a redirection ends at."""
    with launched(executable) as context:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("article")
        return page.url
