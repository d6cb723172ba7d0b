"""The readable functions, step after step: what the fast path must compute too."""

import numpy as np

import rnnlib
from rnnlib import clipping, optimisers


def problem(d_x, d_h, K, T, B, *, dense=False, dtype=np.float64, count=1, seed=0):
    """Parameters, and ``count`` batches (x, y)."""
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(d_x, d_h, K, rng=rng, dtype=dtype)
    params = params._replace(
        b_h=rng.standard_normal(d_h).astype(dtype),
        b_y=rng.standard_normal(K).astype(dtype),
    )
    batches = []
    for _ in range(count):
        x = rng.integers(0, d_x, (T, B))
        if dense:
            x = rng.standard_normal((T, B, d_x)).astype(dtype)
        batches.append((x, rng.integers(0, K, (T, B))))
    return params, batches


def close(found, expected, dtype, name=""):
    """Equal but for rounding, measured by the largest entry."""
    scale = max(1.0, float(np.abs(expected).max()))
    error = float(np.abs(np.subtract(found, expected)).max()) / scale
    limit = 1e-12 if dtype == np.float64 else 2e-5
    assert error <= limit, f"{name}: {error:.2e}"


def check_gradients(fast, dense=False, dtype=np.float64, sizes=(7, 5, 6), T=9, B=3):
    """Loss, gradients, states and both adjoints, for three windows that carry on."""
    params, batches = problem(*sizes, T, B, dense=dense, dtype=dtype, count=3)
    rng = np.random.default_rng(5)
    h_0 = rng.standard_normal((B, sizes[1])).astype(dtype)
    work = fast.Workspace(params, T, B, dense=dense, h_0=h_0)
    for x, y in batches:
        loss, expected = rnnlib.loss_and_gradients(params, x, y, h_0=h_0)
        trace = rnnlib.forward(params, x, h_0=h_0)
        delta_z = rnnlib.cross_entropy(trace.z, y)[1]
        delta_s = rnnlib.adjoints(params, trace, delta_z)[1]
        close(fast.loss_and_gradients(work, x, y), loss, dtype, "loss")
        for name, g in zip(params._fields, work.gradient, strict=True):
            close(g, getattr(expected.params, name), dtype, name)
            assert g.dtype == dtype
        close(work.h, trace.h, dtype, "h")
        close(work.delta_z, delta_z, dtype, "delta_z")
        close(work.delta_s, delta_s, dtype, "delta_s")
        work.carry()
        h_0 = trace.h[-1]
        close(work.h[0], h_0, dtype, "h_0")


def slow_training(params, batches, clip, rate, first_squares, eps):
    """The losses and last parameters of `rnnlib.loss_and_gradients` and Adagrad."""
    optimiser = optimisers.adagrad(rate, eps=eps)
    state = optimiser.init_state(params)
    squares = state.memory["squares"]
    filled = type(squares)(*(np.full_like(r, first_squares) for r in squares))
    state = state._replace(memory={"squares": filled})
    h_0, losses = None, []
    for x, y in batches:
        trace = rnnlib.forward(params, x, h_0=h_0)
        loss, gradients = rnnlib.loss_and_gradients(params, x, y, h_0=h_0)
        clipped = getattr(clipping, clip[0])(gradients.params, clip[1])
        params, state = optimiser.update(params, clipped, state)
        h_0 = trace.h[-1]
        losses.append(float(loss))
    return np.array(losses), params


def fast_training(fast, params, batches, clip, rate, first_squares, eps):
    """The same by the fast path."""
    x = batches[0][0]
    work = fast.Workspace(params, *x.shape[:2], dense=x.ndim == 3)
    squares = np.full_like(work.flat, first_squares)
    losses = []
    for x, y in batches:
        losses.append(fast.loss_and_gradients(work, x, y))
        getattr(fast, clip[0])(work, clip[1])
        fast.adagrad(work, squares, rate, eps=eps)
        work.carry()
    return np.array(losses), work.copy_params()


CLIPS = [("clip_by_value", 0.3), ("clip_by_global_norm", 0.7), ("clip_by_value", 1e3)]


def check_training(fast, clip, dtype=np.float64, dense=False, T=6, B=2, steps=60):
    """Losses and parameters of many steps."""
    params, batches = problem(
        6, 5, 6, T, B, dense=dense, dtype=dtype, count=steps, seed=1
    )
    for memory in ((0.0, 1e-10), (1e-8, 0.0)):
        options = (clip, 0.05, *memory)
        losses, expected = slow_training(params, batches, *options)
        found, ours = fast_training(fast, params, batches, *options)
        limit = 1e-9 if dtype == np.float64 else 1e-3
        np.testing.assert_allclose(found, losses, rtol=limit)
        for name, one, other in zip(params._fields, ours, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=limit, err_msg=name)


def check_clipping(fast, clip):
    """Above, below and within the threshold: what `rnnlib.clipping` does."""
    params, _ = problem(3, 4, 3, 1, 1)
    work, (name, threshold) = fast.Workspace(params, 1), clip
    for scale in (0.1, 1.0, 3.0, -0.1, -1.0, -3.0):
        work.gradient_flat[:] = 0
        work.gradient_flat[1:3] = scale * threshold * np.array([0.5, 1.0])
        expected = getattr(clipping, name)(work.gradient_flat, threshold)
        getattr(fast, name)(work, threshold)
        close(work.gradient_flat, expected, np.float64, name)


def check_samples(fast, temperature=1.0, offset=0.0, dtype=np.float64):
    """The symbols that the readable forward pass draws with the same numbers.

    ``offset`` is added to every logit, which changes no probability.
    """
    from rnnlib.language.generate import generate, network_step

    params, _ = problem(9, 8, 9, 1, 1, dtype=dtype, seed=2)
    params = params._replace(b_y=params.b_y + dtype(offset))
    expected = generate(
        network_step(params),
        None,
        4,
        200,
        rng=np.random.default_rng(3),
        temperature=temperature,
    )
    rng = np.random.default_rng(3)
    found = fast.sample(params, 200, first=4, rng=rng, temperature=temperature)
    assert found.tolist() == expected.tolist()
    assert len(set(expected.tolist())) > 2
