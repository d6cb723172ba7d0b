/* What scrolls sideways can be reached, and scrolled, with the keyboard, and shows on
   which side there is more of it. A few boxes are measured at a time, when nothing else
   is to do, and each few are measured before one of them is changed: to measure after a
   change lays the page out anew. */
document.addEventListener("DOMContentLoaded", () => {
  const WIDE = "div.math, .formula, .output, table.table, p:has(> span.math), pre, "
    + ".pst-scrollable-table-container, .jp-RenderedHTMLCommon";
  const FEW = 20;
  const idle = then => window.requestIdleCallback  // a busy machine is never idle
    ? requestIdleCallback(then, { timeout: 1000 }) : setTimeout(then, 50);
  const measure = box => ({
    box,
    left: box.scrollLeft > 1,
    right: box.scrollLeft < box.scrollWidth - box.clientWidth - 1,
    scrolls: box.scrollWidth > box.clientWidth + 1 && box.clientWidth
      && /auto|scroll/.test(getComputedStyle(box).overflowX),
  });
  const mark = ({ box, left, right, scrolls }) => {
    if (!scrolls) {
      box.removeAttribute("tabindex");
      box.removeAttribute("data-more");
      return;
    }
    box.tabIndex = 0;
    box.onscroll = () => mark(measure(box));
    box.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
  };
  let round = 0;
  const update = () => {
    const mine = ++round;
    const article = document.querySelector("article.bd-article");
    const boxes = article ? [...article.querySelectorAll(WIDE)] : [];
    const some = () => {
      if (mine !== round) return;
      boxes.splice(0, FEW).map(measure).forEach(mark);
      if (boxes.length) idle(some);
    };
    idle(some);
  };
  let waiting;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 200);
  }).observe(document.body);
});
