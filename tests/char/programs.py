"""The command as a program of its own, to be stopped and killed."""

import signal
import subprocess
import sys
import time

from tools import ROOT

TEXT = "Der Bär läuft über die Brücke.\n" * 30
TRAIN = ["train", "a.txt", "--quiet", "--hidden=4", "--window=5"]
ENDLESS = "--steps=1000000000"


def heed():
    """A shell may start programs with signals ignored; here they have to work."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def launch(folder, *words, prepare=heed, **options):
    """``python -m rnnlib.char`` in a folder."""
    import os

    return subprocess.Popen(
        [sys.executable, "-m", "rnnlib.char", *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        **options,
    )


def wait_for(paths, program):
    """Until the program has written these checkpoints."""
    for _ in range(3000):
        if all(path.exists() for path in paths):
            return
        assert program.poll() is None, program.stderr.read()
        time.sleep(0.01)
    raise AssertionError("no checkpoint within half a minute")
