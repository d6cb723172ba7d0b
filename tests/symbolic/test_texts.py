"""Texts of cells: how they are read and printed, and the sentence of each refusal."""

import pytest

from rnnlib.symbolic import derive

SIZES = {"x": "d_x", "h": "d_h"}
WIDE = SIZES | {"s": "2 d_h"}
V = SIZES | {"V": ("d_h", "d_x")}


def refusal(text, sizes, **options):
    """The sentence with which a text is refused."""
    with pytest.raises(ValueError) as error:
        derive(text, sizes, **options)
    return str(error.value)


SYNTAX = {
    "3 = U x_t": "expected an equation: a name, '=', an expression",
    "= U x_t": "expected an equation: a name, '=', an expression",
    "h_t U = x_t": (
        "expected '=' after h_t: one equation a line, the name that it defines on the "
        "left"
    ),
    "h_{t-1} = U x_t": (
        "h_{t-1} = ...: expected a name at step t, or one without a step"
    ),
    "h_t = ": "h_t = ...: expected an expression, got none",
    "h_t = U x_t)": "expected the end of the line, got ')'",
    "h_t = U x_t + ": "expected a name, a number or a bracket, got the end of the line",
    "h_t = tanh() + U x_t": "expected a name, a number or a bracket, got ')'",
    "h_t = U x_t * * 2": "expected a name, a number or a bracket, got '*'",
    "h_t = tanh(x_t, x_t)": "tanh: expected 1 argument(s), got 2",
    "h_t = max(U x_t)": "max: expected 2 argument(s), got 1",
    "h_t = max(U x_t, 0, 1)": "max: expected 2 argument(s), got 3",
    "h_t = U_{xh x_t": "expected '}', got the end of the line",
    "h_t = U_; x_t": "expected a subscript, got ';'",
    "h_t = U x_t + h_{t-1}_t": "expected the end of the line, got '_'",
    "h_t = (U x_t}": "expected ')', got '}'",
    "h_t = U x_t + [x_t; 1": "expected ']', got the end of the line",
    "h_t = \\frac{U x_t}": "expected '{', got the end of the line",
    "h_t = \\frac U x_t": "expected '{', got 'U'",
    "h_t = \\frac{U x_t) + 1": "expected '}', got ')'",
    "h_t = \\frac{U x_t}{2 + 1": "expected '}', got the end of the line",
    "h_t = é": "'é' cannot be read",
    "h_t = ϵ(U x_t)": "'ϵ' cannot be read",
    "h_t = W x_t / V h_{t-1} + b": (
        "/ V h_{t-1} + b: write brackets around the divisor, or around the quotient"
    ),
}


@pytest.mark.parametrize("text", SYNTAX)
def test_a_line_that_cannot_be_read(text):
    assert refusal(text, SIZES) == f"line 1: {SYNTAX[text]}"
    assert refusal(f"a_t = V x_t\n\n{text}", SIZES) == f"line 3: {SYNTAX[text]}"


NAMES = [
    ("I = 3\nh_t = U x_t", SIZES, "line 1: I has a meaning already"),
    ("a_t = U x_t\ntanh_t = a_t", SIZES, "line 2: tanh has a meaning already"),
    ("v = x_t\nh_t = v", SIZES, "line 1: v has no step and reads x_t, which has one"),
    ("h_t = U x_t + x", SIZES, "line 1: x is read with a step and without one"),
    ("h_t = x + U x_t", SIZES, "line 1: x is read with a step and without one"),
    (
        "h_t = U x_t + phi_t",
        SIZES | {"phi": "d_h"},
        "line 1: phi is a function: give it an argument",
    ),
    (
        "h_t = U x_t + tanh_{t-1}",
        SIZES | {"tanh": "d_h"},
        "line 1: tanh is a function: give it an argument",
    ),
    (
        "h_t = U x_t + I_t",
        SIZES,
        "line 1: I_t is not defined: define I_t, or declare the size of the input, as "
        "in sizes={'I': 'd_I'}",
    ),
    (
        "v = 2\nh_t = v_t * (U x_t)",
        SIZES,
        "line 2: v_t: expected no step, as in the definition of v on line 1",
    ),
    (
        "c_t = 2\n\nh_t = c * (U x_t)",
        SIZES,
        "line 3: c: expected a step, as in the definition of c on line 1",
    ),
    (
        "h_t = U x_t + a_t\n\na_t = V b_t\nb_t = W a_t",
        SIZES,
        "line 3: a_t -> b_t -> a_t: a cycle within one step, none of these can be "
        "computed first",
    ),
    (
        "W = 2 W\nh_t = W x_t",
        SIZES,
        "line 1: W -> W: a cycle within one step, none of these can be computed first",
    ),
    (
        "h_t = U h_{t+1}",
        SIZES,
        "line 1: h_{t+1} is read before it exists: a definition reads its own step and "
        "earlier ones",
    ),
    ("a_t = U x_t\nh_t = a_t\na = 3", SIZES, "line 3: a is defined twice, first on")
    + (" line 1",),
]


