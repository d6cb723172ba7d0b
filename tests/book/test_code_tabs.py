"""Code of two libraries side by side: the tabs of a pair compute the same.

A tab set of these chapters that has a tab "rnnlib" and a tab "PyTorch" is run, as it
stands on the page, on one network; PyTorch's where it is installed.
"""

import re

import numpy as np
import pytest

import rnnlib
from tools import chapters

SET = re.compile(r"^::::\{tab-set\}\n(.*?)^::::$", re.MULTILINE | re.DOTALL)
ITEM = re.compile(
    r"^:::\{tab-item\} (\S+)\n```python\n(.*?)^```\n:::$", re.MULTILINE | re.DOTALL
)
CHAPTERS = (  # their tabs run the plain network
    *("forward", "losses", "bptt"),
    *("index_notation", "total_derivative", "truncation", "vanishing"),
)
ADDED = 1e-6  # PyTorch's clip_grad_norm_ divides by the norm plus this
PAIRS = [
    pytest.param(dict(ITEM.findall(body)), id=f"{name}:{cell.id}")
    for name in CHAPTERS
    for cell in chapters.read(name).cells
    if cell.cell_type == "markdown"
    for body in SET.findall(cell.source)
    if {"rnnlib", "PyTorch"} <= dict(ITEM.findall(body)).keys()
]


def network():
    """Names that a tab may read: parameters, inputs, logits and targets, drawn."""
    rng = np.random.default_rng(3)
    params = rnnlib.init_params(4, 5, 3, rng=rng)
    params = params._replace(b_h=rng.standard_normal(5), b_y=rng.standard_normal(3))
    sizes = {"d_x": 4, "d_h": 5, "K": 3, "rnnlib": rnnlib, "params": params}
    x, y = rng.standard_normal((6, 2, 4)), rng.integers(3, size=(6, 2))
    return sizes | {"x": x, "y": y, "z": rng.standard_normal((6, 2, 3))}


def run(code, **more):
    """The arrays and numbers that a tab computes, by name."""
    before, space = network() | more, network() | more
    exec(code, space)
    return {
        name: np.asarray(value.detach() if hasattr(value, "detach") else value)
        for name, value in space.items()
        if name in ("loss", "d_W_hh", "W_hh", "delta_z", "z", "states", "size")
        and not np.array_equal(before.get(name), value)
    }


def test_there_are_pairs():
    assert len(PAIRS) == len(CHAPTERS)


@pytest.mark.parametrize("tabs", PAIRS)
def test_the_tab_of_rnnlib_runs(tabs):
    assert all(np.isfinite(v).all() for v in run(tabs["rnnlib"]).values())


@pytest.mark.parametrize("tabs", PAIRS)
def test_both_tabs_compute_the_same(tabs):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: NOT CHECKED")
    ours, theirs = run(tabs["rnnlib"]), run(tabs["PyTorch"], torch=torch)
    share = ADDED / theirs.pop("size", np.inf)  # by which a clipped gradient is short
    common = ours.keys() & theirs.keys()
    assert len(common) >= 2
    for name in common:
        more = share * np.linalg.norm(ours["d_W_hh"]) if share else 0
        assert np.allclose(theirs[name], ours[name], rtol=1e-9, atol=1e-12 + more), name
    if share:
        assert np.allclose(
            theirs["d_W_hh"] * (1 + share), ours["d_W_hh"], rtol=1e-9, atol=1e-12
        )
        assert not np.allclose(theirs["d_W_hh"], ours["d_W_hh"], rtol=share / 2, atol=0)
