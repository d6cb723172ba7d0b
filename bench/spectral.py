"""Time the norms of dh_T/dh_t for all t against one SVD for each t.

    python -m bench.spectral

Both run in turn, in one process on one thread. Printed: the median of the ratio of the
two processor times over the rounds, its quartiles, and the largest difference of the
logarithms.
"""

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

import rnnlib
from rnnlib.spectral import Jacobians, jacobians, log_product_norms

NETWORKS = (  # activation, gain, recurrent weights
    ("tanh", 1.0, "normal"),
    ("tanh", 2.0, "normal"),
    ("relu", 1.4, "normal"),
    ("logistic", 4.0, "normal"),
    ("identity", 1.0, "normal"),
    ("tanh", 1.0, "orthogonal"),
    ("identity", 1.0, "orthogonal"),
)


def trajectory(phi, gain, weights, T, d) -> Jacobians:
    """The Jacobians of one driven sequence."""
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(8, d, 1, rng=rng)
    if weights == "orthogonal":
        params = params._replace(W_hh=np.linalg.qr(params.W_hh)[0])
    params = params._replace(W_hh=gain * params.W_hh)
    x = 0.5 * rng.standard_normal((T, 1, 8))
    return jacobians(params, rnnlib.forward(params, x, phi=phi))


def svd_per_step(J):
    """log ||J_T ... J_{t+1}|| for all t: a product and its singular values each."""
    matrices = J.dense()[:, 0]
    P, log_scale, logs = np.eye(matrices.shape[-1]), 0.0, [0.0]
    for J_t in matrices[::-1]:
        P = P @ J_t
        norm = np.linalg.svd(P, compute_uv=False)[0]
        P /= norm
        log_scale += np.log(norm)
        logs.append(log_scale)
    return np.array(logs[::-1])


def seconds(function, J):
    """Processor time of one call, which other programs do not add to; its result."""
    start = time.process_time()
    result = function(J)
    return time.process_time() - start, result


def compare(J, rounds):
    """The ratios of the times, and the largest difference of the results."""
    ratios = []
    for _ in range(rounds):
        slow, expected = seconds(svd_per_step, J)
        fast, found = seconds(log_product_norms, J)
        ratios.append(slow / fast)
    return np.array(ratios), np.abs(found[:, 0] - expected).max()


def main():
    """Print one line a network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=11)
    args = parser.parse_args()
    print(f"d_h = {args.size}, T = {args.steps}, {args.rounds} rounds, one thread")
    print("activation  gain  weights     times faster (quartiles)  difference")
    with threadpool_limits(1):
        for phi, gain, weights in NETWORKS:
            J = trajectory(phi, gain, weights, args.steps, args.size)
            ratios, difference = compare(J, args.rounds)
            low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
            print(
                f"{phi:10s}  {gain:4.1f}  {weights:10s}  "
                f"{middle:5.1f} ({low:.1f} to {high:.1f})         {difference:.0e}"
            )


if __name__ == "__main__":
    main()
