"""Time the commands of rnnlib.char against loops with the same duties.

Every loop trains on the default text, window after window with the state carried on,
limits each entry of the gradient to [-5, 5] and updates by Adagrad. It shows a progress
bar (into nothing here), measures the sample of the validation part and writes a
checkpoint as often as the command. The peers are the classic listing and PyTorch; their
losses must be those of the command.
"""

import importlib.util
import inspect
import os
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from bench import char_peers, limits
from bench.char import available, interleaved, seconds
from bench.table import row
from rnnlib.char import evaluate, network, run, sample
from rnnlib.char.arguments import parser
from rnnlib.char.default import corpus_at
from rnnlib.char.settings import Settings
from rnnlib.layers import to_torch
from rnnlib.training import save_checkpoint

RATE = 0.1


class Duties(NamedTuple):
    """A training command: its settings, the steps of a round, and what is wanted."""

    settings: dict
    steps: int
    every: int  # steps between validations, and half of those between checkpoints
    per_second: float
    ratios: dict  # peer: how many times faster


TRAININGS = (
    Duties({}, 1000, 500, 3000, {"PyTorch": 4.4, "classic": 2.0}),
    Duties({"cell": "lstm"}, 500, 500, 850, {"PyTorch": None}),
    Duties({"cell": "gru"}, 500, 500, 850, {"PyTorch": None}),
    *(
        Duties(
            {"cell": cell, "hidden": 256, "window": 50, "batch": 32}
            | {"dtype": "float32"},
            *(20, 0, wanted, {"PyTorch": None}),
        )
        for cell, wanted in (("lstm", 49), ("gru", 60))
    ),
)


class Task:
    """The text, the first state and the windows of a command."""

    def __init__(self, duties, folder):
        self.duties, self.folder = duties, folder
        self.settings = Settings(**duties.settings, validate_every=duties.every)
        corpus = corpus_at(None)
        self.indices = corpus.indices
        self.about = run.about_corpus(self.settings, corpus)
        self.first = run.first_state(self.about)
        train, validation, _ = run.parts_of(self.settings, corpus.indices)
        self.x, self.y = run.streams(train, self.settings.batch)
        self.sample = run.sample_streams(validation)

    def windows(self, steps):
        """The windows of the first steps, beneath a progress bar."""
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            for i in tqdm(range(steps), file=nowhere):
                yield (i + 1, *run.window_at(i, self.x, self.y, self.settings.window))

    def due(self, step, times=1):
        """Whether a duty of every so many steps is due."""
        return bool(self.duties.every) and step % (times * self.duties.every) == 0


def command(task, steps):
    """The losses of the command's own training."""
    path = task.folder / "ours.safetensors"
    text = task.about.to_json()
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        state = run.go_on(
            task.about,
            task.first,
            task.indices,
            steps=steps,
            checkpoint=lambda state: save_checkpoint(path, state, text),
            checkpoint_every=2 * task.duties.every or steps,
        )
    return state.history.loss


def classic(task, steps):
    """The classic listing, which validates all streams of the sample side by side."""
    params = network.as_params(task.first.params)
    x, y = np.zeros((2, task.settings.window, 1), np.int64)
    step = char_peers.classic(params, x, y, RATE)
    weights = inspect.getclosurevars(step).nonlocals["weights"]  # that it trains
    losses = []
    for i, x[...], y[...], fresh in task.windows(steps):
        if fresh and i > 1:
            raise ValueError("steps: expected those of one pass, got more")
        losses.append(step())
        if task.due(i):
            classic_loss(weights, *task.sample)
        if task.due(i, 2):
            np.savez(task.folder / "classic.npz", *weights)
    return losses


def classic_loss(weights, x, y):
    """The loss of streams side by side, (T, B), step after step with columns."""
    W_xh, W_hh, b_h, W_hy, b_y = weights
    h, streams, loss = np.zeros((len(b_h), x.shape[1])), np.arange(x.shape[1]), 0.0
    for inputs, targets in zip(x, y, strict=True):
        unit = np.zeros((W_xh.shape[1], x.shape[1]))
        unit[inputs, streams] = 1
        h = np.tanh(np.dot(W_xh, unit) + np.dot(W_hh, h) + b_h)
        z = np.dot(W_hy, h) + b_y
        e = np.exp(z - z.max(axis=0))
        loss -= np.log(e[targets, streams] / e.sum(axis=0)).sum()
    return loss


