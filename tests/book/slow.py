"""A first visit on a slow connection, 10 Mbit/s, with a processor four times slower.

Slower than a fast desktop, that is: the machine that runs the tests may be slow itself.

The server compresses as the servers of books do. What is counted is what comes over the
line, and when the formulas of the first screen stand there in their font.
"""

import gzip
import mimetypes
from functools import cache
from pathlib import Path

from tests.book.browser import Quiet

LATENCY, MEGABITS = 40, 10  # milliseconds; a second
DESKTOP, SLOWER = 1750, 4  # the index of a fast desktop; times slower
TEXT = (".html", ".css", ".js", ".svg", ".json")
SETTLED = 1500  # milliseconds without a change before the page is judged

COUNT = """() => {
  const start = performance.now();
  let words = 0;
  while (performance.now() - start < 100) {
    let word = "";
    for (let letter = 0; letter < 10000; letter++) word += "a";
    words += word.length / 10000;
  }
  return words / 10 / ((performance.now() - start) / 1000);
}"""
WATCH = """
window.seen = { shift: 0, formulas: null, count: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
const look = () => {
  const article = document.querySelector("article.bd-article");
  const whole = article && (document.readyState !== "loading"
    || document.querySelector(".prev-next-footer"));
  let ready = whole && ![...document.fonts].some((font) => font.status === "loading");
  let count = 0;
  for (const formula of ready ? article.querySelectorAll(".math, math") : []) {
    const box = formula.getBoundingClientRect();
    if (box.top > innerHeight) break;
    if (!box.width || box.bottom < 0) continue;
    count += formula.matches("math");
    if (!formula.matches("math") && !formula.querySelector("math")) ready = false;
  }
  if (!ready) seen.formulas = null;
  else if (seen.formulas === null)
    Object.assign(seen, { formulas: performance.now(), count });
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@cache
def compressed(path):
    """The bytes of a file as they are sent."""
    body = path.read_bytes()
    return gzip.compress(body) if path.suffix in TEXT else body


class Compressing(Quiet):
    """Serve files, text compressed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Send a file."""
        path = Path(self.directory) / self.path.split("?")[0].lstrip("/")
        found = path.is_file()
        body = compressed(path) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "font/woff")
        self.send_header("Content-Length", str(len(body)))
        if path.suffix in TEXT:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)


def index(page):
    """How fast this processor is in the browser now, by the index of Lighthouse.

    Hundreds of thousands of letters put together one by one a second; the guide
    to throttling of Lighthouse says 1500 to 2000 of a fast desktop, slowed 4 times.
    """
    return max(page.evaluate(COUNT) for _ in range(3))


def visit(browser, address, width, height, slower=SLOWER):
    """What a first visit costs: seconds to the formulas, shift, requests, bytes."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    line = context.new_cdp_session(page)
    asked, received = [], []
    line.on("Network.requestWillBeSent", lambda e: asked.append(e["request"]["url"]))
    line.on(
        "Network.loadingFinished", lambda e: received.append(e["encodedDataLength"])
    )
    line.send("Network.enable")
    conditions = {"latency": LATENCY, "downloadThroughput": MEGABITS * 1e6 / 8}
    conditions |= {"offline": False, "uploadThroughput": MEGABITS * 1e6 / 8}
    line.send("Network.emulateNetworkConditions", conditions)
    rate = max(1, slower * index(page) / DESKTOP)
    line.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load", timeout=120_000)
    page.wait_for_timeout(SETTLED)
    seen = page.evaluate("seen")
    context.close()
    return {
        "rate": rate,
        "seconds": seen["formulas"] / 1000 if seen["formulas"] else None,
        "formulas": seen["count"],
        "shift": seen["shift"],
        "requests": asked,
        "bytes": sum(received),
    }
