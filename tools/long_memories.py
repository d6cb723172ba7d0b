"""Measure five cells on three tasks that need a memory, and store the results.

    python -m tools.long_memories --jobs 2

Writes chapters/long_memories.json, which the chapter of that name reads. The numbers
depend on the settings in rnnbook/experiments/long_memories.py alone, not on the jobs.
"""

import argparse
import json

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from rnnbook.experiments.long_memories import SETTINGS, grid, run, settings_hash
from tools import CHAPTERS

TARGET = CHAPTERS / "long_memories.json"
COMMAND = "python -m tools.long_memories"


def measured(which, settings):
    """One run as stored: its first losses, means of blocks, and its test loss."""
    with threadpool_limits(1):
        losses, test = run(which, settings=settings)
    means = losses.reshape(-1, settings["block"]).mean(axis=1)
    return {
        **which._asdict(),
        "first": losses[: settings["first"]].tolist(),
        "means": [float(f"{m:.4g}") for m in means],
        "test": float(f"{test:.6g}"),
    }


def compute(settings, jobs):
    """All runs, as the dictionary that is stored."""
    runs = grid(settings)
    work = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(measured)(which, settings) for which in runs
    )
    results = list(tqdm(work, total=len(runs), unit="run"))
    return {
        "command": COMMAND,
        "hash": settings_hash(settings),
        "settings": settings,
        "runs": results,
    }


def main():
    """Compute everything and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    stored = compute(SETTINGS, parser.parse_args().jobs)
    rows = ",\n".join(json.dumps(row) for row in stored.pop("runs"))
    head = json.dumps(stored, indent=1)
    TARGET.write_text(f'{head[:-2]},\n "runs": [\n{rows}\n]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
