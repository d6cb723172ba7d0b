"""Verdicts: a claim with the cases that decide it, and when two arrays agree."""

import numpy as np


def check(claim, *cases):
    """Assert a claim in every case, then print it with its verdict."""
    holds = bool(cases) and all(cases)
    assert holds, claim
    print(f"{claim}: {holds}")


def agree(claim, oracle, tolerance=1e-12):
    """Whether two arrays have one shape and differ by at most ``tolerance``.

    Relative to the largest entry of the oracle.
    """
    claim, oracle = np.asarray(claim), np.asarray(oracle)
    if claim.shape != oracle.shape:
        return False
    return bool(np.abs(claim - oracle).max() <= tolerance * np.abs(oracle).max())
