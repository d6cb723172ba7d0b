/* What scrolls sideways can be reached, and scrolled, with the keyboard. */
document.addEventListener("DOMContentLoaded", () => {
  const WIDE = "div.math, mjx-container[display], .output, table.table, p:has(> span.math), "
    + ".pst-scrollable-table-container";
  const update = () => {
    const article = document.querySelector("article.bd-article");
    for (const box of article ? article.querySelectorAll(WIDE) : []) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 && box.clientWidth
        && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  let waiting;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 200);
  }).observe(document.body);
});
