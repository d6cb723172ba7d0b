"""Forty ports of min-char-rnn, in eight styles: right, in a way of their own, or wrong.

None of them uses `rnnbook.tutor` but to declare its form. A style is a program in its
own words: dictionaries of columns, rows in a class, batch first, named arrays, sums
over axes, lists, one joined matrix, means. A port is a style with its own slips, and
with what has to be said about each of its functions: "right", the names, or UNKNOWN.
"""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor import Layout
from rnnlib import Params

UNKNOWN = "not recognised"
TUPLE = ("W_xh", "W_hh", "W_hy", "b_h", "b_y")
SHORT = ("Wxh", "Whh", "bh", "Why", "by")
ROWS = ("W_xh", "W_hh", "W_hy")

ORIGINAL = {
    "forward": """
def lossfun(model, inputs, targets, hprev):
    Wxh, Whh, Why, bh, by = model
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], len(inputs[t])))
        xs[t][inputs[t], np.arange(len(inputs[t]))] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ys[t] = ys[t] - ys[t].max(axis=0)
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]), axis=0)
        loss += -np.log(ps[t][targets[t], np.arange(len(inputs[t]))]).sum()
    return loss, hs, ps
""",
    "backward": """
def backprop(model, inputs, targets, hs, ps):
    Wxh, Whh, Why, bh, by = model
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        x = np.zeros((Wxh.shape[1], len(inputs[t])))
        x[inputs[t], np.arange(len(inputs[t]))] = 1
        dy = np.copy(ps[t])
        dy[targets[t], np.arange(len(targets[t]))] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy.sum(axis=1, keepdims=True)
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw.sum(axis=1, keepdims=True)
        dWxh += np.dot(dhraw, x.T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return dWxh, dWhh, dWhy, dbh, dby
""",
    "update": """
def update(model, grads, mems, learning_rate, eps):
    for param, dparam, mem in zip(model, grads, mems):
        mem += dparam * dparam
        param += -learning_rate * dparam / np.sqrt(mem + eps)
""",
    "sampling": """
def sample(model, h, seed_ix, n, temperature, rng):
    Wxh, Whh, Why, bh, by = model
    x = np.zeros((Wxh.shape[1], 1))
    x[seed_ix] = 1
    ixes = []
    for t in range(n):
        h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        y = np.dot(Why, h) + by
        y = y / temperature
        p = np.exp(y) / np.sum(np.exp(y))
        ix = rng.choice(len(by), p=p.ravel())
        x = np.zeros((Wxh.shape[1], 1))
        x[ix] = 1
        ixes.append(ix)
    return ixes
""",
    "windows": """
def batches(data, seq_length):
    p, xs, ys = 0, [], []
    while True:
        if p + seq_length + 1 >= len(data):
            break
        xs.append(data[p : p + seq_length])
        ys.append(data[p + 1 : p + seq_length + 1])
        p += seq_length
    return np.array(xs), np.array(ys)
""",
}
CLASSES = {
    "forward": """
class RNN:
    def __init__(self, weights):
        self.U, self.W, self.b, self.V, self.c = weights

    def step(self, x, h):
        return np.tanh(self.U[x] + h @ self.W + self.b)

    def probabilities(self, h):
        scores = h @ self.V + self.c
        scores = scores - np.max(scores, axis=1, keepdims=True)
        exps = np.exp(scores)
        return exps / np.sum(exps, axis=1, keepdims=True)

    def run(self, x, y, h):
        states, outputs, loss = [h], [], 0.0
        for now, target in zip(x, y):
            h = self.step(now, h)
            o = self.probabilities(h)
            loss -= np.log(o[range(len(target)), target]).sum()
            states.append(h)
            outputs.append(o)
        return loss, states, outputs


def forward(weights, x, y, h_0):
    return RNN(weights).run(x, y, h_0)
""",
    "backward": """
class Gradient:
    def __init__(self, weights):
        self.weights = weights
        self.dU, self.dW, self.db, self.dV, self.dc = map(np.zeros_like, weights)

    def step(self, x, y, h, before, o, carry):
        U, W, b, V, c = self.weights
        error = o.copy()
        error[range(len(y)), y] -= 1
        self.dV += h.T @ error
        self.dc += error.sum(0)
        back = (error @ V.T + carry) * (1 - h**2)
        np.add.at(self.dU, x, back)
        self.dW += before.T @ back
        self.db += back.sum(0)
        return back @ W.T


def backward(weights, x, y, h, p):
    g = Gradient(weights)
    carry = np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        carry = g.step(x[t], y[t], h[t + 1], h[t], p[t], carry)
    return g.dU, g.dW, g.db, g.dV, g.dc
""",
    "sampling": """
def sample(weights, h, first, length, temperature, rng):
    U, W, b, V, c = weights
    symbols, now = [], first
    while len(symbols) < length:
        h = np.tanh(U[[now]] + h @ W + b)
        logits = ((h @ V + c) / temperature).ravel()
        now = int(np.argmax(logits + rng.gumbel(size=logits.shape)))
        symbols.append(now)
    return symbols
""",
    "norm": """
def clip(weights, threshold):
    total = sum(float((g**2).sum()) for g in weights) ** 0.5
    scale = threshold / total if total > threshold else 1.0
    return tuple(g * scale for g in weights)
""",
}
BATCH_FIRST = {
    "forward": """
def forward(params, x, y, h_0):
    Wx, Wh, bh, Wy, by = params
    B, T = x.shape
    one_hot = np.eye(Wx.shape[1])[x]
    xw = one_hot @ Wx.T + bh
    h = np.zeros((B, T + 1, len(bh)))
    h[:, 0] = h_0
    for t in range(T):
        h[:, t + 1] = np.tanh(xw[:, t] + h[:, t] @ Wh.T)
    z = h[:, 1:] @ Wy.T + by
    z = z - z.max(axis=2, keepdims=True)
    p = np.exp(z)
    p = p / p.sum(axis=2, keepdims=True)
    flat = p.reshape(B * T, -1)[np.arange(B * T), y.reshape(-1)]
    return -np.log(flat).sum(), h, p
""",
    "backward": """
def backward(params, x, y, h, p):
    Wx, Wh, bh, Wy, by = params
    B, T = x.shape
    one_hot = np.eye(Wx.shape[1])[x]
    dz = p - np.eye(p.shape[2])[y]
    dWy = np.einsum("btv,bth->vh", dz, h[:, 1:])
    dby = dz.sum(axis=(0, 1))
    dh, ds = dz @ Wy, np.zeros((B, T, len(bh)))
    carry = np.zeros((B, len(bh)))
    for t in reversed(range(T)):
        ds[:, t] = (dh[:, t] + carry) * (1 - h[:, t + 1] ** 2)
        carry = ds[:, t] @ Wh
    dWx = np.einsum("bth,btv->hv", ds, one_hot)
    dWh = np.einsum("bth,btk->hk", ds, h[:, :-1])
    return Params(dWx, dWh, ds.sum(axis=(0, 1)), dWy, dby)
""",
    "update": """
def update(params, gradients, memory, learning_rate, eps):
    memory = Params(*[m + np.square(g) for m, g in zip(memory, gradients)])
    steps = [g / (np.sqrt(m) + eps) for g, m in zip(gradients, memory)]
    return Params(*[v - learning_rate * s for v, s in zip(params, steps)]), memory
""",
}
NAMED = {
    "forward": """
def forward(P, x, y, h_0):
    T, B = x.shape
    hs, probs, loss = [h_0], [], 0.0
    for t in range(T):
        a = P["Wxh"][:, x[t]] + P["Whh"] @ hs[t] + P["bh"]
        hs.append(np.tanh(a))
        o = P["Why"] @ hs[-1] + P["by"]
        o = o - o.max(axis=0, keepdims=True)
        q = np.exp(o) / np.exp(o).sum(axis=0, keepdims=True)
        loss = loss - np.log(q[y[t], np.arange(B)]).sum()
        probs.append(q)
    return loss, np.stack(hs), np.stack(probs)
""",
    "backward": """
def backward(P, x, y, hs, probs):
    T, B = x.shape
    G = {k: np.zeros_like(v) for k, v in P.items()}
    ahead = 0.0
    for t in range(T - 1, -1, -1):
        do = probs[t].copy()
        do[y[t], np.arange(B)] -= 1.0
        G["Why"] += do @ hs[t + 1].T
        G["by"] += do.sum(axis=1, keepdims=True)
        da = (P["Why"].T @ do + ahead) * (1.0 - hs[t + 1] ** 2)
        for b in range(B):
            G["Wxh"][:, x[t, b]] += da[:, b]
        G["Whh"] += da @ hs[t].T
        G["bh"] += da.sum(axis=1, keepdims=True)
        ahead = P["Whh"].T @ da
    return G
""",
    "update": """
def update(P, G, M, learning_rate, eps):
    new, mem = {}, {}
    for k in P:
        mem[k] = M[k] + G[k] ** 2
        new[k] = P[k] - learning_rate * G[k] / (np.sqrt(mem[k]) + eps)
    return new, mem
""",
    "clipping": """
def clip(G, threshold):
    return {k: np.clip(g, -threshold, threshold) for k, g in G.items()}
""",
}
SUMS = {
    "forward": """
def forward(params, x, y, h_0):
    W_xh, W_hh, b_h, W_hy, b_y = params
    h = np.stack([h_0] * (len(x) + 1))
    for t in range(1, len(x) + 1):
        h[t] = np.tanh(W_xh.T[x[t - 1]] + h[t - 1] @ W_hh.T + b_h)
    z = h[1:] @ W_hy.T + b_y
    top = z.max(axis=-1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(log_p, y[..., None], -1).sum()
    return loss, h, np.exp(log_p)
""",
    "backward": """
def backward(params, x, y, h, p):
    W_xh, W_hh, b_h, W_hy, b_y = params
    T = len(x)
    dz = p - np.eye(p.shape[-1])[y]
    dWxh = np.zeros_like(W_xh)
    dWhh = np.zeros_like(W_hh)
    dbh = np.zeros_like(b_h)
    for t in range(1, T + 1):
        delta = (dz[t - 1] @ W_hy) * (1 - h[t] ** 2)
        for k in range(t, 0, -1):
            dWxh += delta.T @ np.eye(W_xh.shape[1])[x[k - 1]]
            dWhh += delta.T @ h[k - 1]
            dbh += delta.sum(axis=0)
            delta = (delta @ W_hh) * (1 - h[k - 1] ** 2)
    dWhy = sum(dz[t].T @ h[t + 1] for t in range(T))
    return Params(dWxh, dWhh, dbh, dWhy, dz.sum(axis=(0, 1)))
""",
    "training": """
def train(params, x, y, steps, learning_rate, threshold):
    memory = [np.zeros_like(v) for v in params]
    state, losses = np.zeros((1, len(params.b_h))), []
    for step in range(steps):
        n = step % len(x)
        if n == 0:
            state = np.zeros((1, len(params.b_h)))
        loss, h, p = forward(params, x[n][:, None], y[n][:, None], state)
        grads = backward(params, x[n][:, None], y[n][:, None], h, p)
        grads = [np.clip(g, -threshold, threshold) for g in grads]
        memory = [m + g * g for m, g in zip(memory, grads)]
        params = Params(*[v - learning_rate * g / (np.sqrt(m) + 1e-8)
                          for v, g, m in zip(params, grads, memory)])
        state = h[-1]
        losses.append(loss)
    return params, losses
""",
}
LISTS = {
    "forward": """
def forward(params, x, y, h_0):
    Wxh, Whh, bh, Why, by = [np.asarray(a).tolist() for a in params]
    T, B, V, H = len(x), len(x[0]), len(by), len(bh)
    h = [[list(row) for row in h_0]]
    p, loss = [], 0.0
    for t in range(T):
        h.append([])
        p.append([])
        for b in range(B):
            new = []
            for i in range(H):
                s = Wxh[i][x[t][b]] + bh[i]
                for j in range(H):
                    s += Whh[i][j] * h[t][b][j]
                new.append(np.tanh(s))
            h[t + 1].append(new)
            z = [by[v] + sum(Why[v][i] * new[i] for i in range(H)) for v in range(V)]
            m = max(z)
            e = [np.exp(v - m) for v in z]
            p[t].append([v / sum(e) for v in e])
            loss += -np.log(p[t][b][y[t][b]])
    return loss, h, p
""",
    "backward": """
def backward(params, x, y, h, p):
    Wxh, Whh, bh, Why, by = params
    T, B, V, H = len(x), len(x[0]), len(by), len(bh)
    d = Params(*(np.zeros_like(a) for a in params))
    for b in range(B):
        later = [0.0] * H
        for t in range(T - 1, -1, -1):
            dz = [p[t][b][v] - (v == y[t][b]) for v in range(V)]
            ds = []
            for i in range(H):
                g = sum(Why[v][i] * dz[v] for v in range(V)) + later[i]
                ds.append(g * (1 - h[t + 1][b][i] ** 2))
            for v in range(V):
                d.b_y[v] += dz[v]
                for i in range(H):
                    d.W_hy[v][i] += dz[v] * h[t + 1][b][i]
            for i in range(H):
                d.b_h[i] += ds[i]
                d.W_xh[i][x[t][b]] += ds[i]
                for j in range(H):
                    d.W_hh[i][j] += ds[i] * h[t][b][j]
            later = [sum(Whh[i][j] * ds[i] for i in range(H)) for j in range(H)]
    return d
""",
    "windows": """
def windows(indices, length):
    count = (len(indices) - 1) // length
    x = [[indices[n * length + t] for t in range(length)] for n in range(count)]
    y = [[indices[n * length + t + 1] for t in range(length)] for n in range(count)]
    return x, y
""",
    "sampling": """
def sample(params, h_0, first, length, temperature, rng):
    Wxh, Whh, bh, Why, by = params
    h, now, text = h_0[0], first, []
    for _ in range(length):
        h = np.tanh(Wxh[:, now] + Whh @ h + bh)
        logits = (Why @ h + by) / temperature
        weights = np.exp(logits - logits.max())
        point, now = rng.random() * weights.sum(), 0
        while point > weights[now]:
            point -= weights[now]
            now += 1
        text.append(now)
    return text
""",
}
JOINED = {
    "forward": """
def forward(params, x, y, h_0):
    W = np.hstack([params.W_hh, params.W_xh, params.b_h[:, None]])
    V = np.hstack([params.W_hy, params.b_y[:, None]])
    B, h, p = x.shape[1], [h_0], []
    ones = np.ones((B, 1))
    for now in x:
        joined = np.hstack([h[-1], np.eye(params.W_xh.shape[1])[now], ones])
        h.append(np.tanh(joined @ W.T))
        z = np.hstack([h[-1], ones]) @ V.T
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p.append(e / e.sum(axis=1, keepdims=True))
    loss = -sum(np.log(q[np.arange(B), t]).sum() for q, t in zip(p, y))
    return loss, np.array(h), np.array(p)
""",
    "backward": """
def backward(params, x, y, h, p):
    H, X = params.W_xh.shape
    dW, dV = np.zeros((H, H + X + 1)), np.zeros((len(params.b_y), H + 1))
    B, T = x.shape[1], len(x)
    ones, dh = np.ones((B, 1)), np.zeros((B, H))
    for t in range(T, 0, -1):
        dz = p[t - 1] - np.eye(p.shape[2])[y[t - 1]]
        dV += dz.T @ np.hstack([h[t], ones])
        ds = (dh + dz @ params.W_hy) * (1 - h[t] * h[t])
        dW += ds.T @ np.hstack([h[t - 1], np.eye(X)[x[t - 1]], ones])
        dh = ds @ params.W_hh
    return Params(dW[:, H:-1], dW[:, :H], dW[:, -1], dV[:, :-1], dV[:, -1])
""",
    "sgd": """
def update(params, gradients, learning_rate):
    return Params(*[v - learning_rate * g for v, g in zip(params, gradients)])
""",
}
MEANS = {
    "forward": """
def forward(w, x, y, h_0):
    hidden, probs, loss = [h_0], [], 0.0
    N = x.size
    for t in range(x.shape[0]):
        hidden.append(np.tanh(w["Wx"][x[t]] + hidden[t].dot(w["Wh"]) + w["b"]))
        scores = hidden[t + 1].dot(w["Wv"]) + w["bv"]
        e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        probs.append(e / np.sum(e, axis=1, keepdims=True))
        loss += -np.sum(np.log(probs[t][np.arange(x.shape[1]), y[t]])) / N
    return loss, np.array(hidden), np.array(probs)
""",
    "backward": """
def backward(w, x, y, hidden, probs):
    N = x.size
    grads = {k: np.zeros(v.shape) for k, v in w.items()}
    dprev = np.zeros(hidden[0].shape)
    for t in range(x.shape[0] - 1, -1, -1):
        dscores = probs[t].copy()
        dscores[np.arange(x.shape[1]), y[t]] -= 1
        dscores /= N
        grads["Wv"] += hidden[t + 1].T.dot(dscores)
        grads["bv"] += dscores.sum(axis=0)
        dnext = dscores.dot(w["Wv"].T) + dprev
        draw = dnext * (1 - hidden[t + 1] ** 2)
        np.add.at(grads["Wx"], x[t], draw)
        grads["Wh"] += hidden[t].T.dot(draw)
        grads["b"] += draw.sum(axis=0)
        dprev = draw.dot(w["Wh"].T)
    return grads
""",
    "sgd": """
def update(w, grads, learning_rate):
    for k in w:
        w[k] -= learning_rate * grads[k]
""",
}
STYLES = {
    "dictionaries of columns": (
        Layout(container="tuple", order=TUPLE, columns=True, in_place=True),
        ORIGINAL,
    ),
    "rows in a class": (Layout(container="tuple", transposed=ROWS), CLASSES),
    "batch first": (Layout(batch_first=True), BATCH_FIRST),
    "named arrays": (Layout(container="dict", names=SHORT, columns=True), NAMED),
    "sums over both steps": (Layout(), SUMS),
    "lists": (Layout(), LISTS),
    "one joined matrix": (Layout(), JOINED),
    "means": (
        Layout(
            container="dict",
            names=("Wx", "Wh", "b", "Wv", "bv"),
            transposed=ROWS,
            reduction="mean over both",
            in_place=True,
        ),
        MEANS,
    ),
}
ALL = ("indices", "clip", "eps", "stop rule")


