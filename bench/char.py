"""Time the training step and the sampling of rnnlib.char.fast against its peers.

    python -m bench.char        or        make bench

PyTorch and JAX need not be in the environment of the book: with them in another one,
``make bench PEERS=that/bin/python`` (it needs NumPy and threadpoolctl besides).

Peers: the classic listing (a dictionary of columns), PyTorch (eager) and JAX (jit and
scan). The last two are used when they are installed, and named when they are not. All
run in turn in one process, each told to use one thread. Printed: the median of the
ratio of the processor times over the rounds with its quartiles, beside the ratio that
is aimed at; then how much of the step is matrix products, and how fast they are.

JAX hands a step from one thread to another, and that costs time. With --pin all threads
share one processor: JAX gains by that, the others hardly change.

With --save the measurements go into chapters/min_char_rnn_studied.json, which the
chapter shows: those with and without --pin side by side.
"""

import argparse
import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

import rnnlib
from bench import char_peers
from rnnlib.char import fast
from tools import CHAPTERS

RATE = 0.01
TARGET = CHAPTERS / "min_char_rnn_studied.json"


class Setting(NamedTuple):
    """Sizes of one comparison, and the ratios that are aimed at, peer by peer."""

    d_x: int
    d_h: int
    K: int
    T: int
    B: int
    dense: bool
    dtype: type
    steps: int  # in one round
    aims: dict


SETTINGS = (
    Setting(
        *(65, 100, 65, 25, 1, False, np.float64, 60),
        {"classic": 3.5, "PyTorch": 4.5, "JAX": 1.0},
    ),
    Setting(
        *(65, 128, 65, 50, 32, False, np.float32, 10), {"PyTorch": 2.0, "JAX": 0.8}
    ),
    Setting(
        *(65, 512, 65, 100, 64, False, np.float32, 1), {"PyTorch": 1.35, "JAX": 1.0}
    ),
    Setting(*(32, 256, 32, 1000, 1, True, np.float64, 1), {"PyTorch": 3.5, "JAX": 1.3}),
)
SAMPLING = {"classic": 4.0, "PyTorch": 10.0}
PEERS = {
    "classic": char_peers.classic,
    "PyTorch": char_peers.pytorch,
    "JAX": char_peers.jax_scan,
}
MODULES = {"PyTorch": "torch", "JAX": "jax"}


def ours(params, x, y, rate):
    """A step of the fast path, in the form of the peers."""
    work = fast.Workspace(params, *x.shape[:2], dense=x.ndim == 3)
    squares = np.full_like(work.flat, char_peers.EPS)

    def step():
        loss = fast.loss_and_gradients(work, x, y)
        fast.clip_by_value(work, char_peers.CLIP)
        fast.adagrad(work, squares, rate, eps=0)
        work.carry()
        return loss

    return step


def problem(setting):
    """Parameters and one batch."""
    d_x, d_h, K, T, B, dense, dtype = setting[:7]
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(d_x, d_h, K, rng=rng, dtype=dtype)
    x = rng.integers(0, d_x, (T, B))
    if dense:
        x = rng.standard_normal((T, B, d_x)).astype(dtype)
    return params, x, rng.integers(0, K, (T, B))


def seconds(function, times=1):
    """Processor time of one call, all threads together."""
    start = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - start) / times


def interleaved(functions, times, rounds):
    """The times of all functions, in turn, round after round: name -> array."""
    for function in functions.values():
        seconds(function, times)  # compiles, and warms the caches
    found = {name: [] for name in functions}
    for i in range(rounds):
        names = list(functions) if i % 2 else list(functions)[::-1]
        for name in names:
            found[name].append(seconds(functions[name], times))
    return {name: np.array(values) for name, values in found.items()}


def report(times, aims):
    """Our time, and the ratio of each peer to it, printed and as a dictionary."""
    mine = times["rnnlib.char.fast"]
    print(f"  rnnlib.char.fast  {1e6 * np.median(mine):10.1f} us")
    ratios = {}
    for name in aims:
        if name not in times:
            continue
        low, middle, high = np.quantile(times[name] / mine, [0.25, 0.5, 0.75])
        verdict = "reached" if middle >= aims[name] else "MISSED"
        print(
            f"  {name:11s}  {1e6 * np.median(times[name]):10.1f} us  ratio "
            f"{middle:5.2f} ({low:.2f} to {high:.2f}), aim {aims[name]:.2f}: {verdict}"
        )
        ratios[name] = [round(float(r), 3) for r in (low, middle, high)]
    return {"seconds": float(f"{np.median(mine):.4g}"), "aims": aims, "ratios": ratios}


def available(aims):
    """The peers that can run; the others are named."""
    found = []
    for name in aims:
        if name in MODULES and importlib.util.find_spec(MODULES[name]) is None:
            print(f"  {name:11s}  SKIPPED: the module {MODULES[name]} is not installed")
        else:
            found.append(name)
    return found


def operations(setting):
    """Floating-point operations of all matrix products of one step, by part."""
    d_x, d_h, K, T, B, dense = setting[:6]
    n = 2 * T * B  # a multiplication and an addition a step and sequence
    loop = 2 * n * d_h * d_h - n * d_h * d_h // T  # no product behind step 1
    inputs = n * (d_x + 1) * d_h if dense else 0
    readout = n * (1 + d_h) * K + n * d_h * K
    gradients = n * (d_x + 1 + d_h) * d_h + n * (1 + d_h) * K
    return {"in the loop": loop, "outside": inputs + readout + gradients}


