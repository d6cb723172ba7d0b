"""PyTorch's optimisers on a fixed sequence of gradients, recorded as JSON.

python -m tests.support.torch_optimisers        writes the record anew; needs PyTorch
"""

import json
from pathlib import Path

import numpy as np

RECORD = Path(__file__).with_name("torch_optimisers.json")
STEPS = 12
DECAY = {"weight_decay": 0.3}
RUNS = {  # ours: (name here, options here), PyTorch's: (class, options there)
    "sgd": ("sgd", {}, "SGD", {}),
    "sgd decay": ("sgd", DECAY, "SGD", DECAY),
    "momentum": ("sgd", {"momentum": 0.8}, "SGD", {"momentum": 0.8}),
    "momentum decay": (
        "sgd",
        {"momentum": 0.8} | DECAY,
        "SGD",
        {"momentum": 0.8} | DECAY,
    ),
    "adagrad": ("adagrad", {}, "Adagrad", {}),
    "adagrad decay": ("adagrad", DECAY, "Adagrad", DECAY),
    "adam": ("adam", {}, "Adam", {}),
    "adam betas": (
        "adam",
        {"beta_1": 0.7, "beta_2": 0.9, "eps": 1e-3},
        "Adam",
        {"betas": (0.7, 0.9), "eps": 1e-3},
    ),
    "adam l2": ("adam", DECAY, "Adam", DECAY),
    "adamw": ("adamw", DECAY, "AdamW", DECAY),
}  # fmt: skip
RATE = 0.05


def problem():
    """Parameters, and the gradient of each step: of sizes from 1e-3 to 1e3."""
    rng = np.random.default_rng(5)
    v = rng.standard_normal(7)
    g = rng.standard_normal((STEPS, 7)) * 10.0 ** np.arange(-3, 4)
    return v, g


def torch_path(kind, options):
    """The parameters after each step by torch.optim."""
    import torch

    v, gradients = problem()
    parameter = torch.nn.Parameter(torch.tensor(v))
    optimiser = getattr(torch.optim, kind)([parameter], lr=RATE, **options)
    path = []
    for g in gradients:
        parameter.grad = torch.tensor(g)
        optimiser.step()
        path.append(parameter.detach().numpy().copy())
    return np.array(path)


if __name__ == "__main__":
    import torch

    paths = {name: torch_path(*run[2:]).tolist() for name, run in RUNS.items()}
    record = {"made by": f"torch {torch.__version__}", "paths": paths}
    RECORD.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")
