"""Ask axe-core, the keyboard and the page itself whether it is for everybody."""

from functools import cache
from importlib.resources import files

from tests.book import browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EXTRA = ["label-content-name-mismatch", "td-has-header", "p-as-heading"]  # of WCAG too
THEMES = ("light", "dark")

# axe looks at every element. A formula stands for it as one piece of text (its inside
# is checked by MATHEMATICS); of the words of highlighted code, one of each colour.
# Of the claims of the ledger, which are made by one template: three of each verdict;
# of lists, tables, definitions and functions the first few.
FOLD = """async () => {
  for (const m of document.querySelectorAll("[data-tex]")) {
    m.textContent = m.textContent.trim() || "x";
    m.style.overflow = "clip";  // this text is wider than the formula
  }
  const seen = new Set();
  for (const s of document.querySelectorAll("pre span")) {
    const longer = s.textContent.length > 1;  // axe does not judge a single letter
    if (longer && s.className && !seen.has(s.className)) seen.add(s.className);
    else s.replaceWith(...s.childNodes);
  }
  for (const p of document.querySelectorAll("pre")) p.normalize();
  const kept = {};
  for (const c of document.querySelectorAll("div.claim")) {
    const verdict = [...c.classList].find((name) => name.startsWith("verdict-"));
    kept[verdict] = (kept[verdict] || 0) + 1;
    if (kept[verdict] > 3) c.remove();
  }
  const ONES = "li, tr, dt, dd, dl.py, table.indextable", FEW = 6;
  const boxes = [...document.querySelectorAll(ONES)].map((e) => e.parentElement);
  for (const box of new Set(boxes))
    [...box.children].filter((e) => e.matches(ONES)).slice(FEW)
      .forEach((e) => e.remove());
  const style = document.createElement("style");
  style.textContent = "* { transition: none !important; }";
  document.head.append(style);
}"""

# Texts of one colour, size and weight on one ground have one contrast: of each such
# look one is judged, and of the links also by the colour of the words around them.
LOOKS = """() => {
  const grounds = new Map(), seen = new Map();
  const ground = (e) => {
    if (e && !grounds.has(e)) {
      const s = getComputedStyle(e);
      const own = [s.backgroundColor, s.backgroundImage, s.opacity].join();
      const clear = own === "rgba(0, 0, 0, 0),none,1";
      grounds.set(e, ground(e.parentElement) + (clear ? "" : "|" + own));
    }
    return e ? grounds.get(e) : "";
  };
  const letters = (e) => {
    const s = getComputedStyle(e);
    return [s.color, s.fontSize, s.fontWeight, s.textDecorationLine].join();
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !e.checkVisibility()) continue;
    const link = e.closest("a");
    const around = link ? letters(link) + letters(link.parentElement) : "";
    const look = [letters(e), around, ground(e)].join(";");
    if (!seen.has(look)) seen.set(look, link || e);
  }
  return [...new Set(seen.values())];
}"""

AXE = """async ([tags, extra, theme]) => {
  Object.assign(document.documentElement.dataset, { theme, mode: theme });
  const quiet = { resultTypes: ["violations"], preload: false };
  const COLOURS = ["color-contrast", "link-in-text-block"];
  const include = (LOOKS)();
  const runs = [await axe.run({ include }, { ...quiet, runOnly: COLOURS })];
  if (theme === "light") {
    const rules = Object.fromEntries([
      ...extra.map((id) => [id, { enabled: true }]),
      ...COLOURS.map((id) => [id, { enabled: false }]),
    ]);
    const runOnly = { type: "tag", values: tags };
    runs.push(await axe.run(document, { ...quiet, runOnly, rules }));
  }
  const found = runs.flatMap((result) => result.violations);
  return found.flatMap((v) => v.nodes.slice(0, 3).map(
    (n) => `${theme}: ${v.id}: ${n.target.join(" ")} ${n.html.slice(0, 120)}`));
}""".replace("LOOKS", LOOKS)

HEADINGS = """() => {
  const shown = [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")]
    .filter((h) => h.getClientRects().length);
  const wrong = [];
  if (shown.filter((h) => h.tagName === "H1").length !== 1)
    wrong.push("not one h1");
  let last = 0;
  for (const h of shown) {
    const level = Number(h.tagName[1]);
    if (level > last + 1) wrong.push(`heading skips a level: ${h.textContent}`);
    last = level;
  }
  return wrong;
}"""

MATHEMATICS = """() => {
  const wrong = [];
  for (const m of document.querySelectorAll("[data-tex]")) {
    const say = (what) => wrong.push(`${what}: ${m.dataset.tex.slice(0, 60)}`);
    const [spoken, ...more] = m.querySelectorAll("math");
    if (!spoken || !spoken.textContent.trim()) say("formula without MathML");
    else if (spoken.closest("[aria-hidden=true]")) say("MathML hidden");
    if (more.length) say("formula read twice");
  }
  return wrong.slice(0, 5);
}"""

# Where the focus is, and whether one sees it.
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const marks = (e) => {
    const s = getComputedStyle(e);
    return [s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0
      && s.outlineColor !== "rgba(0, 0, 0, 0)", s.boxShadow !== "none"];
  };
  const label = e.matches(".sd-tab-set > input") ? [e.nextElementSibling] : [];
  e.dataset.reached = "yes";
  return {
    name: `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`,
    visible: [e, ...label, e.parentElement].some((x) => marks(x).some(Boolean)),
  };
}"""

# What the mouse can use and the keyboard has not reached; of a group of radio
# buttons (tabs) the keyboard reaches one, and the arrows the others.
MISSED = """() => {
  const USED = "a[href], button, select, summary, input, textarea, [onclick], "
    + ".toggle-button, [role=button], [role=slider], label[for]";
  const wrong = [];
  for (const e of document.querySelectorAll(USED)) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.disabled) continue;
    if (e.dataset.reached || e.closest("[data-reached]")) continue;
    if (e.matches("label") && document.getElementById(e.htmlFor)) continue;
    if (e.type === "radio" && document.querySelector(
      `input[name="${e.name}"][data-reached]`)) continue;
    if (e.tabIndex < 0 && e.matches(".skip-link *")) continue;
    wrong.push(`${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`);
  }
  return wrong;
}"""


@cache
def axe():
    """The source of axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def page_complaints(context, base, name):
    """What is wrong with a page, or keeps it from some, in light and in dark."""
    found, page = [], context.new_page()
    browser.watch(page, base, found)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{base}/{name}")
    for script in (browser.FORMULAS, HEADINGS, MATHEMATICS):
        found += page.evaluate(script)
    page.evaluate(FOLD)
    page.evaluate(browser.LAID_OUT)
    page.evaluate(axe())
    for theme in THEMES:
        found += page.evaluate(AXE, [TAGS, EXTRA, theme])
    page.close()
    return [f"{name}: {complaint}" for complaint in dict.fromkeys(found)]


def keyboard_complaints(page, limit):
    """(what the tabulator key misses or reaches without a sign, its stops)."""
    found, names = [], []
    for _ in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        names.append(focused["name"])
        if not focused["visible"]:
            found.append(f"focus not visible: {focused['name']}")
    else:
        found.append(f"more than {limit} stops")
    return list(dict.fromkeys(found)) + page.evaluate(MISSED), names
