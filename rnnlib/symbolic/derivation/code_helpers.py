"""The functions that generated code brings along, and names that it may not use."""

RESERVED = set(
    "B T Gradients Params State Trace backward biases columns d_output d_state dtype "
    "forward from_x hold joined mask np output padded params project real release rows "
    "sigma softmax softplus state t times times_input trace weight".split()
)
HELPERS = {
    "sigma": '''
def sigma(s, out=None):
    """1 / (1 + exp(-s)), from tanh, which does not overflow."""
    out = np.multiply(s, 0.5, out=out)
    out = np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out
''',
    "softplus": '''
def softplus(s):
    """log(1 + exp(s)), from exp of a number that is never positive."""
    positive = s.real >= 0
    return np.log(1 + np.exp(np.where(positive, -s, s))) + s * positive
''',
    "softmax": '''
def softmax(z):
    """exp(z) over the sum of its entries; the largest is taken out first."""
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
''',
    "padded": '''
def padded(a, start, size):
    """Zeros before and after the last axis, so that ``a`` begins at ``start``."""
    widths = [(0, 0)] * (a.ndim - 1) + [(start, size - start - a.shape[-1])]
    return np.pad(a, widths)
''',
    "rows": '''
def rows(a):
    """Steps and sequences in one axis: (T, B, d) to (T B, d)."""
    return a.reshape(-1, a.shape[-1])
''',
    "project": '''
def project(W, x):
    """W x_t for every step and sequence; an integer x stands for a unit vector."""
    return W.T[x] if x.ndim == 2 else x @ W.T
''',
    "times_input": '''
def times_input(delta, x, size):
    """The sum of delta_t x_t^T over steps and sequences."""
    if x.ndim == 3:
        return rows(delta).T @ rows(x)
    index = x.ravel()
    order = np.argsort(index, kind="stable")
    values, starts = np.unique(index[order], return_index=True)
    gradient = np.zeros((size, delta.shape[-1]), delta.dtype)
    gradient[values] = np.add.reduceat(rows(delta)[order], starts)
    return gradient.T
''',
    "hold": '''
def hold(a, mask):
    """Where a step does not happen, keep what was there before; a is (T+1, B, ...)."""
    for t in range(1, len(a)):
        a[t][~mask[t - 1]] = a[t - 1][~mask[t - 1]]
''',
    "release": '''
def release(d, mask):
    """Send the adjoint of a step that does not happen to the step before."""
    for t in range(len(d) - 1, 0, -1):
        d[t - 1][~mask[t - 1]] += d[t][~mask[t - 1]]
        d[t][~mask[t - 1]] = 0
''',
}
OF_COLUMNS = {
    "joined": '''
def joined(a):
    """Steps and sequences in one axis: (T, d, B) to (d, T B)."""
    return a.swapaxes(0, 1).reshape(a.shape[1], -1)
''',
    "times": '''
def times(W, a):
    """W a_t for every step and sequence, (T, m, B) to (T, n, B)."""
    return (W @ joined(a)).reshape(len(W), len(a), -1).swapaxes(0, 1)
''',
    "project": '''
def project(W, x):
    """W x_t as (T, n, B), from x (T, B, m); an integer x stands for a unit vector."""
    if x.ndim == 2:
        return W.take(x, axis=1).swapaxes(0, 1)
    return (W @ x.reshape(-1, x.shape[2]).T).reshape(-1, *x.shape[:2]).swapaxes(0, 1)
''',
    "times_input": '''
def times_input(delta, x, size):
    """The sum of delta_t x_t^T over steps and sequences, from delta (n, T B)."""
    if x.ndim == 3:
        return delta @ x.reshape(-1, size)
    values, place = np.unique(x, return_inverse=True)
    units = np.zeros((x.size, len(values)), delta.dtype)
    units[np.arange(x.size), place.ravel()] = 1
    gradient = np.zeros((len(delta), size), delta.dtype)
    gradient[:, values] = delta @ units
    return gradient
''',
    "hold": '''
def hold(a, mask):
    """Where a step does not happen, keep what was there before; a is (T+1, d, B)."""
    for t in range(1, len(a)):
        np.copyto(a[t], a[t - 1], where=~mask[t - 1])
''',
    "release": '''
def release(d, mask):
    """Send the adjoint of a step that does not happen to the step before."""
    for t in range(len(d) - 1, 0, -1):
        d[t - 1] += d[t] * ~mask[t - 1]
        d[t] *= mask[t - 1]
''',
}
IN_PLACE = {"sigma": "sigma({a}, out={a})", "tanh": "np.tanh({a}, out={a})"}
IN_PLACE["exp"] = "np.exp({a}, out={a})"


def helpers(used, columns):
    """The text of each function that the code calls."""
    known = HELPERS | OF_COLUMNS if columns else HELPERS
    order = [*HELPERS, *(name for name in OF_COLUMNS if name not in HELPERS)]
    return [known[name] for name in order if name in used]
