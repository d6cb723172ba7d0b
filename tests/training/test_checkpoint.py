"""Checkpoints: killed and resumed to the bit; damaged and foreign files refused."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import save_file

import rnnlib
from rnnlib.optimisers import sgd
from rnnlib.training import begin, load_checkpoint, read_about, save_checkpoint
from rnnlib.training import checkpoint as module
from rnnlib.trees import flatten, rebuild
from tests.support.refusals import refuses
from tests.training.problem import carrying, run, same, start, start_carrying
from tools import ROOT

STEPS = 60
KINDS = [getattr(np.random, name) for name in rnnlib.training.state.GENERATORS]


def launch(path, pause):
    """The run as a program of its own."""
    command = [sys.executable, "-m", "tests.training.problem", path, STEPS, pause]
    return subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )


def wait_for_step(path, program, step):
    """Until the program has written a checkpoint of at least that step."""
    for _ in range(3000):
        if path.exists() and load_checkpoint(path, start()).step >= step:
            return
        assert program.poll() is None, program.stderr.read()
        time.sleep(0.02)
    raise AssertionError("no checkpoint within a minute")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_and_resumed(tmp_path, how):
    path = tmp_path / "run.safetensors"
    program = launch(path, 0.05)
    wait_for_step(path, program, 10)
    program.send_signal(how)
    _, error = program.communicate(timeout=60)
    assert program.returncode != 0
    stopped = load_checkpoint(path, start())
    assert 10 <= stopped.step < STEPS
    if how == signal.SIGINT:
        assert "KeyboardInterrupt" in error
    else:
        assert stopped.step % 5 == 0
    assert same(run(stopped, STEPS), run(start(), STEPS))


def test_an_interrupt_at_any_step_leaves_that_step(tmp_path):
    path, calls = tmp_path / "run.safetensors", []

    def interrupted(params, batch):
        from tests.training.problem import objective

        calls.append(1)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return objective(params, batch)

    with pytest.raises(KeyboardInterrupt):
        run(start(), STEPS, objective=interrupted, checkpoint=path)
    stopped = load_checkpoint(path, start())
    assert same(stopped, run(start(), 8)) and same(run(stopped, 20), run(start(), 20))


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(tmp_path, kind):
    path = tmp_path / "run.safetensors"
    half = run(start(kind), 15, checkpoint=path)
    assert same(load_checkpoint(path, start(kind)), half)
    resumed = run(load_checkpoint(path, start(kind)), 30)
    assert same(resumed, run(start(kind), 30)) and not same(resumed, half)


def test_what_a_step_hands_to_the_next(tmp_path):
    path, options = tmp_path / "run.safetensors", {"objective": carrying}
    half = run(start_carrying(), 15, checkpoint=path, **options)
    assert np.any(half.carried["h"] != 0)
    loaded = load_checkpoint(path, start_carrying())
    assert same(loaded, half)
    whole = run(start_carrying(), 30, **options)
    assert same(run(loaded, 30, **options), whole)
    handed, measured = [], []

    def measure(params, carried):
        measured.append(carried["h"])
        return 0.0

    def noted(params, batch, carried):
        handed.append(carried["h"])
        return carrying(params, batch, carried)

    every_step = {"validate": measure, "validate_every": 1}
    run(start_carrying(), 3, objective=noted, **every_step)
    last = [run(start_carrying(), n, **options).carried["h"] for n in range(4)]
    assert np.array_equal(handed, last[:3]) and np.array_equal(measured, last[1:])
    with pytest.raises(ValueError, match="only one of the two has .*carried.h"):
        load_checkpoint(path, start())


def test_a_skipped_step_hands_on_what_it_was_handed():
    def bad(params, batch, carried):
        loss, gradients, _ = carrying(params, batch, carried)
        return np.nan, gradients, {"h": np.full(5, np.nan)}

    options = {"nonfinite": "skip", "validate": None}
    state = run(start_carrying(), 3, objective=bad, **options)
    assert np.array_equal(state.carried["h"], np.zeros(5))
    assert state.history.skipped.all()


def test_what_the_caller_overwrites_was_copied():
    buffer = np.zeros(5)

    def reuses(params, batch, carried):
        loss, gradients, after = carrying(params, batch, carried)
        buffer[:] = after["h"]
        return loss, gradients, {"h": buffer}

    state = run(start_carrying(), 3, objective=reuses)
    buffer[:] = 7
    assert same(state, run(start_carrying(), 3, objective=carrying))


def test_the_text_about_a_run(tmp_path):
    path = tmp_path / "run.safetensors"
    text = '{"cell": "gru", "symbols": "\u00e9\u6f22\n"}'
    run(start(), 7, checkpoint=path, about=text)
    assert read_about(path) == text
    assert same(load_checkpoint(path, start()), run(start(), 7))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"gru", b"gnu"))
    for read in (read_about, lambda p: load_checkpoint(p, start())):
        with pytest.raises(ValueError, match=r"^run\.safetensors: damaged"):
            read(path)
    save_checkpoint(path, start())
    assert read_about(path) == ""


def test_arrays_in_another_order_are_still_resumed_to_the_bit(tmp_path):
    first = start()
    odd = first.params._replace(W_hh=np.asfortranarray(first.params.W_hh))
    first = begin(odd, module_optimiser(), rng=np.random.default_rng(2))
    path = tmp_path / "run.safetensors"
    run(first, 10, checkpoint=path)
    assert same(run(load_checkpoint(path, first), 20), run(first, 20))


def test_the_order_in_memory_does_not_show_in_a_file(tmp_path):
    first = run(start(), 3)
    carried = {"h": np.arange(6.0).reshape(2, 3)}
    plain = first._replace(carried=carried)
    named = flatten(first.params).items()
    tree = rebuild(first.params, {k: a.copy("F") for k, a in named})
    odd = first._replace(params=tree, carried={"h": carried["h"].copy("F")})
    assert not odd.params.W_hh.flags.c_contiguous
    for state, name in ((plain, "a"), (odd, "b")):
        save_checkpoint(tmp_path / name, state)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = load_checkpoint(tmp_path / "b", plain)
    assert (found.carried["h"] == carried["h"]).all()
    assert (found.params.W_hh == first.params.W_hh).all()


def module_optimiser():
    from tests.training.problem import OPTIMISER

    return OPTIMISER


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A checkpoint, and its bytes."""
    path = tmp_path_factory.mktemp("sound") / "run.safetensors"
    run(start(), 8, checkpoint=path)
    return path, path.read_bytes()


