"""The file of a run: one process at a time, and nothing that is not its own."""

import contextlib
import errno
import os
import subprocess

import pytest

from rnnlib.char import run
from rnnlib.char.__main__ import main
from rnnlib.char.owned import OwnedFile
from rnnlib.char.settings import Settings
from rnnlib.language.corpus import corpus_of
from rnnlib.training import checkpoint
from tests.char.programs import ENDLESS, TEXT, TRAIN, launch, wait_for

ABOUT = run.about_corpus(Settings(hidden=3, window=4), corpus_of(TEXT))
STATE = run.first_state(ABOUT)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def save(file, step=0):
    """Write a state of that step."""
    history = [a[:0].repeat(0) for a in STATE.history]
    assert len(history) == 5
    file.save(STATE._replace(step=step), ABOUT.to_json())


def test_two_programs_cannot_train_into_one_file(folder, capsys):
    program = launch(folder, *TRAIN, "--out=run", ENDLESS)
    wait_for([folder / "run"], program)
    os.symlink("run", folder / "link")
    os.mkdir(folder / "sub")
    for out in ("run", "link", "sub/../run"):
        for words in ([], ["--resume"]):
            assert main([*TRAIN, f"--out={out}", "--steps=2", *words]) == 2
            message = f"error: {out}: another process is training into it\n"
            assert capsys.readouterr().err.endswith(message)
    program.terminate()
    program.communicate(timeout=30)
    assert program.returncode == 130
    steps = f"--steps={run.load('run').state.step}"
    assert main([*TRAIN, "--out=run", "--resume", steps]) == 0


def test_the_lock_is_free_after_a_kill_and_after_the_block(folder):
    program = launch(folder, *TRAIN, "--out=run", ENDLESS)
    wait_for([folder / "run"], program)
    program.kill()
    program.communicate(timeout=30)
    for _ in range(2):
        with OwnedFile("run") as file:
            with pytest.raises(BlockingIOError, match="^./run: another process"):
                OwnedFile("./run").__enter__()
            assert file.exists() and file.step is None


def test_a_link_stays_a_link(folder):
    os.mkdir(folder / "far")
    os.symlink("far/run", folder / "link")  # to nothing, so far
    assert main([*TRAIN, "--out=link", "--steps=2"]) == 0
    assert main([*TRAIN, "--out=link", "--steps=4", "--resume"]) == 0
    assert os.readlink("link") == "far/run"
    assert run.load("link").state.step == run.load("far/run").state.step == 4
    checkpoint.save_checkpoint("link", STATE)
    assert os.readlink("link") == "far/run"
    assert sorted(os.listdir("far")) == [".run.lock", "run"]


@pytest.mark.parametrize("when", ["replaced", "changed", "created"])
def test_what_another_program_wrote_is_not_replaced(folder, when):
    path = folder / "run.st"
    with OwnedFile("run.st") as file:
        if when != "created":
            save(file, 1)
        if when == "replaced":
            (folder / "other").write_bytes(b"mine")
            os.replace(folder / "other", path)
        elif when == "changed":
            with open(path, "ab") as opened:
                opened.write(b"!")
        else:
            path.write_bytes(b"mine")
        content = path.read_bytes()
        (folder / "run-kept1.st").write_bytes(b"mine too")
        for step in (2, 3):
            with pytest.raises(FileExistsError, match="another program has written"):
                save(file, step)
            assert "step 3" in file.failure or step == 2
        assert path.read_bytes() == content
        assert (folder / "run-kept1.st").read_bytes() == b"mine too"
        kept = checkpoint._read(folder / "run-kept2.st")[0]
        assert kept["step"] == 3 and not (folder / "run-kept3.st").exists()
        assert f"step 3 of this run is in {folder / 'run-kept2.st'}" in file.failure
        assert file.interrupted() == f"interrupted: {file.failure}"


def test_a_file_that_is_gone_is_written_again(folder):
    with OwnedFile("run") as file:
        save(file)
        (folder / "run").unlink()
        save(file)
        assert run.load("run").state.step == 0 == file.step


def test_a_run_whose_file_was_replaced_ends_with_an_error(folder):
    program = launch(folder, *TRAIN, "--out=run", "--checkpoint-every=40", ENDLESS)
    wait_for([folder / "run"], program)
    for _ in range(6):  # again, if it fell between its last look and its writing
        (folder / "run").write_bytes(b"mine")
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, errors = program.communicate(timeout=10)
            break
    assert program.returncode == 2 and (folder / "run").read_bytes() == b"mine"
    step = run.load("run-kept1").state.step
    assert f"step {step:,} of this run is in" in errors and step % 40 == 0


def test_unfinished_copies_are_removed_and_no_other(folder):
    others = ["run.tmp", "run.x.tmp", "arun.1.tmp", "run.12.tmpx", "runx.1.tmp"]
    for name in ["run.12.tmp", "run.9.tmp", *others]:
        (folder / name).touch()
    with OwnedFile("run"):
        assert sorted(os.listdir(folder)) == sorted([".run.lock", "a.txt", *others])


def test_an_output_that_cannot_be_written_is_found_before_training(folder, capsys):
    os.mkdir(folder / "out")
    os.mkfifo(folder / "pipe")
    for out, message in (
        ("out", "expected a file, got something else"),
        ("pipe", "expected a file, got something else"),
        ("no/out", "expected a file in a folder that exists"),
        ("/proc/self/out", "cannot be written"),
    ):
        assert main(["train", "absent", f"--out={out}", ENDLESS]) == 2
        assert message in capsys.readouterr().err


def test_a_write_that_fails_says_what_the_file_holds(folder, capsys, monkeypatch):
    real, calls = checkpoint.os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) > failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle)

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    failing = 0
    assert main([*TRAIN, "--out=run", ENDLESS]) == 2
    message = "run: cannot be written: No space left on device\n"
    assert capsys.readouterr().err.endswith(message)
    assert not (folder / "run").exists()
    failing = 4  # two for each checkpoint: of the file and of the folder
    calls.clear()
    assert main([*TRAIN, "--out=run", "--checkpoint-every=3", "--steps=9"]) == 2
    message = "No space left on device; it holds step 3\n"
    assert capsys.readouterr().err.endswith(message)
    assert run.load("run").state.step == 3


def test_what_is_said_of_an_interrupt():
    file = OwnedFile("a/b")
    assert file.interrupted() == "interrupted before anything was written to a/b"
    file.step = 12345
    assert file.interrupted() == (
        "interrupted: a/b holds step 12,345; --resume goes on with it"
    )


def test_where_no_lock_can_be_made_nobody_else_is_blamed(folder, monkeypatch, capsys):
    """As in a folder of the system: the file of the lock never comes into being."""

    def refused(*_, **__):
        raise FileNotFoundError(errno.ENOENT, "no file can be made here")

    monkeypatch.setattr(os, "open", refused)
    assert main([*TRAIN, "--out=run", "--steps=2"]) == 2
    message = "error: run: cannot be written: no lock can be made beside it\n"
    assert capsys.readouterr().err.endswith(message)