@pytest.mark.parametrize(
    ("text", "sizes", "says"), [(*c[:2], "".join(c[2:])) for c in NAMES]
)
def test_a_name_that_means_nothing(text, sizes, says):
    assert refusal(text, sizes) == says


SHAPES = [
    (
        "h_t = V^2 x_t",
        V,
        "V^2: a power of a matrix (d_h, d_x); powers are taken entry by entry, of a "
        "column or a scalar",
    ),
    (
        "h_t = softmax(V) x_t",
        V,
        "softmax(V): expected a column, got a matrix (d_h, d_x)",
    ),
    (
        "h_t = [x_t; V][0:d_h]",
        V,
        "[x_t; V]: expected columns, V is a matrix (d_h, d_x)",
    ),
    (
        "h_t = W * x_t",
        SIZES | {"W": ("d_h", "d_x")},
        "W * x_t: W is a matrix (d_h, d_x) and x_t is a column (d_x, 1); the matrix "
        "product is written without *",
    ),
    (
        "h_t = x_t * W",
        SIZES | {"W": ("d_h", "d_x")},
        "x_t * W: x_t is a column (d_x, 1) and W is a matrix (d_h, d_x); the matrix "
        "product is written without *",
    ),
    (
        "h_t = V + x_t",
        V,
        "V + x_t: V is a matrix (d_h, d_x) and x_t is a column (d_x, 1)",
    ),
    (
        "h_t = (V * W) x_t",
        V | {"W": ("d_h", "d_h")},
        "V * W: V is a matrix (d_h, d_x) and W is a matrix (d_h, d_h)",
    ),
    (
        "h_t = (U x_t + h_{t-1}) x_t",
        SIZES,
        "(U x_t + h_{t-1}) x_t: a product of two columns, (U x_t + h_{t-1}) (d_h, 1) "
        "and x_t (d_x, 1); write * for the elementwise product",
    ),
    (
        "h_t = x_t^T x_t^T",
        SIZES,
        "x_t^T x_t^T: (x_t^T) is a row (1, d_x) and (x_t^T) is a row (1, d_x): d_x "
        "columns meet 1 rows",
    ),
    (
        "h_t = V V x_t",
        V,
        "V V: V is a matrix (d_h, d_x) and V is a matrix (d_h, d_x): d_x columns meet "
        "d_h rows",
    ),
    (
        "h_t = x_t^T x_t",
        SIZES,
        "h_t = x_t^T x_t: h_t is a column (d_h, 1), and the right side is a scalar; a "
        "scalar is declared, as in sizes={'h': 1}",
    ),
    (
        "h_t = I x_t",
        SIZES,
        "h_t = I x_t: h_t is a column (d_h, 1), and the right side is a column "
        "(d_x, 1)",
    ),
    (
        "h_t = x_t x_t^T W",
        SIZES,
        "h_t = x_t x_t^T W: h_t is a column (d_h, 1), and the right side is a matrix "
        "(d_x, ?)",
    ),
    (
        "h_t = cross_entropy(x_t, h_{t-1})",
        SIZES,
        "cross_entropy(x_t, h_{t-1}): x_t is a column (d_x, 1) and h_{t-1} is a column "
        "(d_h, 1)",
    ),
]


@pytest.mark.parametrize(("text", "sizes", "says"), SHAPES)
def test_shapes_that_do_not_fit(text, sizes, says):
    assert refusal(text, sizes) == f"line 1: {says}"


SLICES = {
    "0:d_q": "expected sizes such as d_x, d_h as bounds, got 'd_q'",
    "d_q:d_h": "expected sizes such as d_x, d_h as bounds, got 'd_q'",
    "0:2 2": "expected sizes such as d_x, d_h as bounds, got '2 2'",
    "d_h:3 d_h": "rows d_h to 3 d_h of a column (2 d_h, 1)",
    "d_h:2 d_h + 1": "rows d_h to 2 d_h + 1 of a column (2 d_h, 1)",
    "2 d_h:d_h": "rows 2 d_h to d_h of a column (2 d_h, 1)",
    "2:1": "rows 2 to 1 of a column (2 d_h, 1)",
    "d_h:d_h": "no row from d_h to d_h",
    "1:1": "rows 1 to 1 of a column (2 d_h, 1)",
}


