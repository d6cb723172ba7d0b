"""The table of the benchmarks, and that its peers compute what is timed."""

import numpy as np
import pytest

from bench import char, commands, layers, limits, steps, table
from bench.commands import Duties, Task

DUTIES = Duties({"hidden": 5}, 4, 2, 0.0, {})


def test_the_table_says_what_is_missed(capsys):
    shown = table.Table()
    shown.add(
        [
            table.row("fast", [2.0, 3.0, 4.0], 3.0),
            table.row("slow", [2.0, 3.0, 4.0], 2.9, least=False),
            table.row("shown", [1234.5]),
        ]
    )
    shown.close()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["fast", ">=", "3", "3", "2.5", "to", "3.5", "reached"]
    assert lines[2].split() == ["slow", "<=", "2.9", "3", "2.5", "to", "3.5", "MISSED"]
    assert lines[3].split() == ["shown", "1,234", "1,234", "to", "1,234"]
    assert lines[4] == "1 of 2 missed"


def test_the_classic_loop_has_the_losses_and_the_duties_of_the_command(tmp_path):
    task = Task(DUTIES, tmp_path)
    ours, theirs = commands.command(task, 4), commands.classic(task, 4)
    np.testing.assert_allclose(ours, theirs, rtol=0.02)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"ours.safetensors", "classic.npz"}


def test_the_steps_alone_have_the_losses_of_the_command(tmp_path):
    for cell in ("rnn", "lstm", "gru"):
        duties = DUTIES._replace(settings={"cell": cell, "hidden": 5})
        task = Task(duties, tmp_path)
        ours = commands.command(task, 4)
        assert np.array_equal(commands.steps_alone(task, 4), ours)
        still = commands.steps_alone(task, 4, update=False)
        assert still[0] == ours[0] and still[3] != ours[3]
        assert commands.one_unit(task)()[0] > 0


def test_the_operations_of_the_products_of_a_step(tmp_path):
    """25 columns; W_hh and W_hy, forward and twice backward, two operations each."""
    for cell, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        duties = DUTIES._replace(settings={"cell": cell, "hidden": 5})
        task = Task(duties, tmp_path)
        entries = 5 * 5 * gates + 5 * len(task.about.alphabet)
        assert commands.products(task) == 3 * 2 * 25 * entries


def test_a_command_has_a_row_for_each_bound(monkeypatch):
    one = lambda dtype: np.array([1e9, 2e9])  # noqa: E731
    monkeypatch.setattr(limits, "largest_product", one)
    rows = commands.training(DUTIES, rounds=2)
    assert [r.what.split(": ")[1] for r in rows] == [
        "steps a second",
        "share of its steps",
        "share of losses and gradients",
        "its products alone allow",
        "its calls alone allow",
    ]
    assert all(r.middle > 0 for r in rows) and rows[1].wanted is None


def test_without_joblib_two_jobs_are_skipped(monkeypatch, capsys):
    monkeypatch.setattr(commands.importlib.util, "find_spec", lambda name: None)
    assert commands.seeds_in_parallel(1) == []
    assert "SKIPPED: the module joblib" in capsys.readouterr().out


def test_what_a_symbol_costs_at_least():
    rows = steps.sampler_alone(2, d=4, K=3, count=5)
    assert [r.what.split(", ")[1] for r in rows] == [
        "its calls alone: us",
        "its work alone: us",
    ]
    assert all(r.middle > 0 for r in rows)


@pytest.mark.skipif(limits.compiler() is None, reason="no C compiler: NOT CHECKED")
def test_the_loops_in_c_are_the_step_and_the_sampler():
    setting = char.SETTINGS[0]._replace(d_x=7, d_h=5, K=7, T=6)
    data = char.problem(setting)
    ours, theirs = char.ours(*data, 0.1), limits.c_step(*data, 0.1)
    for _ in range(5):
        assert theirs() == pytest.approx(ours(), rel=1e-9)
    rng, again = np.random.default_rng(1), np.random.default_rng(1)
    drawn = limits.c_sampler(data[0], rng)(60)
    assert drawn == char.fast.sample(data[0], 60, first=0, rng=again).tolist()


@pytest.mark.skipif(limits.compiler() is None, reason="no C compiler: NOT CHECKED")
def test_loading_the_loops_leaves_the_arithmetic_as_it_was():
    limits.library()
    assert np.nextafter(0, 1) * np.float64(1.0) > 0


def test_the_generated_layer_takes_the_step_of_the_command():
    rows = layers.generated(rounds=1)
    assert [r.wanted for r in rows] == [0.8, None, 0.8, None]
    assert min(r.middle for r in rows) > 0.3  # a bound that noise does not reach


def test_only_what_can_run_is_compared(monkeypatch, capsys):
    monkeypatch.setattr(char.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(layers, "SIZES", ((3, 2, 4, np.float32, 1),) * 4)
    rows = layers.compare(rounds=2)
    assert len(rows) == 8 and all("ms forward" in r.what for r in rows)
    assert "SKIPPED" in capsys.readouterr().out


def test_the_products_of_a_pass(monkeypatch):
    monkeypatch.setattr(
        layers, "largest_product", lambda dtype: np.array([10.0, 100.0, 1e9])
    )
    params = layers.problem(layers.lstm, 2, 3, 4, np.float32)[0]
    # 16 x 4 with x and with h; forward, and two backward; two operations an entry
    assert layers.products(params, 2, 3) == 2 * (2 * 3) * (64 + 64) * 3 / 100
