// Draws every figure with sliders that is not drawn yet, from the table inside it.
(() => {
  const text = s => String(s).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  const at = (nested, index) =>
    index.reduce((a, i) => a[a.length === 1 ? 0 : i], nested);

  // first.py draws the same strokes.
  function arrow([x0, y0], [x, y]) {
    if (Math.abs(x - x0) + Math.abs(y - y0) < 1) return "";
    const turn = Math.atan2(y - y0, x - x0), f = v => v.toFixed(1);
    const barb = a => `M${f(x)} ${f(y)}`
      + `l${f(-8 * Math.cos(turn + a))} ${f(-8 * Math.sin(turn + a))}`;
    return `M${f(x0)} ${f(y0)}L${f(x)} ${f(y)}` + barb(0.45) + barb(-0.45);
  }

  function strokes(style, points, foot) {
    let d = "", pen = "M";
    points.forEach((point, i) => {
      const before = pen;
      pen = point ? "L" : "M";
      if (style.includes("arrow")) {
        if (i % 2 && point && points[i - 1]) d += arrow(points[i - 1], point);
      } else if (point) {
        const [x, y] = point.map(v => v.toFixed(1));
        d += style === "bars" ? `M${x} ${foot}V${y}`
          : style === "dots" ? `M${x} ${y}h0` : before + x + " " + y;
      }
    });
    return d;
  }

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

      const W = svg.clientWidth || 640;
      const H = table.equal ? Math.min(W, 400) : W < 480 ? 270 : 330;
      const [[x0, x1], [y0, y1]] = table.ranges, T = 30;
      let L = 46, w = W - L - 14, h = H - T - 44;
      if (table.equal) {
        const unit = Math.min(w / (x1 - x0), h / (y1 - y0));
        L += (w - unit * (x1 - x0)) / 2;
        w = unit * (x1 - x0), h = unit * (y1 - y0);
      }
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
      for (const l of lines) {
        const points = l.y.map((y, i) =>
          y == null ? null : [X(l.x[i]), Math.max(-1e4, Math.min(1e4, Y(y)))]);
        const look = l.style.split(" ").map(word => `rnn-${word}`).join(" ");
        s += `<path class="rnn-line ${look} rnn-c${l.colour}"`
          + ` d="${strokes(l.style, points, Y(Math.max(y0, 0)))}"/>`;
        if (position !== null && !l.said && points[position])
          s += `<circle class="rnn-c${l.colour}" r="5" cx="${points[position][0]}"`
            + ` cy="${points[position][1]}"/>`;
      }
      svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
      svg.style.height = `${H}px`;
      svg.innerHTML = s + `</svg><rect class="rnn-frame" x="${L}" y="${T}" width="${w}"`
        + ` height="${h}"/>`;
      const said = lines.map(l => [l.label, l.said ? at(l.said, chosen)
        : position !== null ? shown(l.y[position])
          : `from ${shown(l.y[0])} to ${shown(l.y.at(-1))}`])
        .filter(([, value]) => value).map(pair => pair.join(" "));
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