@pytest.mark.parametrize("bounds", SLICES)
def test_rows_that_there_are_not(bounds):
    text = f"s_t = U x_t\nh_t = s_t[{bounds}]"
    assert refusal(text, WIDE) == f"line 2: s_t[{bounds}]: {SLICES[bounds]}"


def test_bounds_that_are_left_out_are_the_ends():
    d = derive("s_t = U x_t\nh_t = s_t[:d_h] * s_t[d_h:]", WIDE)
    assert str(d.equations) == "s_t = U x_t\nh_t = s_t[0:d_h] * s_t[d_h:2 d_h]"
    d = derive("s_t = U x_t\nh_t = s_t[2:]", SIZES | {"s": "d_h + 2"})
    assert str(d.equations) == "s_t = U x_t\nh_t = s_t[2:d_h + 2]"
    d = derive("s_t = U x_t\nh_t = s_t[:] + s_t[0:d_h]", SIZES | {"s": "d_h"})
    assert str(d.equations) == "s_t = U x_t\nh_t = 2 * s_t[0:d_h]"


FORM = (
    "sizes: expected for {!r} a size such as 'd_h', 1 for a scalar, or a pair for a "
    "matrix, got {!r}"
)
POSITIVE = "sizes: expected a positive size for 'h'"
DECLARED = [
    ("d_h", None),
    (("d_h", 1), None),
    *((s, FORM.format("h", s)) for s in (1.5, True, "d_h d_x", "", ("d_h",))),
    *((s, FORM.format("h", s)) for s in (("d_h", 1, 1), (1.5, 1), "h!")),
    *((s, POSITIVE) for s in (0, "0", "-d_h", "d_h - d_h", "d_h - d_x", (0, 1))),
]


@pytest.mark.parametrize(("size", "says"), DECLARED, ids=lambda part: repr(part)[:30])
def test_declared_sizes(size, says):
    text, sizes = "h_t = U x_t + h_{t-1}", {"x": "d_x", "h": size}
    if says:
        assert refusal(text, sizes) == says
    else:
        assert derive(text, sizes).program.shapes["U"][0].number({"d_h": 2}) == 2


def test_a_matrix_is_declared_by_a_pair():
    d = derive("h_t = U x_t + V[0:d_h] x_t", SIZES | {"V": ("2 d_h + 1", "d_x")})
    shapes = {n: tuple(map(str, s)) for n, s in d.program.shapes.items()}
    assert shapes == {
        **{"h": ("d_h", "1"), "x": ("d_x", "1"), "U": ("d_h", "d_x")},
        "V": ("2 d_h + 1", "d_x"),
    }
    assert d.program.sizes == ("d_x", "d_h")


def test_other_arguments_of_derive():
    text = "a_t = U x_t\nh_t = a_t + h_{t-1}"
    for given, says in (
        ({"loss": "q"}, "loss: expected one of a, h, got 'q'"),
        ({"output": "x"}, "output: expected one of a, h, got 'x'"),
        ({"loss": "a"}, "loss: expected a scalar, got a of another shape"),
        ({"frozen": "V"}, "frozen: expected some of U, got 'V'"),
        ({"frozen": ("U", "x")}, "frozen: expected some of U, got 'x'"),
        ({"distributions": ("U",)}, "distributions: expected some of x, got 'U'"),
    ):
        assert refusal(text, SIZES, **given) == says
    for other, sizes, says in (
        (3, SIZES, "text: expected equations, got int"),
        ("\n# none", SIZES, "text: expected at least one equation, got none"),
        ("a = 3", {}, "text: expected a definition with a step, got none"),
        (text, [("x", "d_x")], "sizes: expected a dictionary, got list"),
        (text, {3: "d_x", "h": 2}, FORM.format(3, "d_x")),
        (text, SIZES | {"q": 2}, "sizes: q does not occur in the text"),
    ):
        assert refusal(other, sizes) == says
    without = derive("h_t = 2 * h_{t-1}", {"h": 1})
    for name in ("frozen", "distributions"):
        found = refusal("h_t = 2 * h_{t-1}", {"h": 1}, **{name: "q"})
        assert found == f"{name}: expected some of none, got 'q'"
    assert without.program.parameters == without.program.inputs == ()


