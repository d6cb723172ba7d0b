"""The training step of a character model in other people's ways, for bench_char.

Every peer is a function of (params, x, y, rate) that returns a function ``step()``,
which trains on x and y once more and returns the loss, as a number or something that
converts to one. All do the same: sum of the cross-entropy, entries of the gradient
limited to [-5, 5], Adagrad with 1e-8 in the root, the last state carried on.
"""

import os

import numpy as np

CLIP, EPS = 5.0, 1e-8


def classic(params, x, y, rate):
    """One sequence the classic way: a dictionary of columns, an outer product a step.

    Written after the listing of {cite}`topcuoglu`, section 13, and with the Adagrad of
    min-char-rnn.
    """
    W_xh, W_hh, W_hy = (np.array(W) for W in (params.W_xh, params.W_hh, params.W_hy))
    b_h, b_y = params.b_h.reshape(-1, 1).copy(), params.b_y.reshape(-1, 1).copy()
    weights = [W_xh, W_hh, b_h, W_hy, b_y]
    memories = [np.zeros_like(W) for W in weights]
    state = np.zeros_like(b_h)

    def step():
        nonlocal state
        inputs, targets = x[:, 0].tolist(), y[:, 0].tolist()
        units, h, p, loss = {}, {-1: np.copy(state)}, {}, 0.0
        for t, k in enumerate(inputs):
            units[t] = np.zeros((W_xh.shape[1], 1), W_xh.dtype)
            units[t][k] = 1
            h[t] = np.tanh(np.dot(W_xh, units[t]) + np.dot(W_hh, h[t - 1]) + b_h)
            z = np.dot(W_hy, h[t]) + b_y
            e = np.exp(z - np.max(z))
            p[t] = e / np.sum(e)
            loss += -np.log(p[t][targets[t], 0])
        gradients = [np.zeros_like(W) for W in weights]
        dW_xh, dW_hh, db_h, dW_hy, db_y = gradients
        dh_next = np.zeros_like(state)
        for t in reversed(range(len(inputs))):
            dz = np.copy(p[t])
            dz[targets[t]] -= 1
            dW_hy += np.dot(dz, h[t].T)
            db_y += dz
            dh = np.dot(W_hy.T, dz) + dh_next
            ds = (1 - h[t] * h[t]) * dh
            db_h += ds
            dW_xh += np.dot(ds, units[t].T)
            dW_hh += np.dot(ds, h[t - 1].T)
            dh_next = np.dot(W_hh.T, ds)
        for g in gradients:
            np.clip(g, -CLIP, CLIP, out=g)
        for W, g, r in zip(weights, gradients, memories, strict=True):
            r += g * g
            W -= rate * g / np.sqrt(r + EPS)
        state = h[len(inputs) - 1]
        return loss

    return step


def classic_sampler(params, rng):
    """``draw(n)``: n symbols the classic way, with NumPy's old choice a symbol."""
    W_xh, W_hh, W_hy = (np.array(W) for W in (params.W_xh, params.W_hh, params.W_hy))
    b_h, b_y = params.b_h.reshape(-1, 1).copy(), params.b_y.reshape(-1, 1).copy()
    V, choice = len(b_y), np.random.RandomState(rng.integers(2**31)).choice

    def draw(n):
        h, unit, drawn = np.zeros_like(b_h), np.zeros((V, 1)), []
        unit[0] = 1
        for _ in range(n):
            h = np.tanh(np.dot(W_xh, unit) + np.dot(W_hh, h) + b_h)
            z = np.dot(W_hy, h) + b_y
            e = np.exp(z - np.max(z))
            p = e / np.sum(e)
            k = choice(range(V), p=p.ravel())
            unit = np.zeros((V, 1))
            unit[k] = 1
            drawn.append(k)
        return drawn

    return draw


