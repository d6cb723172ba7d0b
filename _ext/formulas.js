/* Formulas from TeX to MathML, for _ext/formulas.py: MathJax reads the TeX, and what it
   read is written as browsers draw it by themselves. The formulas come as JSON on the
   standard input, [[TeX, display], ...]; the answers leave as JSON in the same order,
   each {mathml} or {error}. The argument is the folder of MathJax. */
const fs = require("fs");
const folder = process.argv[2];
const PACKAGES = ["base", "ams", "newcommand", "noundefined",
  "bbox", "boldsymbol", "braket", "cancel", "color", "enclose"];
const LENGTHS = {
  thinmathspace: "0.167em", mediummathspace: "0.222em", thickmathspace: "0.278em",
};
const KEPT = {  // attributes that browsers know
  math: ["display"],
  mi: [], mn: [], mtext: [], ms: [],
  mo: ["lspace", "rspace", "stretchy", "symmetric", "minsize", "maxsize", "largeop",
    "movablelimits"],
  mfrac: ["linethickness"],
  mover: ["accent"], munder: ["accentunder"], munderover: ["accent", "accentunder"],
  mpadded: ["width", "height", "depth", "lspace", "voffset"],
  mspace: ["width", "height", "depth"],
};
const STYLES = ["displaystyle", "scriptlevel", "mathcolor", "mathbackground"];

const LINES = {  // around or through a formula
  box: "boxed", updiagonalstrike: "cancelled", downdiagonalstrike: "cancelled",
};

/* Where the letters of an alphabet begin: capitals, small letters, digits, Greek. */
const ALPHABETS = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce, 0x1d6a8, 0x1d6c2],
  italic: [0x1d434, 0x1d44e, null, 0x1d6e2, 0x1d6fc],
  "bold-italic": [0x1d468, 0x1d482, null, 0x1d71c, 0x1d736],
  script: [0x1d49c, 0x1d4b6], "bold-script": [0x1d4d0, 0x1d4ea],
  fraktur: [0x1d504, 0x1d51e], "bold-fraktur": [0x1d56c, 0x1d586],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2],
  "bold-sans-serif": [0x1d5d4, 0x1d5ee, 0x1d7ec, 0x1d756, 0x1d770],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};
const OLDER = {  // letters that Unicode had before it had the alphabets
  italic: { h: "ℎ" },
  script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ",
    g: "ℊ", o: "ℴ" },
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
};
const FIRST = ["A", "a", "0", "Α", "α"], COUNT = [26, 26, 10, 25, 25];

function letter(character, variant) {
  const older = OLDER[variant]?.[character];
  if (older) return older;
  for (const [i, first] of FIRST.entries()) {
    const place = character.codePointAt(0) - first.codePointAt(0);
    const begin = ALPHABETS[variant][i];
    if (begin && place >= 0 && place < COUNT[i]) return String.fromCodePoint(begin + place);
  }
  return character;
}

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;")
  .replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const isScripted = (kind) => ["msub", "msup", "msubsup"].includes(kind);
const isRow = (node) => node.isKind("mrow") || node.isInferred;
const space = (node) => {
  const name = node.texSpacing();
  return name ? (LENGTHS[name] || name) : "";
};

/* TeX's spaces, as MathJax computes them, on the operators, or as spaces of their own:
   browsers would take those of their dictionary, in indices too. */
function setSpaces(node, spaces) {
  if (!node.childNodes || node.isToken) {
    if (node.isKind("mo")) {
      for (const side of ["lspace", "rspace"])
        if (!node.attributes.isSet(side)) node.attributes.set(side, "0");
    }
    return;
  }
  for (const child of node.childNodes) if (child) setSpaces(child, spaces);
  if (!isRow(node)) return;
  let last = null;
  for (const child of node.childNodes) {
    const wanted = space(child);
    const core = child.isEmbellished && child.coreMO();
    if (core && core.attributes.get("lspace") === "0") {
      if (wanted) core.attributes.set("lspace", wanted);
    } else if (wanted && last && last.attributes.get("rspace") === "0") {
      last.attributes.set("rspace", wanted);
    } else if (wanted) {
      spaces.set(child, wanted);
    }
    if (!child.isSpacelike) last = core || null;
  }
}

/* How the columns of a table stand: a class that the style sheet knows. */
function columns(table) {
  const align = table.attributes.getExplicit("columnalign") || "center";
  if (/^right( left( right( left)?)*)?$|^right( left right)*$/.test(align)) return "aligned";
  if (/^left( left)*$/.test(align)) return "left";
  if (/^center( center)*$/.test(align)) return "";
  throw Error(`columns that are not known here: ${align}`);
}

