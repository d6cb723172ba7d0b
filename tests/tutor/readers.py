"""What a reader writes, as text: right programs, and the slips that turn them wrong.

None of it uses `rnnbook.tutor`: the catalogue must recognise mistakes that somebody
else made. A slip replaces text that stands in the program exactly once.
"""

import numpy as np

from rnnlib import Params

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 50.0, 100.0)
RATES = (0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.001, 0.0001)
SMALL = (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
NUCLEI = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.95, 0.98, 0.99)
LENGTHS = (1, 2, 3, 4, 5, 8, 10, 16, 20, 25, 30, 32, 50, 64, 100)
RIGHT = {
    "forward": """
def forward(params, x, y, h_0):
    W_xh, W_hh, b_h, W_hy, b_y = params
    T, B = x.shape
    h, p, loss = np.zeros((T + 1, B, len(b_h))), np.zeros((T, B, len(b_y))), 0.0
    h[0] = h_0
    for t in range(1, T + 1):
        for b in range(B):
            s = W_xh[:, x[t - 1, b]] + W_hh @ h[t - 1, b] + b_h
            h[t, b] = np.tanh(s)
            z = W_hy @ h[t, b] + b_y
            e = np.exp(z - z.max())
            p[t - 1, b] = e / e.sum()
            loss += -np.log(p[t - 1, b, y[t - 1, b]])
    return loss, h, p
""",
    "backward": """
def backward(params, x, y, h, p):
    W_xh, W_hh, b_h, W_hy, b_y = params
    d = {n: np.zeros_like(a) for n, a in params._asdict().items()}
    T, B = x.shape
    columns = np.arange(B)
    dh_next = np.zeros((len(b_h), B))
    for t in range(T, 0, -1):
        dz = p[t - 1].T.copy()
        dz[y[t - 1], columns] -= 1
        dh = W_hy.T @ dz + dh_next
        ds = (1 - h[t].T ** 2) * dh
        d["W_hy"] += dz @ h[t]
        d["b_y"] += dz.sum(axis=1)
        np.add.at(d["W_xh"].T, x[t - 1], ds.T)
        d["W_hh"] += ds @ h[t - 1]
        d["b_h"] += ds.sum(axis=1)
        dh_next = W_hh.T @ ds
    return Params(**d)
""",
    "clipping": """
def clip(gradients, threshold):
    return Params(*(np.minimum(np.maximum(g, -threshold), threshold)
                    for g in gradients))
""",
    "norm": """
def clip(gradients, threshold):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    factor = min(1.0, threshold / norm)
    return Params(*(factor * g for g in gradients))
""",
    "adagrad": """
def update(params, gradients, memory, learning_rate, eps):
    new, kept = [], []
    for v, g, r in zip(params, gradients, memory):
        old = r
        r = r + g ** 2
        v = v - learning_rate * g / (np.sqrt(r) + eps)
        new.append(v)
        kept.append(r)
    return Params(*new), Params(*kept)
""",
    "sgd": """
def update(params, gradients, learning_rate):
    return Params(*(v - learning_rate * g for v, g in zip(params, gradients)))
""",
    "windows": """
def windows(indices, length):
    x, y, start = [], [], 0
    while start + length + 1 <= len(indices):
        x.append(indices[start : start + length])
        y.append(indices[start + 1 : start + length + 1])
        start += length
    return np.array(x), np.array(y)
""",
    "sampling": """
def sample(params, h_0, first, length, temperature, rng):
    W_xh, W_hh, b_h, W_hy, b_y = params
    h, symbol, drawn = h_0[0], first, []
    for _ in range(length):
        h = np.tanh(W_xh[:, symbol] + W_hh @ h + b_h)
        z = (W_hy @ h + b_y) / temperature
        p = np.exp(z - z.max())
        p = p / p.sum()
        symbol = int(np.searchsorted(np.cumsum(p), rng.random()))
        drawn.append(symbol)
    return drawn
""",
    "training": """
def train(params, x, y, steps, learning_rate, threshold):
    losses, h = [], np.zeros((1, len(params.b_h)))
    memory = Params(*(np.zeros_like(v) for v in params))
    for step in range(steps):
        n = step % len(x)
        if n == 0:
            h = np.zeros_like(h)
        one, two = x[n][:, None], y[n][:, None]
        loss, states, p = forward(params, one, two, h)
        gradients = backward(params, one, two, states, p)
        clipped = clip(gradients, threshold)
        params, memory = update(params, clipped, memory, learning_rate, 1e-8)
        h = states[-1]
        losses.append(loss)
    return params, losses
""",
}
SLOPE = "(1 - h[t].T ** 2) * dh"
LOOP_END = "        dh_next = W_hh.T @ ds\n"
HID = 'd["W_hy"] += dz @ h[t]'
REC = 'd["W_hh"] += ds @ h[t - 1]'
INP = 'np.add.at(d["W_xh"].T, x[t - 1], ds.T)'
CLIP = "np.minimum(np.maximum(g, -threshold), threshold)"
SLIPS = {
    "forward": {
        "no recurrence": ("W_hh @ h[t - 1, b] + ", ""),
        "logits from s": ("W_hy @ h[t, b]", "W_hy @ s"),
        "one softmax sum a step": None,
        "one maximum for all rows": None,
        "one maximum a step": None,
        "the maximum over the sequences": None,
        "the last target is the first input": ("y[t - 1, b]]", "x[t % T, b]]"),
        "relu for tanh": ("np.tanh(s)", "s * (s > 0)"),
        "states numbered from 0": (
            "    return",
            "    h = np.concatenate([h[1:], h[:1]])\n    return",
        ),
        "mean over V for sum": ("return loss", "return loss / len(b_y)"),
        "W_hh transposed": ("W_hh @ h", "W_hh.T @ h"),
        "the initial state ignored": ("h[0] = h_0", "h[0] = 0"),
        "the state not carried from step to step": ("h[t - 1, b] +", "h[0, b] +"),
        "b_h forgotten": (" + b_h", ""),
        "b_h subtracted": ("+ b_h", "- b_h"),
        "phi missing": ("np.tanh(s)", "s"),
        "logistic for tanh": ("np.tanh(s)", "1 / (1 + np.exp(-s))"),
        "phi applied twice": ("np.tanh(s)", "np.tanh(np.tanh(s))"),
        "one array for all states": ("return", "h = [h[-1]] * (T + 1)\n    return"),
        "h_{t-1} for h_t in the logits": ("W_hy @ h[t, b]", "W_hy @ h[t - 1, b]"),
        "W_hy transposed": ("W_hy @", "W_hy.T @"),
        "W_xh transposed": ("W_xh[:, x[t - 1, b]]", "W_xh[x[t - 1, b]]"),
        "b_y forgotten": (" + b_y", ""),
        "softmax overflow": (" - z.max()", ""),
        "softmax over the batch": None,
        "softmax over time": None,
        "softmax over everything": None,
        "softmax applied twice": (
            "p[t - 1, b] = e / e.sum()",
            "q = np.exp(e / e.sum())\n            p[t - 1, b] = q / q.sum()",
        ),
        "targets not shifted": ("p[t - 1, b, y[t - 1, b]]", "p[t - 1, b, x[t - 1, b]]"),
        "the log of the wrong entry": ("y[t - 1, b]]", "y[t % T, b]]"),
        "log missing": ("-np.log(p[t - 1, b, y[t - 1, b]])", "-p[t-1, b, y[t-1, b]]"),
        "wrong sign of the loss": ("-np.log", "np.log"),
        "log to base 2": ("np.log", "np.log2"),
        "only the last step counted": ("loss += -", "loss += (t == T) * -"),
        "mean over time for sum": ("return loss", "return loss / T"),
        "mean over batch for sum": ("return loss", "return loss / B"),
        "mean over both for sum": ("return loss", "return loss / (T * B)"),
        "input not copied": ("h[0] = h_0", "h[0] = h_0\n    h_0 *= 2"),
    },
    "backward": {
        "states numbered from 0": (
            SLOPE,
            "(1 - h[t - 1].T ** 2) * dh",
            HID,
            'd["W_hy"] += dz @ h[t - 1]',
            REC,
            'd["W_hh"] += ds @ h[t - 2]',
        ),
        "h_{t-1} for h_t throughout": (
            SLOPE,
            "(1 - h[t - 1].T ** 2) * dh",
            HID,
            'd["W_hy"] += dz @ h[t - 1]',
        ),
        "h_{t-2} for h_{t-1}": ("ds @ h[t - 1]", "ds @ h[t - 2]"),
        "x_{t-1} for x_t": (INP, INP.replace("t - 1", "t - 2")),
        "x_{t+1} for x_t": (INP, INP.replace("t - 1", "t % T")),
        "x_t for x_k": None,
        "h_{t-1} for h_{k-1}": None,
        "= -1 for p - y": ("-= 1", "= -1"),
        "one subtracted in every row": ("dz[y[t - 1], columns]", "dz[y[t - 1]]"),
        "the target's entry alone": ("-= 1", "-= 1\n        dz[dz > 0] = 0"),
        "repeated symbols lost": (INP, 'd["W_xh"][:, x[t - 1]] += ds'),
        "dh_next added up": ("dh_next = W_hh", "dh_next = dh_next + W_hh"),
        "W_hh missing on the way back": ("W_hh.T @ ds", "ds"),
        "the slope of h_{t-1}": (SLOPE, "(1 - h[t - 1].T ** 2) * dh"),
        "1 - h for 1 - h^2": (SLOPE, "(1 - h[t].T) * dh"),
        "h^2 for 1 - h^2": (SLOPE, "h[t].T ** 2 * dh"),
        "1 - g^2 for 1 - h^2": (SLOPE, "(1 - dh ** 2) * dh"),
        "the slope of relu": (SLOPE, "np.where(h[t].T > 0, dh, 0)"),
        "the slope on the output's part alone": (
            SLOPE,
            "(1 - h[t].T ** 2) * (W_hy.T @ dz) + dh_next",
        ),
        "the slope on the future's part alone": (
            SLOPE,
            "(1 - h[t].T ** 2) * dh_next + W_hy.T @ dz",
        ),
        "the last target is the first input": ("dz[y[t - 1]", "dz[x[t % T]"),
        "biases averaged over the batch": (
            'd["b_h"] += ds.sum(axis=1)',
            'd["b_h"] += ds.mean(axis=1)',
            'd["b_y"] += dz.sum(axis=1)',
            'd["b_y"] += dz.mean(axis=1)',
        ),
        "mean over V for sum": ("-= 1", "-= 1\n        dz /= len(b_y)"),
        "dh_next clipped": ("W_hh.T @ ds", "np.clip(W_hh.T @ ds, -5, 5)"),
        **{
            f"truncated inside the window, {k} steps": None
            for k in (*range(2, 12), 15, 16, 20, 21, 25, 26)
        },
        **{
            f"{name} (at {bound})": tuple(text.format(bound) for text in texts)
            for bound in (1, 10)
            for name, texts in {
                "clip inside the loop": (
                    LOOP_END,
                    LOOP_END + "        for a in d.values():\n"
                    "            a.clip(-{0}, {0}, out=a)\n",
                ),
                "clip of the error inside the loop": (
                    SLOPE,
                    f"np.clip({SLOPE}, -{{0}}, {{0}})",
                ),
                "dh_next clipped": ("W_hh.T @ ds", "np.clip(W_hh.T @ ds, -{0}, {0})"),
                "clipped here": (
                    "    return Params(**d)",
                    "    return Params(*(np.clip(a, -{0}, {0}) for a in d.values()))",
                ),
            }.items()
        },
        "W_hh transposed": ("W_hh.T", "W_hh"),
        "dh_next forgotten": (" + dh_next", ""),
        "dh_next added twice": ("+ dh_next", "+ dh_next + dh_next"),
        "dh_next subtracted": ("+ dh_next", "- dh_next"),
        "the output's part forgotten": (
            "dh = W_hy.T @ dz + dh_next",
            "dh = dh_next if t < T else W_hy.T @ dz",
        ),
        "W_hy^T missing": ("W_hy.T @ dz", "dz"),
        "W_hy not transposed": ("W_hy.T @", "W_hy @"),
        "phi' missing": (SLOPE, "dh"),
        "phi' applied twice": (SLOPE, "(1 - h[t].T ** 2) ** 2 * dh"),
        "1 - s^2 for 1 - h^2": (
            SLOPE,
            "(1 - np.arctanh(h[t].T) ** 2) * dh",
        ),
        "phi' at h_t in place of s_t": (SLOPE, "(1 - np.tanh(h[t].T) ** 2) * dh"),
        "the slope of the logistic function": (SLOPE, "h[t].T * (1 - h[t].T) * dh"),
        "g_t passed on for delta_s_t": ("W_hh.T @ ds", "W_hh.T @ dh"),
        "g_t for delta_s_t in the sums": None,
        "h_t for h_{t-1}": ("ds @ h[t - 1]", "ds @ h[t]"),
        "h_{t-1} for h_t in the sum for W_hy": ("dz @ h[t]", "dz @ h[t - 1]"),
        "time runs forwards": ("range(T, 0, -1)", "range(1, T + 1)"),
        "the last step left out": ("range(T, 0, -1)", "range(T - 1, 0, -1)"),
        "the first step left out": ("range(T, 0, -1)", "range(T, 1, -1)"),
        "y - p for p - y": ("-= 1", "-= 1\n        dz = -dz"),
        "the target not subtracted": ("-= 1", "-= 0"),
        "the softmax differentiated twice": (
            "-= 1",
            "-= 1\n        dz *= (p[t - 1] * (1 - p[t - 1])).T",
        ),
        "targets not shifted": ("dz[y[t - 1]", "dz[x[t - 1]"),
        "overwritten, not added up": (
            "        dz = p",
            "        d = {n: np.zeros_like(a) for n, a in d.items()}\n        dz = p",
        ),
        "the gradient of W_xh forgotten": (
            'np.add.at(d["W_xh"].T, x[t - 1], ds.T)',
            "",
        ),
        "the gradient of W_hh forgotten": ('d["W_hh"] += ds @ h[t - 1]', ""),
        "the gradient of b_h forgotten": ('d["b_h"] += ds.sum(axis=1)', ""),
        "the gradient of W_hy forgotten": ('d["W_hy"] += dz @ h[t]', ""),
        "the gradient of b_y forgotten": ('d["b_y"] += dz.sum(axis=1)', ""),
        "clip inside the loop": (
            LOOP_END,
            LOOP_END
            + "        for a in d.values():\n            a.clip(-5, 5, out=a)\n",
        ),
        "clip of the error inside the loop": (SLOPE, f"np.clip({SLOPE}, -5, 5)"),
        "clipped here": (
            "    return",
            "    d = {n: np.clip(a, -5, 5) for n, a in d.items()}\n    return",
        ),
        "mean over time for sum": ("-= 1", "-= 1\n        dz /= T"),
        "mean over batch for sum": ("-= 1", "-= 1\n        dz /= B"),
        "mean over both for sum": ("-= 1", "-= 1\n        dz /= T * B"),
        "input not copied": (".T.copy()", ".T"),
        "gradients not zeroed": None,
    },
    "clipping": {
        "clip missing": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "g",
        ),
        "clipped by the norm of each array": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "g * min(1, threshold / np.linalg.norm(g))",
        ),
        "always rescaled": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "g * threshold / np.sqrt(sum((a ** 2).sum() for a in gradients))",
        ),
        **{
            f"threshold is {value:g} whatever was asked for": (
                CLIP,
                f"np.clip(g, -{value}, {value})",
            )
            for value in BOUNDS
        },
        "clipped by the norm in place of entries": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "g / max(1, np.sqrt(sum((a ** 2).sum() for a in gradients)) / threshold)",
        ),
        "clipped from above only": ("np.maximum(g, -threshold)", "g"),
        "clipped from below only": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "np.maximum(g, -threshold)",
        ),
        "the signs lost": ("np.maximum(g, -threshold)", "abs(g)"),
        "large entries set to zero": (
            "np.minimum(np.maximum(g, -threshold), threshold)",
            "g * (abs(g) <= threshold)",
        ),
    },
    "norm": {
        "clip missing": ("factor * g", "g"),
        "clipped by the norm of each array": (
            "factor * g",
            "min(1, threshold / np.linalg.norm(g)) * g",
        ),
        "always rescaled": ("min(1.0, threshold / norm)", "threshold / norm"),
        **{
            f"threshold is {value:g} whatever was asked for": (
                "threshold / norm",
                f"{value} / norm",
            )
            for value in BOUNDS
        },
        "clipped by entries in place of the norm": (
            "factor * g",
            "np.clip(g, -threshold, threshold)",
        ),
        "the root of the norm forgotten": ("threshold / norm", "threshold / norm**2"),
        "divided by the norm only": (
            "min(1.0, threshold / norm)",
            "1.0 if norm <= threshold else 1 / norm",
        ),
    },
    "adagrad": {
        **{
            f"learning_rate is {value:g} whatever was asked for": (
                "learning_rate * g",
                f"{value} * g",
            )
            for value in RATES
        },
        **{
            f"eps is {value:g} whatever was asked for": (" + eps", f" + {value}")
            for value in SMALL
        },
        "results in another order": (
            "Params(*new), Params(*kept)",
            "Params(*kept), Params(*new)",
        ),
        "wrong sign": ("v - learning", "v + learning"),
        "the learning rate forgotten": ("learning_rate * g", "g"),
        "the parameters returned as they were": ("v = v", "u = v"),
        "Adagrad without the square root": ("np.sqrt(r)", "r"),
        "eps inside the root": ("(np.sqrt(r) + eps)", "np.sqrt(r + eps)"),
        "eps forgotten": (" + eps", ""),
        "memory not accumulated": ("r = r + g", "r = g"),
        "memory of the gradients, not of their squares": ("g ** 2", "g"),
        "memory of the sizes, not of the squares": ("g ** 2", "abs(g)"),
        "the old memory divides": ("np.sqrt(r)", "np.sqrt(old)"),
        "memory not returned": ("kept.append(r)", "kept.append(old)"),
        "plain gradient descent": (" / (np.sqrt(r) + eps)", ""),
        "multiplied by the root": ("g / (np", "g * (np"),
    },
    "sgd": {
        **{
            f"learning_rate is {value:g} whatever was asked for": (
                "learning_rate * g",
                f"{value} * g",
            )
            for value in RATES
        },
        "wrong sign": ("v - learning", "v + learning"),
        "the learning rate forgotten": ("learning_rate * g", "g"),
        "the parameters returned as they were": ("v - learning_rate * g", "v + 0"),
    },
    "windows": {
        "targets not shifted": (
            "indices[start + 1 : start + length + 1]",
            "indices[start : start + length]",
        ),
        "targets shifted the wrong way": (
            "indices[start + 1 : start + length + 1]",
            "np.roll(indices, 1)[start : start + length]",
        ),
        "targets shifted by two": (
            "indices[start + 1 : start + length + 1]",
            "np.roll(indices, -2)[start : start + length]",
        ),
        "targets rolled inside the window": (
            "indices[start + 1 : start + length + 1]",
            "np.roll(indices[start : start + length], -1)",
        ),
        "the last target is the first symbol": (
            "    return",
            "    y[-1] = np.append(y[-1][:-1], x[0][0])\n    return",
        ),
        "the stop rule p + T + 1 >= N": ("+ length + 1 <=", "+ length + 1 <"),
        **{
            f"length is {value} whatever was asked for": (
                "x, y, start = [], [], 0",
                f"x, y, start, length = [], [], 0, {value}",
            )
            for value in LENGTHS
        },
        "windows that overlap": ("start += length", "start += 1"),
        "a symbol lost between windows": ("start += length", "start += length + 1"),
        "the last window left out": ("+ length + 1 <=", "+ 2 * length + 1 <="),
        "a window without its last target": None,
        "inputs and targets swapped": (
            "np.array(x), np.array(y)",
            "np.array(y), np.array(x)",
        ),
    },
    "sampling": {
        "argmax fed back": (
            "symbol = int(",
            "symbol = int(p.argmax())\n        drawn.append(int(",
            "rng.random()))",
            "rng.random())))",
            "        drawn.append(symbol)\n",
            "",
        ),
        "drawn from the state before the step": (
            "        h = np.tanh",
            "        old = h\n        h = np.tanh",
            "(W_hy @ h +",
            "(W_hy @ old +",
        ),
        "no recurrence": (" + W_hh @ h", ""),
        **{
            f"only the {k} most probable symbols drawn": (
                "p = p / p.sum()",
                f"p[p < np.sort(p)[-{k}]] = 0\n        p = p / p.sum()",
            )
            for k in range(2, 11)
        },
        **{
            f"only the nucleus of {share:g} drawn": (
                "p = p / p.sum()",
                "p, o, total, keep = p / p.sum(), np.argsort(-p), 0.0, []\n"
                "        for i in o:\n"
                "            keep.append(i)\n"
                "            total += p[i]\n"
                f"            if total >= {share}:\n"
                "                break\n"
                "        p = np.isin(np.arange(len(p)), keep) * p / total",
            )
            for share in NUCLEI
        },
        **{
            f"no symbol rarer than {share:g} of the first drawn": (
                "p = p / p.sum()",
                f"p[p < {share} * p.max()] = 0\n        p = p / p.sum()",
            )
            for share in (0.02, 0.05, 0.1)
        },
        **{
            f"temperature is {value:g} whatever was asked for": (
                "/ temperature",
                f"/ {value}",
            )
            for value in (0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.2, 1.5, 2.0)
        },
        "the first input returned": (
            "        h = np",
            "        drawn.append(symbol)\n        h = np",
            "        drawn.append(symbol)\n    return",
            "    return",
        ),
        "sampling by argmax": (
            "int(np.searchsorted(np.cumsum(p), rng.random()))",
            "int(p.argmax())",
        ),
        "the sample not fed back": ("W_xh[:, symbol]", "W_xh[:, first]"),
        "the state not carried": (
            "        h = np.tanh",
            "        h = h_0[0]\n        h = np.tanh",
        ),
        "the initial state ignored": ("= h_0[0]", "= 0 * h_0[0]"),
        "temperature multiplied": ("/ temperature", "* temperature"),
        "temperature ignored": (" / temperature", ""),
        "probabilities divided by the temperature": None,
        "uniform draws": ("p / p.sum()", "p * 0 + 1 / len(p)"),
        "W_hh transposed": ("W_hh @", "W_hh.T @"),
        "the global generator used": ("rng.random", "np.random.random"),
        "a generator of its own": ("rng.random", "np.random.default_rng().random"),
        "a seed of its own": (
            "    for _",
            "    rng = np.random.default_rng(5)\n    for _",
        ),
    },
    "training": {
        "state not carried across windows": ("h = states[-1]", "h = 0 * states[-1]"),
        "state carried across epochs": ("n == 0", "step == 0"),
        "state reset one window late": ("n == 0", "n == 1"),
        "the first state carried, not the last": ("states[-1]", "states[1]"),
        "always the same window": (
            "one, two = x[n][:, None], y[n]",
            "one, two = x[0][:, None], y[0]",
        ),
        "the first window left out": (
            "one, two =",
            "n = (n + 1) % len(x)\n        one, two =",
        ),
        "targets not shifted": ("y[n][:, None]", "x[n][:, None]"),
        "gradients not zeroed": (
            "        clipped",
            "        if step:\n            gradients = Params(*(a + b for a, b in zip("
            "gradients, total)))\n        total = gradients\n        clipped",
        ),
        "clip missing": ("clip(gradients, threshold)", "gradients"),
        "update with the wrong sign": (
            "clipped, memory, learning_rate",
            "clipped, memory, -learning_rate",
        ),
        "memory reset in every step": (
            "clipped, memory",
            "clipped, Params(*(0 * r for r in memory))",
        ),
        "memory reset in every epoch": (
            "h = np.zeros_like(h)",
            "h, memory = np.zeros_like(h), Params(*(0 * r for r in memory))",
        ),
        "plain gradient descent": (
            "params, memory = update(params, clipped, memory, learning_rate, 1e-8)",
            "params = Params(*(v - learning_rate * g\n"
            "                          for v, g in zip(params, clipped)))",
        ),
        "the smoothed loss returned": (
            "losses.append(loss)",
            "smooth = len(one) * np.log(params.K) if step == 0 else losses[-1]\n"
            "        losses.append(0.999 * smooth + 0.001 * loss)",
        ),
        "the smoothed loss returned, from the first loss on": (
            "losses.append(loss)",
            "smooth = loss if step == 0 else losses[-1]\n"
            "        losses.append(0.999 * smooth + 0.001 * loss)",
        ),
        "the loss after the update recorded": (
            "        h = states[-1]\n",
            "        loss = forward(params, one, two, h)[0]\n        h = states[-1]\n",
        ),
        "the parameters returned as they were": (
            "losses, h =",
            "start, losses, h = params,",
            "return params",
            "return start",
        ),
        "clipped by the norm in place of entries": (
            "clip(gradients, threshold)",
            "Params(*(g / max(1, np.sqrt(sum((a**2).sum() for a in gradients))"
            " / threshold) for g in gradients))",
        ),
        "eps inside the root": (
            "params, memory = update(params, clipped, memory, learning_rate, 1e-8)",
            "memory = Params(*(r + g * g for r, g in zip(memory, clipped)))\n"
            "        params = Params(*(v - learning_rate * g / np.sqrt(r + 1e-8)\n"
            "                          for v, g, r in zip(params, clipped, memory)))",
        ),
        **{
            f"learning_rate is {value:g} whatever was asked for": (
                "memory, learning_rate",
                f"memory, {value}",
            )
            for value in RATES
        },
        **{
            f"threshold is {value:g} whatever was asked for": (
                "gradients, threshold",
                f"gradients, {value}",
            )
            for value in BOUNDS
        },
        **{
            f"eps is {value:g}, not 1e-8": ("1e-8", f"{value}")
            for value in (0.0, *SMALL)
            if value != 1e-8
        },
        "loss a symbol recorded": ("append(loss)", "append(loss / len(one))"),
    },
}
BY_HAND = {  # slips that take another program: the maximum, and the sum over
    ("forward", "one softmax sum a step"): (
        "z.max(axis=2, keepdims=True)",
        "axis=(1, 2)",
    ),
    ("forward", "one maximum for all rows"): ("z.max()", "axis=2"),
    ("forward", "one maximum a step"): ("z.max(axis=(1, 2), keepdims=True)", "axis=2"),
    ("forward", "the maximum over the sequences"): (
        "z.max(axis=1, keepdims=True)",
        "axis=2",
    ),
    ("forward", "softmax over the batch"): ("z.max(axis=1, keepdims=True)", "axis=1"),
    ("forward", "softmax over time"): ("z.max()", "axis=0"),
    ("forward", "softmax over everything"): ("z.max()", "axis=None"),
}
VECTORISED = """
    z = h[1:] @ W_hy.T + b_y
    p = np.exp(z - {maximum})
    p /= p.sum({axis}, keepdims=True)
    loss = -np.log(np.take_along_axis(p, y[..., None], -1)).sum()
    return"""
