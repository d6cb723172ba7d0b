"""What PyTorch says: its layers' outputs and gradients, and the file that records them.

The file `torch_layers.json` was written, by PyTorch 2.13.0 in double precision, with

    python -m pip install torch==2.13.0 numpy
    python tests/support/torch_layers.py

Where PyTorch is installed, `test_convert.py` computes the numbers again and compares
them with the file. Everything is drawn by NumPy, so that only PyTorch's arithmetic
stands between the inputs and the recorded numbers.
"""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("torch_layers.json")
D_X, D_H, T, B = 2, 3, 4, 2
ROWS = {"RNN": 1, "GRU": 3, "LSTM": 4}  # of a matrix, over d_h
LAYERS = {  # name: class, arguments
    f"{kind}-{depth}-{option or 'default'}": (kind, depth, option)
    for kind, option in (("RNN", None), ("RNN", "relu"), ("GRU", None), ("LSTM", None))
    for depth in (1, 2)
}


def draw(name):
    """Weights by PyTorch's names, inputs, initial states, and weights of the loss."""
    kind, depth, _ = LAYERS[name]
    rng = np.random.default_rng([*LAYERS].index(name))
    weights = {}
    for level in range(depth):
        rows = ROWS[kind] * D_H
        shapes = {
            "weight_ih": (rows, D_H if level else D_X),
            "weight_hh": (rows, D_H),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for key, shape in shapes.items():
            weights[f"{key}_l{level}"] = 0.6 * rng.standard_normal(shape)
    states = 2 if kind == "LSTM" else 1
    return {
        "weights": weights,
        "x": rng.standard_normal((T, B, D_X)),
        "state": rng.standard_normal((states, depth, B, D_H)),
        "d_output": rng.standard_normal((T, B, D_H)),
        "d_state": rng.standard_normal((states, depth, B, D_H)),
    }


def compute(name):
    """PyTorch's output, last state and gradients for `draw(name)`, as arrays."""
    import torch

    kind, depth, nonlinearity = LAYERS[name]
    data = draw(name)
    options = {"nonlinearity": nonlinearity} if nonlinearity else {}
    layer = getattr(torch.nn, kind)(D_X, D_H, num_layers=depth, **options).double()
    weights = {n: torch.from_numpy(a) for n, a in data["weights"].items()}
    layer.load_state_dict(weights)
    x = torch.tensor(data["x"], requires_grad=True)
    state = torch.tensor(data["state"], requires_grad=True)
    given = (state[0], state[1]) if kind == "LSTM" else state[0]
    output, last = layer(x, given)
    last = torch.stack(last) if kind == "LSTM" else last[None]
    loss = (output * torch.from_numpy(data["d_output"])).sum()
    loss = loss + (last * torch.from_numpy(data["d_state"])).sum()
    loss.backward()
    found = {n: p.grad for n, p in layer.named_parameters()}
    found |= {"x": x.grad, "state": state.grad, "output": output, "last": last}
    return {n: a.detach().numpy() for n, a in found.items()}


def recorded(name):
    """The numbers of the file."""
    arrays = json.loads(PATH.read_text(encoding="utf-8"))[name]
    return {n: np.array(a) for n, a in arrays.items()}


if __name__ == "__main__":
    lines = [
        f'"{name}": ' + json.dumps({n: a.tolist() for n, a in compute(name).items()})
        for name in LAYERS
    ]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
