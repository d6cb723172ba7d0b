"""The training step and the sampler of one sequence against compiled code."""

import numpy as np

import rnnlib
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
    return found + sampler_alone(rounds)


def sampler_alone(rounds, d=100, K=65, count=200):
    """What a symbol of the sampler costs at least, in microseconds.

    Its calls: those of a network of one unit and two symbols. Its work: the product,
    the tangents and the exponentials of the network that is timed, in calls that write
    into given arrays.
    """
    rng = np.random.default_rng(0)
    tiny = rnnlib.init_params(2, 1, 2, rng=rng)
    M, h = rng.standard_normal((d + K, d)), rng.standard_normal(d)
    s, below = np.empty(d + K), np.empty(d)

    def work():
        M.dot(h, s)
        np.tanh(h, below)
        np.exp(below[:K], below[:K])

    functions = {
        "its calls alone": lambda: fast.sample(tiny, count, first=0, rng=rng),
        "its work alone": lambda: [work() for _ in range(count)],
    }
    times = interleaved(functions, 1, rounds)
    return [
        row(f"sampling H{d} f64, {what}: us", 1e6 * t / count)
        for what, t in times.items()
    ]


def present(peers):
    """The peers that can run; the others are named."""
    without = [p for p in peers if p != "C"]
    if "C" in peers and limits.compiler() is None:
        print("  C            SKIPPED: there is no compiler")
        return available(without)
    return available(without) + ["C"] * ("C" in peers)
