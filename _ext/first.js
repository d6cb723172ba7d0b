/* What runs before a page is drawn, so that nothing moves afterwards. */
{
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
  document.documentElement.dataset.notation = chosen || "book";
}
