"""All benchmarks, and a table of what was wanted and what was measured.

    python -m bench        or        make bench PEERS=that/bin/python

PyTorch and JAX need not be in the environment of the book: with them in another one,
name its Python (it needs the packages of rnnlib and threadpoolctl besides). Every line
is measured on one thread, interleaved with its peers in one process, processor times;
it shows the median and the quartiles over the rounds.
"""

import argparse
import platform

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from bench import char, commands, layers, limits, steps
from bench.table import Table


def conditions(rounds):
    """The machine, the kernels and the threads, in lines."""
    found = char.conditions(argparse.Namespace(pin=False, rounds=rounds))
    blas = [p for p in threadpool_info() if p["user_api"] == "blas"]
    kernels = {f"{p['internal_api']} {p['architecture']}" for p in blas}
    versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
    return (
        f"{found['processor']}; {platform.system()} {platform.release()}; "
        f"Python {found['python']}, {versions}\n"
        f"{', '.join(sorted(kernels))}; one thread; {rounds} rounds"
    )


def main():
    """Run them all; the exit status is 0 whatever is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(conditions(rounds))
    table = Table()
    with threadpool_limits(1), np.errstate(all="ignore"):
        table.add(limits.rows())
        for duties in commands.TRAININGS:
            table.add(commands.training(duties, rounds))
        table.add(commands.sampling_and_evaluation(rounds))
        table.add(layers.compare(rounds))
        table.add(layers.generated(rounds))
        table.add(steps.rows(rounds))
        table.add(layers.memory())
    table.add(commands.seeds_in_parallel(max(1, rounds // 3)))
    table.close()
    print(
        "Where NumPy cannot follow: a call costs about half a microsecond whatever it "
        "computes, and in double\nprecision its tanh is one number at a time. Compiled "
        'code (C, JAX) pays neither. The rows with "alone"\nshow what the products, '
        "or the calls with one unit, take by themselves."
    )


if __name__ == "__main__":
    main()
