"""What the symbols of a document do not say: sums, rows, and letters that mean two.

One entry a `Notation`, by its key; each line is a claim about the document, with its
formulas between dollars.
"""

CONVENTIONS = {
    "roysdon": (
        r"in (6) to (9) and in 1.7 the total loss is $\ell$, without an index",
        r"every derivative is written $\partial$, total or not",
    ),
    "roysdon-1.5": (
        "$z_t$ is the pre-activation here, and the logits in the rest of the document",
        "the hat is on the target here, and on the prediction in the rest: $y_t$, a "
        "target there, is a prediction here",
        "the logits have no symbol: in a derivative this book calls them $z^y_t$",
        r"$\delta^h_t$ is a row: Jacobians multiply it from the right",
        r"$\phi'(z_t)$ is the diagonal matrix",
    ),
    "sarkar": (
        "a repeated index is summed over, unless the left-hand side has it too; in the "
        "cost of a step, a square repeats its index",
        "$k$ is the number of outputs and, in the input term, an index of inputs",
        "the hat is on the target",
        "$g$ is the output function, not an adjoint; here it is the softmax",
        "the cost is summed from $t = 0$, its gradients from $t = 1$",
        "the gradient of a batch is the mean over its $N$ sequences",
    ),
    "khanna": (
        "the index of a weight names the target first: $W_{hx}$ takes $x$ to $h$",
        "the target is the index $c^{(t)}$ of a class; this book calls its unit vector "
        r"$\mathbf{1}_{c^{(t)}}$",
        r"section 9 writes $W_h$, $W_x$, $\phi$, has no bias, and takes the mean over "
        r"the $T$ steps; its $\delta_t$ is not defined, and fits as the derivative of "
        "the loss of step $t$ by $h_t$",
        "the gradients of a batch are averaged",
    ),
    "pal": (
        "$h_t$ is the pre-activation from (1) on, and the state in (G1) and (G2)",
        r"(2) reads $h_t$ where the recurrence (1) needs $\sigma(h_t)$",
        "the logits have no symbol: in a derivative this book calls them $z_t$",
        "a gradient is a row; by a matrix it is one row of all its entries",
        r"$\partial$ is total in (3), Theorem 1 and section 4, and immediate in the "
        "two lemmas, where $d$ is total",
        "$b_I$ is listed among the parameters, and stands in no equation",
    ),
    "topcuoglu": (
        "$p_t$ is the target; in the program `ps` holds the predictions",
        "$y_t$ is the logits in (2) and (16), and the probabilities in (6) and (7)",
        "$dz_t$ is a gradient, not a differential; $z_t$ itself is not named",
        "a dot is the matrix product in (8) and the elementwise one in (10)",
        "$h$ is the number of hidden units, and $h_t$ a state",
    ),
}