def test_the_loss_and_the_output_that_are_taken():
    text = "a_t = U x_t\nh_t = a_t + h_{t-1}\nb_t = 2 * h_t\nell_t = sum(b_t)"
    for given, loss, outputs in (
        ({}, "ell", ()),
        ({"output": "a"}, None, ("a",)),
        ({"loss": "ell"}, "ell", ()),
    ):
        found = derive(text, SIZES, **given).recursion
        assert (found.loss, found.outputs) == (loss, outputs)
    text = text.replace("ell", "e")
    assert derive(text, SIZES).recursion.outputs == ("h",)
    assert derive(text, SIZES, loss="e").recursion.loss == "e"
    text = text.replace("h_", "k_")
    assert derive(text, {"x": "d_x", "k": "d_k"}).recursion.outputs == ("e",)


def test_a_size_that_nothing_says():
    says = (
        "line {}: the size of {} cannot be inferred, it is {}: declare it, as in "
        "sizes={{'{}': 'd_{}'}}, or 1 for a scalar"
    )
    for text, *parts in (
        ("h_t = U x_t\nz_t = V h_t", 2, "V", "a matrix (?, d_h)", "V", "V"),
        ("h_t = U x_t\n\nz_t = sum(v) * h_t", 3, "v", "a column (?, 1)", "v", "v"),
        ("h_t = sum(V x_t) * U x_t", 1, "V", "a matrix (?, d_x)", "V", "V"),
        ("z_t = tanh(c_{t-1})\nc_t = -c_{t-1}\nh_t = U x_t", 2, "c_t")
        + ("a column (?, 1)", "c", "c"),
    ):
        assert refusal(text, SIZES) == says.format(*parts)


def test_a_number_is_as_large_as_its_name_is_read():
    for text, size in (
        ("h_t = c_{t-1} * (U x_t)\nc_t = 2", "d_h"),
        ("h_t = U x_t + sum(c_{t-1})\nc_t = 2", "1"),
        ("c_t = 2\nh_t = c_t (U x_t)", "1"),
    ):
        shape = derive(text, SIZES).program.shapes["c"]
        assert tuple(map(str, shape)) == (size, "1")
    assert str(derive("h_t = 1", {"h": "d_h"}).equations) == "h_t = 1"


