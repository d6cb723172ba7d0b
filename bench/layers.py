"""Time the forward and backward pass of the cells against PyTorch and JAX, and memory.

All compute the gradients of parameters, initial state and dense inputs (d_x = d_h) from
the same dL/d(output), in turn in one process on one thread each.
"""

import tracemalloc
from functools import partial

import numpy as np

import rnnlib
from bench.char import available, interleaved
from bench.limits import jax_on_one_thread, largest_product
from bench.table import row
from rnnlib.char import network
from rnnlib.layers import gru, lstm, to_torch
from rnnlib.layers.cell import with_options
from rnnlib.symbolic import derive
from rnnlib.variants.checkpointing import checkpointed_loss_and_gradients

CELLS = {"LSTM": lstm, "GRU": gru}
SIZES = (  # T, B, d_h, dtype, calls in a round
    *((50, 32, 128, np.float32, 3), (64, 32, 384, np.float32, 1)),
    *((100, 64, 512, np.float32, 1), (25, 1, 100, np.float64, 20)),
)
WANTED = {  # the largest share of the peer's time, size after size
    ("LSTM", "PyTorch"): (1.05, 0.95, 0.9, None),
    ("GRU", "PyTorch"): (0.5, 0.5, 0.5, None),
    ("LSTM", "JAX"): (None, None, None, 1.0),
    ("GRU", "JAX"): (None, None, None, 1.0),
}


def problem(cell, T, B, d, dtype):
    """Parameters, inputs, and the adjoint of the output."""
    rng = np.random.default_rng(0)
    params = cell.init_params(d, d, rng=rng, dtype=dtype)
    x, d_output = (rng.standard_normal((T, B, d)).astype(dtype) for _ in range(2))
    return params, x, d_output


def ours(cell, params, x, d_output):
    """``pass_()``: the gradient of W_hh and that of x."""

    def pass_():
        found = cell.backward(params, cell.forward(params, x), d_output)
        return found.params.W_hh, found.x

    return pass_


def pytorch(name, params, x, d_output):
    """The same by nn.LSTM or nn.GRU."""
    import torch

    torch.set_num_threads(1)
    layer = getattr(torch.nn, name)(params.d_x, params.d_h)
    arrays = {k: torch.tensor(a) for k, a in to_torch(params).items()}
    layer = layer.to(arrays["weight_ih_l0"].dtype)
    layer.load_state_dict(arrays)
    x, d_output = torch.tensor(x, requires_grad=True), torch.tensor(d_output)

    def pass_():
        layer.zero_grad()
        x.grad = None
        layer(x)[0].backward(d_output)
        return layer.weight_hh_l0.grad.numpy(), x.grad.numpy()

    return pass_


def jax_scan(name, params, x, d_output):
    """The same by jax.jit, with lax.scan over time and the inputs' product before."""
    jax = jax_on_one_thread()
    jnp, sigma = jax.numpy, jax.nn.sigmoid

    def lstm_step(p, state, a):
        h, c = state
        i, f, n, o = jnp.split(a + h @ p.W_hh.T, 4, axis=-1)
        c = sigma(f) * c + sigma(i) * jnp.tanh(n)
        h = sigma(o) * jnp.tanh(c)
        return (h, c), h

    def gru_step(p, state, a):
        (h,) = state
        a_r, a_u, a_n = jnp.split(a, 3, axis=-1)
        b_r, b_u, m = jnp.split(h @ p.W_hh.T, 3, axis=-1)
        r, u = sigma(a_r + b_r), sigma(a_u + b_u)
        n = jnp.tanh(a_n + r * (m + p.b_m))
        h = u * h + (1 - u) * n
        return (h,), h

    step = lstm_step if name == "LSTM" else gru_step
    zero = (jnp.zeros(x.shape[1:], x.dtype),) * (2 if name == "LSTM" else 1)

    def output(p, x):
        return jax.lax.scan(partial(step, p), zero, x @ p.W_xh.T + p.b_h)[1]

    @jax.jit
    def gradients(p, x, d_output):
        return jax.vjp(output, p, x)[1](d_output)

    p = type(params)(*map(jnp.array, params))
    x, d_output = jnp.array(x), jnp.array(d_output)

    def pass_():
        g, d_x = gradients(p, x, d_output)
        return np.asarray(g.W_hh), np.asarray(d_x)

    return pass_


PEERS = {"PyTorch": pytorch, "JAX": jax_scan}


def products(params, T, B):
    """Seconds that the matrix products of a pass take at the rate of a large product.

    Forward there is one with the inputs and one with the states, backward two for each.
    """
    operations = 2 * T * B * (params.W_xh.size + params.W_hh.size) * 3
    return operations / np.median(largest_product(params.W_hh.dtype.str[1:]))


