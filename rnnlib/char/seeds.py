"""Training with several seeds, each in a process of its own."""

import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib.externals.loky import FIRST_COMPLETED, ProcessPoolExecutor, wait
from joblib.externals.loky.process_executor import TerminatedWorkerError

from rnnlib.char import signals
from rnnlib.char.errors import ERRORS, in_one_line
from rnnlib.char.owned import OwnedFile
from rnnlib.language.corpus import Corpus
from rnnlib.training.interrupts import Held

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Outcome(NamedTuple):
    """How the run of one seed ended."""

    status: int
    text: str
    least: float | None = None  # validation loss


class Running(NamedTuple):
    """A process that trains with a seed; its bar is on line ``place``."""

    seed: int
    place: int
    pid: int
    executor: ProcessPoolExecutor


def file_of(out, seed):
    """The checkpoint of a seed: model.safetensors becomes model-seed1.safetensors."""
    out = Path(out)
    return out.with_name(f"{out.stem}-seed{seed}{out.suffix}")


def train_all(args, given, corpus):
    """Train with each seed, ``args.jobs`` of them at a time.

    Returns the exit status: 0, or that of the first run that failed; then no other is
    started. An interrupt is handed on to every process, and each leaves its checkpoint.
    When this process is killed, the others end too.
    """
    outcomes, running = {}, {}
    waiting, places = deque(args.seeds), list(range(args.jobs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "indices.npy"
        np.save(path, corpus.indices)
        task = args, given, path, corpus.alphabet, corpus.digest
        try:
            while running or (waiting and not _status(outcomes)):
                while waiting and places and not _status(outcomes):
                    with Held():
                        future, run = _start(task, waiting.popleft(), places.pop(0))
                        running[future] = run
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    with Held():
                        run = running.pop(future)
                        outcomes[run.seed] = _end(args.out, future, run)
                        places.append(run.place)
        except KeyboardInterrupt:
            for run in running.values():
                with suppress(ProcessLookupError):
                    os.kill(run.pid, signal.SIGTERM)
            for future, run in running.items():
                outcomes[run.seed] = _end(args.out, future, run)
            _say("interrupted", file=sys.stderr)
            return 130
    for seed in waiting:
        _say(f"seed {seed}: not started", file=sys.stderr)
    _say(_summary(args.seeds, outcomes))
    return _status(outcomes)


def _status(outcomes):
    """That of the first run that failed, or 0."""
    return next((o.status for o in outcomes.values() if o.status), 0)


def _start(task, seed, place):
    """A process that trains with that seed, and what will be its `Outcome`."""
    args = task[0]
    env = {"TQDM_POSITION": str(place), "TQDM_DESC": f"seed {seed}"}
    if args.jobs > 1:
        env |= {name: os.environ.get(name, "1") for name in THREADS}
    with signals.blocked():
        executor = ProcessPoolExecutor(max_workers=1, env=env)
        pid = executor.submit(os.getpid).result()
        future = executor.submit(_train, *task, seed, os.getpid())
    return future, Running(seed, place, pid, executor)


def _end(out, future, run):
    """Wait for a process, say how it ended, and remove it."""
    try:
        outcome = future.result()
    except TerminatedWorkerError as error:
        outcome = Outcome(2, _killed(out, run.seed, str(error)))
    run.executor.shutdown()
    file = sys.stderr if outcome.status else sys.stdout
    _say(f"seed {run.seed}: {file_of(out, run.seed)}\n{outcome.text}", file=file)
    return outcome


def _killed(out, seed, message):
    """Of a process that a signal has ended: which one, and what there is of the run."""
    codes = re.search(r"exit codes of the workers are \{(.*?)\(", message)
    path = file_of(out, seed)
    text = f"error: killed by {codes[1] if codes else 'the system'}"
    return text + (f"; --resume goes on with {path}" if path.exists() else "")


def _summary(seeds, outcomes):
    """The validation losses of all runs that ended well."""
    ended = [o for o in outcomes.values() if not o.status]
    least = np.array([o.least for o in ended if o.least is not None])
    if not least.size:
        return f"{len(ended)} of {len(seeds)} seeds ended well"
    return (
        f"least validation loss of {len(least)} of {len(seeds)} seeds: mean "
        f"{least.mean():.4f}, from {least.min():.4f} to {least.max():.4f} nats per "
        "character"
    )


def _say(text, file=None):
    with suppress(OSError):  # the terminal may be gone
        print(text, file=file, flush=True)


def _train(args, given, path, alphabet, digest, seed, parent):
    """The run of one seed, in a process of its own; its `Outcome`."""
    from rnnlib.char.train import train_one  # which imports this module

    done = threading.Event()
    threading.Thread(target=_end_with, args=(parent, done), daemon=True).start()
    file, said = OwnedFile(file_of(args.out, seed)), []
    try:
        signals.install()
        signals.unblock()
        corpus = Corpus(alphabet, np.load(path, mmap_mode="r"), digest)
        with np.errstate(all="ignore"):
            state = train_one(
                args, given | {"seed": seed}, file, corpus=corpus, say=said.append
            )
        signals.finish()
        losses = state.history.validation
        least = float(losses.min()) if losses.size else None
        return Outcome(0, "\n".join(said), least)
    except KeyboardInterrupt:
        return Outcome(130, "\n".join([*said, file.interrupted()]))
    except ERRORS as error:
        signals.finish()
        return Outcome(2, "\n".join([*said, f"error: {in_one_line(error, 'train')}"]))
    finally:
        done.set()


def _end_with(parent, done):
    """Interrupt this process when its parent is gone, and end it after that."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    done.wait()
    os._exit(130)
