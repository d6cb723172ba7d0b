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


STORED = json.loads(bench_char.TARGET.read_text(encoding="utf-8"))


@pytest.mark.parametrize("where", STORED)
def test_what_is_stored_was_measured_by_this_command(where):
    """Times are not repeated; sizes, aims and counts of operations are."""
    stored = STORED[where]
    pinned = " --pin" if where == "on one processor" else ""
    assert stored["command"] == f"python -m bench.char{pinned}"
    assert stored["digest"] == bench_char.digest()
    assert len(stored["steps"]) == len(bench_char.SETTINGS)
    for row, setting in zip(stored["steps"], bench_char.SETTINGS, strict=True):
        sizes = [row[name] for name in ("d_x", "d_h", "K", "T", "B", "dense")]
        assert sizes == list(setting[:6]) and row["dtype"] == setting.dtype.__name__
        assert row["aims"] == setting.aims
        assert row["operations"] == bench_char.operations(setting)
        assert row["ratios"].keys() <= setting.aims.keys()
    assert stored["samples"]["aims"] == bench_char.SAMPLING
    for row in (*stored["steps"], stored["samples"]):
        assert all(low <= mid <= high for low, mid, high in row["ratios"].values())


def test_the_digest_follows_the_code_and_not_its_docstrings(monkeypatch):
    """Of the whole of both modules."""
    real, first = bench_char.inspect.getsource, bench_char.digest()
    changes = {
        ("bench.char", '"""Our time', '"""My time'): True,
        ("bench.char", "RATE = 0.01", "RATE = 0.01\n\n"): True,
        ("bench.char", "RATE = 0.01", "RATE = 0.02"): False,
        ("bench.char", "0.25, 0.5, 0.75", "0.2, 0.5, 0.8"): False,
        ("bench.char_peers", "CLIP, EPS = 5.0", "CLIP, EPS = 6.0"): False,
    }
    for (name, old, new), same in changes.items():

        def changed(module, name=name, old=old, new=new):
            text = real(module)
            if module.__name__ != name:
                return text
            assert text.count(old) == 1, old
            return text.replace(old, new)

        monkeypatch.setattr(bench_char.inspect, "getsource", changed)
        assert (bench_char.digest() == first) == same, new
