/* Filter the claims of a ledger page; the choice is kept in the address. */
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.claim-filter");
  if (!form) return;
  const claims = [...document.querySelectorAll("div.claim")];
  const count = form.querySelector("output");
  const sections = [...document.querySelectorAll("article section section")];
  const entries = new Map(
    [...document.querySelectorAll("nav.page-toc a, #pst-page-toc-nav a")].map((a) => [
      decodeURIComponent(a.hash.slice(1)), a.closest("li"),
    ]),
  );
  const chosen = new URLSearchParams(location.search);
  for (const select of form.querySelectorAll("select")) {
    const wanted = chosen.get(select.name);
    if ([...select.options].some((o) => o.value === wanted)) select.value = wanted;
  }
  const apply = () => {
    const wanted = [...form.querySelectorAll("select")].filter((s) => s.value);
    let shown = 0;
    for (const claim of claims) {
      const fits = wanted.every((s) => claim.classList.contains(`${s.name}-${s.value}`));
      claim.hidden = !fits;
      shown += fits;
    }
    for (const section of sections) {  // a heading stays while a claim below it does
      const own = [...section.querySelectorAll("div.claim")];
      section.hidden = wanted.length > 0 && own.every((claim) => claim.hidden);
      const entry = entries.get(section.id);
      if (entry) entry.hidden = section.hidden;
    }
    count.textContent = `${shown} of ${claims.length} claims`;
    const query = new URLSearchParams(wanted.map((s) => [s.name, s.value])).toString();
    const path = location.pathname + (query ? "?" + query : "") + location.hash;
    try { history.replaceState(null, "", path); } catch { /* a page from the disk */ }
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
});
