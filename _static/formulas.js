/* The TeX of a formula: what one copies from a page, and a button at the right click.
   A browser that knows no MathML shows the TeX itself. */
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return;
  const range = selection.getRangeAt(0).cloneRange();
  const around = (node) =>
    (node.nodeType === 1 ? node : node.parentElement).closest("[data-tex]");
  const [first, last] = [around(range.startContainer), around(range.endContainer)];
  if (first) range.setStartBefore(first);  // a formula is copied as a whole
  if (last) range.setEndAfter(last);
  const copied = document.createElement("div");
  copied.append(range.cloneContents());
  const formulas = copied.querySelectorAll("[data-tex]");
  if (!formulas.length) return;
  for (const formula of formulas) {
    const [left, right] = formula.matches(".formula") ? ["$$ ", " $$"] : ["$", "$"];
    formula.replaceWith(left + formula.dataset.tex + right);
  }
  const block = "p, div, li, h1, h2, h3, h4, tr, pre";
  for (const element of copied.querySelectorAll(block)) element.append("\n");
  event.clipboardData.setData("text/plain", copied.textContent.trim());
  event.preventDefault();
});

document.addEventListener("contextmenu", (event) => {
  document.querySelector(".copy-tex")?.remove();
  const formula = event.target.closest("[data-tex]");
  if (!formula || event.shiftKey || !getSelection().isCollapsed) return;
  event.preventDefault();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-tex";
  button.textContent = "Copy the TeX";
  button.style.left = `${Math.min(event.pageX, innerWidth - 130)}px`;
  button.style.top = `${event.pageY}px`;
  button.onclick = () => {
    const field = document.createElement("textarea");  // works from the disk, too
    field.value = formula.dataset.tex;
    document.body.append(field);
    field.select();
    field.addEventListener("copy", (copy) => copy.stopPropagation());
    document.execCommand("copy");
    field.remove();
    button.textContent = "Copied";
  };
  const close = (other) => {
    if (other.target === button && other.type === "pointerdown") return;
    if (other.type === "keydown" && other.key !== "Escape") return;
    button.remove();
    for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, close);
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, close);
  document.body.append(button);
  button.focus();
});

document.addEventListener("DOMContentLoaded", () => {
  if (window.MathMLElement) return;
  for (const formula of document.querySelectorAll("[data-tex]"))
    formula.textContent = formula.dataset.tex;
});
