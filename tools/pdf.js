/* What tools/pdf.py runs in the page: lay the book out, make it fit, complain. */
window.printing = {
  /* The chapters, each with headings from h1 down, and nothing else on the page.
     `parts` gives the caption of the part that starts with a document; of tabs, those
     in `notation` are kept, or all when none is. Code and lists of claims that the
     page folds are left out when `folded` is false. Returns the headings for the
     contents: document,
     level, id, title. */
  layOut({ parts, omit, root, notation = "", folded = true }) {
    const article = document.querySelector("article.bd-article");
    const book = document.createElement("div");
    book.className = "book bd-article";
    const spans = [...article.querySelectorAll('span[id^="document-"]')];
    const documents = spans.map((span) => [span, span.nextElementSibling]);
    for (const [span, section] of documents) { span.remove(); section.remove(); }
    for (const e of article.querySelectorAll(".toctree-wrapper")) e.remove();
    const first = [...article.children].filter((e) => e.tagName === "SECTION");
    const start = document.createElement("span");
    start.id = `document-${root}`;
    documents.unshift([start, first[0]]);
    const headings = [];
    for (const [span, section] of documents) {
      const name = span.id.replace("document-", "");
      if (omit.includes(name)) continue;
      section.classList.add("chapter");
      if (parts[name]) {
        const part = document.createElement("p");
        part.className = "part";
        part.textContent = parts[name];
        section.prepend(part);
      }
      section.prepend(span);
      book.append(section);
      const found = [...section.querySelectorAll("h1, h2, h3, h4, h5, h6")];
      const shift = Number(found[0].tagName[1]) - 1;
      for (const old of found) {
        const level = Math.max(1, Number(old.tagName[1]) - shift);
        const heading = document.createElement(`h${level}`);
        heading.append(...old.childNodes);
        heading.querySelector("a.headerlink")?.remove();
        heading.id = `heading-${headings.length}`;
        old.replaceWith(heading);
        headings.push({ name, level, id: heading.id, title: this.plain(heading) });
      }
    }
    if (!folded) {
      for (const e of book.querySelectorAll(
        "details:is(.hide:has(.cell_input), .claims-here, .claims-of-chapter), "
        + ".solution .cell_input")) e.remove();
      for (const e of book.querySelectorAll("div.cell"))  // nothing is typed on paper
        if (e.textContent.includes("check_answer(")) e.remove();
    }
    if (notation)
      for (const set of book.querySelectorAll(".sd-tab-set")) this.choose(set, notation);
    for (const e of book.querySelectorAll("details")) {
      const check = e.matches(".sd-dropdown") && e.closest(".claim");
      check ? e.remove() : (e.open = true);
    }
    for (const e of book.querySelectorAll("script, form")) e.remove();
    /* Chromium keeps as a destination only what a link leads to. */
    const links = document.createElement("section");
    links.className = "links";
    links.id = "links-to-headings";
    for (const { id } of [...headings, { id: links.id }]) {
      const link = document.createElement("a");
      link.href = `#${id}`;
      link.textContent = "• ";
      links.append(link);
    }
    book.append(links);
    document.body.replaceChildren(book);
    document.documentElement.dataset.theme = "light";
    for (const e of book.querySelectorAll("[id]"))
      if (document.getElementById(e.id) !== e) e.removeAttribute("id");
    for (const e of book.querySelectorAll("svg a[href]")) {  // the map of the chapters
      const page = e.getAttribute("href").match(/^\.\.\/(.+)\.html$/);
      if (page) e.setAttribute("href", `#document-${page[1]}`);
    }
    for (const e of book.querySelectorAll("a[href]"))
      if (e.protocol === "file:" && !e.getAttribute("href").startsWith("#"))
        e.removeAttribute("href");
    for (const e of book.querySelectorAll('a[href^="#"]'))
      if (!document.getElementById(decodeURIComponent(e.getAttribute("href").slice(1))))
        e.removeAttribute("href");
    return headings;
  },

  /* Of a set of tabs, the one of this notation, without its label; or all. */
  choose(set, notation) {
    const labels = [...set.querySelectorAll(":scope > label")];
    if (!labels.some((label) => label.dataset.syncId === notation)) return;
    for (const label of labels) {
      if (label.dataset.syncId !== notation) label.nextElementSibling.remove();
      label.remove();
    }
  },

  /* The text of a heading, a formula as its TeX. */
  plain(heading) {
    const copy = heading.cloneNode(true);
    for (const e of copy.querySelectorAll("[data-tex]")) e.replaceWith(e.dataset.tex);
    return copy.textContent.replace(/\s+/g, " ").trim();
  },

  /* The width that an element's text may take. */
  room(e) {
    const block = e.parentElement.closest("p, li, td, th, dd, div, figure, section");
    const style = getComputedStyle(block);
    return block.clientWidth - parseFloat(style.paddingLeft)
      - parseFloat(style.paddingRight);
  },

  /* Figures take about the same area each, whether they are broad or tall. */
  even(area) {
    for (const e of document.querySelectorAll("div.book img"))
      if (e.naturalWidth)
        e.style.width = `${Math.sqrt(area * e.naturalWidth / e.naturalHeight)}px`;
  },

  /* Scale down what is wider than its place, or taller than a page. */
  fit(height) {
    let scaled = 0, least = 1;
    const shrink = (e, ratio) => {
      e.dataset.size ??= parseFloat(getComputedStyle(e).fontSize);
      const now = parseFloat(e.dataset.scale || 1) * ratio * 0.99;
      e.dataset.scale = now;
      e.style.fontSize = `${e.dataset.size * now}px`;
      scaled += 1;
      least = Math.min(least, now);
    };
    const block = document.querySelector("div.book");
    for (let round = 0; round < 3; round++) {
      const work = [];
      for (const e of block.querySelectorAll("[data-tex]")) {
        const box = e.getBoundingClientRect();  // beside its number it may hang out left
        const room = e.matches(".formula")
          ? Math.min(e.clientWidth, box.right - e.parentElement.getBoundingClientRect().left)
          : this.room(e);
        const width = e.matches(".formula") ? e.scrollWidth : e.offsetWidth;
        const ratio = Math.min(room / width, height / e.offsetHeight);
        if (ratio < 0.999) work.push([e, ratio]);
      }
      for (const e of block.querySelectorAll("table")) {
        const ratio = this.room(e) / e.scrollWidth;
        if (ratio < 0.999) work.push([e, ratio]);
      }
      if (!work.length) break;
      for (const [e, ratio] of work) shrink(e, ratio);
    }
    return { scaled, least };
  },

  /* The heading of the section that an element stands in. */
  place(e) {
    const heading = e.closest("section")?.querySelector("h1, h2, h3, h4, h5, h6");
    return heading ? heading.textContent : "";
  },

  /* What still runs out of the page, or cannot be seen. */
  complaints(height) {
    const book = document.querySelector("div.book"), wrong = [];
    const frame = book.getBoundingClientRect();
    const say = (what, e) =>
      wrong.push(`${what}: ${e.tagName} ${e.className} in ${this.place(e)}: `
        + e.textContent.trim().slice(0, 60));
    for (const e of book.querySelectorAll("*")) {
      const box = e.getBoundingClientRect();
      if (box.width && (box.right > frame.right + 1 || box.left < frame.left - 1))
        say("runs out of the page", e);
      if (e.matches(".formula, img, svg, table tr") && box.height > height)
        say("taller than a page", e);
    }
    for (const e of book.querySelectorAll("pre, .formula"))
      if (e.scrollWidth > e.clientWidth + 1) say("clipped", e);
    for (const e of book.querySelectorAll(".solution, details"))
      for (const child of e.children)
        if (child.tagName !== "SUMMARY" && child.textContent.trim()
            && !child.matches("button, form") && !child.getClientRects().length)
          say("folded", child);
    for (const e of book.querySelectorAll("img"))
      if (!e.naturalWidth) say("image missing", e);
    return wrong;
  },
};
