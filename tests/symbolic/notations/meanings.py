r"""What every symbol means, read from the documents themselves, one table a document.

These tables do not use `rnnlib.symbolic.notations.documents`: they are the second
opinion. A meaning is a quantity of the network, or

    d q        the gradient of the loss with respect to q, a column or of q's shape;
    d q row    the same as a row;  d q flat: the rows of q's shape one after the other;
    own q      the gradient of the loss of the same step alone; future q: the rest;
    J q q      the Jacobian of one quantity by another, at the steps in the name.
"""

from rnnlib.symbolic import NOTATIONS

WEIGHTS = {
    r"W_{xh}": "W_xh",
    r"W_{hh}": "W_hh",
    r"W_{hy}": "W_hy",
    r"b_{h}": "b_h",
    r"b_{y}": "b_y",
}
NAMES = ("W_xh", "W_hh", "W_hy", "b_h", "b_y")


def gradients(pattern, layout=None, weights=WEIGHTS):
    """A gradient for each parameter, written through a pattern with %v."""
    layout = layout or {}
    return {
        pattern.replace("%v", latex): f"d {name} {layout.get(name, '')}".strip()
        for latex, name in weights.items()
    }


L_BY = r"\frac{\partial \mathcal{L}}{\partial %v}"
BOOK = WEIGHTS | {
    r"x_{%t}": "x",
    r"s_{%t}": "s",
    r"h_{%t}": "h",
    r"z_{%t}": "z",
    r"p_{%t}": "p",
    r"y_{%t}": "y",
    r"\delta^{(z)}_{%t}": "d z",
    r"\delta^{(s)}_{%t}": "d s",
    r"g_{%t}": "d h",
    r"\left(\frac{d \mathcal{L}}{d h_{%t}}\right)_{\text{future}}": "future h",
    r"\frac{\partial^{+} \ell_{%t}}{\partial h_{%t}}": "own h",
    r"\frac{d \mathcal{L}}{d h_{%t}}": "d h",
    r"J_{%t}": "J h h",
    r"\frac{d s_{%t}}{d s_{%k}}": "J s s",
    r"\frac{d h_{%t}}{d h_{%k}}": "J h h",
    **gradients(r"\frac{d \mathcal{L}}{d %v}"),
}
ROYSDON = WEIGHTS | {
    r"x_{%t}": "x",
    r"s_{%t}": "s",  # (1)
    r"h_{%t}": "h",  # (2)
    r"z_{%t}": "z",  # (3)
    r"\hat{p}_{%t}": "p",
    r"y_{%t}": "y",
    r"\delta^{(z)}_{%t}": "d z",  # (5)
    r"\delta^{(s)}_{%t}": "d s",  # (7)
    r"g_{%t}": "d h",  # (6)
    r"\left(\frac{\partial \ell}{\partial h_{%t}}\right)_{\text{from future}}": (
        "future h"
    ),
    r"\frac{\partial \ell_{%t}}{\partial h_{%t}}": "own h",  # the proof of 1.6
    r"\frac{\partial \mathcal{L}}{\partial h_{%t}}": "d h",
    r"J_{%t}": "J h h",  # 1.7
    r"\frac{\partial s_{%t}}{\partial s_{%k}}": "J s s",
    r"\frac{\partial h_{%t}}{\partial h_{%k}}": "J h h",
    **gradients(L_BY),
}
ROYSDON_FULL = WEIGHTS | {
    r"x_{%t}": "x",
    r"z_{%t}": "s",  # "pre-activation (or net input)"
    r"h_{%t}": "h",
    r"y_{%t}": "p",  # the prediction: the hat is on the target
    r"\hat{y}_{%t}": "y",
    r"\frac{\partial \ell_{%t}}{\partial z^{y}_{%t}}": "d z row",
    r"\frac{\partial \mathcal{L}}{\partial z_{%t}}": "d s row",
    r"\delta^{h}_{%t}": "d h row",
    r"\frac{\partial \ell_{%t}}{\partial h_{%t}}": "own h row",
    r"\left(\frac{\partial \mathcal{L}}{\partial h_{%t}}\right)_{\text{future}}": (
        "future h row"
    ),
    r"\frac{\partial \mathcal{L}}{\partial h_{%t}}": "d h row",
    r"\frac{\partial z_{%t}}{\partial z_{%k}}": "J s s",
    r"\frac{\partial h_{%t}}{\partial h_{%k}}": "J h h",
    **gradients(L_BY, {"b_h": "row", "b_y": "row"}),
}
SARKAR = WEIGHTS | {
    r"x_{%t}": "x",
    r"z_{%t}": "s",
    r"h_{%t}": "h",
    r"o_{%t}": "z",
    r"y_{%t}": "p",  # y-hat is the desired output
    r"\hat{y}_{%t}": "y",
    r"e_{%t}": "d z",
    r"\delta_{%t}": "d s",
    r"\nabla_{h_{%t}} C": "d h",
    r"\nabla_{h_{%t}} C_{%t}": "own h",
    r"\left(\nabla_{h_{%t}} C\right)_{\text{future}}": "future h",
    r"\frac{\partial z_{%t}}{\partial z_{%k}}": "J s s",
    r"\frac{\partial h_{%t}}{\partial h_{%k}}": "J h h",
    **gradients(r"\nabla_{%v} C"),
}
KHANNA_WEIGHTS = {
    r"W_{hx}": "W_xh",  # takes x to h
    r"W_{hh}": "W_hh",
    r"W_{yh}": "W_hy",
    r"b_{h}": "b_h",
    r"b_{y}": "b_y",
}
KHANNA = KHANNA_WEIGHTS | {
    r"x^{(%t)}": "x",
    r"a^{(%t)}": "s",  # (1)
    r"h^{(%t)}": "h",
    r"o^{(%t)}": "z",  # (3)
    r"y^{(%t)}": "p",  # (4)
    r"\mathbf{1}_{c^{(%t)}}": "y",  # the unit vector of class c
    r"\frac{\partial \mathcal{L}}{\partial o^{(%t)}}": "d z",
    r"\delta^{(%t)}": "d s",  # (6)
    r"\frac{\partial \mathcal{L}}{\partial h^{(%t)}}": "d h",
    r"\frac{\partial \mathcal{L}^{(%t)}}{\partial h^{(%t)}}": "own h",
    r"\left(\frac{\partial \mathcal{L}}{\partial h^{(%t)}}\right)_{\text{future}}": (
        "future h"
    ),
    r"\frac{\partial a^{(%t)}}{\partial a^{(%k)}}": "J s s",
    r"\frac{\partial h^{(%t)}}{\partial h^{(%k)}}": "J h h",
    **gradients(L_BY, weights=KHANNA_WEIGHTS),
}
PAL_WEIGHTS = {
    r"W_{I}": "W_xh",
    r"W_{R}": "W_hh",
    r"W_{O}": "W_hy",
    r"b_{R}": "b_h",
    r"b_{O}": "b_y",
}
PAL = PAL_WEIGHTS | {
    r"x_{%t}": "x",
    r"h_{%t}": "s",  # (1): W_R sigma(h_{t-1}) + W_I x_t + b_R
    r"o_{%t}": "p",  # the softmax of (2)
    r"y_{%t}": "y",
    r"\frac{\partial E_{%t}}{\partial z_{%t}}": "d z row",
    r"\frac{d E}{d h_{%t}}": "d s row",
    r"\frac{d E}{d \sigma(h_{%t})}": "d h row",
    r"\frac{\partial E_{%t}}{\partial \sigma(h_{%t})}": "own h row",
    r"\left(\frac{d E}{d \sigma(h_{%t})}\right)_{\text{future}}": "future h row",
    r"\frac{d h_{%t}}{d h_{%k}}": "J s s",
    r"\frac{d \sigma(h_{%t})}{d \sigma(h_{%k})}": "J h h",
    **gradients(
        r"\frac{d E}{d %v}",
        {n: "flat" if n.startswith("W") else "row" for n in NAMES},
        PAL_WEIGHTS,
    ),
    r"I_{n}": "identity d_h",
    r"I_{\dim(o_t)}": "identity K",
}
TOPCUOGLU = WEIGHTS | {
    r"x_{%t}": "x",
    r"z_{%t}": "s",  # what dz_t is the gradient of, (10)
    r"h_{%t}": "h",
    r"y_{%t}": "z",  # (2): output (logits)
    r"P(y_{%t})": "p",  # (16)
    r"p_{%t}": "y",  # the one-hot ground truth
    r"dy_{%t}": "d z",  # (7)
    r"dz_{%t}": "d s",  # (10)
    r"dh_{%t}": "d h",  # (9)
    r"dh_{\text{next}}": "future h",  # (9)
    r"\frac{\partial L_{%t}}{\partial h_{%t}}": "own h",
    r"\frac{\partial z_{%t}}{\partial z_{%k}}": "J s s",
    r"\frac{\partial h_{%t}}{\partial h_{%k}}": "J h h",
    **gradients("d%v"),
}
MEANINGS = {
    "book": BOOK,
    **dict(
        zip(
            NOTATIONS,
            (ROYSDON, ROYSDON_FULL, SARKAR, KHANNA, PAL, TOPCUOGLU),
            strict=True,
        )
    ),
}
FUNCTIONS = {  # phi, phi'
    "book": (r"\phi", r"\phi'"),
    "roysdon": (r"\phi", r"\phi'"),
    "roysdon-1.5": (r"\phi", r"\phi'"),  # phi' is a diagonal matrix there
    "sarkar": ("f", "f'"),
    "khanna": (r"\tanh", r"\tanh'"),
    "pal": (r"\sigma", r"\sigma'"),
    "topcuoglu": ("f", "f'"),
}