READ = {  # text: the equations as they are printed, and as LaTeX
    r"h_t = \frac{U x_t}{1 + v^2}": (
        "s_t = U x_t; h_t = s_t / (1 + v^2)",
        r"s_{t} = U x_{t}; h_{t} = \frac{s_{t}}{1 + v^{2}}",
    ),
    r"h_t = \frac{1}{2} (U x_t)": ("h_t = U x_t / 2", r"h_{t} = \frac{U x_{t}}{2}"),
    "h_t = -(U x_t) / 3 + (2/3) v": (
        "h_t = 2 * v / 3 - U x_t / 3",
        r"h_{t} = \frac{2 \, v}{3} - \frac{U x_{t}}{3}",
    ),
    "h_t = 0.05 (U x_t) - 1.5 v": (
        "h_t = 0.05 * U x_t - 3 * v / 2",
        r"h_{t} = 0.05 \, U x_{t} - \frac{3 \, v}{2}",
    ),
    "h_t = (U x_t) / 6 - v / 4": (
        "h_t = U x_t / 6 - v / 4",
        r"h_{t} = \frac{U x_{t}}{6} - \frac{v}{4}",
    ),
    "h_t = U^{(f)} x_t + b^{(f)} + c_{(f)}": (
        "h_t = U_f x_t + b_f + c_f",
        "h_{t} = U_{f} x_{t} + b_{f} + c_{f}",
    ),
    "h_t = U x_t^{2} + U x_t ** 3": (
        "h_t = U x_t^2 + U x_t^3",
        "h_{t} = U x_{t}^{2} + U x_{t}^{3}",
    ),
    r"h_t = W_{x\theta} x_t + b1 + b_{1}": (
        "h_t = W_xtheta x_t + b1 + b_1",
        r"h_{t} = W_{x\theta} x_{t} + b_{1} + b_{1}",
    ),
    "\\tilde{h}_t = U x_t\nh_t = \\tilde{h}_t + \\bar v + \\hat{\\alpha}": (
        "htilde_t = U x_t; h_t = htilde_t + vbar + alphahat",
        r"\tilde{h}_{t} = U x_{t}; h_{t} = \tilde{h}_{t} + \bar{v} + \hat{\alpha}",
    ),
    "h_t = θ * (Ω x_t) + ω": (
        "s_t = Omega x_t; h_t = theta * s_t + omega",
        r"s_{t} = \Omega x_{t}; h_{t} = \theta \odot s_{t} + \omega",
    ),
    "h_t = ϕ(U x_t) + ϑ": (
        "s_t = U x_t; h_t = phi(s_t) + theta",
        r"s_{t} = U x_{t}; h_{t} = \phi(s_{t}) + \theta",
    ),
    "h_t = sigmoid(U x_t) + ReLU(v) + ln(v) + id(v)": (
        "s_t = U x_t; h_t = sigma(s_t) + relu(v) + log(v) + v",
        r"s_{t} = U x_{t}; "
        r"h_{t} = \sigma(s_{t}) + \operatorname{relu}(v) + \log(v) + v",
    ),
    "h_t = U.T @ x_t + V^T x_t + W^{T} x_t": (
        "h_t = U^T x_t + V^T x_t + W^T x_t",
        r"h_{t} = U^{\top} x_{t} + V^{\top} x_{t} + W^{\top} x_{t}",
    ),
    "h[t] = U @ x[t - 1] + W @ h[t-2]": (
        "h_t = U x_{t-1} + W h_{t-2}",
        "h_{t} = U x_{t-1} + W h_{t-2}",
    ),
    "h_t = tanh^2(U x_t) + exp v": (
        "s_h_t = U x_t; s_t = tanh(s_h_t); h_t = s_t^2 + exp(v)",
        r"s^{(h)}_{t} = U x_{t}; s_{t} = \tanh(s^{(h)}_{t}); "
        r"h_{t} = s_{t}^{2} + \exp(v)",
    ),
    "a = softmax(v)\nh_t = a * (U x_t) + softmax(a)": (
        "a = softmax(v); s_h = softmax(a); s_t = U x_t; h_t = a * s_t + s_h",
        r"a = \operatorname{softmax}(v); s^{(h)} = \operatorname{softmax}(a); "
        r"s_{t} = U x_{t}; h_{t} = a \odot s_{t} + s^{(h)}",
    ),
    "h_t = max(U x_t, 0)": (
        "s_t = U x_t; h_t = max(s_t, 0)",
        r"s_{t} = U x_{t}; h_{t} = \max(s_{t}, 0)",
    ),
    "h_t = softmax{U x_t} * v": (
        "s_h_t = U x_t; s_t = softmax(s_h_t); h_t = s_t * v",
        r"s^{(h)}_{t} = U x_{t}; s_{t} = \operatorname{softmax}(s^{(h)}_{t}); "
        r"h_{t} = s_{t} \odot v",
    ),
    "h_t = -I h_{t-1} + U x_t": (
        "h_t = U x_t - h_{t-1}",
        "h_{t} = U x_{t} - h_{t-1}",
    ),
    "h_t = + (U x_t) - -v": ("h_t = U x_t + v", "h_{t} = U x_{t} + v"),
}


@pytest.mark.parametrize("text", READ)
def test_a_text_is_printed_as_it_was_meant(text):
    plain, latex = READ[text]
    equations = derive(text, SIZES).equations
    assert str(equations) == plain.replace("; ", "\n")
    rows = latex.replace(" = ", " &= ").replace("; ", " \\\\\n")
    assert equations.latex == f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    assert equations._repr_latex_() == f"$$\n{equations.latex}\n$$"
    assert [e.text for e in equations] == plain.split("; ")
    assert [e.latex for e in equations] == latex.split("; ")
    assert len(equations) == len(plain.split("; "))


STATIC = """
a = tanh(v)
b = a * a
h_t = b * h_{t-1} + a * (U x_t)
"""


