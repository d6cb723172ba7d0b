"""The benchmark compares programs that compute the same, and names what is missing."""

import json

import numpy as np
import pytest

from bench import char as bench_char
from bench import char_peers

TINY = bench_char.Setting(
    *(5, 4, 5, 6, 1, False, np.float64, 2), {"classic": 0.0, "JAX": 1.0}
)


@pytest.fixture
def without_peers(monkeypatch):
    monkeypatch.setattr(bench_char.importlib.util, "find_spec", lambda name: None)


def test_what_is_not_installed_is_named(without_peers, capsys):
    result = bench_char.compare_steps(TINY, rounds=2)
    printed = capsys.readouterr().out
    assert "JAX" in printed and "SKIPPED: the module jax is not installed" in printed
    assert list(result["ratios"]) == ["classic"]
    assert "reached" in printed


def test_a_peer_with_another_loss_is_refused(without_peers, monkeypatch):
    def other(params, x, y, rate):
        step = char_peers.classic(params, x, y, rate)
        return lambda: 1.01 * step()

    monkeypatch.setitem(bench_char.PEERS, "classic", other)
    with pytest.raises(SystemExit, match="another loss"):
        bench_char.compare_steps(TINY, rounds=1)


def test_a_missed_aim_is_called_so(capsys):
    times = {"rnnlib.char.fast": np.ones(3), "classic": np.array([1.0, 2.0, 3.0])}
    ratios = bench_char.report(times, {"classic": 2.5})["ratios"]
    assert "MISSED" in capsys.readouterr().out
    assert ratios == {"classic": [1.5, 2.0, 2.5]}


@pytest.mark.parametrize("dense", [False, True])
def test_operations_are_those_of_the_products(dense, monkeypatch):
    """Count 2mkn for each product that a step really makes."""
    setting = TINY._replace(B=3, dense=dense)
    counted = []
    real = np.matmul

    def counting(a, b, out):
        counted.append(2 * a.shape[0] * a.shape[1] * b.shape[1])
        return real(a, b, out=out)

    step = bench_char.ours(*bench_char.problem(setting), 0.1)
    monkeypatch.setattr(np, "matmul", counting)
    step()
    parts = bench_char.operations(setting)
    assert sum(counted) == sum(parts.values())
    assert parts["in the loop"] == 2 * 3 * 4**2 * (2 * 6 - 1)


def test_the_stored_measurements_are_of_these_settings():
    stored = json.loads(bench_char.TARGET.read_text(encoding="utf-8"))
    assert set(stored) == {"one thread each", "on one processor"}
    for run in stored.values():
        assert len(run["steps"]) == len(bench_char.SETTINGS)
        for found, setting in zip(run["steps"], bench_char.SETTINGS, strict=True):
            sizes = [found[name] for name in ("d_x", "d_h", "K", "T", "B", "dense")]
            assert sizes == list(setting[:6])
            assert set(found["ratios"]) == set(setting.aims)
            assert found["operations"] == bench_char.operations(setting)
        assert set(run["samples"]["ratios"]) == set(bench_char.SAMPLING)
