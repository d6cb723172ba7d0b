"""Training with several seeds, each in a process of its own."""

import os
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def file_of(out, seed):
    """The checkpoint of a seed: model.safetensors becomes model-seed1.safetensors."""
    out = Path(out)
    return out.with_name(f"{out.stem}-seed{seed}{out.suffix}")


def train_all(args, given):
    """Run the command once for each seed, ``args.jobs`` of them at a time.

    Returns the exit status: 0, or that of the first process that failed; then no other
    is started. An interrupt is handed on to every process, once, and each leaves its
    checkpoint.
    """
    waiting, running, status = deque(args.seeds), {}, 0
    places = list(range(args.jobs))
    try:
        while running or (waiting and not status):
            while waiting and places and not status:
                seed, place = waiting.popleft(), places.pop(0)
                running[seed] = _start(args, given, seed, place), place
            seed, process, place = _next_done(running)
            del running[seed]
            places.append(place)
            output, _ = process.communicate()
            print(
                f"seed {seed}: {file_of(args.out, seed)}\n{output}", end="", flush=True
            )
            status = status or process.returncode
    except KeyboardInterrupt:
        for process, _ in running.values():
            process.send_signal(signal.SIGTERM)
        for process, _ in running.values():
            process.communicate()
        return 130
    return status


def _start(args, given, seed, place):
    """A process that trains with that seed; its bar is on line ``place``."""
    options = given | {
        "seed": seed,
        "out": file_of(args.out, seed),
        "steps": args.steps,
        "checkpoint_every": args.checkpoint_every,
    }
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    words += ["--resume"] * args.resume + ["--quiet"] * args.quiet
    words += [] if args.text is None else ["--", args.text]
    bar = {"TQDM_POSITION": str(place), "TQDM_DESC": f"seed {seed}"}
    threads = dict.fromkeys(THREADS, "1") if args.jobs > 1 else {}
    return subprocess.Popen(
        [sys.executable, "-m", "rnnlib.char", "train", *words],
        env=threads | dict(os.environ) | bar,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt from the keyboard comes from us alone
    )


def _next_done(running):
    """Wait for one of the processes to end."""
    while True:
        for seed, (process, place) in running.items():
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            return seed, process, place
