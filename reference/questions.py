"""Questions that people ask, each with an answer, a place, and a formula judged."""

from typing import NamedTuple

from rnnbook.tutor import check_formula
from tools.chapters import link, to_chapter


class Asked(NamedTuple):
    """A question, its answer, the labels or chapters that derive it, and a formula."""

    question: str
    answer: str
    places: tuple
    formula: tuple = ()  # key, text, notation
    right: object = None  # what the desk says: True, False, or None for not readable


SUM = r"\sum_{t=1}^{T} \delta_t h_{t-1}^T"
QUESTIONS = (
    Asked(
        "Why do the contributions of the steps add?",
        "The steps use one and the same matrix. Give every step a copy of its own: "
        "then the loss is a function of all copies, and a change of the matrix changes "
        "all of them alike. By the chain rule the derivative by the matrix is the sum "
        "of the derivatives by the copies.",
        ("thm-unrolled-sums-copies", "thm-index-notation-copies"),
        ("dL/dW_hh", SUM, "book"),
        True,
    ),
    Asked(
        "Sum the gradients of the copies, or average the updated copies?",
        "Unrolling makes copies of one matrix, and its gradient is the sum of what the "
        "copies get. Averaging copies that were each updated by themselves is the same "
        "step with the rate divided by T: the mean of the gradients in place of the "
        "sum. The direction is the same, the length is not.",
        ("thm-unrolled-sums-copies",),
        ("dL/dW_hh", r"\frac{1}{T} " + SUM, "book"),
        True,
    ),
    Asked(
        "Why is the Jacobian dh_t/dh_{t-1} said to be diagonal?",
        "It is not. The derivative of h_t by its own pre-activation s_t is diagonal, "
        "because tanh acts entry by entry; W_hh stands behind it and mixes the units.",
        ("def-spectral-bounds-jacobian",),
        ("J", r"\mathrm{diag}(1 - h_t^2)", "book"),
        False,
    ),
    Asked(
        "A textbook's line does not multiply: where do diag and the transpose belong?",
        "In the gradient of a column the diagonal matrix of slopes acts first and the "
        "transposed matrix after it, so it stands further left: W_hh^T Diag(phi') g. "
        "With the gradient between the two, a column meets a matrix on its right, "
        "which works for one unit alone.",
        ("thm-bptt",),
        (
            "g",
            r"W^\top (\nabla_{h^{(t+1)}} L) \mathrm{diag}(1-(h^{(t+1)})^2)"
            r" + V^\top (\nabla_{o^{(t)}} L)",
            "goodfellow",
        ),
        False,
    ),
    Asked(
        "Why is there a transposed W in the product of Jacobians of Pascanu?",
        "With derivatives as rows of partial derivatives the factor is W Diag(phi'), "
        "with columns it is Diag(phi') W^T. W^T before Diag(phi') is neither. A bound "
        "by the norm of W times the largest slope is the same for all three.",
        ("thm-spectral-bounds-product",),
        ("J_s", r"W_{rec}^T diag(\sigma'(x_{t-1}))", "pascanu"),
        False,
    ),
    Asked(
        "Is dh/dW a third-order tensor?",
        "As an array of all partial derivatives, yes: one index for h and two for W. "
        "It is not needed. Multiply by the gradient of s_t first (contract first), and "
        "what is left is the outer product of that gradient and h_{t-1}.",
        ("lem-total-derivative-kronecker",),
        ("dL/dW_hh", SUM, "book"),
        True,
    ),
    Asked(
        "Why is da_prev not da[t-1]?",
        "da_prev is what step t sends back: the part of the adjoint of a at t - 1 that "
        "comes from the future. The whole adjoint at t - 1 is that plus the part "
        "from the loss of step t - 1, which has still to be added.",
        ("alg-bptt",),
        ("g", r"W_{hh}^T \delta_{t+1}", "book"),
        False,
    ),
    Asked(
        "Why are all my gradients zero?",
        "If only the future's part is handed backwards, nothing ever enters: it begins "
        "as zero after the last step, and each step multiplies it by a matrix. The "
        "direct part W_hy^T delta_z of every step is where errors come in.",
        ("thm-bptt",),
        ("g", r"W_{hh}^T \delta_{t+1}", "book"),
        False,
    ),
    Asked(
        "What is h_0: and how is a learned h_0 used at test time?",
        "Without any other agreement h_0 is zero. It can be learned as one more "
        "parameter, with the gradient W_hh^T delta_1, summed over the sequences that "
        "share it. At test time the learned value starts every new sequence, and no "
        "gradient is needed.",
        ("chapters/unrolled_sums", "ex-unrolled-sums-initial"),
        ("dL/dh_0", "W_hh^T delta_1", "book"),
        True,
    ),
    Asked(
        "Is there an update for every symbol, or for every sequence?",
        "The gradient of the theorem belongs to the loss of a whole sequence, run with "
        "one set of weights, so its step comes after the sequence, or after a batch "
        "of them. The term of one step alone is a part of that gradient. With k_1 = 1 "
        "truncated backpropagation goes back k_2 steps from every loss: the sum of "
        "what it finds is another gradient.",
        ("thm-bptt", "def-truncation-gradient"),
        ("dL/dW_hh", r"\delta_t h_{t-1}^T", "book"),
        False,
    ),
    Asked(
        "Truncated BPTT: disjoint pieces or a sliding window?",
        "Both. Pieces of k2 steps with an update after each are disjoint when the "
        "update comes every k1 = k2 steps. When it comes more often, k1 < k2, the "
        "windows overlap and slide, and each loss can reach back further.",
        ("thm-truncation-lags", "def-truncation-gradient"),
    ),
    Asked(
        "Why is my hand-made truncated gradient too large?",
        "Often every step t runs its own backward pass with adjoints that already hold "
        "all later losses. Each loss is then counted again for every start. Either "
        "pass back the loss of one step at a time, or pass back once.",
        ("def-truncation-gradient",),
        ("W_hh", r"\sum_{t=1}^{T} \sum_{k=1}^{t} \delta_k h_{k-1}^T", "book"),
        False,
    ),
    Asked(
        "Divide by T at once or at the end?",
        "Anywhere: the backward pass is linear in the errors. Dividing the loss, each "
        "delta_z, or the finished gradient gives the same numbers, if it is done once.",
        ("thm-bptt",),
        ("W_hh", r"\sum_t \frac{\delta_t}{T} h_{t-1}^T", "book"),
        True,
    ),
    Asked(
        "Why backpropagate through time at all?",
        "Without it, each loss sees the weights of its own step alone, and h_{t-1} "
        "counts as a constant. That is another vector than the gradient as soon as "
        "h_{t-1} depends on the weights.",
        ("lem-total-derivative-recursion", "def-notation-derivatives"),
        (
            "W_hh",
            r"\sum_t (\phi'(s_t) \odot W_{hy}^T \delta^{(z)}_t) h_{t-1}^T",
            "book",
        ),
        False,
    ),
    Asked(
        "Should W be inverted on the way back, and not transposed?",
        "The backward pass does not undo the forward pass. It asks how much a small "
        "change of the input changes the loss, and the chain rule answers with the "
        "transpose. An inverse need not even exist. The same holds for every gate of "
        "an LSTM.",
        ("thm-gates-lstm-backward", "thm-bptt"),
        ("future", r"W_{hh}^{-1} \delta_{t+1}", "book"),
        False,
    ),
    Asked(
        "Where is the backward pass of the GRU in full?",
        "It is derived with all adjoints, for the reset gate before the matrix product "
        "and after it. Beware of 1 - delta: the derivative of 1 - u with respect to u "
        "is -1, and no gradient is subtracted from one.",
        ("thm-gates-gru-backward",),
    ),
    Asked(
        "Is it 1 - h^2 or 1/(1 - h^2)?",
        "The slope of tanh is 1 - h^2, and backwards one multiplies by it. One over it "
        "is the slope of the inverse function, which nothing here asks for.",
        ("thm-bptt",),
        ("delta_s", "g_t / (1 - h_t^2)", "book"),
        False,
    ),
    Asked(
        "Why is the gradient of the bias summed over the batch and the steps?",
        "The bias is added in every step and for every sequence: it has as many "
        "copies, and the gradient of a shared parameter is the sum over its copies. "
        "Adding by broadcasting in code is what is undone by a sum.",
        ("thm-unrolled-sums-copies",),
        ("b_h", "delta_s[t]", "book"),
        False,
    ),
    Asked(
        "PyTorch has two biases: does that make a double step?",
        "Both get the same gradient, that of their sum; neither gets twice as much. "
        "In a step of plain gradient descent their sum moves twice as far, as if one "
        "bias had twice the learning rate.",
        ("thm-unrolled-sums-copies",),
        ("b_h", r"2 \sum_t \frac{\partial L}{\partial a_t}", "pytorch"),
        False,
    ),
    Asked(
        "Must old weights and states be stored?",
        "The states of the pass, yes: the backward pass reads them. Old weights, no: "
        "the weights do not change within a pass, for the update comes after it. If "
        "one updates within a sequence and goes back further than the update, the "
        "weights that were used then are meant.",
        ("alg-bptt", "chapters/truncation"),
        ("J_tk", r"\prod_{j=k+1}^{t} diag(\phi'(s_j)) W_{hh}", "book"),
        True,
    ),
)


def place(label):
    """A reference to a label or a chapter."""
    name = label.removeprefix("chapters/")
    return to_chapter(name) if name != label else link(label)


def judged(asked):
    """The call for a formula, and the whole answer of the desk."""
    key, text, notation = asked.formula
    more = "" if notation == "book" else f', notation="{notation}"'
    report = check_formula(key, text, notation)
    return (
        f'```python\ncheck_formula("{key}", r"{text}"{more})\n```\n\n'
        f"```text\n{report}\n```"
    )


def plain(text):
    """Names such as W_hh as code, so that nothing is read as emphasis."""
    return " ".join(
        f"`{word}`" if "_" in word and "`" not in word else word
        for word in text.split(" ")
    )


def page():
    """All questions, each under its own heading."""
    parts = []
    for asked in QUESTIONS:
        parts += [f"## {plain(asked.question)}", plain(asked.answer)]
        parts.append(f"See {', '.join(map(place, asked.places))}.")
        if asked.formula:
            parts.append(judged(asked))
    return "\n\n".join(parts)