def pytorch(task, steps):
    """nn.RNN, nn.LSTM or nn.GRU, nn.Linear and optim.Adagrad."""
    import torch

    torch.set_num_threads(1)
    settings, params = task.settings, task.first.params
    V, d_h = params["W_hy"].shape
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    layer, linear = kind[settings.cell](V, d_h), torch.nn.Linear(d_h, V)
    dtype = getattr(torch, settings.dtype)
    layer, linear = layer.to(dtype), linear.to(dtype)
    arrays = to_torch(params["layer"])
    layer.load_state_dict({k: torch.tensor(np.array(a)) for k, a in arrays.items()})
    read = {"weight": params["W_hy"], "bias": params["b_y"]}
    linear.load_state_dict({k: torch.tensor(np.array(a)) for k, a in read.items()})
    second = layer.bias_hh_l0  # one bias, as everywhere, but for what r multiplies
    if settings.cell == "gru":
        part = (torch.arange(3 * d_h) >= 2 * d_h).to(dtype)
        second.register_hook(lambda g: g * part)
    else:
        second.requires_grad_(False)
    weights = [p for m in (layer, linear) for p in m.parameters() if p.requires_grad]
    optimiser = torch.optim.Adagrad(weights, lr=RATE, eps=1e-10)
    units = torch.eye(V, dtype=dtype)

    def loss_of(x, y, state):
        hidden, state = layer(units[torch.from_numpy(x)], state)
        z, y = linear(hidden).flatten(0, 1), torch.from_numpy(y).flatten()
        loss = torch.nn.functional.cross_entropy(z, y, reduction="sum")
        return loss / x.shape[1], state

    def detached(state):
        return (
            tuple(s.detach() for s in state)
            if isinstance(state, tuple)
            else state.detach()
        )

    state, losses = None, []
    sample_x, sample_y = (np.ascontiguousarray(a, np.int64) for a in task.sample)
    for i, x, y, fresh in task.windows(steps):
        loss, state = loss_of(x, y, None if fresh else state)
        state = detached(state)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(weights, 5.0)
        optimiser.step()
        losses.append(loss.item())
        if task.due(i):
            with torch.no_grad():
                loss_of(sample_x, sample_y, None)
        if task.due(i, 2):
            states = layer.state_dict(), linear.state_dict(), optimiser.state_dict()
            torch.save(states, task.folder / "torch.pt")
    return losses


def steps_alone(task, steps, update=True):
    """The losses of the command's steps without what stands around them.

    A step is loss, gradients, clipping and update; without ``update`` the first two.
    """
    settings, state = task.settings, task.first
    cell = network.build(settings.cell, settings.layers)
    place = network.layout(cell, state.params)
    objective = network.objective(cell, state.params, settings.window, settings.batch)
    optimiser, clip = run.optimiser(settings), run.clipping(settings)
    vector, carried, losses = place.vector(state.params), state.carried, []
    memory = optimiser.init_state(vector)
    for i in range(steps):
        x, y, _ = run.window_at(i, task.x, task.y, settings.window)
        loss, gradient, carried = objective(vector, x, y, carried)
        losses.append(loss)
        if update:
            vector, memory = optimiser.update(vector, clip(gradient), memory)
    return losses


def products(task):
    """Operations of the matrix products of a step: three for each matrix.

    The inputs are symbols, whose columns are looked up and added to.
    """
    layer, W_hy = task.first.params["layer"], task.first.params["W_hy"]
    columns = task.settings.window * task.settings.batch
    return 3 * 2 * columns * (layer.W_hh.size + W_hy.size)


def one_unit(task):
    """A function that takes the step with one unit: the calls of a step alone."""
    settings = task.settings
    cell = network.build(settings.cell, settings.layers)
    rng, dtype = np.random.default_rng(0), np.dtype(settings.dtype)
    params = network.init_params(cell, 2, 1, rng=rng, dtype=dtype)
    step = network.objective(cell, params, settings.window, 1)
    vector = network.layout(cell, params).vector(params)
    x, y = rng.integers(0, 2, (2, settings.window, 1))
    state = network.zero_state(cell, params, 1)
    return lambda: step(vector, x, y, state)


