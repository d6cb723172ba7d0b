/* The chooser of a notation: one choice for all results, on all pages. */
document.addEventListener("DOMContentLoaded", () => {
  const page = document.documentElement;
  const choosers = [...document.querySelectorAll(".notation-chooser select")];
  const labels = [...document.querySelectorAll('label[data-sync-group="notation"]')];
  if (!choosers.length) return;
  const known = [...choosers[0].options].map((option) => option.value);
  const show = (key) => {  // the tabs: none, or the book's and the chosen one
    page.dataset.notation = key;
    for (const chooser of choosers) chooser.value = key;
    for (const label of labels) {
      const offered = key !== "book" && ["book", key].includes(label.dataset.syncId);
      for (const e of [label, label.previousElementSibling]) e.hidden = !offered;
    }
  };
  const choose = (key) => {
    show(key);
    for (const label of labels)
      if (label.dataset.syncId === key) label.previousElementSibling.checked = true;
    const one = labels.find((label) => label.dataset.syncId === key);
    one.previousElementSibling.dispatchEvent(new Event("change"));
    try {
      if (key === "book") localStorage.removeItem("book-notation");
      else localStorage.setItem("book-notation", key);
    } catch { /* a browser that remembers nothing */ }
  };
  for (const chooser of choosers) {
    chooser.addEventListener("change", () => choose(chooser.value));
    chooser.form.addEventListener("submit", (event) => event.preventDefault());
  }
  const asked = page.dataset.notation;
  show(known.includes(asked) ? asked : "book");
  if (!location.hash)
    for (const label of labels)
      if (label.dataset.syncId === page.dataset.notation)
        label.previousElementSibling.checked = true;
});
