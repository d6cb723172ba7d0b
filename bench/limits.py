"""What the machine can do: its best product, `loops.c` by a compiler, and JAX."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache, partial
from pathlib import Path

import numpy as np

from bench import char_peers
from bench.char import seconds
from bench.table import row

SOURCE = Path(__file__).with_name("loops.c")
COMPILE = ("-Ofast", "-march=native", "-fPIC", "-c")


def compiler():
    """The C compiler of the machine, or None."""
    return shutil.which("cc") or shutil.which("gcc")


@cache
def library():
    """`loops.c`, compiled for this machine.

    Linked apart, without -Ofast: else to load it would set the processor to flush
    subnormal numbers to zero, for all that this process computes afterwards.
    """
    with tempfile.TemporaryDirectory() as folder:
        compiled, path = Path(folder) / "loops.o", Path(folder) / "loops.so"
        subprocess.run([compiler(), *COMPILE, SOURCE, "-o", compiled], check=True)
        link = [compiler(), "-shared", compiled, "-o", path, "-lm"]
        subprocess.run(link, check=True)
        found = ctypes.CDLL(str(path))
    found.step.restype = ctypes.c_double
    return found


def _pointers(*arrays):
    return [a.ctypes.data_as(ctypes.c_void_p) for a in arrays]


def _vector(params):
    arrays = (params.W_xh.T, params.W_hh, params.b_h, params.W_hy, params.b_y)
    return np.concatenate([np.ravel(a) for a in arrays])


def c_step(params, x, y, rate):
    """The training step of one sequence in C, in the form of the peers."""
    T, d, V = len(x), params.d_h, params.K
    v = _vector(params)
    g, r = np.zeros_like(v), np.full_like(v, char_peers.EPS)
    h, z, work = np.zeros((T + 1, d)), np.empty((T, V)), np.empty(2 * d)
    x, y = (np.ascontiguousarray(a[:, 0], np.int64) for a in (x, y))
    arrays = (x, y, v, g, r, h, z, work)  # alive as long as the step
    numbers = ctypes.c_double(rate), ctypes.c_double(char_peers.CLIP)
    arguments = T, d, V, *_pointers(*arrays), *numbers

    def step(_keep=arrays):
        return library().step(*arguments)

    return step


def c_sampler(params, rng):
    """``draw(n)`` in C."""
    v, h = _vector(params), np.zeros(params.d_h)
    work = np.empty(params.d_h + params.K)

    def draw(n):
        drawn, u = np.empty(n, np.int64), rng.random(n)
        sizes = n, params.d_h, params.K, ctypes.c_long(0)
        library().sample(*sizes, *_pointers(v, u, h, work, drawn))
        return drawn.tolist()

    return draw


def jax_on_one_thread():
    """The module jax, in double precision where that is asked for."""
    flag = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", flag)
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return jax


def jax_sampler(params, rng):
    """``draw(n)``: n symbols by jax.jit, with lax.scan from symbol to symbol."""
    jax = jax_on_one_thread()
    jnp = jax.numpy
    W_xh, W_hh, b_h, W_hy, b_y = (jnp.array(np.array(a)) for a in params)
    rows = W_xh.T + b_h

    def one(carried, u):
        h, k = carried
        h = jnp.tanh(rows[k] + W_hh @ h)
        sums = jnp.cumsum(jax.nn.softmax(W_hy @ h + b_y))
        k = jnp.minimum((sums <= u * sums[-1]).sum(), len(b_y) - 1)
        return (h, k), k

    @jax.jit
    def all_of(u):
        return jax.lax.scan(one, (jnp.zeros_like(b_h), 0), u)[1]

    return lambda n: np.asarray(all_of(rng.random(n))).tolist()


@cache
def largest_product(dtype, rounds=9, side=1024):
    """Operations a second of a large matrix product, round by round."""
    a = np.ones((side, side), dtype)
    product = partial(np.matmul, a, a, out=np.empty_like(a))
    return np.array([2 * side**3 / seconds(product, 2) for _ in range(rounds)])


def rows():
    """The best matrix product, in billions of operations a second."""
    return [
        row(f"largest product f{bits}: GFLOP/s", largest_product(f"f{bits // 8}") / 1e9)
        for bits in (64, 32)
    ]
