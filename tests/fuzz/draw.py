"""Valid arguments of random sizes: made anew, and equal, for every call."""

import numpy as np

import rnnlib
from rnnlib.layers import gru, layer_norm, lstm, stacked, vanilla
from rnnlib.pointprocess import EventSequence, Hawkes
from rnnlib.pointprocess import init_params as init_point_process
from rnnlib.trees import flatten, rebuild

CELLS = {"gru": gru, "layer_norm": layer_norm, "lstm": lstm, "vanilla": vanilla}


class Draw:
    """A source of arguments; the same seed and sizes give the same arguments again."""

    def __init__(self, seed=0, T=4, B=3, d_x=2, d_h=3, K=4):
        self.T, self.B, self.d_x, self.d_h, self.K = T, B, d_x, d_h, K
        self.numbers = np.random.default_rng(seed)

    def floats(self, *shape):
        return self.numbers.standard_normal(shape)

    def positive(self, *shape):
        return 0.1 + self.numbers.random(shape)

    def ints(self, high, *shape):
        return self.numbers.integers(0, high, shape)

    def rng(self):
        return np.random.default_rng(7)

    def tree(self, params):
        """The same form with every entry drawn: biases too."""
        flat = {k: 0.5 * self.floats(*a.shape) for k, a in flatten(params).items()}
        return rebuild(params, flat)

    def params(self, d_x=None):
        sizes = (self.d_x if d_x is None else d_x), self.d_h, self.K
        return self.tree(rnnlib.init_params(*sizes, rng=self.rng()))

    def closed(self):
        """Parameters of a network that reads what it predicts."""
        return self.params(d_x=self.K)

    def x(self, d_x=None):
        return self.floats(self.T, self.B, self.d_x if d_x is None else d_x)

    def y(self):
        return self.ints(self.K, self.T, self.B)

    def h_0(self):
        return self.floats(self.B, self.d_h)

    def mask(self):
        mask = self.numbers.random((self.T, self.B)) < 0.6
        mask[0] = True
        return mask

    def run(self, **options):
        """params, x, y, h_0 of one run."""
        made = {"params": self.params(), "x": self.x(), "y": self.y()}
        return made | {"h_0": self.h_0(), "phi": "tanh"} | options

    def trace(self, params=None, **options):
        """params, trace and delta_z."""
        params = params or self.params()
        x = self.x(params.d_x)
        trace = rnnlib.forward(params, x, h_0=self.h_0(), **options)
        return {
            "params": params,
            "trace": trace,
            "delta_z": self.floats(*trace.z.shape),
        }

    def cell(self, name):
        """Parameters of a cell, and its module."""
        cell = stacked.stack([vanilla, lstm]) if name == "stack" else CELLS[name]
        return self.tree(cell.init_params(self.d_x, self.d_h, rng=self.rng())), cell

    def cell_run(self, name):
        params, _ = self.cell(name)
        h = self.h_0()
        state = lstm.State(h, self.h_0()) if name == "lstm" else h
        return {"params": params, "x": self.x(), "state": state, "mask": self.mask()}

    def cell_trace(self, name):
        run = self.cell_run(name)
        trace = CELLS[name].forward(**run)
        d_state = self.tree(trace.state)
        d_output = self.floats(*trace.output.shape)
        params = run["params"]
        return {
            "params": params,
            "trace": trace,
            "d_output": d_output,
            "d_state": d_state,
        }

    def square(self, scale=0.5):
        return scale * self.floats(self.d_h, self.d_h)

    def slopes(self):
        return self.numbers.random((self.T, self.d_h))

    def source(self, V=2):
        from rnnlib.language import hidden_markov

        transitions = self.positive(self.d_h, self.d_h)
        emissions = self.positive(self.d_h, V)
        transitions /= transitions.sum(axis=1, keepdims=True)
        emissions /= emissions.sum(axis=1, keepdims=True)
        return hidden_markov(transitions, emissions)

    def events(self, marks=False):
        """Sequences of events on (0, 5]."""
        made = []
        for n in range(1, self.B + 1):
            times = np.cumsum(self.positive(n))
            kinds = self.ints(self.K, n) if marks else None
            made.append(EventSequence(times, 5.0, kinds))
        return made

    def hawkes(self):
        alpha, beta = self.positive(2)
        return Hawkes(*map(np.asarray, (self.positive(), alpha, alpha + beta)))

    def point_process(self):
        params = init_point_process(self.K, self.d_h, 2, rng=self.rng())
        params = self.tree(params)
        return params._replace(w=np.asarray(-abs(params.w) - 0.1))