def test_definitions_without_a_step_are_derived_and_told():
    d = derive(STATIC, SIZES)
    assert str(d) == "\n".join(
        (
            *("forward", "a = tanh(v)", "b = a^2", "s_t = U x_t"),
            *("h_t = b * h_{t-1} + a * s_t", "", "backward"),
            *("g_t = d+ell_t/dh_t + g_{t+1} * b", "delta_s_t = g_t * a", ""),
            *("gradients", "dL/db = sum over t of g_t * h_{t-1}"),
            "dL/da = 2 * dL/db * a + sum over t of g_t * s_t",
            *("dL/dv = dL/da * (1 - a^2)", "dL/dU = sum over t of delta_s_t x_t^T"),
            "dL/dh_0 = g_1 * b",
        )
    )
    told = str(d.explanation()).split("\n\n")
    leads = ("The loss", "s_t", "b", "a", "v", "U")
    assert all(t.startswith(f"{w} ") for t, w in zip(told, leads, strict=True))
    assert told[3] == (
        "a is read in b = a^2, once. The rule for a power sends back 2 * dL/db * a. "
        "a is read in h_t = b * h_{t-1} + a * s_t, at every step. The rule for an "
        "elementwise product sends back g_t * s_t. The sum over the uses is "
        "dL/da = 2 * dL/db * a + sum over t of g_t * s_t."
    )
    assert told[4] == str(d.explanation("v")) == repr(d.explanation("v"))
    assert told[0].startswith(
        "The loss of step t reads h_t, and sends back d+ell_t/dh_t. h_t is read in "
        "h_{t+1} = b * h_t + a * s_{t+1}, one step later. "
    )
    marked = d.explanation()._repr_markdown_()
    assert marked.count("\n\n") == len(told) - 1
    assert marked.endswith(
        r"Hence $\frac{d\mathcal{L}}{dU} = \sum_{t=1}^{T} \delta^{(s)}_{t} "
        r"x_{t}^{\top}$."
    )
    assert (
        r"$a$ is read in $b = a^{2}$, once. The rule for a power sends back "
        r"$2 \, \frac{d\mathcal{L}}{db} \odot a$. $a$ is read in "
    ) in marked
    assert d.uses("a")._repr_markdown_().count("\n\n") == 1
    assert [str(d.tangent(n)) for n in ("a", "b")] == [
        "da = (1 - a^2) * dv",
        "db = 2 * a * da",
    ]


GATE = """
i_t = sigma(W_i x_t + U_i h_{t-1})
h_t = i_t * h_{t-1} + 0.5 v + c h_{t-3}
q_t = 3 * h_t
"""


def test_results_of_a_gate_in_both_notations():
    d = derive(GATE, SIZES | {"c": 1}, output="h")
    loss = r"\frac{\partial^{+} \ell_{t}}{\partial h_{t}}"
    for found, text, latex in (
        (
            d.adjoint("h"),
            "g_t = d+ell_t/dh_t + 3 * g_q_t + U_i^T delta_i_{t+1} + "
            "g_{t+1} * i_{t+1} + c * g_{t+3}",
            rf"g_{{t}} = {loss} + 3 \, g^{{(q)}}_{{t}} + "
            r"U_{i}^{\top} \delta^{(i)}_{t+1} + g_{t+1} \odot i_{t+1} + c \, g_{t+3}",
        ),
        (d.adjoint("q"), "g_q_t = 0", "g^{(q)}_{t} = 0"),
        (
            d.adjoint("s_i"),
            "delta_i_t = g_i_t * i_t * (1 - i_t)",
            r"\delta^{(i)}_{t} = g^{(i)}_{t} \odot i_{t} \odot \left(1 - i_{t}\right)",
        ),
        (
            d.gradient("v"),
            "dL/dv = sum over t of g_t / 2",
            r"\frac{d\mathcal{L}}{dv} = \sum_{t=1}^{T} \frac{g_{t}}{2}",
        ),
        (
            d.gradient("c"),
            "dL/dc = sum over t of g_t^T h_{t-3}",
            r"\frac{d\mathcal{L}}{dc} = \sum_{t=1}^{T} g_{t}^{\top} h_{t-3}",
        ),
        (
            d.gradient("h_0"),
            "dL/dh_0 = U_i^T delta_i_1 + g_1 * i_1 + c * g_3",
            r"\frac{d\mathcal{L}}{dh_{0}} = U_{i}^{\top} \delta^{(i)}_{1} + g_{1} "
            r"\odot i_{1} + c \, g_{3}",
        ),
        (
            d.gradient("h_-2"),
            "dL/dh_{-2} = c * g_1",
            r"\frac{d\mathcal{L}}{dh_{-2}} = c \, g_{1}",
        ),
        (
            d.tangent("h"),
            "dh_t = di_t * h_{t-1} + i_t * dh_{t-1} + dv / 2 + dc * h_{t-3} + "
            "c * dh_{t-3}",
            r"\dot{h_{t}} = \dot{i_{t}} \odot h_{t-1} + i_{t} \odot \dot{h_{t-1}} + "
            r"\frac{\dot{v}}{2} + \dot{c} \, h_{t-3} + c \, \dot{h_{t-3}}",
        ),
        (
            d.jacobian("h", "h"),
            "dh_t/dh_{t-1} = Diag(h_{t-1} * i_t * (1 - i_t)) U_i + Diag(i_t)",
            r"\frac{d h_{t}}{dh_{t-1}} = \operatorname{Diag}(h_{t-1} \odot i_{t} \odot "
            r"\left(1 - i_{t}\right)) U_{i} + \operatorname{Diag}(i_{t})",
        ),
        (
            d.jacobian("h", "h", immediate=True),
            "d+h_t/dh_{t-1} = Diag(i_t)",
            r"\frac{\partial^{+} h_{t}}{\partial h_{t-1}} = "
            r"\operatorname{Diag}(i_{t})",
        ),
        (
            d.jacobian("h", "h", lag=3),
            "dh_t/dh_{t-3} = c * I_{d_h}",
            r"\frac{d h_{t}}{dh_{t-3}} = c \, I_{d_h}",
        ),
        (d.jacobian("h", "h", lag=2), "dh_t/dh_{t-2} = 0")
        + (r"\frac{d h_{t}}{dh_{t-2}} = 0",),
        (d.jacobian("h", "i"), "dh_t/di_t = Diag(h_{t-1})")
        + (r"\frac{d h_{t}}{di_{t}} = \operatorname{Diag}(h_{t-1})",),
    ):
        assert (found.text, found.latex) == (text, latex)
        assert str(found) == repr(found) == text
        assert found._repr_latex_() == rf"$\displaystyle {latex}$"


