r"""What the symbols of the notations that readers bring mean: a table each.

Written from the sources, without `rnnlib.symbolic.notations.brought`, in the words of
`meanings`; and besides: "turned" before a matrix, "averaged" before a gradient, a
number of steps after "at", so that ``h at -1`` is the state of the step before.
"""

from tests.symbolic.notations.meanings import gradients

BY = r"\frac{\partial L}{\partial %v}"


def jacobians(pairs):
    """The Jacobians of quantities by themselves, from their names."""
    return {
        rf"\frac{{\partial {name}}}{{\partial {name.replace('%t', '%k')}}}": (
            f"J {of} {of}"
        )
        for name, of in pairs
    }


def own_and_future(loss, step_loss, h, kind=""):
    """The gradients of one loss, and of all later ones, by the state."""
    layout = f" {kind}".rstrip()
    return {
        rf"\frac{{\partial {step_loss}}}{{\partial {h}}}": f"own h{layout}",
        rf"\left(\frac{{\partial {loss}}}{{\partial {h}}}\right)_{{\text{{future}}}}": (
            f"future h{layout}"
        ),
        rf"\frac{{\partial {loss}}}{{\partial {h}}}": f"d h{layout}",
    }


GOODFELLOW_WEIGHTS = {"U": "W_xh", "W": "W_hh", "b": "b_h", "V": "W_hy", "c": "b_y"}
GOODFELLOW = GOODFELLOW_WEIGHTS | {
    r"x^{(%t)}": "x",
    r"a^{(%t)}": "s",
    r"h^{(%t)}": "h",
    r"o^{(%t)}": "z",
    r"\hat{y}^{(%t)}": "p",
    r"\mathbf{1}_{y^{(%t)}}": "y",
    r"\nabla_{o^{(%t)}} L": "d z",  # 10.18
    r"\nabla_{a^{(%t)}} L": "d s",
    r"\nabla_{h^{(%t)}} L": "d h",  # 10.20
    r"\nabla_{h^{(%t)}} L^{(%t)}": "own h",
    r"\left(\nabla_{h^{(%t)}} L\right)_{\text{future}}": "future h",
    **jacobians([("h^{(%t)}", "h"), ("a^{(%t)}", "s")]),
    **gradients(r"\nabla_{%v} L", weights=GOODFELLOW_WEIGHTS),
}
PASCANU_WEIGHTS = {
    r"W_{\text{in}}": "W_xh",
    r"W_{\text{rec}}": "W_hh",
    "b": "b_h",
    r"W_{\text{out}}": "W_hy",
    r"b_{\text{out}}": "b_y",
}
E = r"\mathcal{E}"
PASCANU = PASCANU_WEIGHTS | {
    r"u_{%t}": "x",
    r"x_{%t}": "s",  # (2): the state before the nonlinearity
    r"o_{%t}": "z",
    r"p_{%t}": "p",
    r"y_{%t}": "y",
    rf"\frac{{\partial {E}}}{{\partial o_{{%t}}}}": "d z",
    rf"\frac{{\partial {E}}}{{\partial x_{{%t}}}}": "d s",
    **own_and_future(E, rf"{E}_{{%t}}", r"\sigma(x_{%t})"),
    rf"\frac{{\partial^{{+}} {E}_{{%t}}}}{{\partial \sigma(x_{{%t}})}}": "own h",
    **jacobians([(r"\sigma(x_{%t})", "h"), ("x_{%t}", "s")]),
    **gradients(rf"\frac{{\partial {E}}}{{\partial %v}}", weights=PASCANU_WEIGHTS),
}
WERBOS_WEIGHTS = {"W": "W_xh", "W'": "W_hh", "w": "b_h", "V": "W_hy", "v": "b_y"}
WERBOS = WERBOS_WEIGHTS | {
    "X(%t)": "x",
    r"\mathrm{net}(%t)": "s",
    "x(%t)": "h",
    "o(%t)": "z",
    r"\hat{Y}(%t)": "p",
    "Y(%t)": "y",
    "F_{o}(%t)": "d z",
    "F_{x}(%t)": "d h",
    r"F_{\mathrm{net}}(%t)": "d s",
    **own_and_future("E", "E(%t)", "x(%t)"),
    **jacobians([("x(%t)", "h"), (r"\mathrm{net}(%t)", "s")]),
    **gradients(r"\frac{\partial E}{\partial %v}", weights=WERBOS_WEIGHTS),
}
ZIPSER_WEIGHTS = {
    "W_{I}": "W_xh",
    "W_{U}": "W_hh",
    "b_{U}": "b_h",
    "V": "W_hy",
    "c": "b_y",
}
ZIPSER = ZIPSER_WEIGHTS | {
    "x(%t)": "x",
    "s(%t)": "s",
    "y(%t)": "h at -1",  # y(t+1) = f(s(t))
    "o(%t)": "z",
    "p(%t)": "p",
    "d(%t)": "y",
    r"\frac{\partial J}{\partial o(%t)}": "d z",
    r"\frac{\partial J}{\partial s(%t)}": "d s",
    **{k: f"{v} at -1" for k, v in own_and_future("J", "J(%t)", "y(%t)").items()},
    r"\frac{\partial y(%t)}{\partial y(%k)}": "J h h at -1",
    r"\frac{\partial s(%t)}{\partial s(%k)}": "J s s",
    **gradients(r"\frac{\partial J}{\partial %v}", weights=ZIPSER_WEIGHTS),
}
GRAVES_WEIGHTS = {
    "w_{ih}": "turned W_xh",  # from i to h
    "w_{hh}": "turned W_hh",
    "w_{0h}": "b_h",
    "w_{hk}": "turned W_hy",
    "w_{0k}": "b_y",
}
GRAVES = GRAVES_WEIGHTS | {
    "x^{%t}": "x",
    "a_{h}^{%t}": "s",
    "b_{h}^{%t}": "h",
    "a_{k}^{%t}": "z",
    "y_{k}^{%t}": "p",
    "z_{k}^{%t}": "y",
    r"\delta_{k}^{%t}": "d z",
    r"\delta_{h}^{%t}": "d s",
    **own_and_future("L", "L^{%t}", "b_{h}^{%t}"),
    **jacobians([("b_{h}^{%t}", "h"), ("a_{h}^{%t}", "s")]),
    **{
        BY.replace("%v", k): f"d {v.removeprefix('turned ')}"
        + (" row" if "turned" in v else "")
        for k, v in GRAVES_WEIGHTS.items()
    },
}