def _torch_network(params):
    """torch.nn.RNN and torch.nn.Linear with these parameters."""
    import torch

    rnn = torch.nn.RNN(params.d_x, params.d_h)
    linear = torch.nn.Linear(params.d_h, params.K)
    dtype = torch.float64 if params.dtype == np.float64 else torch.float32
    rnn, linear = rnn.to(dtype), linear.to(dtype)
    W_xh, W_hh, b_h, W_hy, b_y = (torch.tensor(np.array(a)) for a in params)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(W_xh)
        rnn.weight_hh_l0.copy_(W_hh)
        rnn.bias_ih_l0.copy_(b_h)
        rnn.bias_hh_l0.zero_()
        linear.weight.copy_(W_hy)
        linear.bias.copy_(b_y)
    rnn.bias_hh_l0.requires_grad_(False)  # one bias of the hidden layer, as everywhere
    return torch, rnn, linear, dtype


def pytorch(params, x, y, rate):
    """torch.nn.RNN, the loss, clip_grad_value_ and torch.optim.Adagrad, eagerly."""
    torch, rnn, linear, dtype = _torch_network(params)
    torch.set_num_threads(1)
    if x.ndim == 2:  # unit vectors, made beforehand
        x = np.eye(params.d_x)[x]
    inputs = torch.tensor(x, dtype=dtype)
    targets = torch.tensor(y).reshape(-1)
    weights = [p for m in (rnn, linear) for p in m.parameters() if p.requires_grad]
    optimiser = torch.optim.Adagrad(  # EPS in the root, as a first value of it
        weights, lr=rate, eps=0, initial_accumulator_value=EPS
    )
    state = torch.zeros(1, x.shape[1], params.d_h, dtype=dtype)

    def step():
        nonlocal state
        optimiser.zero_grad()
        hidden, last = rnn(inputs, state)
        logits = linear(hidden).flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
        loss.backward()
        torch.nn.utils.clip_grad_value_(weights, CLIP)
        optimiser.step()
        state = last.detach()
        return loss.item()

    return step


def pytorch_sampler(params, rng):
    """``draw(n)``: n symbols by torch.nn.RNN, softmax and torch.multinomial."""
    torch, rnn, linear, dtype = _torch_network(params)
    torch.set_num_threads(1)
    torch.manual_seed(int(rng.integers(2**31)))
    units = torch.eye(params.d_x, dtype=dtype)

    def draw(n):
        h, k, drawn = torch.zeros(1, params.d_h, dtype=dtype), 0, []
        with torch.inference_mode():
            for _ in range(n):
                _, h = rnn(units[k : k + 1], h)
                k = int(torch.multinomial(torch.softmax(linear(h[0]), 0), 1))
                drawn.append(k)
        return drawn

    return draw


def jax_scan(params, x, y, rate):
    """The whole step compiled by jax.jit, with lax.scan over time."""
    flag = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", flag)
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")

    def loss_of(weights, state, x, y):
        W_xh, W_hh, b_h, W_hy, b_y = weights
        a = (W_xh.T[x] if x.ndim == 2 else x @ W_xh.T) + b_h  # before the loop

        def one(h, a_t):
            h = jnp.tanh(a_t + h @ W_hh.T)
            return h, h

        last, h = jax.lax.scan(one, state, a)
        z = h @ W_hy.T + b_y
        log_p = jax.nn.log_softmax(z)
        return -jnp.take_along_axis(log_p, y[..., None], -1).sum(), last

    def update(weights, squares, state, x, y):
        (loss, last), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            weights, state, x, y
        )
        gradients = [jnp.clip(g, -CLIP, CLIP) for g in gradients]
        squares = [r + g * g for r, g in zip(squares, gradients, strict=True)]
        weights = [
            W - rate * g / jnp.sqrt(r + EPS)
            for W, g, r in zip(weights, gradients, squares, strict=True)
        ]
        return loss, weights, squares, last

    compiled = jax.jit(update, donate_argnums=(0, 1, 2))
    weights = [jnp.array(np.array(a)) for a in params]
    squares = [jnp.zeros_like(W) for W in weights]
    state = jnp.zeros((x.shape[1], params.d_h), params.dtype)
    x, y = jnp.array(x), jnp.array(y)

    def step():
        nonlocal weights, squares, state
        loss, weights, squares, state = compiled(weights, squares, state, x, y)
        return loss.block_until_ready()

    return step