def matrix_work(setting, step_seconds):
    """How much of the step is products, against the best product of this machine."""
    side = 1024
    a, b = np.ones((2, side, side), setting.dtype)
    out = np.empty_like(a)
    best = min(seconds(lambda: np.matmul(a, b, out=out), 4) for _ in range(5))
    peak = 2 * side**3 / best
    parts = operations(setting)
    total = sum(parts.values())
    one_unit = setting._replace(d_x=1, d_h=1, K=1, B=1)
    step = ours(*problem(one_unit), RATE)
    calls = min(seconds(step, setting.steps) for _ in range(9))
    print(
        f"  products: {total / 1e6:.2f} million operations a step, "
        f"{100 * parts['in the loop'] / total:.0f}% of them in the loop; "
        f"{total / step_seconds / 1e9:.1f} of {peak / 1e9:.1f} GFLOP/s "
        f"({100 * total / step_seconds / peak:.0f}%)\n"
        f"  the same calls with one unit, symbol and sequence: {1e6 * calls:.1f} us "
        f"({100 * calls / step_seconds:.0f}% of the step)"
    )
    return {
        "operations": parts,
        "peak": float(f"{peak:.4g}"),
        "calls": float(f"{calls:.4g}"),
    }


def compare_steps(setting, rounds):
    """One line a peer for one setting; the losses of all must agree first."""
    d_x, d_h, K, T, B, dense, dtype = setting[:7]
    kind = "dense" if dense else "symbols"
    print(
        f"\ntraining step: d_x {d_x} ({kind}), d_h {d_h}, K {K}, T {T}, B {B}, "
        f"{dtype.__name__}"
    )
    data = problem(setting)
    functions = {"rnnlib.char.fast": ours(*data, RATE)}
    for name in available(setting.aims):
        functions[name] = PEERS[name](*data, RATE)
    losses = {name: [float(f()) for _ in range(3)] for name, f in functions.items()}
    for name, loss in losses.items():
        if not np.allclose(loss, losses["rnnlib.char.fast"], rtol=1e-4):
            raise SystemExit(f"{name} computes another loss: {losses}")
    times = interleaved(functions, setting.steps, rounds)
    sizes = dict(zip(("d_x", "d_h", "K", "T", "B"), setting[:5], strict=True))
    sizes |= {"dense": dense, "dtype": dtype.__name__}
    result = report(times, setting.aims)
    return {**sizes, **result, **matrix_work(setting, result["seconds"])}


def compare_samplers(rounds, n=500):
    """Symbols drawn one after the other."""
    print(f"\nsampling: {n} of 65 symbols, d_h 100, float64; times a symbol")
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(65, 100, 65, rng=rng)
    samplers = {
        "classic": char_peers.classic_sampler,
        "PyTorch": char_peers.pytorch_sampler,
    }
    functions = {"rnnlib.char.fast": lambda: fast.sample(params, n, first=0, rng=rng)}
    for name in available(SAMPLING):
        draw = samplers[name](params, rng)
        functions[name] = lambda draw=draw: draw(n)
    times = interleaved(functions, 1, rounds)
    return report({name: values / n for name, values in times.items()}, SAMPLING)


def digest():
    """Sixteen hexadecimal digits of what decides what is timed, and against what.

    That is the code of the two modules without their docstrings, settings included.
    What they import is guarded otherwise: all programs must compute the same loss.
    """
    code = []
    for module in (sys.modules[__name__], char_peers):
        lines = inspect.getsource(module).splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            kinds = (ast.Module, ast.FunctionDef, ast.ClassDef)
            if isinstance(node, kinds) and ast.get_docstring(node) is not None:
                first, last = node.body[0].lineno, node.body[0].end_lineno
                lines[first - 1 : last] = [""] * (last - first + 1)
        code += [line for line in lines if line.strip()]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


def conditions(args):
    """What the measurements were made with."""
    names = ["numpy", *(n for n in MODULES.values() if importlib.util.find_spec(n))]
    versions = {name: importlib.metadata.version(name) for name in names}
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.split(":")[1] for line in lines if line.startswith("model name")]
        cpu = models[0].strip() if models else cpu
    return {
        "command": f"python -m bench.char{' --pin' * args.pin}",
        "digest": digest(),
        "rounds": args.rounds,
        "processor": cpu,
        "python": platform.python_version(),
        "versions": versions,
    }


def main():
    """Print all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", type=int, help="number of a setting, from 1")
    parser.add_argument("--pin", action="store_true", help="all on one processor")
    parser.add_argument("--save", action="store_true", help=f"into {TARGET.name}")
    args = parser.parse_args()
    rounds = args.rounds
    if args.pin:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    where = "on one processor" if args.pin else "one thread each"
    print(f"{rounds} rounds, one process, {where}, NumPy {np.__version__}")
    steps, samples = [], None
    with threadpool_limits(1):
        for number, setting in enumerate(SETTINGS, 1):
            if args.only in (None, number):
                steps.append(compare_steps(setting, rounds))
        if args.only in (None, len(SETTINGS) + 1):
            samples = compare_samplers(rounds)
    if args.save:
        stored = {}
        if TARGET.exists():
            stored = json.loads(TARGET.read_text(encoding="utf-8"))
        stored[where] = {**conditions(args), "steps": steps, "samples": samples}
        TARGET.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
