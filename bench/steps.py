"""The training step and the sampler of one sequence against compiled code."""

import numpy as np

from bench import char_peers, limits
from bench.char import PEERS, RATE, SETTINGS, available, interleaved, ours, problem
from bench.table import row
from rnnlib.char import fast

STEPS = {"JAX": PEERS["JAX"], "C": limits.c_step}
SAMPLERS = {
    "classic": char_peers.classic_sampler,
    "PyTorch": char_peers.pytorch_sampler,
    "JAX": limits.jax_sampler,
    "C": limits.c_sampler,
}


def rows(rounds):
    """The step and the sampler of one sequence against JAX and C, a row each."""
    small, found = SETTINGS[0], []
    data = problem(small)
    functions = {"ours": ours(*data, RATE)}
    wanted = {"JAX": 1.0, "C": None}
    functions |= {p: STEPS[p](*data, RATE) for p in present(wanted)}
    losses = {name: [float(f()) for _ in range(3)] for name, f in functions.items()}
    if not all(
        np.allclose(loss, losses["ours"], rtol=1e-4) for loss in losses.values()
    ):
        raise SystemExit(f"a peer computes another loss: {losses}")
    steps = interleaved(functions, small.steps, rounds)
    rng, n = np.random.default_rng(0), 500
    draws = {"ours": lambda: fast.sample(data[0], n, first=0, rng=rng)}
    for peer in present(SAMPLERS):
        draw = SAMPLERS[peer](data[0], rng)
        draws[peer] = lambda draw=draw: draw(n)
    samples = {k: v / n for k, v in interleaved(draws, 4, rounds).items()}
    for what, times, most in (
        ("step T25 B1 H100 f64", steps, None),
        ("sampling H100 f64, a symbol", samples, 3.2),
    ):
        found.append(row(f"{what}: us", 1e6 * times["ours"], most, least=False))
        for peer in times.keys() - {"ours"}:
            ratio, name = times["ours"] / times[peer], f"{what}: time over {peer}'s"
            limit = wanted.get(peer) if times is steps else None
            found.append(row(name, ratio, limit, least=False))
    return found


def present(peers):
    """The peers that can run; the others are named."""
    without = [p for p in peers if p != "C"]
    if "C" in peers and limits.compiler() is None:
        print("  C            SKIPPED: there is no compiler")
        return available(without)
    return available(without) + ["C"] * ("C" in peers)
