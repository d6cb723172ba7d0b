"""Run experiments and store what they measured beside the chapters.

    python -m tools.experiments learning_a_lag --jobs 2

Every module of rnnbook/experiments with a `PLAN` is one. The numbers depend on its
settings and code, not on the jobs.
"""

import argparse
import importlib
import json
import pkgutil

from rnnbook import experiments
from rnnbook.experiments.protocol import measure
from tools import CHAPTERS


def plans():
    """{name: plan} of all experiments."""
    modules = (
        importlib.import_module(f"{experiments.__name__}.{found.name}")
        for found in pkgutil.iter_modules(experiments.__path__)
    )
    return {m.PLAN.name: m.PLAN for m in modules if hasattr(m, "PLAN")}


def target(name):
    """Where the results of an experiment are stored."""
    return CHAPTERS / f"{name}.json"


def read(name):
    """The stored results of an experiment."""
    return json.loads(target(name).read_text(encoding="utf-8"))


def dumps(stored):
    """The text of a file of results, a line for a run."""
    head = {k: v for k, v in stored.items() if k != "runs"}
    rows = ",\n".join(json.dumps(row) for row in stored["runs"])
    return f'{json.dumps(head, indent=1)[:-2]},\n "runs": [\n{rows}\n]\n}}\n'


def main():
    """Measure the experiments that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="experiments (all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    args = parser.parse_args()
    known = plans()
    for name in args.names or known:
        target(name).write_text(dumps(measure(known[name], args.jobs)), "utf-8")
        print(f"{name}: stored")


if __name__ == "__main__":
    main()
