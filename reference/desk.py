"""The page of the desk: what is asked for, and formulas with what is said of them."""

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


def page():
    """The keys, the notations, and the examples."""
    known = ", ".join(f"`{key}`" for key in keys())
    spoken = ", ".join(f"`{key}`" for key in ("book", *NOTATIONS, *BROUGHT))
    parts = [
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
