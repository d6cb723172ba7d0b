// Draws every figure with sliders that is not drawn yet, from the table inside it.
(() => {
  const text = s => String(s).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  const at = (nested, index) =>
    index.reduce((a, i) => a[a.length === 1 ? 0 : i], nested);

  function start(figure) {
    figure.dataset.ready = "yes";
    const find = s => figure.querySelector(s);
    const table = JSON.parse(find("script[type='application/json']").textContent);
    const svg = find("svg"), inputs = [...figure.querySelectorAll("input, select")];
    find(".rnn-off").remove();
    figure.querySelectorAll("[hidden]").forEach(e => { e.hidden = false; });

    const shown = v =>
      v == null ? table.missing
        : table.readout.replace("{}", v.toFixed(table.decimals).replace("-", "\u2212"));

    function draw() {
      const chosen = inputs.map(e => +e.value);
      const words = table.controls.map((c, k) => `${c.label} ${c.values[chosen[k]]}`);
      inputs.forEach((e, k) => {
        if (e.type !== "range") return;
        const value = table.controls[k].values[chosen[k]];
        e.setAttribute("aria-valuetext", value);
        e.closest(".rnn-control").querySelector(".rnn-value").textContent = value;
      });
      const position = table.position ? chosen.pop() : null;
      const lines = table.lines.map(l => ({...l, x: at(l.x, chosen), y: at(l.y, chosen)}));

      const W = svg.clientWidth || 640, H = W < 480 ? 270 : 330;
      const L = 46, R = 14, T = 30, B = 44, w = W - L - R, h = H - T - B;
      const [[x0, x1], [y0, y1]] = table.ranges;
      const X = x => w * (x - x0) / (x1 - x0), Y = y => h * (y1 - y) / (y1 - y0);
      let s = "";
      for (const [v, name] of table.ticks[0])
        s += `<path class="rnn-grid" d="M${L + X(v)} ${T}v${h}"/>`
          + `<text x="${L + X(v)}" y="${T + h + 17}" text-anchor="middle">${name}</text>`;
      for (const [v, name] of table.ticks[1])
        s += `<path class="rnn-grid" d="M${L} ${T + Y(v)}h${w}"/>`
          + `<text x="${L - 6}" y="${T + Y(v) + 4}" text-anchor="end">${name}</text>`;
      s += `<text x="${L + w / 2}" y="${H - 6}" text-anchor="middle">`
        + `${text(table.labels[0])}</text>`
        + `<text x="2" y="15">${text(table.labels[1])}</text>`
        + `<svg x="${L}" y="${T}" width="${w}" height="${h}">`;
      if (position !== null) {
        const x = X(lines[0].x[position]);
        s += `<path class="rnn-position" d="M${x} 0v${h}"/>`;
      }
      lines.forEach((l, k) => {
        let d = "", pen = "M";
        l.y.forEach((y, i) => {
          const px = X(l.x[i]).toFixed(1);
          if (y == null) { pen = "M"; return; }
          const py = Math.max(-1e4, Math.min(1e4, Y(y))).toFixed(1);
          if (l.style === "bars") d += `M${px} ${Y(Math.max(y0, 0))}V${py}`;
          else if (l.style === "dots") d += `M${px} ${py}h0`;
          else d += pen + px + " " + py;
          pen = "L";
        });
        s += `<path class="rnn-line rnn-${l.style} rnn-c${k % 4}" d="${d}"/>`;
        if (position !== null && l.y[position] != null)
          s += `<circle class="rnn-c${k % 4}" r="5" cx="${X(l.x[position])}"`
            + ` cy="${Y(l.y[position])}"/>`;
      });
      svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
      svg.style.height = `${H}px`;
      svg.innerHTML = s + `</svg><rect class="rnn-frame" x="${L}" y="${T}" width="${w}"`
        + ` height="${h}"/>`;
      const said = lines.map(l => l.label + " " + (position === null
        ? `from ${shown(l.y[0])} to ${shown(l.y.at(-1))}` : shown(l.y[position])));
      const sentence = `${words.join(", ")}: ${said.join("; ")}`;
      find(".rnn-readout").textContent = sentence;
      svg.setAttribute("aria-label", `${table.title}. ${sentence}`);
    }
    inputs.forEach(e => e.addEventListener("input", draw));
    draw();
    let width = svg.clientWidth;
    new ResizeObserver(() => {
      if (svg.clientWidth !== width) { width = svg.clientWidth; draw(); }
    }).observe(figure);
  }
  document.querySelectorAll("figure.rnn-sliders:not([data-ready])").forEach(start);
})();