def test_every_truncation_is_noticed(sound, tmp_path):
    content, path = sound[1], tmp_path / "run.safetensors"
    for length in [*range(0, 40), *range(40, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"^run\.safetensors: damaged"):
            load_checkpoint(path, start())


def test_every_flipped_bit_is_noticed(sound, tmp_path):
    content, path = sound[1], tmp_path / "run.safetensors"
    rng = np.random.default_rng(0)
    places = {*range(0, 400, 7), *rng.integers(0, len(content), 300).tolist()}
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r"^run\.safetensors: "):
            load_checkpoint(path, start())


def test_foreign_files(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(b"PK\x03\x04 not one of ours" * 10)
    with pytest.raises(ValueError, match="^other: damaged, or not a checkpoint"):
        load_checkpoint(path, start())
    save_file({"W": np.ones(3)}, path)
    message = "^other: expected 'rnnlib training state 1', got None$"
    with pytest.raises(ValueError, match=message):
        load_checkpoint(path, start())
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_checkpoint(tmp_path / "absent", start())


def test_the_checkpoint_of_another_run(sound):
    rng, optimiser = np.random.default_rng(0), module_optimiser()
    params = rnnlib.init_params(3, 4, 3, rng=rng)
    other = begin(params, optimiser, rng=rng)
    with pytest.raises(
        ValueError, match=r"W_xh: expected float64 \(4, 3\), got .*5, 3"
    ):
        load_checkpoint(sound[0], other)
    other = begin(start().params, sgd(0.1), rng=rng)
    with pytest.raises(ValueError, match="only one of the two has .*mean"):
        load_checkpoint(sound[0], other)
    with pytest.raises(ValueError, match="rng: expected Philox, got PCG64"):
        load_checkpoint(sound[0], start(np.random.Philox))


def test_a_failed_write_leaves_the_old_checkpoint(sound, tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    path.write_bytes(sound[1])

    def fails(*_):
        raise OSError("no space")

    monkeypatch.setattr(module.os, "fsync", fails)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(path, start())
    assert path.read_bytes() == sound[1] and os.listdir(tmp_path) == [path.name]


def test_the_disk_has_the_content_before_the_name(tmp_path, monkeypatch):
    """fsync of the file, then the new name, then fsync of the folder."""
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def noted(*args, name=name, real=real):
            calls.append(name)
            return real(*args)

        monkeypatch.setattr(module.os, name, noted)
    save_checkpoint(tmp_path / "a", start())
    assert calls == ["fsync", "replace", "fsync"]
    assert os.listdir(tmp_path) == ["a"]


def test_the_arrays_begin_at_a_multiple_of_eight(tmp_path):
    """Where a reader may map the file into memory; the texts before are of any size."""
    for length in range(9):
        save_checkpoint(tmp_path / "a", start(), "x" * length)
        assert int.from_bytes((tmp_path / "a").read_bytes()[:8], "little") % 8 == 0
        assert read_about(tmp_path / "a") == "x" * length


def header(path):
    """What a safetensors file says of its content."""
    content = path.read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def test_the_texts_of_a_file_are_in_order(tmp_path):
    """However the state of the generator is ordered in memory."""
    first = start()
    odd = first._replace(rng=dict(reversed(first.rng.items())))
    assert list(odd.rng) != list(first.rng)
    for state, name in ((first, "a"), (odd, "b")):
        save_checkpoint(tmp_path / name, state, "x")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    texts = header(tmp_path / "a")["__metadata__"]
    assert list(texts) == ["about", "digest", "format", "rng"]
    assert list(header(tmp_path / "a"))[0] == "__metadata__"
    assert same(load_checkpoint(tmp_path / "b", first), first)


def test_the_digest_is_of_names_types_shapes_values_and_texts():
    text = {"format": "f", "rng": "r", "about": "a"}
    one, two = np.arange(6, dtype=np.int64), np.zeros(2)
    right = module._digest({"one": one, "two": two}, text)
    assert module._digest({"two": two, "one": one}, text) == right
    others = [
        ({"one": one.reshape(2, 3), "two": two}, text),
        ({"one": one.view(np.uint64), "two": two}, text),
        ({"one": one + 1, "two": two}, text),
        ({"eno": one, "two": two}, text),
        *(({"one": one, "two": two}, text | {k: "x"}) for k in text),
    ]
    digests = {module._digest(*other) for other in others}
    assert len(digests) == len(others) and right not in digests


def test_the_content_has_left_the_program_before_it_is_synced(tmp_path, monkeypatch):
    """And what was opened is closed: the file, and the folder that is synced."""
    sizes, synced, real = [], [], os.fsync

    def noted(handle):
        sizes.append(os.fstat(handle).st_size)
        synced.append(os.fstat(handle).st_ino)
        return real(handle)

    monkeypatch.setattr(module.os, "fsync", noted)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    small = begin({"w": np.ones(1)}, sgd(0.1), rng=np.random.default_rng(0))
    save_checkpoint(tmp_path / "a", small)  # less than a buffer holds
    assert sizes[0] == os.path.getsize(tmp_path / "a") < 2000
    assert synced == [os.stat(tmp_path / "a").st_ino, os.stat(tmp_path).st_ino]
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_states_at_their_limits_are_loaded(tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, start())
    assert same(load_checkpoint(path, start()), start())
    for value in (np.inf, 1.0):  # nothing was ever the best; the first one was
        options = {"validate": lambda _, value=value: value, "validate_every": 1}
        state = run(start(), 3, checkpoint=path, **options)
        assert state.patience.waited == (3 if value == np.inf else 2)
        assert same(load_checkpoint(path, start()), state)


def test_another_type_of_the_same_shape(sound):
    params = start().params
    narrow = type(params)(*(a.astype(np.float32) for a in params))
    other = begin(narrow, module_optimiser(), rng=np.random.default_rng(0))
    message = r"^run\.safetensors: .*: expected float32 \(.*\), got float64 \(.*\)$"
    with pytest.raises(ValueError, match=message):
        load_checkpoint(sound[0], other)


def test_what_only_one_of_two_states_has_is_named_in_order(sound):
    other = start()._replace(carried={name: np.zeros(1) for name in "gfedcba"})
    message = "run.safetensors: expected a state of the same form; only one of the two"
    names = [f"carried.{name}" for name in "abcdefg"]
    refuses(f"{message} has {names}", load_checkpoint, sound[0], other)


def test_one_entry_that_is_not_finite(tmp_path):
    state = run(start(), 3)
    W = state.params.W_hh.copy()
    W[1, 2] = np.nan
    save_checkpoint(
        tmp_path / "a", state._replace(params=state.params._replace(W_hh=W))
    )
    message = "a: params.W_hh: expected finite numbers"
    refuses(message, load_checkpoint, tmp_path / "a", start())
