/* What scrolls sideways can be reached, and scrolled, with the keyboard, and shows on
   which side there is more of it. */
document.addEventListener("DOMContentLoaded", () => {
  const WIDE = "div.math, .formula, .output, table.table, p:has(> span.math), "
    + ".pst-scrollable-table-container";
  const mark = box => {
    const hidden = box.scrollWidth - box.clientWidth;
    const sides = [];
    if (box.scrollLeft > 1) sides.push("left");
    if (box.scrollLeft < hidden - 1) sides.push("right");
    box.dataset.more = sides.join(" ");
  };
  const update = () => {
    const article = document.querySelector("article.bd-article");
    for (const box of article ? article.querySelectorAll(WIDE) : []) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 && box.clientWidth
        && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls) {
        box.tabIndex = 0;
        box.onscroll = () => mark(box);
        mark(box);
      } else {
        box.removeAttribute("tabindex");
        box.removeAttribute("data-more");
      }
    }
  };
  let waiting;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 200);
  }).observe(document.body);
});