def compare(rounds):
    """Our time over that of each peer, and what the products alone would take."""
    rows = []
    for name, cell in CELLS.items():
        for k, (T, B, d, dtype, calls) in enumerate(SIZES):
            data = problem(cell, T, B, d, dtype)
            functions = {"ours": ours(cell, *data)}
            peers = [p for p in PEERS if WANTED[name, p][k] or (p == "PyTorch")]
            functions |= {p: PEERS[p](name, *data) for p in available(peers)}
            results = {key: f() for key, f in functions.items()}
            for key, found in results.items():
                for a, b in zip(found, results["ours"], strict=True):
                    if not np.abs(a - b).max() <= 1e-3 * np.abs(b).max():
                        raise SystemExit(f"{name}: {key} computes other gradients")
            few = max(3, rounds // 3) if T * B * d > 10**6 else rounds
            times = interleaved(functions, calls, few)
            size = f"{name} T{T} B{B} H{d} f{8 * np.dtype(dtype).itemsize}"
            rows.append(row(f"{size}: ms forward and back", 1e3 * times["ours"]))
            for p in times.keys() - {"ours"}:
                what, ratio = f"{size}: time over that of {p}", times["ours"] / times[p]
                rows.append(row(what, ratio, WANTED[name, p][k], least=False))
                if B > 1:
                    what = f"{size}: its products alone over that of {p}"
                    rows.append(row(what, products(data[0], T, B) / times[p]))
    return rows


GENERATED = """
    i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)
    f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
    n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
    o_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o)
    c_t = f_t * c_{t-1} + i_t * n_t
    h_t = o_t * tanh(c_t)
"""


def generated(rounds):
    """Losses and gradients of the command's network by the LSTM of generated code.

    It is compared with the layer that is written by hand; so is the fast step of the
    command. The parameters differ, which is of no account for the time.
    """
    made = derive(GENERATED, {"x": "d_x", "h": "d_h"}).cell()
    layer = with_options(lstm)  # a cell of which no fast step is known
    cells = {"hand-written": layer, "generated": made, "fast": lstm}
    rows = []
    for T, B, d, dtype, calls in (
        (25, 1, 100, np.float64, 10),
        (50, 32, 256, np.float32, 1),
    ):
        steps = {k: training_step(cell, T, B, d, dtype) for k, cell in cells.items()}
        times = interleaved(steps, calls, rounds)
        size = f"T{T} B{B} H{d} f{8 * np.dtype(dtype).itemsize}"
        for name, wanted in (("generated", 0.8), ("fast", None)):
            ratio = times["hand-written"] / times[name]
            what = f"{name} LSTM {size}: speed over hand-written"
            rows.append(row(what, ratio, wanted))
    return rows


def training_step(cell, T, B, d, dtype, V=65):
    """A step of the command without its update."""
    rng = np.random.default_rng(0)
    params = network.init_params(cell, V, d, rng=rng, dtype=dtype)
    vector = network.layout(cell, params).vector(params)
    step = network.objective(cell, params, T, B)
    x, y = rng.integers(0, V, (2, T, B))
    return partial(step, vector, x, y, network.zero_state(cell, params, B))


def peak(function):
    """The most bytes that a call takes."""
    tracemalloc.start()
    function()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def memory():
    """Bytes of long sequences and large layers; each is the same in every run."""
    data = problem(lstm, 100, 64, 512, np.float32)
    mib = peak(ours(lstm, *data)) / 2**20
    rows = [
        row("LSTM T100 B64 H512 f32: MiB forward and back", [mib], 135, least=False)
    ]
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(8, 32, 8, rng=rng)
    for T in (10**4, 10**6):
        x, y = rng.integers(0, 8, (2, T, 1))
        found = peak(lambda x=x, y=y: rnnlib.loss_and_gradients(params, x, y)) / T
        what = f"loss_and_gradients T{T} H32 f64: bytes a step"
        rows.append(row(what, [found], 1700, least=False))
    params, peaks = rnnlib.init_params(64, 16, 2, rng=rng), []
    for T in (1600, 6400):
        x, y = rng.standard_normal((T, 1, 64)), rng.integers(0, 2, (T, 1))
        call = partial(checkpointed_loss_and_gradients, params, x, y)
        peaks.append([peak(partial(call, input_gradient=g)) for g in (False, True)])
    without, with_x = np.array(peaks[1]) / np.array(peaks[0])
    what = "checkpointing, T 4 times as long: memory"
    rows.append(row(f"{what} without dL/dx (2: root)", [without], 2.2, least=False))
    rows.append(row(f"{what} with dL/dx (4: T)", [with_x]))
    return rows
