"""The page of the desk: what is asked for, and formulas with what is said of them."""

from reference import desk_points
from rnnbook.tutor import check_formula
from rnnbook.tutor.formulas.checking import keys
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import NOTATIONS

EXAMPLES = (
    ("g", r"W_{hy}^\top (p_t - y_t) + \delta_{t+1} W_{hh}", "book"),
    ("dL/dW_hh", r"\sum_t \delta_t h_t^T", "book"),
    (
        "dL/dW_hh",
        r"\sum_t \mathrm{diag}(1-h_t^2)\, (\nabla_{h_t} L)\, h_{t-1}^\top",
        "goodfellow",
    ),
    ("dL/dW_hh", r"\frac{1}{T} \sum_t \delta_t h_{t-1}^T", "book"),
    ("delta_s", "g_t / (1 - h_t^2)", "book"),
    ("g", "W_hy^T (p_t - y_t) + W_hq^T delta_{t+1}", "book"),
)


def example(key, text, notation):
    """A call, and the whole answer."""
    more = "" if notation == "book" else f', notation="{notation}"'
    call = f'check_formula("{key}", r"{text}"{more})'
    report = check_formula(key, text, notation)
    return f"```python\n{call}\n```\n\n```text\n{report}\n```"


FORM = """\
<form class="desk" hidden>
<p><label>Result <select name="key">{options}</select></label></p>
<p><label>Formula, of the book's symbols, as LaTeX or as Python<br>
<textarea name="formula" rows="3" cols="60" spellcheck="false"
autocomplete="off">{first}</textarea></label></p>
<p><button type="submit">Judge it</button></p>
<div class="desk-said" role="status"></div>
</form>
<noscript><p>Here a formula is judged by a script of the page, which does not run now.
</p></noscript>
<script type="application/json" id="desk-data">{data}</script>
<p><a href="../lite/notebooks/index.html?path=bptt.ipynb">Open a chapter in Jupyter, in
the browser</a>, for the slip and for other notations.</p>"""


def form():
    """The desk that runs on the page, with the points at which it judges."""
    options = "".join(f"<option>{key}</option>" for key in desk_points.KEYS)
    options = options.replace("<option>g<", "<option selected>g<")
    raw = FORM.format(options=options, first=EXAMPLES[0][1], data=desk_points.data())
    return f"```{{raw}} html\n{raw}\n```"


def page():
    """The keys, the notations, and the examples."""
    known = ", ".join(f"`{key}`" for key in keys())
    spoken = ", ".join(f"`{key}`" for key in ("book", *NOTATIONS, *BROUGHT))
    small, large = desk_points.SMALL, desk_points.LENGTHS
    parts = [
        "## Try it here",
        f"This page judges by itself, at {len(large)} stored points of sizes that are "
        f"not square and at {len(small)} small ones, in fractions as well. It reads "
        "the book's symbols; an equality is again of these points, and no proof. "
        "It does not name the slip: that is done in Jupyter.",
        form(),
        "## What can be asked",
        f"The results of the book are {known}; a derivative is asked for as "
        "`dL/dW_hh`, `dL/dh_t`, `dL/dh_0` or `dh_t/dh_k`. For any cell that the "
        'machine derives, it is the equation itself, such as `v.adjoint("c")`.',
        f"The notations are {spoken}; {{doc}}`/reference/letters` has those that "
        "readers bring.",
        "## What is said",
        *(example(*one) for one in EXAMPLES),
    ]
    return "\n\n".join(parts)