def test_the_block_matrix_of_two_states():
    d = derive("c_t = v * c_{t-1} + U x_t\nh_t = W c_t + V h_{t-2}", SIZES | {"c": "n"})
    found = d.jacobian(total=True)
    assert found.text == (
        "d(h_t, h_{t-1}, c_t)/d(h_{t-1}, h_{t-2}, c_{t-1}) = [0, V, W Diag(v);\n "
        "I_{d_h}, 0, 0;\n 0, 0, Diag(v)]"
    )
    assert found.latex == (
        r"\frac{d(h_{t}, h_{t-1}, c_{t})}{d(h_{t-1}, h_{t-2}, c_{t-1})} = "
        r"\begin{bmatrix} 0 & V & W \operatorname{Diag}(v) \\ I_{d_h} & 0 & 0 \\ "
        r"0 & 0 & \operatorname{Diag}(v) \end{bmatrix}"
    )
    for wrong in ({"name": "h"}, {"by": "h"}, {"immediate": True}):
        with pytest.raises(ValueError) as error:
            d.jacobian(total=True, **wrong)
        assert str(error.value) == "total: expected no names beside it, got some"


def test_jacobians_of_scalars_and_parts():
    """Each row is d(entry)/d(h_{t-1}); ones is a row of ones here."""
    d = derive(
        """
        c_t = h_{t-1}^T w + u^T h_{t-1} + x_t^T M h_{t-1}
        p_t = sum(h_{t-1}) w + h_{t-1} / 2
        q_t = [tanh(h_{t-1}); x_t]
        r_t = q_t[0:d_h]
        k_t = 3 * v
        h_t = c_t v + h_{t-1}
        """,
        SIZES | {"c": 1, "q": "d_h + d_x", "v": "d_h"},
        output="h",
    )
    for name, shown in (
        ("c", "w^T + u^T + x_t^T M"),
        ("p", "w ones + I_{d_h} / 2"),
        ("q", "[Diag(1 - tanh(h_{t-1})^2); 0]"),
        ("r", "[Diag(1 - tanh(h_{t-1})^2); 0][0:d_h]"),
        ("k", "0"),
        ("h", "v (w^T + u^T + x_t^T M) + I_{d_h}"),
    ):
        found = str(d.jacobian(name, "h"))
        assert found == f"d{name}_t/dh_{{t-1}} = {shown}"
    d = derive("h_t = (h_{t-1} v^T) x_t", SIZES)  # v^T x_t is a number, here s_t
    assert str(d.jacobian("h", "h")) == "dh_t/dh_{t-1} = s_t * I_{d_h}"
    d = derive("h_t = (h_{t-1} v^T + M) x_t", SIZES)
    with pytest.raises(ValueError, match="^jacobian: expected columns, got the deriva"):
        d.jacobian("h", "h")