class Port(NamedTuple):
    """A style, its slips as pairs of texts by function, and what has to be said."""

    style: str
    slips: dict
    said: dict  # by function, where it is not right: names, or UNKNOWN
    original: tuple = ()  # declared ways of the original program
    reduction: str = ""  # declared, where it is another than the style's


def _hidden(style):
    return next(iter(style))


PORTS = {
    # --- dictionaries of columns, as in the original
    "the original, declared": Port("dictionaries of columns", {}, {}, ALL),
    "the original, not declared": Port(
        "dictionaries of columns",
        {},
        {
            "backward": ("clipped here", "states numbered from 0"),
            "update": ("eps inside the root",),
            "windows": ("the stop rule p + T + 1 >= N",),
        },
    ),
    "the original without its clip": Port(
        "dictionaries of columns",
        {
            "backward": (
                "        np.clip(dparam, -5, 5, out=dparam)",
                "        pass",
            ),
            "sampling": ("        y = y / temperature\n", ""),
        },
        {
            "backward": ("states numbered from 0",),
            "sampling": ("temperature ignored",),
        },
        ("eps", "stop rule"),
    ),
    "the original, drawing from np.random": Port(
        "dictionaries of columns",
        {
            "sampling": ("rng.choice", "np.random.choice"),
            "backward": ("np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)"),
        },
        {
            "sampling": ("the global generator used",),
            "backward": ("W_hh transposed",),
        },
        ALL,
    ),
    "the original, stopping early": Port(
        "dictionaries of columns",
        {
            "windows": ("+ 1 >= len(data)", "+ 2 >= len(data)"),
            "forward": ("ys[t] - ys[t].max(axis=0)", "ys[t]"),
            "update": ("mem += dparam * dparam", "mem[:] = dparam * dparam"),
        },
        {
            "windows": UNKNOWN,
            "forward": ("softmax overflow",),
            "update": ("memory not accumulated",),
        },
        ALL,
    ),
    # --- rows in a class
    "a class": Port("rows in a class", {}, {}),
    "a class without a carry": Port(
        "rows in a class",
        {
            "backward": ("        return back @ W.T", "        return 0 * back"),
            "sampling": ("now = int(np.argmax", "new = int(np.argmax"),
        },
        {"backward": ("dh_next forgotten",), "sampling": UNKNOWN},
    ),
    "a class that clips arrays": Port(
        "rows in a class",
        {
            "norm": (
                "tuple(g * scale for g in weights)",
                "tuple(g * min(1, threshold / np.sqrt((g**2).sum())) for g in weights)",
            ),
            "forward": ("np.max(scores, axis=1, keepdims=True)", "np.max(scores)"),
        },
        {
            "norm": ("clipped by the norm of each array",),
            "forward": ("one maximum a step",),
        },
    ),
    "a class with fancy indices": Port(
        "rows in a class",
        {
            "backward": (
                "np.add.at(self.dU, x, back)",
                "self.dU[x] += back",
                "error[range(len(y)), y] -= 1",
                "error[range(len(y)), y] = -1",
            ),
            "forward": ("return np.tanh", "return np.maximum(0, 1) * np.tanh"),
        },
        {"backward": ("repeated symbols lost", "= -1 for p - y")},
    ),
    "a class that draws greedily": Port(
        "rows in a class",
        {
            "sampling": ("logits + rng.gumbel(size=logits.shape)", "logits"),
            "forward": ("h = self.step(now, h)", "h = self.step(now, h * 0)"),
        },
        {"sampling": ("sampling by argmax",), "forward": ("no recurrence",)},
    ),
    # --- batch first
    "batch first": Port("batch first", {}, {}),
    "batch first, order of results": Port(
        "batch first",
        {
            "forward": (
                "-np.log(flat).sum(), h, p",
                "h, p, -np.log(flat).sum()",
            ),
            "update": ("np.sqrt(m) + eps", "np.sqrt(m + eps)"),
        },
        {
            "forward": ("results in another order",),
            "update": ("eps inside the root",),
        },
    ),
    "batch first, mean loss": Port(
        "batch first",
        {
            "forward": ("-np.log(flat).sum()", "-np.log(flat).mean()"),
            "backward": ("h[:, :-1])", "h[:, 1:])"),
        },
        {
            "forward": ("mean over both for sum",),
            "backward": ("h_t for h_{t-1}",),
        },
    ),
    "batch first, one softmax": Port(
        "batch first",
        {
            "forward": ("p.sum(axis=2, keepdims=True)", "p.sum(axis=0, keepdims=True)"),
            "backward": ("(1 - h[:, t + 1] ** 2)", "(1 - h[:, t] ** 2)"),
        },
        {
            "forward": ("softmax over the batch",),
            "backward": ("the slope of h_{t-1}",),
        },
    ),
    "batch first, rate typed in": Port(
        "batch first",
        {
            "update": ("learning_rate * s", "0.1 * s"),
            "backward": ("carry = ds[:, t] @ Wh", "carry = ds[:, t]"),
        },
        {
            "update": ("learning_rate is 0.1 whatever was asked for",),
            "backward": ("W_hh missing on the way back",),
        },
    ),
    # --- named arrays
    "named arrays": Port("named arrays", {}, {}),
    "named arrays, all rows": Port(
        "named arrays",
        {
            "backward": ("do[y[t], np.arange(B)] -= 1.0", "do[y[t], :] -= 1.0"),
            "update": ("M[k] + G[k] ** 2", "M[k] + abs(G[k])"),
        },
        {
            "backward": ("one subtracted in every row",),
            "update": ("memory of the sizes, not of the squares",),
        },
    ),
    "named arrays, logits from a": Port(
        "named arrays",
        {
            "forward": ('P["Why"] @ hs[-1]', 'P["Why"] @ a'),
            "clipping": ("np.clip(g, -threshold, threshold)", "np.clip(g, -5, 5)"),
        },
        {
            "forward": ("logits from s",),
            "clipping": ("threshold is 5 whatever was asked for",),
        },
    ),
    "named arrays, carry clipped": Port(
        "named arrays",
        {
            "backward": ('P["Whh"].T @ da', 'np.clip(P["Whh"].T @ da, -1, 1)'),
            "update": ("+ eps)", "+ 1e-8)"),
        },
        {
            "backward": ("dh_next clipped (at 1)",),
            "update": ("eps is 1e-08 whatever was asked for",),
        },
    ),
    "named arrays, momentum": Port(
        "named arrays",
        {
            "update": ("M[k] + G[k] ** 2", "0.9 * M[k] + 0.1 * G[k] ** 2"),
            "forward": ('P["bh"]', '2 * P["bh"]'),
        },
        {"update": UNKNOWN, "forward": UNKNOWN},
    ),
    # --- sums over both steps
    "a double sum": Port("sums over both steps", {}, {}),
    "a double sum, the wrong input": Port(
        "sums over both steps",
        {
            "backward": ("[x[k - 1]]", "[x[t - 1]]"),
            "training": ("losses.append(loss)", "losses.append(loss / len(x[n]))"),
        },
        {"backward": ("x_t for x_k",), "training": ("loss a symbol recorded",)},
    ),
    "a double sum, cut": Port(
        "sums over both steps",
        {
            "backward": ("range(t, 0, -1)", "range(t, max(0, t - 4), -1)"),
            "training": ("np.clip(g, -threshold, threshold)", "np.clip(g, -5, 5)"),
        },
        {
            "backward": ("truncated inside the window, 4 steps",),
            "training": ("threshold is 5 whatever was asked for",),
        },
    ),
    "a double sum, state kept": Port(
        "sums over both steps",
        {
            "training": (
                "        if n == 0:\n            state",
                "        if step == 0:\n            state",
            ),
            "forward": ("top = z.max(axis=-1, keepdims=True)", "top = z.max()"),
        },
        {
            "training": ("state carried across epochs",),
            "forward": ("one maximum for all rows",),
        },
    ),
    "a double sum, smoothed": Port(
        "sums over both steps",
        {
            "training": (
                "        losses.append(loss)",
                "        smooth = losses[-1] if losses else"
                " -np.log(1 / len(params.b_y)) * len(x[n])\n"
                "        losses.append(smooth * 0.999 + loss * 0.001)",
                "np.sqrt(m) + 1e-8",
                "np.sqrt(m + 1e-8)",
            ),
            "backward": ("(1 - h[k - 1] ** 2)", "(1 - h[k] ** 2)"),
        },
        {
            "training": ("the smoothed loss returned", "eps inside the root"),
            "backward": UNKNOWN,
        },
    ),
    # --- lists
    "lists": Port("lists", {}, {}),
    "lists that grow": Port(
        "lists",
        {
            "windows": (
                "def windows(indices, length):",
                "def windows(indices, length, x=[], y=[]):",
                "    x = [[",
                "    x += [[",
                "    y = [[",
                "    y += [[",
            ),
            "backward": ("h[t + 1][b][i] ** 2", "h[t + 1][b][i]"),
        },
        {
            "windows": ("a default list that grows",),
            "backward": ("1 - h for 1 - h^2",),
        },
    ),
    "lists, first symbol": Port(
        "lists",
        {
            "sampling": ("text = h_0[0], first, []", "text = h_0[0], first, [first]"),
            "forward": ("h[t][b][j]", "h[0][b][j]"),
        },
        {
            "sampling": ("the first input returned",),
            "forward": ("the state not carried from step to step",),
        },
    ),
    "lists, top three": Port(
        "lists",
        {
            "sampling": (
                "        point, now",
                "        weights[weights < np.sort(weights)[-3]] = 0\n"
                "        point, now",
            ),
            "windows": ("(len(indices) - 1)", "(len(indices) - length)"),
        },
        {
            "sampling": ("only the 3 most probable symbols drawn",),
            "windows": UNKNOWN,
        },
    ),
    "lists, wrong sums": Port(
        "lists",
        {
            "backward": (
                "sum(Whh[i][j] * ds[i] for i in range(H)) for j",
                "sum(Whh[j][i] * ds[i] for i in range(H)) for j",
                "(v == y[t][b])",
                "(v == x[t][b])",
            ),
            "sampling": ("/ temperature", "/ (1.1 * temperature)"),
        },
        {
            "backward": ("W_hh transposed", "targets not shifted"),
            "sampling": ("another temperature",),
        },
    ),
    # --- one joined matrix
    "one matrix": Port("one joined matrix", {}, {}),
    "one matrix, joined wrongly": Port(
        "one joined matrix",
        {
            "backward": ("np.hstack([h[t - 1], np.eye", "np.hstack([h[t], np.eye"),
            "sgd": ("v - learning", "v + learning"),
        },
        {"backward": ("h_t for h_{t-1}",), "sgd": ("wrong sign",)},
    ),
    "one matrix, gradients in another order": Port(
        "one joined matrix",
        {
            "backward": (
                "Params(dW[:, H:-1], dW[:, :H], dW[:, -1], dV[:, :-1], dV[:, -1])",
                "dW[:, H:-1], dW[:, :H], dV[:, :-1], dW[:, -1], dV[:, -1]",
            ),
            "forward": ("np.log(q", "np.log2(q"),
        },
        {
            "backward": ("results in another order",),
            "forward": ("log to base 2",),
        },
    ),
    "one matrix, the last step": Port(
        "one joined matrix",
        {
            "forward": (
                "return loss,",
                "return -np.log(p[-1][np.arange(B), t]).sum(),",
                "for q, t in zip(p, y))",
                "for q, t in zip(p, y))\n    t = y[-1]",
            ),
            "backward": ("dz @ params.W_hy) * (1 - h[t] * h[t])", "dz @ params.W_hy)"),
        },
        {
            "forward": ("only the last step counted",),
            "backward": ("phi' missing",),
        },
    ),
    "one matrix, half a slope": Port(
        "one joined matrix",
        {
            "backward": (
                "(dh + dz @ params.W_hy) * (1 - h[t] * h[t])",
                "dh + dz @ params.W_hy * (1 - h[t] * h[t])",
            ),
            "sgd": ("learning_rate * g", "learning_rate * np.sign(g)"),
        },
        {
            "backward": ("the slope on the output's part alone",),
            "sgd": UNKNOWN,
        },
    ),
    # --- means
    "means": Port("means", {}, {}),
    "means, declared as sums": Port(
        "means",
        {},
        {
            "forward": ("mean over both for sum",),
            "backward": ("mean over both for sum",),
        },
        reduction="sum",
    ),
    "means over time": Port(
        "means",
        {
            "forward": ("N = x.size", "N = x.shape[0]"),
            "backward": ("N = x.size", "N = x.shape[0] * w['bv'].size"),
        },
        {
            "forward": ("mean over time for mean over both",),
            "backward": UNKNOWN,
        },
    ),
    "means, no target": Port(
        "means",
        {
            "backward": (", y[t]] -= 1\n", ", y[t]] -= 0\n"),
            "sgd": ("w[k] -= learning_rate * grads[k]", "w[k] -= grads[k]"),
        },
        {
            "backward": ("the target not subtracted",),
            "sgd": ("the learning rate forgotten",),
        },
    ),
    "means of biases": Port(
        "means",
        {
            "backward": (
                "dscores.sum(axis=0)",
                "dscores.mean(axis=0)",
                "draw.sum(axis=0)",
                "draw.mean(axis=0)",
            ),
            "forward": ('w["Wx"][x[t]]', 'w["Wx"][x[t - 1]]'),
        },
        {
            "backward": ("biases averaged over the batch",),
            "forward": UNKNOWN,
        },
    ),
}


def functions(port):
    """The functions of a port by the check they belong to, and its layout."""
    layout, texts = STYLES[port.style]
    layout = layout._replace(original=port.original)
    if port.reduction:
        layout = layout._replace(reduction=port.reduction)
    found = {}
    space = {"np": np, "Params": Params}
    for name, text in texts.items():
        changes = port.slips.get(name, ())
        if name == "training":  # the loop runs the right functions
            for piece in ("forward", "backward"):
                exec(texts[piece], space)
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert text.count(old) == 1, (name, old, text.count(old))
            text = text.replace(old, new)
        own = dict(space)
        exec(compile(text, f"<{name}>", "exec"), own)
        found[name] = own[text.rsplit("\ndef ", 1)[1].split("(")[0]]
    return found, layout