def code(names):
    """Names in typewriter letters."""
    return {rf"\mathtt{{{name}}}": meaning for name, meaning in names.items()}


KARPATHY_WEIGHTS = code(
    {"Wxh": "W_xh", "Whh": "W_hh", "Why": "W_hy", "bh": "b_h", "by": "b_y"}
)
HS, RAW, STEP_LOSS = r"\mathtt{hs}[%t]", r"\mathtt{raw}[%t]", r"\mathtt{loss}[%t]"
KARPATHY = KARPATHY_WEIGHTS | {
    r"\mathtt{xs}[%t]": "x",
    RAW: "s",
    HS: "h",
    r"\mathtt{ys}[%t]": "z",
    r"\mathtt{ps}[%t]": "p",
    r"\mathtt{onehot}[%t]": "y",
    r"\mathtt{dy}[%t]": "d z",
    r"\mathtt{dh}[%t]": "d h",
    r"\mathtt{d}\mathtt{hs}[%t]": "d h",
    r"\mathtt{dhraw}[%t]": "d s",
    r"\mathtt{dhnext}": "future h",
    rf"\frac{{\partial {STEP_LOSS}}}{{\partial {HS}}}": "own h",
    **jacobians([(HS, "h"), (RAW, "s")]),
    **gradients(r"\mathtt{d}%v", weights=KARPATHY_WEIGHTS),
}


def as_rows(weights, timed, loss, step_loss, turned=False):
    """A notation of rows: everything timed is a row, weights may be turned."""
    found = {
        k: f"turned {v}" if turned and v[0] == "W" else v for k, v in weights.items()
    }
    found |= {k: "row " + v for k, v in weights.items() if v[0] == "b"}
    found |= {name: f"row {of}" for name, of in timed.items() if of in "xshzpy"}
    found |= {name: f"{of} row" for name, of in timed.items() if of[:2] == "d "}
    names = {of: name for name, of in timed.items()}
    found |= own_and_future(loss, step_loss, names["h"], "row")
    found |= jacobians([(names["h"], "h"), (names["s"], "s")])
    by = rf"\frac{{\partial {loss}}}{{\partial %v}}"
    for name, of in weights.items():
        row = " row" if turned or of[0] == "b" else ""
        found[by.replace("%v", name)] = f"d {of}{row}"
    return found