function attributes(node, kind) {
  const known = [...(KEPT[kind] || []), ...STYLES];
  let text = "";
  for (const name of node.attributes.getExplicitNames()) {
    const value = String(node.attributes.getExplicit(name));
    if (known.includes(name)) text += ` ${name}="${escape(value)}"`;
  }
  return text;
}

function token(node, kind) {
  let text = node.childNodes.map((child) => child.text ?? "").join("");
  let extra = "";
  const given = node.attributes.getExplicit("mathvariant") || "";
  const variant = given.replace("-tex-calligraphic", "script").replace("-tex-", "");
  if (variant === "normal") {
    if (kind === "mi" && [...text].length === 1) extra = ' mathvariant="normal"';
  } else if (kind === "mtext" && variant === "monospace") {
    extra = ' class="code"';
  } else if (variant) {
    if (!ALPHABETS[variant]) throw Error(`letters that are not known here: ${variant}`);
    text = [...text].map((character) => letter(character, variant)).join("");
  }
  return `<${kind}${attributes(node, kind)}${extra}>${escape(text)}</${kind}>`;
}

function written(node, spaces) {
  const before = spaces.has(node) ? `<mspace width="${spaces.get(node)}"></mspace>` : "";
  const kind = node.isKind("TeXAtom") ? "mrow" : node.kind;
  if (node.isToken) return before + (kind === "mspace"
    ? `<mspace${attributes(node, kind)}></mspace>` : token(node, kind));
  const inside = node.childNodes.map((child) => (child ? written(child, spaces) : "")).join("");
  if (node.isInferred) return before + inside;
  if (kind === "merror") throw Error(node.attributes.get("data-mjx-error") || "an error");
  const own = attributes(node, kind);
  const children = node.isKind("TeXAtom") ? node.childNodes[0].childNodes : node.childNodes;
  if (kind === "mrow" && children.length === 1 && !own) return before + inside;
  if (kind === "mstyle") {
    const row = node.childNodes[0].childNodes;
    if (row.length === 1 && row[0].isKind("mspace")) return before + inside;
    return `${before}<mrow${own}>${inside}</mrow>`;
  }
  if (kind === "menclose") {
    const name = LINES[node.attributes.get("notation")];
    if (!name) throw Error(`a line that is not known here: ${node.attributes.get("notation")}`);
    return `${before}<mrow class="${name}">${inside}</mrow>`;
  }
  const core = isScripted(kind) && node.childNodes[0].isEmbellished
    && node.childNodes[0].coreMO();
  if (core && core.attributes.isSet("minsize")) {
    /* Browsers centre a large delimiter only in a row that is more than it. */
    const [base, ...scripts] = node.childNodes.map((child) => written(child, spaces));
    return `${before}<${kind}><mrow>${base}<mi></mi></mrow>${scripts.join("")}</${kind}>`;
  }
  let named = "";
  if (kind === "mtable") {
    const name = columns(node);
    named = name && ` class="${name}"`;
  }
  return `${before}<${kind}${own}${named}>${inside}</${kind}>`;
}

function unknown(root) {
  let found = null;
  root.walkTree((node) => {
    if (node.isKind("mtext") && node.attributes.getExplicit("mathcolor") === "red")
      found = `an unknown macro: ${node.childNodes[0].text}`;
    if (node.isKind("merror"))
      found = node.attributes.get("data-mjx-error") || node.getProperty?.("error")
        || "TeX that cannot be read";
  });
  return found;
}

async function main() {
  const program = require(`${folder}/node-main.js`);
  const MathJax = await program.init({
    loader: {
      paths: { mathjax: folder }, require,
      load: ["adaptors/liteDOM", "input/tex-full"],
    },
    tex: { packages: PACKAGES }, startup: { typeset: false, input: ["tex"], output: null },
  });
  const { STATE } = MathJax._.core.MathItem;
  const page = MathJax.startup.document;
  const answers = JSON.parse(fs.readFileSync(0, "utf8")).map(([tex, display]) => {
    const root = page.convert(tex, { display, end: STATE.CONVERT });
    try {
      const wrong = unknown(root);
      if (wrong) return { error: wrong };
      root.setTeXclass(null);
      const spaces = new Map();
      setSpaces(root, spaces);
      return { mathml: written(root, spaces) };
    } catch (error) {
      return { error: error.message };
    }
  });
  process.stdout.write(JSON.stringify(answers));
}

const warn = console.warn;
console.warn = console.log = (...words) => {
  if (!/version information/.test(words[0])) warn(...words);
};
main().catch((error) => { console.error(error); process.exit(1); });