DOUBLE = (  # the double sum: the error of every step goes back by itself
    "    for t in range(T, 0, -1):\n",
    "    steps = range(T, 0, -1)\n"
    "    for t, k in [(t, k) for t in steps for k in range(t, {first}, -1)]:\n",
    "        dz = p[t - 1].T.copy()\n        dz[y[t - 1], columns] -= 1\n"
    "        dh = W_hy.T @ dz + dh_next\n        ds = (1 - h[t].T ** 2) * dh\n",
    "        dz = p[t - 1].T.copy()\n        dz[y[t - 1], columns] -= 1\n"
    "        dh = W_hy.T @ dz if k == t else dh_next\n"
    "        ds = (1 - h[k].T ** 2) * dh\n        dz *= k == t\n",
    INP,
    INP.replace("t - 1", "{input} - 1"),
    REC,
    REC.replace("t - 1", "{before} - 1"),
)


def double_sum(first="0", input="k", before="k"):
    """The changes that make a double sum of the backward pass."""
    places = {"{first}": first, "{input}": input, "{before}": before}
    changes = list(DOUBLE)
    for place, text in places.items():
        changes = [change.replace(place, text) for change in changes]
    return changes


OTHER = {
    ("backward", "x_t for x_k"): double_sum(input="t"),
    ("backward", "h_{t-1} for h_{k-1}"): double_sum(before="t"),
    **{
        ("backward", f"truncated inside the window, {k} steps"): double_sum(
            first=f"max(0, t - {k})"
        )
        for k in (*range(2, 12), 15, 16, 20, 21, 25, 26)
    },
    ("backward", "g_t for delta_s_t in the sums"): (
        '        d["W_hy"]',
        '        kept, ds = ds, dh\n        d["W_hy"]',
        "W_hh.T @ ds",
        "W_hh.T @ kept",
    ),
    ("backward", "gradients not zeroed"): (
        "def backward(",
        "total = {}\ndef backward(",
        "    return",
        "    d = {n: total.get(n, 0) + a for n, a in d.items()}\n"
        "    total.update(d)\n    return",
    ),
    ("windows", "a window without its last target"): (
        "+ length + 1 <=",
        "+ length <=",
        "indices[start + 1 : start + length + 1]",
        "np.roll(indices, -1)[start : start + length]",
    ),
    ("sampling", "probabilities divided by the temperature"): (
        ") / temperature",
        ")",
        "p = p / p.sum()",
        "p = np.exp(p / p.sum() / temperature)\n        p = p / p.sum()",
    ),
}


def program(name, *changes):
    """The function of a reader; the changes are old, new, old, new, ..."""
    text = RIGHT[name]
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert text.count(old) == 1, (name, old, text.count(old))
        text = text.replace(old, new)
    space = {"np": np, "Params": Params}
    if name == "training":
        for piece in ("forward", "backward", "clipping", "adagrad"):
            exec(RIGHT[piece], space)
    exec(compile(text, f"<{name}>", "exec"), space)
    return space[text.split("def ")[1].split("(")[0]]


def slip(name, mistake):
    """The function of a reader who made that mistake."""
    if (name, mistake) in BY_HAND:
        maximum, axis = BY_HAND[name, mistake]
        text = VECTORISED.format(maximum=maximum, axis=axis)
        return program(name, "\n    return", text)
    return program(name, *(SLIPS[name][mistake] or OTHER[name, mistake]))
