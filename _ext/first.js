/* What runs before a page is drawn, so that nothing moves afterwards. */
{
  /* The theme of a first visit, so that the pictures of the other one are not loaded. */
  const { dataset } = document.documentElement, themes = ["light", "dark"];
  if (!themes.includes(dataset.theme)) {
    const system = themes[+matchMedia("(prefers-color-scheme: dark)").matches];
    dataset.theme = themes.includes(dataset.mode) ? dataset.mode : system;
  }
  /* The font of the formulas comes with the style sheet, not after it. */
  const { font } = document.currentScript.dataset;
  if (font && location.protocol !== "file:") {  // from the disk this is not allowed
    const link = Object.assign(document.createElement("link"),
      { rel: "preload", as: "font", type: "font/woff", crossOrigin: "", href: font });
    document.head.append(link);
  }
  /* The notation that was chosen, by a link or on an earlier page. */
  let chosen = new URLSearchParams(location.search).get("notation");
  try {
    if (chosen) localStorage.setItem("book-notation", chosen);
    else chosen = localStorage.getItem("book-notation");
  } catch { /* a browser that remembers nothing */ }
  dataset.notation = chosen || "book";
}