def test_the_mistakes_of_a_cell_are_those_of_its_terms():
    d = derive("h_t = tanh(W x_t + U h_{t-1}) * c + 0.5 h_{t-1}", SIZES | {"c": 1})
    found = {}
    for m in d.catalogue.mistakes:
        found.setdefault((m.where, m.use), []).append(m.change)
    always = ["is left out", "has the wrong sign"]
    sums = [
        *("is averaged", "lacks the first step", "lacks the last step"),
        "keeps the first step alone",
    ]
    beside, other = "reads a step beside", "has put another quantity for"
    assert found == {
        ("s_h", 0): always
        + [
            *("lacks the factor delta_s_t", "has squared the factor delta_s_t"),
            *("lacks the factor 1 - s_t^2", "has squared the factor 1 - s_t^2"),
            *("has minus 1", "lacks the part 1"),
            *("has the other sign, and lacks the part 1", "has minus -s_t^2"),
            f"{beside} delta_s_t: delta_s_{{t+1}} * (1 - s_t^2)",
            f"{other} delta_s_t: g_t",
            f"{beside} s_t: delta_s_t * (1 - s_{{t-1}}^2)",
            f"{beside} s_t: delta_s_t * (1 - s_{{t+1}}^2)",
            *(f"{other} s_t: h_t", f"{other} s_t: s_h_t"),
        ],
        ("s", 0): always
        + [
            *("lacks the factor c", "has squared the factor c"),
            f"{beside} g_t: c * g_{{t+1}}",
        ],
        ("h", 0): always
        + [
            *("lacks the factor 1/2", "has squared the factor 1/2"),
            *(f"{beside} g_{{t+1}}: g_t / 2", f"{beside} g_{{t+1}}: g_{{t+2}} / 2"),
        ],
        ("h", 1): always
        + [
            *("lacks the factor U^T", "has not transposed U"),
            f"{beside} delta_h_{{t+1}}: U^T delta_h_t",
            f"{beside} delta_h_{{t+1}}: U^T delta_h_{{t+2}}",
            f"{other} delta_h_{{t+1}}: delta_s_{{t+1}}",
        ],
        ("W", 0): always
        + [
            f"{beside} delta_h_t: delta_h_{{t-1}} x_t^T",
            f"{beside} delta_h_t: delta_h_{{t+1}} x_t^T",
            f"{other} delta_h_t: delta_s_t",
            f"{beside} x_t: delta_h_t x_{{t-1}}^T",
            f"{beside} x_t: delta_h_t x_{{t+1}}^T",
        ],
        ("U", 0): [*always, "has exchanged the factors"]
        + [
            f"{beside} delta_h_t: delta_h_{{t-1}} h_{{t-1}}^T",
            f"{beside} delta_h_t: delta_h_{{t+1}} h_{{t-1}}^T",
            f"{other} delta_h_t: delta_s_t",
            f"{beside} h_{{t-1}}: delta_h_t h_{{t-2}}^T",
            f"{beside} h_{{t-1}}: delta_h_t h_t^T",
            *(f"{other} h_{{t-1}}: {n}_{{t-1}}" for n in ("s", "s_h")),
        ],
        ("c", 0): always
        + [
            *(f"{w} the factor {n}_t" for n in "gs" for w in ("lacks", "has squared")),
            *(f"{beside} g_t: g_{{t{k}}}^T s_t" for k in ("-1", "+1")),
            *(f"{beside} s_t: g_t^T s_{{t{k}}}" for k in ("-1", "+1")),
            *(f"{other} s_t: {n}_t" for n in ("h", "s_h")),
        ],
        **{(name, None): sums for name in "WUc"},
        ("h", None): [
            *("lacks what the loss sends", "has the loss with the wrong sign"),
            "lacks what later steps send",
        ],
    }


def test_a_coefficient_has_one_sign():
    from rnnlib.symbolic.derivation import expressions as ex

    v = ex.Value((), ex.SCALAR, "v", 0)
    for k, sign, rest in ((2, "+", 2), (-2, "-", 2), (1, "+", 1), (-1, "-", 1)):
        assert ex.signed(ex.times(ex.number(k), v)) == (
            sign,
            ex.times(ex.number(rest), v),
        )
    assert ex.signed(ex.ZERO_NUMBER) == ("+", ex.ZERO_NUMBER)


def test_a_product_with_an_adjoint_is_one_factor_of_the_mistakes():
    d = derive("a_t = tanh(x_t)\nh_t = W (a_t * v * u)", SIZES)
    found = [m.change for m in d.catalogue.mistakes if m.where == "a"]
    assert "has nothing but the factor W^T g_t" in found
    assert "has squared all but the factor W^T g_t" in found
