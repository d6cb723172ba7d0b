"""Measure what the learning rate decides, and store the results.

    python -m tools.rates --jobs 2

Writes chapters/rates.json, which the chapter on long memories reads. The numbers depend
on rnnbook/experiments/rates.py alone, not on the jobs.
"""

import argparse

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from rnnbook.experiments.rates import SETTINGS, chosen, counted, digest, run, trials
from tools import CHAPTERS
from tools.experiments import dumps

TARGET = CHAPTERS / "rates.json"


def measured(which):
    """One run as stored: its first losses and its test loss."""
    with threadpool_limits(1):
        losses, test = run(which)
    first = [float(f"{loss:.8g}") for loss in losses[: SETTINGS["first"]]]
    return {**which._asdict(), "first": first, "test": float(f"{test:.6g}")}


def all_of(runs, jobs):
    """Many runs as stored, in order."""
    work = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(measured)(which) for which in runs
    )
    return list(tqdm(work, total=len(runs), unit="run"))


def compute(jobs):
    """The trials, then the runs that count, as the dictionary that is stored."""
    tried = all_of(trials(), jobs)
    rates = chosen([row["test"] for row in tried])
    return {
        "digest": digest(),
        "settings": SETTINGS,
        "chosen": rates,
        "runs": [*tried, *all_of(counted(rates), jobs)],
    }


def main():
    """Compute everything and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    TARGET.write_text(dumps(compute(parser.parse_args().jobs)), encoding="utf-8")


if __name__ == "__main__":
    main()
