/* The desk without a kernel: a typed formula is read and judged at stored points.

   The points are networks in fractions (reference/desk_points.py): nothing is rounded,
   and no size is another by chance. `desk.judge(key, text)` answers; the form on the page
   of the desk shows what it says. */
"use strict";
{
  /* Fractions of whole numbers of any length. */
  const abs = (a) => (a < 0n ? -a : a);
  const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return abs(a); };
  const fraction = (n, d = 1n) => {
    if (d < 0n) [n, d] = [-n, -d];
    const g = gcd(n, d) || 1n;
    return [n / g, d / g];
  };
  const parsed = (text) => fraction(...String(text).split("/").map(BigInt));
  const plus = ([a, b], [c, d]) => fraction(a * d + c * b, b * d);
  const times = ([a, b], [c, d]) => fraction(a * c, b * d);
  const shown = ([n, d]) => `${n}${d === 1n ? "" : `/${d}`}`.replace("-", "−");

  /* Arrays: {rows, columns, of} with the fractions row by row. An empty sum has no
     shape of its own. */
  const array = (rows, columns, of) => ({ rows, columns, of });
  const scalar = (value) => array(1, 1, [value]);
  const isScalar = (a) => a.rows === 1 && a.columns === 1;
  const shape = (a) => (isScalar(a) ? "a number" : `${a.rows}×${a.columns}`);
  const entrywise = (rule, a) => array(a.rows, a.columns, a.of.map(rule));
  const transposed = (a) => (a.empty ? a : array(a.columns, a.rows, Array.from(
    { length: a.of.length },
    (_, i) => a.of[(i % a.rows) * a.columns + Math.floor(i / a.rows)])));
  const negative = (a) => (a.empty ? a : entrywise(([n, d]) => [-n, d], a));
  const same = (a, b) => (a.empty ? b.of.every(([n]) => n === 0n)
    : a.rows === b.rows && a.columns === b.columns
      && a.of.every(([n, d], i) => n === b.of[i][0] && d === b.of[i][1]));

  const drawnAt = ([n, d]) => {
    let mixed = 1013904223n;
    for (const sign of `${n}/${d}`)
      mixed = (mixed * 1664525n + BigInt(sign.charCodeAt(0))) % 4294967291n;
    return fraction(mixed % 89n + 1n, 97n);
  };

  class Unreadable extends Error {
    constructor(sentence, place) { super(sentence); this.place = place; }
  }
  class Unfit extends Error {
    constructor(sentence, place) { super(sentence); this.place = place; }
  }
  class NoValue extends Error {}

  /* Signs and words. */
  const NAMES = {
    delta: "delta", δ: "delta", phi: "phi", varphi: "phi", φ: "phi", ϕ: "phi",
    tanh: "tanh", softmax: "softmax", diag: "diag", Diag: "diag", sum: "sum", Σ: "sum",
    "∑": "sum", partial: "∂", "∂": "∂", nabla: "∇", "∇": "∇", ell: "L", "ℓ": "L", L: "L",
    Wxh: "W_xh", Whh: "W_hh", Why: "W_hy", bh: "b_h", by: "b_y", hprev: "h_prev",
  };
  const OPERATORS = {
    odot: "∘", circ: "∘", "⊙": "∘", "∘": "∘", cdot: "*", times: "*", "·": "*", "×": "*",
    otimes: "⊗", "⊗": "⊗", "*": "*", "@": "@", "/": "/", "+": "+", "-": "-", "−": "-",
  };
  const SKIPPED = ["left", "right", "big", "bigl", "bigr", "Big", "Bigl", "Bigr", "bigg",
    "biggl", "biggr", "quad", "qquad", "displaystyle", "limits", "nolimits"];
  const STYLES = ["mathrm", "text", "operatorname", "mathbf", "boldsymbol", "mathcal",
    "mathit", "bm", "rm", "textrm"];
  const STYLED = new RegExp(`^\\\\(?:${STYLES.join("|")})\\s*\\{\\s*([A-Za-z]+)\\s*\\}`);
  const RAISED = { "²": "2", "³": "3", "ᵀ": "T" };
  const LOWERED = { "ₜ": "t", "ₖ": "k", "ᵢ": "i", "ⱼ": "j", "₊": "+", "₋": "-" };
  [..."₀₁₂₃₄₅₆₇₈₉"].forEach((sign, digit) => { LOWERED[sign] = String(digit); });

  function tokens(text) {
    const found = [];
    const put = (kind, value, start, end) => found.push({ kind, value, start, end });
    let at = 0;
    while (at < text.length) {
      const rest = text.slice(at), start = at;
      let m;
      if ((m = rest.match(/^(\s|\\[,;:! ]|~|&|\$)+/))) { at += m[0].length; continue; }
      if ((m = rest.match(STYLED))) {  // \mathrm{diag}
        at += m[0].length;
        put("word", NAMES[m[1]] || m[1], start, at);
        continue;
      }
      if ((m = rest.match(/^\\([A-Za-z]+)/))) {
        at += m[0].length;
        const word = m[1];
        if (SKIPPED.includes(word) || STYLES.includes(word)) continue;
        if (word === "top" || word === "intercal") put("top", "T", start, at);
        else if (word === "prime") put("prime", "'", start, at);
        else if (["frac", "dfrac", "tfrac"].includes(word)) put("frac", "", start, at);
        else if (word === "hat" || word === "widehat") put("hat", "", start, at);
        else if (OPERATORS[word]) put("operator", OPERATORS[word], start, at);
        else if (NAMES[word]) put("word", NAMES[word], start, at);
        else throw new Unreadable(`\\${word} is not read here`, [start, at]);
        continue;
      }
      if ((m = rest.match(/^\d+/))) { at += m[0].length; put("number", m[0], start, at); }
      else if ((m = rest.match(/^\*\*/))) { at += 2; put("^", "^", start, at); }
      else if ((m = rest.match(/^(np|numpy|torch)\.(linalg\.)?/))) at += m[0].length;
      else if ((m = rest.match(/^\.T\b/))) { at += 2; put("transposed", "", start, at); }
      else if ((m = rest.match(/^[A-Za-z]+|^[δφϕℓ∂∇Σ∑]/))) {
        at += m[0].length;
        put("word", NAMES[m[0]] || m[0], start, at);
      } else if (RAISED[rest[0]]) {
        at += 1;
        put("^", "^", start, at);
        put(rest[0] === "ᵀ" ? "top" : "number", RAISED[rest[0]], start, at);
      } else if (LOWERED[rest[0]]) {  // ₜ₊₁
        put("_", "_", start, start);
        put("{", "{", start, start);
        for (; LOWERED[text[at]]; at += 1) {
          const sign = LOWERED[text[at]];
          const kind = /\d/.test(sign) ? "number" : /[+-]/.test(sign) ? "operator" : "word";
          put(kind, sign, at, at + 1);
        }
        put("}", "}", at, at);
      } else if (rest[0] === "⊤") { at += 1; put("top", "T", start, at); }
      else if (rest[0] === "'" || rest[0] === "′") { at += 1; put("prime", "'", start, at); }
      else if (OPERATORS[rest[0]]) { at += 1; put("operator", OPERATORS[rest[0]], start, at); }
      else if ("(){}[]_^,=".includes(rest[0])) { at += 1; put(rest[0], rest[0], start, at); }
      else throw new Unreadable(`the sign ${rest[0]} is not read here`, [start, start + 1]);
    }
    put("end", "", text.length, text.length);
    return found;
  }

  /* The reader: from tokens to a tree of {op, args, place, ...}. */
  const LABELS = {
    W: ["xh", "hx", "hh", "hy", "yh"], b: ["h", "y"], delta: ["s", "z", "h"], h: ["prev"],
  };
  const ORDERED = { hx: "xh", yh: "hy" };
  const COLUMNS = ["x", "h", "s", "z", "p", "y", "g"];
  const OPEN = { "(": ")", "[": "]", "{": "}" };

  class Reader {
    constructor(text, loose = false) {  // loose: all products from left to right
      Object.assign(this, { text, loose, all: tokens(text), at: 0 });
    }
    get next() { return this.all[this.at]; }
    take(kind, value) {
      const token = this.next;
      if (token.kind !== kind || (value !== undefined && token.value !== value)) return null;
      this.at += 1;
      return token;
    }
    need(kind, sentence) {
      const token = this.take(kind);
      if (!token) this.fail(sentence);
      return token;
    }
    fail(sentence, token = this.next) {
      throw new Unreadable(sentence, [token.start, Math.max(token.end, token.start + 1)]);
    }
    node(op, args, start, more = {}) {
      return { op, args, place: [start, this.all[Math.max(this.at - 1, 0)].end], ...more };
    }

    whole() {
      if (this.next.kind === "end") this.fail("there is no formula");
      const equals = this.all.findIndex((token) => token.kind === "="
        && !this.inside(token));
      if (equals >= 0) this.at = equals + 1;  // what is left of it is the question's
      this.added = equals > 0 && this.all[equals - 1].value === "+";  // dW += ...
      const term = this.sum();
      if (this.next.kind !== "end")
        this.fail(")]}".includes(this.next.value) ? `there is no bracket that this closes`
          : `${this.text.slice(this.next.start, this.next.end)} is not expected here`);
      return term;
    }
    inside(token) {  // of brackets
      let depth = 0;
      for (const other of this.all) {
        if (other === token) return depth > 0;
        if ("([{".includes(other.kind)) depth += 1;
        if (")]}".includes(other.kind)) depth -= 1;
      }
      return false;
    }

    sum() {
      const start = this.next.start, parts = [];
      do {
        let sign = 1, token, signs = 0;
        while ((token = this.take("operator", "-") || this.take("operator", "+"))) {
          if (token.value === "-") sign = -sign;
          signs += 1;
        }
        if (parts.length && !signs) break;
        const term = this.product();
        parts.push(sign > 0 ? term : this.node("negative", [term], term.place[0]));
      } while (["+", "-"].includes(this.next.value) && this.next.kind === "operator");
      return parts.length === 1 ? parts[0] : this.node("sum", parts, start);
    }
    product() {  // what stands side by side binds more tightly than a sign between
      const start = this.next.start;
      const part = () => (this.loose ? this.factor() : this.chain());
      let left = part();
      for (;;) {
        if (this.loose && this.begins()) {
          left = this.node("matrix", [left, this.factor()], start);
          continue;
        }
        if (this.next.kind !== "operator" || "+-".includes(this.next.value)) return left;
        const { value, start: a, end: b } = this.next;
        this.at += 1;
        const minus = this.take("operator", "-");
        let right = part();
        if (minus) right = this.node("negative", [right], right.place[0]);
        const op = { "∘": "entries", "@": "matrix", "*": "either", "/": "divided",
          "⊗": "outer" }[value];
        left = this.node(op, [left, right], start, { sign: [a, b] });
      }
    }
    chain() {
      const start = this.next.start;
      let left = this.factor();
      while (this.begins()) {
        const right = this.factor();
        left = this.node("matrix", [left, right], start);
      }
      return left;
    }
    begins() {
      const { kind, value } = this.next;
      if (kind === "word") return !["for", "in"].includes(value);
      return ["number", "(", "{", "frac", "hat"].includes(kind)
        || (kind === "[" && false);
    }
    factor() {
      const start = this.next.start;
      let term = this.atom();
      for (;;) {
        if (this.take("transposed")) term = this.node("transposed", [term], start);
        else if (this.next.kind === "^") {
          this.at += 1;
          term = this.raised(term, start);
        } else if (this.next.kind === "_" && term.op === "adjoint") {
          this.at += 1;
          const words = this.group();
          if (!words.some((w) => w.value === "future"))
            this.fail("only _future may stand below a derivative", words[0]);
          term = this.node("future", [], start, { step: term.step });
        } else return term;
      }
    }
    raised(term, start) {
      const words = this.group();
      const text = words.map((w) => w.value).join("");
      if (text === "T") return this.node("transposed", [term], start);
      if (/^\d$/.test(text))
        return this.node("power", [term], start, { exponent: Number(text) });
      if (text === "-1") return this.node("inverse", [term], start);
      if (text === "-T") return this.node("transposed",
        [this.node("inverse", [term], start)], start);
      return this.fail("here only a transpose or a power is read", words[0] || this.next);
    }
    group() {  // the tokens of {...}, (...) or [...], or one
      const open = this.next.kind;
      if (!OPEN[open]) {
        const token = this.next;
        if (token.kind === "end") this.fail("something is missing at the end");
        this.at += 1;
        if (token.kind === "operator" && this.next.kind === "number") {
          this.at += 1;
          return [token, this.all[this.at - 1]];
        }
        return [token];
      }
      this.at += 1;
      const found = [];
      let depth = 0;
      for (;;) {
        if (this.next.kind === "end") this.fail(`a bracket ${open} is not closed`);
        if (this.next.kind === OPEN[open] && !depth) break;
        if (OPEN[this.next.kind]) depth += 1;
        if (")]}".includes(this.next.kind)) depth -= 1;
        found.push(this.next);
        this.at += 1;
      }
      this.at += 1;
      if (!found.length) this.fail("there is nothing in these brackets", this.all[this.at - 1]);
      return found;
    }
    bracketed() {
      const open = this.next.kind;
      this.at += 1;
      const term = this.sum();
      if (!this.take(OPEN[open])) {
        if (this.next.kind === "end") this.fail(`a bracket ${open} is not closed`);
        this.fail(`${this.next.value || "this"} is not expected here`);
      }
      return term;
    }
    atom() {
      const { kind, value, start } = this.next;
      if (kind === "(" || kind === "{" || kind === "[") {
        const inner = this.bracketed();
        return { ...inner, place: [start, this.all[this.at - 1].end] };
      }
      if (kind === "number") {
        this.at += 1;
        return this.node("number", [], start, { value: [BigInt(value), 1n] });
      }
      if (kind === "frac") return this.frac();
      if (kind === "hat") {
        this.at += 1;
        const words = this.group();
        if (words.map((w) => w.value).join("") !== "y")
          this.fail("a hat is read on y alone", words[0]);
        return this.quantity("p", start);
      }
      if (kind === "word") return this.named();
      if (kind === "end") return this.fail("something is missing at the end");
      return this.fail(`${value} is not expected here`);
    }
    frac() {
      const start = this.next.start;
      this.at += 1;
      const found = this.derivative(start, true);
      if (found) return found;
      const over = this.next.kind === "{" ? this.bracketed() : this.atom();
      const under = this.next.kind === "{" ? this.bracketed() : this.atom();
      return this.node("divided", [over, under], start);
    }
    derivative(start, braces) {  // dL/dh_t, in one of its forms
      const back = this.at;
      const d = () => this.take("word", "d") || this.take("word", "∂");
      const jacobian = this.jacobian(start, braces, d);
      if (jacobian) return jacobian;
      const give = () => { this.at = back; return null; };
      if (braces && !this.take("{")) return give();
      if (!(this.take("word", "dL") || this.take("word", "dell")
        || (d() && (this.take("{"), this.take("word", "L")) && (this.take("}"), true))))
        return give();
      const loss = this.lossStep();
      if (braces) { while (this.take("}")); if (!this.take("{")) return give(); }
      else if (!this.take("operator", "/")) return give();
      let name;
      if (!d()) {
        const token = this.take("word");
        if (!token || token.value[0] !== "d") return give();
        name = token.value.slice(1);
      } else name = this.need("word", "after d a quantity is missing").value;
      const quantity = this.quantity(name, start);
      if (braces) this.need("}", "a bracket { is not closed");
      return this.adjoint(quantity, start, loss);
    }
    jacobian(start, braces, d) {  // dh_t/dh_k
      const back = this.at;
      const state = () => {
        const short = this.take("word", "dh");
        const own = !short && d() && (this.take("{"), this.take("word", "h"));
        return short || own ? this.quantity("h", start) : null;
      };
      const give = () => { this.at = back; return null; };
      if (braces && !this.take("{")) return give();
      const over = state();
      if (!over || (braces ? !this.take("}") || !this.take("{") : !this.take("operator", "/")))
        return give();
      const under = state();
      if (!under) return give();
      if (braces) this.need("}", "a bracket { is not closed");
      return this.node("through", [], start, { step: over.step, from: under.step });
    }
    lossStep() {  // of the loss of one step: ell_t
      if (!this.take("_")) return null;
      const inner = this.within(this.group());
      const step = inner.step();
      if (inner.next.kind !== "end") inner.fail("a step is expected here, such as t-1");
      return step;
    }
    adjoint(quantity, start, loss = null) {
      if (!["h", "s", "z"].includes(quantity.name))
        throw new Unreadable("a derivative of L is read by h, s and z of a step alone",
          quantity.place);
      const names = { h: "g", s: "delta_s", z: "delta_z" };
      if (loss) return this.node("immediate", [], start,
        { name: quantity.name, step: quantity.step, from: loss });
      return this.node("adjoint", [], start,
        { name: names[quantity.name], step: quantity.step });
    }
    named() {
      const { value, start } = this.next;
      if (["d", "∂", "dL", "dell", "dh"].includes(value)) {
        const found = this.derivative(start, false);
        if (found) return found;
      }
      const token = this.next;
      this.at += 1;
      if (value === "sum") return this.summed(start);
      if (value === "∇") {
        this.need("_", "after ∇ the quantity is missing");
        const inner = this.within(this.group());
        const name = inner.need("word", "a quantity is expected here").value;
        const quantity = inner.quantity(name, start);
        if (!this.take("word", "L")) this.fail("after ∇ the loss L is missing");
        return this.adjoint(quantity, start, this.lossStep());
      }
      if (["phi", "tanh", "softmax", "diag", "inv"].includes(value)) return this.applied(value, start);
      if (["outer", "dot", "matmul"].includes(value)) return this.called(value, start);
      if (value === "T") return this.node("length", [], start);
      if (value === "I") return this.fail("an identity is not read here", token);
      if (value === "J") return this.quantity("J", start);
      return this.quantity(value, start, token);
    }
    called(name, start) {  // np.outer(a, b)
      this.need("(", `after ${name} two arguments in brackets are missing`);
      const a = this.sum();
      this.need(",", `${name} has two arguments`);
      const b = this.sum();
      this.need(")", "a bracket ( is not closed");
      return this.node(name === "outer" ? "outer" : "matrix", [a, b], start);
    }
    applied(name, start) {
      let primes = 0;
      for (;;) {
        if (this.take("prime")) primes += 1;
        else if (this.next.kind === "^" && this.all[this.at + 1].kind === "prime") {
          this.at += 2;
          primes += 1;
        } else if (this.next.kind === "^" && this.all[this.at + 2]?.kind === "prime") {
          this.at += 4;
          primes += 1;
        } else break;
      }
      let exponent = 0;  // phi^2(s_t)
      if (this.take("^")) {
        const words = this.group();
        if (!/^\d$/.test(words.map((w) => w.value).join("")))
          this.fail("here only a power is read", words[0]);
        exponent = Number(words[0].value);
      }
      if (primes > 1) this.fail("a second derivative is not read here");
      if (!["(", "{", "["].includes(this.next.kind))
        this.fail(`after ${name} an argument in brackets is missing`);
      const argument = this.bracketed();
      const op = { diag: "diag", softmax: "softmax", inv: "inverse" }[name]
        || (primes ? "slope" : "phi");
      const found = this.node(op, [argument], start);
      return exponent ? this.node("power", [found], start, { exponent }) : found;
    }
    summed(start) {
      let letter = "t", from = { letter: "", shift: 1 }, to = { letter: "T", shift: 0 };
      if (this.next.kind === "(") {  // sum(... for t in range(a, b))
        this.at += 1;
        const body = this.sum();
        if (this.take("word", "for")) {
          letter = this.need("word", "a letter for the step is missing").value;
          if (!this.take("word", "in") || !this.take("word", "range"))
            this.fail("after the letter, in range(...) is expected");
          this.need("(", "range(...) is expected");
          const [a, b] = this.steps();
          this.need(")", "a bracket ( is not closed");
          from = b ? a : { letter: "", shift: 0 };
          to = { ...(b || a), shift: (b || a).shift - 1 };
        }
        this.need(")", "a bracket ( is not closed");
        return this.node("over", [body], start, { letter, from, to });
      }
      while (this.next.kind === "_" || this.next.kind === "^") {
        const below = this.next.kind === "_";
        this.at += 1;
        const inner = this.within(this.group());
        if (below) {
          letter = inner.need("word", "a letter for the step is missing").value;
          if (inner.take("=")) [from] = inner.steps();
        } else [to] = inner.steps();
        if (inner.next.kind !== "end") inner.fail("this is not read in the bounds of a sum");
      }
      const body = this.product();
      return this.node("over", [body], start, { letter, from, to });
    }
    within(words) {  // a reader of some of the tokens
      const inner = Object.create(Reader.prototype);
      const end = words.at(-1).end;
      const all = [...words, { kind: "end", value: "", start: end, end }];
      return Object.assign(inner, { text: this.text, all, at: 0 });
    }
    steps() {
      const found = [];
      do found.push(this.step()); while (this.take(","));
      return found;
    }
    step() {  // t+1, T, 3: {letter, shift}
      let letter = "", shift = 0, sign = 1, first = true;
      const start = this.next;
      for (;;) {
        if (this.take("operator", "-")) sign = -1;
        else if (this.take("operator", "+")) sign = 1;
        else if (!first) break;
        const word = this.take("word"), number = word ? null : this.take("number");
        if (word && !letter && sign > 0 && /^[A-Za-zτ]$/.test(word.value)) letter = word.value;
        else if (number) shift += sign * Number(number.value);
        else this.fail("a step is expected here, such as t-1", start);
        first = false;
      }
      return { letter, shift };
    }

    /* A quantity with what stands below and above it: its label, its step. */
    quantity(word, start, token = null) {
      let name = word, label = "", step = null;
      if (/^[Wb]_/.test(name)) [name, label] = name.split("_");
      if (name === "h_prev") return this.node("value", [], start,
        { name: "h", step: { letter: "t", shift: -1 } });
      const known = name === "W" || name === "b" || name === "delta" || name === "J"
        || COLUMNS.includes(name);
      if (!known) throw new Unreadable(`the name ${word} is not one of the book's`,
        token ? [token.start, token.end] : [start, start + 1]);
      for (;;) {
        const kind = this.next.kind;
        if (kind === "[") {
          if (name === "W" || name === "b") break;
        } else if (kind === "^") {
          if (!this.above(name)) break;
        } else if (kind !== "_") break;
        if (kind !== "[") this.at += 1;
        const words = this.below(this.unsplit(name));
        const inner = this.within(words);
        do {
          const found = this.labelled(name, inner);
          if (found) label = found;
          else step = inner.step();
        } while (inner.take(","));
        if (inner.next.kind !== "end") inner.fail("this is not read beside a quantity");
      }
      if (label === "prev") [label, step] = ["", { letter: "t", shift: -1 }];
      if (name === "W" || name === "b") {
        if (!label) this.fail(`which ${name}? ${name}_${LABELS[name].slice(-1)} for one`,
          this.all[this.at - 1]);
        return this.node("parameter", [], start, { name: `${name}_${ORDERED[label] || label}` });
      }
      if (!step) step = { letter: "t", shift: 0 };
      if (name === "delta") {
        const which = label === "h" ? "g" : label === "z" ? "delta_z" : "delta_s";
        return this.node("adjoint", [], start, { name: which, step });
      }
      if (name === "g") return this.node("adjoint", [], start, { name: "g", step });
      return this.node("value", [], start, { name, step });
    }
    unsplit(name) { return LABELS[name] || []; }
    below(labels) {  // of W_hh without braces, both letters; of h_tW, one
      const token = this.next;
      if (OPEN[token.kind] || token.kind !== "word") return this.group();
      const [, minus, one] = this.all.slice(this.at, this.at + 3);
      if (token.value === "t" && minus.value === "-" && one?.value === "1"
        && token.end === minus.start && minus.end === one.start) {  // h_t-1
        this.at += 3;
        return [token, minus, one];
      }
      if (labels.includes(token.value) || token.value.length === 1
        || ["future", "prev"].includes(token.value)) return this.group();
      const cut = labels.find((label) => token.value.startsWith(label))?.length || 1;
      const [a, b] = [token.value.slice(0, cut), token.value.slice(cut)];
      const middle = token.start + cut;
      this.all.splice(this.at, 1, { ...token, value: a, end: middle },
        { ...token, value: NAMES[b] || b, start: middle });
      return this.group();
    }
    labelled(name, inner) {
      const back = inner.at;
      const open = inner.take("(");
      const word = inner.take("word");
      if (word && (LABELS[name] || []).includes(word.value)
        && (!open || inner.take(")"))
        && ["end", ","].includes(inner.next.kind)) return word.value;
      inner.at = back;
      if (inner.next.kind === "(") {  // a step in brackets: h^{(t)}
        inner.at += 1;
        inner.all = inner.all.filter((w, i) => i < inner.at || w.kind !== ")");
      }
      return "";
    }
    above(name) {  // whether ^ begins a label or a step, not a power or a transpose
      if (name === "W" || name === "b") return false;
      const rest = this.all.slice(this.at + 1, this.at + 4).map((w) => w.value).join("");
      if (/^\{?\(/.test(rest)) return true;
      return name === "delta" && /^\{?[sz]/.test(rest);
    }
  }

  /* Values at a point. A view says how symbols are meant: which columns are rows. */
  const GRADIENTS = ["g", "delta_s", "delta_z", "future"];
  class Evaluator {
    constructor(network, view) {
      this.network = network;
      this.view = view;
      this.used = new Map();
    }
    stored(name, step) {
      const values = this.network.values[name];
      let found = step === null ? values : values?.[step];
      if (!found && GRADIENTS.includes(name) && step > this.network.T)  // nothing follows
        found = entrywise(() => [0n, 1n], values[this.network.T]);
      if (!found) throw new NoValue(`${name}_${step}`);
      const at = step === null ? "" : `_${step}`;
      this.used.set(`${name}${at}`, found);
      return found;
    }
    step(step, env, place) {
      if (!step.letter) return step.shift;
      const number = step.letter === "T" ? this.network.T : env[step.letter];
      if (number === undefined)
        throw new Unreadable(`the step ${step.letter} is bound by no sum`, place);
      return number + step.shift;
    }
    of(node, env) {
      const args = () => node.args.map((arg) => this.of(arg, env));
      switch (node.op) {
        case "number": return scalar(node.value);
        case "length": return scalar([BigInt(this.network.T), 1n]);
        case "parameter": {
          const found = this.stored(node.name, null);
          return node.name[0] === "b" && this.view.values ? transposed(found) : found;
        }
        case "value": {
          const step = this.step(node.step, env, node.place);
          if (node.name === "J") return this.jacobian(step);
          const found = this.stored(node.name, step);
          return this.view.values ? transposed(found) : found;
        }
        case "adjoint": case "future": {
          const step = this.step(node.step, env, node.place);
          return this.meant(this.stored(node.name || "future", step));
        }
        case "immediate":
          return this.meant(this.immediate(node.name,
            this.step(node.step, env, node.place), this.step(node.from, env, node.place)));
        case "through": {
          const [to, from] = [node.step, node.from].map((s) => this.step(s, env, node.place));
          return this.through(to, from);
        }
        case "outer": {
          const [a, b] = args();
          if ([a, b].some((one) => one.rows > 1 && one.columns > 1))
            this.unfit(node, a, b, "an outer product is one of columns");
          return this.matrix(array(a.of.length, 1, a.of), array(1, b.of.length, b.of), node);
        }
        case "inverse": return this.inverse(args()[0], node);
        case "negative": return negative(args()[0]);
        case "sum": return args().reduce((a, b) => this.add(a, b, node));
        case "entries": return this.entries(...args(), node);
        case "matrix": return this.matrix(...args(), node);
        case "either": {
          const [a, b] = args();
          const alike = a.rows === b.rows && a.columns === b.columns;
          return alike ? this.entries(a, b, node) : this.matrix(a, b, node);
        }
        case "divided": return this.divided(...args(), node);
        case "transposed": return transposed(args()[0]);
        case "power": return this.power(args()[0], node);
        case "diag": return this.diagonal(args()[0], node);
        case "phi": return this.looked(args()[0], "s", "h", node);
        case "softmax": return this.looked(args()[0], "z", "p", node);
        case "slope": return entrywise(([n, d]) => fraction(d * d - n * n, d * d),
          this.looked(args()[0], "s", "h", node));
        case "over": return this.over(node, env);
      }
      throw new Error(node.op);
    }
    meant(found) {  // an adjoint, as the view means it
      const turned = this.view.adjoints ? transposed(found) : found;
      return this.view.negated ? negative(turned) : turned;
    }
    through(to, from) {  // dh_to/dh_from: J_to ... J_{from+1}
      const n = this.network.sizes.d_h;
      let found = this.diagonal(array(n, 1, Array(n).fill([from > to ? 0n : 1n, 1n])));
      for (let k = from + 1; k <= to; k++)
        found = this.matrix(this.jacobian(k), found, { args: [] });
      return found;
    }
    immediate(name, step, of) {  // dell_of/dz_step, dell_of/dh_step or dell_of/ds_step
      const error = this.stored("delta_z", of), none = { args: [] };
      if (name === "z") return of === step ? error : entrywise(() => [0n, 1n], error);
      const own = this.matrix(transposed(this.stored("W_hy", null)), error, none);
      const found = this.matrix(transposed(this.through(of, step)), own, none);
      return name === "h" ? found : this.entries(this.slope(step), found, none);
    }
    slope(step) {
      return entrywise(([n, d]) => fraction(d * d - n * n, d * d), this.stored("h", step));
    }
    inverse(a, node) {  // by elimination, beside the identity
      const n = a.rows;
      if (n !== a.columns)
        throw new Unfit(`${this.text.slice(...node.args[0].place)} is ${shape(a)}: only a `
          + "square matrix has an inverse", node.place);
      const rows = Array.from({ length: n }, (_, i) => [...a.of.slice(i * n, (i + 1) * n),
        ...Array.from({ length: n }, (_, j) => [i === j ? 1n : 0n, 1n])]);
      for (let k = 0; k < n; k++) {
        const pivot = rows.findIndex((row, i) => i >= k && row[k][0] !== 0n);
        if (pivot < 0) throw new NoValue("a matrix without an inverse");
        [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
        const [top, bottom] = rows[k][k];
        rows[k] = rows[k].map((value) => times(value, fraction(bottom, top)));
        rows.forEach((row, i) => {
          const [over, under] = row[k];
          if (i !== k)
            rows[i] = row.map((v, j) => plus(v, times([-over, under], rows[k][j])));
        });
      }
      return array(n, n, rows.flatMap((row) => row.slice(n)));
    }
    jacobian(step) {
      return this.matrix(this.diagonal(this.slope(step)), this.stored("W_hh", null), { args: [] });
    }
    unfit(node, a, b, what) {
      const text = (arg) => (arg ? this.text.slice(...arg.place) : "one");
      const [left, right] = node.args;
      throw new Unfit(`${what}: ${text(left)} is ${shape(a)}, ${text(right)} is ${shape(b)}`,
        node.place);
    }
    add(a, b, node) {
      if (a.empty) return b;
      if (b.empty) return a;
      if (isScalar(a) && !isScalar(b)) return entrywise((v) => plus(v, a.of[0]), b);
      if (isScalar(b) && !isScalar(a)) return entrywise((v) => plus(v, b.of[0]), a);
      if (a.rows !== b.rows || a.columns !== b.columns)
        this.unfit(node.args.length === 2 ? node : { args: [], place: node.place }, a, b,
          "these cannot be added");
      return array(a.rows, a.columns, a.of.map((v, i) => plus(v, b.of[i])));
    }
    scaled(a, b) {
      if (a.empty || b.empty) return a.empty ? a : b;
      if (isScalar(a)) return entrywise((v) => times(v, a.of[0]), b);
      return isScalar(b) ? entrywise((v) => times(v, b.of[0]), a) : null;
    }
    entries(a, b, node) {
      const found = this.scaled(a, b);
      if (found) return found;
      if (a.rows !== b.rows || a.columns !== b.columns)
        this.unfit(node, a, b, "entry by entry these cannot be multiplied");
      return array(a.rows, a.columns, a.of.map((v, i) => times(v, b.of[i])));
    }
    matrix(a, b, node) {
      if (a.empty || b.empty) return this.scaled(a, b);
      if (a.columns !== b.rows) {
        const found = this.scaled(a, b);
        return found || this.unfit(node, a, b, "these cannot be multiplied");
      }
      const of = [];
      for (let i = 0; i < a.rows; i++)
        for (let j = 0; j < b.columns; j++) {
          let total = [0n, 1n];
          for (let k = 0; k < a.columns; k++)
            total = plus(total, times(a.of[i * a.columns + k], b.of[k * b.columns + j]));
          of.push(total);
        }
      return array(a.rows, b.columns, of);
    }
    divided(a, b, node) {
      if (!isScalar(b) && (a.rows !== b.rows || a.columns !== b.columns) && !isScalar(a))
        this.unfit(node, a, b, "these cannot be divided");
      if (b.of.some(([n]) => n === 0n)) throw new NoValue("division by zero");
      return this.entries(a, entrywise(([n, d]) => fraction(d, n), b), node);
    }
    power(a, node) {
      if (a.rows > 1 && a.columns > 1)
        throw new Unfit("a power of a matrix is not read here", node.place);
      let found = entrywise(() => [1n, 1n], a);
      for (let i = 0; i < node.exponent; i++) found = this.entries(found, a, node);
      return found;
    }
    diagonal(a, node) {
      if (a.rows > 1 && a.columns > 1)
        throw new Unfit("diag is read of a column", node?.place || [0, 1]);
      const n = a.of.length;
      const of = Array.from({ length: n * n }, (_, i) =>
        (i % (n + 1) ? [0n, 1n] : a.of[i / (n + 1)]));
      return array(n, n, of);
    }
    looked(a, argument, result, node) {  // phi(s_t) is h_t, softmax(z_t) is p_t
      for (const [step, value] of Object.entries(this.network.values[argument]))
        for (const turn of [(v) => v, transposed]) {
          if (same(a, turn(value))) return turn(this.stored(result, step));
          if (result === "h" && same(negative(a), turn(value)))  // tanh is odd
            return negative(turn(this.stored(result, step)));
        }
      const drawn = entrywise(drawnAt, a);  // some number, the same for the same argument
      if (result === "h") return drawn;
      const [n, d] = drawn.of.reduce(plus);
      return entrywise((v) => times(v, fraction(d, n)), drawn);
    }
    over(node, env) {
      const from = this.step(node.from, env, node.place);
      const to = this.step(node.to, env, node.place);
      let total = { empty: true, rows: 1, columns: 1, of: [[0n, 1n]] };
      for (let n = from; n <= to; n++)
        total = this.add(total, this.of(node.args[0], { ...env, [node.letter]: n }), node);
      return total;
    }
  }

  /* Judging. */
  const LAYOUTS = [
    { name: "" },
    { name: "gradients are rows (numerator layout)", adjoints: true },
    { name: "columns are written as rows", adjoints: true, values: true },
  ];
  const VIEWS = [...LAYOUTS, { name: "", negated: true }];  // all adjoints of -L
  const RELATIONS = [];
  for (const sign of [1, -1])
    for (const mean of [false, true])
      for (const turned of [false, true]) RELATIONS.push({ sign, mean, turned });
  const WORDS = { turned: "the result is transposed", mean: "the mean over the steps in "
    + "place of the sum", sign: "the sign of the error is turned (target minus output)" };

  const belongs = (value, right, { sign, mean, turned }, T) => {
    let found = turned ? transposed(value) : value;
    if (sign < 0) found = negative(found);
    if (mean && T > 1) found = entrywise((v) => times(v, [BigInt(T), 1n]), found);
    return same(found, right);
  };
  const mentions = (node, test) => test(node) || node.args.some((a) => mentions(a, test));
  const reversedError = (node) => {  // y - p
    if (node.op !== "sum") return false;
    const has = (name, minus) => node.args.some((arg) => (arg.op === "negative") === minus
      && (minus ? arg.args[0] : arg).name === name);
    return has("p", true) && has("y", false);
  };
  const unbound = (node, bound = []) => {  // letters of steps that no sum binds
    const free = (steps) => steps.map((step) => step?.letter)
      .filter((letter) => letter && letter !== "T" && !bound.includes(letter));
    if (node.op !== "over")
      return [...free([node.step]), ...node.args.flatMap((a) => unbound(a, bound))];
    return [...free([node.from, node.to]),
      ...unbound(node.args[0], [...bound, node.letter])];
  };

  class Desk {
    constructor(data) {
      this.networks = data.networks.map(this.unpacked);
      this.small = data.small.map(this.unpacked);
      this.steps = data.steps;
      this.circular = data.circular;
    }
    unpacked(network) {
      const unpack = (rows) => array(rows.length, rows[0].length, rows.flat().map(parsed));
      const each = (stored) => (Array.isArray(stored) ? unpack(stored) : Object.fromEntries(
        Object.entries(stored).map(([step, rows]) => [step, unpack(rows)])));
      const of = (stored) => Object.fromEntries(
        Object.entries(stored).map(([name, value]) => [name, each(value)]));
      return { ...network, values: of(network.values), right: of(network.right) };
    }
    cases(key, network) {  // [steps, right array]
      const right = network.right[key];
      return right.of ? [[{}, right]]
        : Object.entries(right).map(([t, value]) => [{ t: Number(t) }, value]);
    }
    values(term, text, key, network, view) {
      return this.cases(key, network).map(([env, right]) => {
        const evaluator = Object.assign(new Evaluator(network, view), { text });
        return { value: evaluator.of(term, env), right, env, used: evaluator.used };
      });
    }
    convention(term, text, key) {
      const ofAdjoints = mentions(term, ({ op }) =>
        ["adjoint", "future", "immediate"].includes(op));
      const reversed = mentions(term, reversedError);
      let first = null;
      for (const view of VIEWS) {
        let left = RELATIONS;
        try {
          for (const network of this.networks) {
            const found = this.values(term, text, key, network, view);
            left = left.filter((relation) => found.every(({ value, right }) =>
              belongs(value, right, relation, network.T)));
            if (!left.length) break;
          }
        } catch (error) {
          if (!(error instanceof Unfit || error instanceof NoValue)) throw error;
          if (view === VIEWS[0]) first = { error };  // the others are no one's reading
          left = [];
        }
        left = left.filter(({ sign }) => (view.negated ? sign < 0 && ofAdjoints && reversed
          : sign > 0 || (!ofAdjoints && reversed)));
        if (left.length) return { view, relation: left[0] };
      }
      return first || {};
    }
    counterexample(term, text, key) {
      for (const network of [...this.small, ...this.networks]) {
        let found;
        try {
          found = this.values(term, text, key, network, VIEWS[0]);
        } catch (error) {
          if (error instanceof Unfit || error instanceof NoValue) continue;
          throw error;
        }
        for (const { value, right, env, used } of found)
          if (!same(value, right)) return { network, env, value, right, used };
      }
      return null;
    }
    judge(key, text) {
      try {
        const found = this.read(new Reader(text), text, key);
        if (found.right) return found;
        let other = null;
        try {
          other = this.read(new Reader(text, true), text, key);
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
        }
        return other?.right ? other : found;
      } catch (error) {
        if (error instanceof RangeError)
          return { right: null, problem: "too many brackets inside each other", place: [0, 1] };
        if (!(error instanceof Unreadable)) throw error;
        return { right: null, problem: error.message, place: error.place };
      }
    }
    read(reader, text, key) {
      const term = reader.whole();
      const [name, ops] = this.circular[key] || [];
      const itself = (node) => ops && (ops.includes(node.op) && (node.name || "") === name
        && node.step?.letter === "t" && node.step.shift === 0
        || key === "J" && node.op === "through");
      const letters = unbound(term);
      const summed = letters.length && letters.every((letter) => letter === "t")
        && this.networks[0].right[key].of;  // one array for all steps
      const found = summed ? this.collected(term, text, key, reader.added)
        : this.verdict(term, text, key);
      if (found.right && mentions(term, itself))
        Object.assign(found, { right: false, convention: "", problem: itself(term)
          ? "this is only the name of what is asked for"
          : "it is written with what is asked for itself" });
      return { ...found, understood: written(term) };
    }
    verdict(term, text, key) {
      const { view, relation, error } = this.convention(term, text, key);
      if (relation) {
        const names = view.name ? [view.name] : [];
        if (relation.turned) names.push(WORDS.turned);
        if (relation.mean) names.push(WORDS.mean);
        if (relation.sign < 0) names.push(WORDS.sign);
        return { right: true, convention: names.join("; ") };
      }
      if (error instanceof NoValue && !this.counterexample(term, text, key))
        throw new Unreadable(`it cannot be evaluated at the points that are stored here `
          + `(${error.message})`, term.place);
      const problem = error instanceof Unfit ? error.message : "";
      return { right: false, problem, place: problem ? error.place : null,
        counterexample: this.inWords(this.counterexample(term, text, key)) };
    }
    collected(term, text, key, added) {  // the summand of step t, without a sum
      const sum = { op: "over", args: [term], place: term.place, letter: "t",
        from: { letter: "", shift: 1 }, to: { letter: "T", shift: 0 } };
      const found = this.verdict(sum, text, key);
      if (added) return found.right ? { ...found, convention: [found.convention,
        "collected step by step"].filter(Boolean).join("; ") } : found;
      const problem = found.right ? "the sum over t is missing"
        : found.problem || "the step t is bound by no sum";
      return { right: false, problem, place: term.place, counterexample: "" };
    }
    inWords(found) {
      if (!found) return "";
      const { network, env, value, right, used } = found;
      const sizes = Object.entries(network.sizes).map(([n, size]) => `${n} = ${size}`);
      const at = [`T = ${network.T}`, ...("t" in env ? [`t = ${env.t}`] : [])];
      const all = Object.values(network.sizes).every((size) => size === 1);
      const matrix = (a) => (a.empty ? "0" : isScalar(a) ? shown(a.of[0])
        : `[${Array.from({ length: a.rows }, (_, i) => a.of
          .slice(i * a.columns, (i + 1) * a.columns).map(shown).join(" ")).join("; ")}]`);
      const given = all ? `with ${[...used].map(([n, a]) => `${n} = ${matrix(a)}`)
        .join(", ")}, ` : "";
      return `Smallest case stored: ${all ? "one unit of each kind" : sizes.join(", ")}, `
        + `${at.join(", ")}: ${given}yours gives ${matrix(value)}, the right one `
        + `${matrix(right)}.`;
    }
  }

  /* A formula as it was understood. */
  function written(node) {
    const [a, b] = node.args;
    const inner = (arg) => (["sum", "negative", "over"].includes(arg.op)
      ? `(${written(arg)})` : written(arg));
    const tight = (arg) => (arg.args.length ? `(${written(arg)})` : written(arg));
    const step = ({ letter, shift }) => (!letter ? `${shift}`
      : `${letter}${shift ? (shift > 0 ? "+" : "−") + Math.abs(shift) : ""}`);
    switch (node.op) {
      case "number": return shown(node.value);
      case "length": return "T";
      case "parameter": return node.name;
      case "value": case "adjoint": return `${node.name}[${step(node.step)}]`;
      case "future": return `future[${step(node.step)}]`;
      case "immediate": return `dℓ[${step(node.from)}]/d${node.name}[${step(node.step)}]`;
      case "negative": return `−${inner(a)}`;
      case "sum": return node.args.map((arg, i) => (arg.op === "negative"
        ? `${i ? " − " : "−"}${inner(arg.args[0])}` : `${i ? " + " : ""}${written(arg)}`)).join("");
      case "entries": return `${inner(a)} ⊙ ${inner(b)}`;
      case "matrix": return `${inner(a)} · ${inner(b)}`;
      case "outer": return `${inner(a)} ⊗ ${inner(b)}`;
      case "through": return `dh[${step(node.step)}]/dh[${step(node.from)}]`;
      case "either": return `${inner(a)} * ${inner(b)}`;
      case "divided": return `${tight(a)} / ${tight(b)}`;
      case "transposed": return `${tight(a)}ᵀ`;
      case "power": return `${tight(a)}^${node.exponent}`;
      case "inverse": return `${tight(a)}^−1`;
      case "slope": return `phi′(${written(a)})`;
      case "over": return `sum over ${node.letter} from ${step(node.from)} to `
        + `${step(node.to)} of ${inner(a)}`;
      default: return `${node.op}(${written(a)})`;
    }
  }

  const data = document.getElementById("desk-data");
  if (data) window.desk = new Desk(JSON.parse(data.textContent));

  const form = document.querySelector("form.desk");
  if (form && data) {
    form.hidden = false;
    const said = form.querySelector(".desk-said");
    const line = (kind, text) => {
      const e = document.createElement(kind);
      e.textContent = text;
      said.append(e);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const key = form.elements.key.value, text = form.elements.formula.value;
      const found = window.desk.judge(key, text);
      said.replaceChildren();
      said.dataset.right = String(found.right);
      if (found.right === null) line("strong", `Cannot be read: ${found.problem}.`);
      else if (found.right)
        line("strong", found.convention ? `Right under another convention: ${found.convention}.`
          : "Equal at every point.");
      else line("strong", "Not equal.");
      if (found.understood) line("p", `Understood as: ${found.understood}`);
      if (found.right === false && found.problem) line("p", `${found.problem}.`);
      if (found.place) {
        const [start, end] = found.place;
        line("pre", `${text.replace(/\n/g, " ")}\n${" ".repeat(start)}${
          "^".repeat(Math.max(end - start, 1))}`);
      }
      if (found.counterexample) line("p", found.counterexample);
      if (!found.right) {
        line("p", "Which slip it looks like is said in Jupyter (the link below), where every "
          + "notation is read:");
        line("pre", `from rnnbook.tutor import check_formula\n\ncheck_formula("${key}", r"${
          text.replace(/"/g, "'").replace(/\n/g, " ")}")`);
      }
    });
  }
}