LOOPS = {"classic": classic, "PyTorch": pytorch}


def name_of(settings):
    """A command in a few words."""
    s = Settings(**settings)
    short = {"float32": "f32", "float64": "f64"}[s.dtype]
    return f"{s.cell} H{s.hidden} T{s.window} B{s.batch} {short}"


def training(duties, rounds):
    """The rows of one command: steps a second, and the ratio of each peer's time."""
    name = name_of(duties.settings)
    with tempfile.TemporaryDirectory() as folder:
        task = Task(duties, Path(folder))
        loops = {"command": command}
        loops |= {peer: LOOPS[peer] for peer in available(duties.ratios)}
        losses = {key: loop(task, 4) for key, loop in loops.items()}
        for key, found in losses.items():
            near = 0.02 if key == "classic" else 1e-3  # it has 1e-8 inside the root
            if not np.allclose(found, losses["command"], rtol=near):
                raise SystemExit(f"{name}: {key} computes other losses: {losses}")
        own = {"steps": steps_alone, "gradients": partial(steps_alone, update=False)}
        bound = {
            k: lambda f=f: f(task, duties.steps) for k, f in {**loops, **own}.items()
        }
        times = interleaved(bound, 1, rounds)
        calls = [seconds(one_unit(task), 20) for _ in range(rounds)]
        allowed = limits.largest_product(task.first.params["W_hy"].dtype.str[1:])
        allowed = allowed / products(task)
    rate = duties.steps / times["command"]
    least = None if duties.settings else 0.6  # wanted at the defaults
    rows = [
        row(f"train {name}: steps a second", rate, duties.per_second),
        row(
            f"train {name}: share of its steps",
            times["steps"] / times["command"],
            least,
        ),
        row(
            f"train {name}: share of losses and gradients",
            times["gradients"] / times["command"],
        ),
        row(f"train {name}: its products alone allow", allowed),
        row(f"train {name}: its calls alone allow", 1 / np.array(calls)),
    ]
    for peer in loops.keys() - {"command"}:
        ratio = times[peer] / times["command"]
        rows.append(row(f"train {name}: time of {peer}", ratio, duties.ratios[peer]))
    return rows


def sampling_and_evaluation(rounds):
    """Milliseconds of what `sample` and `evaluate` compute, without the start."""
    corpus = corpus_at(None)
    about = run.about_corpus(Settings(), corpus)
    state = run.first_state(about)
    model = run.Model(about, network.build("rnn"), state)
    _, validation, test = run.parts_of(about.settings, corpus.indices)
    part, skip = evaluate.after(test, validation)
    functions = {
        "sample 5000 characters": lambda: sample.written(
            model, test[:1], 5000, np.random.default_rng(0)
        ),
        "evaluate the test part": lambda: network.log_probabilities(
            model.cell, model.params, part, model.carried, skip
        ),
    }
    times = interleaved(functions, 1, rounds)
    return [row(f"{name}: milliseconds", 1e3 * t) for name, t in times.items()]


def seeds_in_parallel(rounds, steps=6000):
    """How many times faster two seeds are with two processes at once.

    The command starts them by joblib; without it there is no row. It takes two
    processors that have nothing else to do.
    """
    what = "--seeds=1,2: --jobs=2 against --jobs=1"
    if importlib.util.find_spec("joblib") is None:
        print(f"  {what}  SKIPPED: the module joblib is not installed")
        return []
    from rnnlib.char.train import train

    ratios = []
    for _ in range(rounds):
        taken = []
        for jobs in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                words = f"train --quiet --seeds=1,2 --jobs={jobs} --steps={steps}"
                out = f"--out={Path(folder) / 'model.safetensors'}"
                start = time.perf_counter()
                with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
                    train(parser().parse_args([*words.split(), out]))
                taken.append(time.perf_counter() - start)
        ratios.append(taken[0] / taken[1])
    return [row(what, np.array(ratios), 1.9)]