CS231N = as_rows(
    code({"Wx": "W_xh", "Wh": "W_hh", "b": "b_h", "Wvocab": "W_hy", "bvocab": "b_y"}),
    {
        r"\mathtt{x}_{%t}": "x",
        r"\mathtt{a}_{%t}": "s",
        r"\mathtt{h}_{%t}": "h",
        r"\mathtt{scores}_{%t}": "z",
        r"\mathtt{probs}_{%t}": "p",
        r"\mathtt{y}_{%t}": "y",
        r"\mathtt{dscores}_{%t}": "d z",
        r"\mathtt{dt}_{%t}": "d s",
        r"\mathtt{dh}_{%t}": "d h",
    },
    r"\mathtt{loss}",
    r"\mathtt{loss}_{%t}",
    turned=True,
)
ANG = r"^{\langle %t \rangle}"
DEEPLEARNING_WEIGHTS = {
    "W_{ax}": "W_xh",
    "W_{aa}": "W_hh",
    "b_{a}": "b_h",
    "W_{ya}": "W_hy",
    "b_{y}": "b_y",
}
DEEPLEARNING = DEEPLEARNING_WEIGHTS | {
    f"x{ANG}": "x",
    f"z{ANG}": "s",
    f"a{ANG}": "h",
    f"o{ANG}": "z",
    rf"\hat{{y}}{ANG}": "p",
    f"y{ANG}": "y",
    f"do{ANG}": "d z",
    f"dz{ANG}": "d s",  # dz = (1 - a_next**2) * da_next
    f"da{ANG}": "d h",
    "da_{prevt}": "future h",
    rf"\frac{{\partial \mathcal{{L}}{ANG}}}{{\partial a{ANG}}}": "own h",
    **jacobians([(f"a{ANG}", "h"), (f"z{ANG}", "s")]),
    **gradients("d%v", weights=DEEPLEARNING_WEIGHTS),
}
D2L_WEIGHTS = {
    "W_{hx}": "W_xh",
    "W_{hh}": "W_hh",
    "b_{h}": "b_h",
    "W_{qh}": "W_hy",
    "b_{q}": "b_y",
}
D2L = D2L_WEIGHTS | {
    "x_{%t}": "x",
    "a_{%t}": "s",
    "h_{%t}": "h",
    "o_{%t}": "z",
    r"\hat{y}_{%t}": "p",
    "y_{%t}": "y",
    r"\frac{1}{T}": "1/T",
    BY.replace("%v", "o_{%t}"): "averaged d z",
    BY.replace("%v", "a_{%t}"): "averaged d s",
    **{
        k: v if "l_" in k else f"averaged {v}"
        for k, v in own_and_future("L", "l_{%t}", "h_{%t}").items()
    },
    **jacobians([("h_{%t}", "h"), ("a_{%t}", "s")]),
    **{k: f"averaged {v}" for k, v in gradients(BY, weights=D2L_WEIGHTS).items()},
}
PYTORCH = as_rows(
    {
        "W_{ih}": "W_xh",
        "W_{hh}": "W_hh",
        r"\left(b_{ih} + b_{hh}\right)": "b_h",
        "A": "W_hy",
        "b": "b_y",
    },
    {
        "x_{%t}": "x",
        "a_{%t}": "s",
        "h_{%t}": "h",
        "o_{%t}": "z",
        "p_{%t}": "p",
        "y_{%t}": "y",
        BY.replace("%v", "o_{%t}"): "d z",
        BY.replace("%v", "a_{%t}"): "d s",
    },
    "L",
    "L_{%t}",
)
KERAS = as_rows(
    code(
        {
            "kernel": "W_xh",
            r"recurrent\_kernel": "W_hh",
            "bias": "b_h",
            "dense": "W_hy",
            "offset": "b_y",
        }
    ),
    {
        r"\mathtt{inputs}_{%t}": "x",
        r"\mathtt{a}_{%t}": "s",
        r"\mathtt{output}_{%t}": "h",
        r"\mathtt{logits}_{%t}": "z",
        r"\mathtt{probs}_{%t}": "p",
        r"\mathtt{y}_{%t}": "y",
        BY.replace("%v", r"\mathtt{logits}_{%t}"): "d z",
        BY.replace("%v", r"\mathtt{a}_{%t}"): "d s",
    },
    "L",
    "L_{%t}",
    turned=True,
)
BROUGHT_MEANINGS = {
    "goodfellow": GOODFELLOW,
    "pascanu": PASCANU,
    "werbos": WERBOS,
    "williams-zipser": ZIPSER,
    "graves": GRAVES,
    "karpathy": KARPATHY,
    "cs231n": CS231N,
    "deeplearning.ai": DEEPLEARNING,
    "d2l": D2L,
    "pytorch": PYTORCH,
    "keras": KERAS,
}
TANH = (r"\tanh", r"\tanh'")
BROUGHT_FUNCTIONS = dict.fromkeys(BROUGHT_MEANINGS, TANH) | {
    "pascanu": (r"\sigma", r"\sigma'"),
    "werbos": ("s", "s'"),
    "williams-zipser": ("f", "f'"),
    "graves": (r"\theta", r"\theta'"),
    "d2l": (r"\phi", r"\phi'"),
}
