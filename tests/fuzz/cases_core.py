"""One valid call of every public function right under rnnlib."""

import numpy as np

import rnnlib
from rnnlib import rnn
from rnnlib.language import ngrams
from rnnlib.layers import convert
from rnnlib.training import early_stopping
from rnnlib.variants import dropout, feedback, truncated
from tests.fuzz.case import Case, internal
from tests.fuzz.draw import CELLS, Draw

ELSEWHERE = {
    "validate.finite_result": "tests/test_validate_finite.py",
    "vanilla.recur_back": "rnnlib/rnn.py",  # it fills what its callers made
    "columns.logistic_of_half": "tests/layers/test_columns.py",  # the same
    "columns.like_input": "tests/layers/test_columns.py",  # made to be filled
} | {
    f"cell.Cell.{name}": "tests/layers/test_cell.py"  # a protocol: nothing to call
    for name in ("backward", "forward", "init_params")
}
IMMEDIATE = {"k1": 1, "k2": 2}


def _loss(params):
    """A loss of any tree, analytic and bounded on the reals; quiet everywhere."""
    with np.errstate(all="ignore"):
        return sum(np.sin(a).sum() for a in rnnlib.trees.flatten(params).values())


def _gradients(params):
    flat = rnnlib.trees.flatten(params)
    with np.errstate(all="ignore"):
        cosines = {k: np.cos(a) for k, a in flat.items()}
    return _loss(params), rnnlib.trees.rebuild(params, cosines)


def _updates(optimiser):
    """Two updates by an optimiser."""
    d = Draw(3)
    params, gradients = d.params(), d.params()
    state = optimiser.init_state(params)
    for _ in range(2):
        params, state = optimiser.update(params, gradients, state)
    return params, state


def _steps(step):
    """What a step function returns, from the beginning and one symbol later."""
    logits, state = step(None, 0)
    return logits, step(state, 0)[0]


def _cell_runs(cell):
    """One run of a made cell."""
    d = Draw(4)
    params = cell.init_params(d.d_x, d.d_h, rng=d.rng())
    return cell.forward(params, d.x()).output


def _masks(d):
    shape = d.T, d.B, d.d_h
    masks = dropout.Masks(
        2.0 * (d.positive(d.T, d.B, d.d_x) > 0.5), *(d.positive(*shape) for _ in "hy")
    )
    return {"params": d.params(), "x": d.x(), "masks": masks, "h_0": d.h_0()}


def _dropout_trace(d):
    run = _masks(d)
    trace = dropout.dropout_forward(**run)
    return {
        "params": run["params"],
        "trace": trace,
        "delta_z": d.floats(*trace.z.shape),
    }


def _fed(d, dense):
    teacher = d.mask()
    x = d.x(d.K) if dense else d.y()
    return {"params": d.closed(), "x": x, "teacher": teacher, "h_0": d.h_0()}


def _fed_trace(d):
    run = _fed(d, True)
    fed = feedback.feedback_forward(**run)
    return {
        "params": run["params"],
        "fed": fed,
        "delta_z": d.floats(*fed.trace.z.shape),
    }


def _block(d):
    params, x = d.params(), d.x()
    carried = truncated.carry(params, x, h_0=d.h_0())
    return {"params": params, "x": x, "y": d.y(), "carried": carried, "k2": d.T + 1}


def _ngrams(d):
    return ngrams.fit_ngrams(d.ints(d.K, 20), 2, d.K)


def _unchecked(d):
    return {
        "params": d.params(),
        "x": d.x(),
        "h_0": d.h_0(),
        "state_shape": (d.B, d.d_h),
        "phi": rnnlib.ACTIVATIONS["tanh"],
    }


def _readout_run(d):
    params, cell = d.cell("gru")
    tree = {"layer": params, "W_hy": d.params().W_hy, "b_y": d.params().b_y}
    return {"cell": cell, "params": tree, "x": d.x(), "state": d.h_0()}


def _readout_trace(d):
    run = _readout_run(d)
    trace = rnnlib.layers.readout.forward(**run)
    del run["x"], run["state"]
    return run | {"trace": trace, "delta_z": d.floats(*trace.z.shape)}


def _norms(d):
    gain, unit, scale = d.floats(d.d_h), d.x(d.d_h), d.positive(d.T, d.B, 1)
    return {"gain": gain, "unit": unit, "scale": scale, "d_y": d.x(d.d_h)}


CASES = {
    "activations.get_activation": Case(lambda d: {"phi": "tanh"}),
    "batches.pad": Case(
        lambda d: {"sequences": [d.floats(n, 2) for n in (3, 1, 2)]}, passes=True
    ),
    "batches.epoch": Case(
        lambda d: {"count": 7, "size": 3, "rng": d.rng(), "lengths": d.ints(5, 7)}
    ),
    "batches.batch_at": Case(
        lambda d: {"step": 4, "count": 7, "size": 3, "seed": 1, "lengths": d.ints(5, 7)}
    ),
    "batches.epoch_length": Case(lambda d: {"count": 7, "size": 3}),
    "batches.mean": Case(
        lambda d: {"value": 2.5, "gradients": d.params(), "count": 3},
        passes=True,
    ),
    "cell.with_options": Case(
        lambda d: {"cell": CELLS["vanilla"], "phi": "relu"}, then=_cell_runs
    ),
    "cell.draw_matrices": internal(
        lambda d: {
            "d_x": 2,
            "d_h": 3,
            "blocks": 4,
            "rng": d.rng(),
            "scale": None,
            "dtype": np.float64,
        }
    ),
    "cell.check_parameters": internal(
        lambda d: {
            "params": d.cell("gru")[0],
            "kind": rnnlib.layers.gru.GRUParams,
            "shapes": rnnlib.layers.gru.shapes,
        }
    ),
    "cell.begin": internal(
        lambda d: {
            "params": d.cell("gru")[0],
            "kind": rnnlib.layers.gru.GRUParams,
            "shapes": rnnlib.layers.gru.shapes,
            "x": d.x(),
            "mask": d.mask(),
            "state": d.h_0(),
        }
    ),
    "cell.input_size": internal(lambda d: {"params": d.params()}),
    "cell.state_size": internal(lambda d: {"params": d.params()}),
    "cell.common_dtype": internal(lambda d: {"params": d.params()}),
    "cell.hidden_states": internal(lambda d: {"trace": d.trace()["trace"]}),
    "cell.last_state": internal(lambda d: {"trace": d.trace()["trace"]}),
    "cell.with_outputs": internal(lambda d: {"kind": type("Kind", (), {})}),
    "cell.hold": internal(
        lambda d: {"mask": d.mask(), "t": 1},
    ),
    "cell.times": internal(lambda d: {"a": d.x(), "W": d.params().W_xh.T}),
    "cell.check_trace": internal(
        lambda d: {
            "trace": d.cell_trace("gru")["trace"],
            "kind": rnnlib.layers.gru.GRUTrace,
            "params": d.cell("gru")[0],
        }
    ),
    "cell.check_adjoint": internal(
        lambda d: {"name": "d_output", "adjoint": d.x(), "like": d.x()}
    ),
    "cell.held": internal(lambda d: {"mask": d.mask(), "t": 1}),
    "checkpointing.default_segment": Case(lambda d: {"T": 10}),
    "checkpointing.segments": internal(
        lambda d: {
            "T": 10,
            "L": 3,
            "state": 0,
            "advance": lambda state, a, b: state + b - a,
            "halve": True,
        }
    ),
    "checkpointing.checkpointing_cost": Case(
        lambda d: {
            "params": d.params(),
            "T": 10,
            "B": 2,
            "segment": 3,
            "halve": True,
        }
    ),
    "checkpointing.checkpointed_loss_and_gradients": Case(
        lambda d: d.run(segment=2, halve=True, loss="cross_entropy", weight_decay=0.1)
    ),
    "clipping.global_norm": Case(lambda d: {"gradients": d.params()}, infinite=True),
    "clipping.clip_by_global_norm": Case(
        lambda d: {"gradients": d.params(), "threshold": 0.7}
    ),
    "clipping.clip_by_value": Case(
        lambda d: {"gradients": d.params(), "threshold": 0.3}
    ),
    "convert.to_torch": Case(lambda d: {"params": d.cell("gru")[0]}),
    "convert.from_torch": Case(
        lambda d: {"arrays": convert.to_torch(d.cell("lstm")[0]), "prefix": ""}
    ),
    "derivatives.central_difference": Case(
        lambda d: {
            "loss": _loss,
            "params": d.params(),
            "direction": d.params(),
            "order": 4,
            "step": 1e-3,
        },
        passes=True,
    ),
    "derivatives.complex_step": Case(
        lambda d: {
            "loss": _loss,
            "params": d.params(),
            "direction": d.params(),
            "step": 1e-30,
        },
        passes=True,
    ),
    "derivatives.complex_step_gradients": Case(
        lambda d: {"loss": _loss, "params": d.params(), "step": 1e-30},
        passes=True,
    ),
    "dropout.draw_mask": Case(
        lambda d: {
            "shape": (3, 2, 4),
            "rate": 0.3,
            "rng": d.rng(),
            "variational": False,
            "dtype": np.float64,
        }
    ),
    "dropout.dropout_forward": Case(_masks),
    "dropout.dropout_backward": Case(_dropout_trace),
    "dropout.dropout_loss_and_gradients": Case(
        lambda d: _masks(d) | {"y": d.y(), "weight_decay": 0.1}
    ),
    "early_stopping.observe": Case(
        lambda d: {
            "patience": early_stopping.Patience(2.0, 3, 1),
            "value": 1.5,
            "step": 4,
            "least_gain": 0.1,
        },
        infinite=True,
    ),
    "early_stopping.should_stop": Case(
        lambda d: {"patience": early_stopping.Patience(2.0, 3, 1), "limit": 2}
    ),
    "feedback.coin_flips": Case(
        lambda d: {"T": 3, "B": 2, "probability": 0.4, "rng": d.rng()}
    ),
    "feedback.own_symbols": Case(
        lambda d: _fed(d, False) | {"uniforms": d.positive(d.T, d.B) / 1.2}
    ),
    "feedback.feedback_forward": Case(lambda d: _fed(d, True)),
    "feedback.feedback_backward": Case(_fed_trace),
    "generate.generate": Case(
        lambda d: {
            "step": rnnlib.language.generate.network_step(d.closed()),
            "state": None,
            "start": 0,
            "count": 3,
            "rng": d.rng(),
            "temperature": 0.7,
            "stop": None,
            "top_k": 2,
            "top_p": 0.9,
        }
    ),
    "generate.tempered": Case(lambda d: {"logits": d.floats(d.K), "temperature": 0.7}),
    "generate.truncated": Case(
        lambda d: {"p": np.array([0.5, 0.2, 0.3]), "top_k": 2, "top_p": 0.9}
    ),
    "generate.network_step": Case(
        lambda d: {"params": d.closed(), "phi": "tanh"}, then=_steps
    ),
    "generate.cell_step": Case(
        lambda d: {
            "cell": CELLS["vanilla"],
            "params": d.cell("vanilla")[0],
            "W_hy": d.floats(d.d_x, d.d_h),
            "b_y": d.floats(d.d_x),
        },
        then=_steps,
    ),
    "generate.ngram_step": Case(
        lambda d: {"model": _ngrams(d)}, then=_steps, infinite=True
    ),
    "gradcheck.check_gradients": Case(
        lambda d: {
            "function": _gradients,
            "params": d.params(),
            "rng": d.rng(),
            "directions": 2,
            "tolerance": 1e-6,
        },
        infinite=True,
    ),
    "cell.initial_state": internal(
        lambda d: {"name": "h_0", "h": d.h_0(), "B": d.B, "params": d.params()}
    ),
    "cell.of_shape": internal(lambda d: {"gradient": d.h_0(), "shape": (d.d_h,)}),
    "initialisers.scaled_normal": Case(
        lambda d: {"shape": (3, 2), "rng": d.rng(), "scale": 0.3, "dtype": np.float64}
    ),
    "initialisers.glorot": Case(
        lambda d: {"shape": (3, 2), "rng": d.rng(), "gain": 0.3, "dtype": np.float64}
    ),
    "initialisers.orthogonal": Case(
        lambda d: {"shape": (3, 2), "rng": d.rng(), "gain": 0.3, "dtype": np.float64}
    ),
    "initialisers.scaled_identity": Case(
        lambda d: {"d": 3, "scale": 0.3, "dtype": np.float64}
    ),
    "initialisers.init_irnn": Case(
        lambda d: {
            "d_x": 2,
            "d_h": 3,
            "K": 4,
            "rng": d.rng(),
            "scale": 0.1,
            "identity": 0.9,
            "b_h": 0.2,
            "dtype": np.float64,
        }
    ),
    "cell.project_inputs": internal(lambda d: {"W_xh": d.params().W_xh, "x": d.x()}),
    "cell.rows": internal(lambda d: {"a": d.x()}),
    "cell.outer_sum": internal(lambda d: {"delta": d.x(3), "a": d.x()}),
    "cell.input_gradients": internal(
        lambda d: {"W_xh": d.params().W_xh, "x": d.x(), "delta_s": d.x(d.d_h)}
    ),
    "layer_norm.normalise": Case(
        lambda d: {
            "a": d.x(d.d_h),
            "gain": d.floats(d.d_h),
            "bias": d.floats(d.d_h),
            "epsilon": 1e-5,
        }
    ),
    "layer_norm.normalise_backward": Case(_norms),
    "losses.log_softmax": Case(lambda d: {"z": d.x(d.K)}, infinite=True),
    "losses.softmax": Case(lambda d: {"z": d.x(d.K)}),
    "losses.cross_entropy": Case(
        lambda d: {"z": d.x(d.K), "y": d.y(), "mask": d.mask()}, infinite=True
    ),
    "losses.half_squared_error": Case(
        lambda d: {"z": d.x(d.K), "y": d.x(d.K), "mask": d.mask()}
    ),
    "losses.weight_decay_penalty": Case(
        lambda d: {"params": d.params(), "weight_decay": 0.1}
    ),
    "losses.penalty": internal(lambda d: {"params": d.params(), "weight_decay": 0.1}),
    "ngrams.fit_ngrams": Case(
        lambda d: {
            "indices": d.ints(d.K, 20),
            "order": 2,
            "V": d.K,
            "smoothing": "additive",
            "alpha": 0.5,
        }
    ),
    "ngrams.good_turing": Case(lambda d: {"counts": np.array([3, 1, 0, 1])}),
    "ngrams.table_parameters": Case(lambda d: {"order": 2, "V": 3}),
    "ngrams.NGrams.log_probabilities": Case(
        lambda d: {"self": _ngrams(d), "context": d.ints(d.K, 3)}, infinite=True
    ),
    "ngrams.NGrams.symbol_log_probabilities": Case(
        lambda d: {"self": _ngrams(d), "indices": d.ints(d.K, 9)}, infinite=True
    ),
    "ngrams.NGrams.cross_entropy": Case(
        lambda d: {"self": _ngrams(d), "indices": d.ints(d.K, 9)}, infinite=True
    ),
    "objective.loss_and_gradients": Case(
        lambda d: d.run(
            mask=d.mask(),
            topology="many-to-many",
            loss="cross_entropy",
            weight_decay=0.1,
        )
    ),
    "objective.add_weight_decay": internal(
        lambda d: {
            "value": 1.0,
            "gradients": rnn.Gradients(d.params(), d.h_0(), None),
            "params": d.params(),
            "weight_decay": 0.1,
        }
    ),
    "optimisers.sgd": Case(
        lambda d: {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1},
        then=_updates,
    ),
    "optimisers.adagrad": Case(
        lambda d: {"learning_rate": 0.1, "eps": 1e-8, "weight_decay": 0.1},
        then=_updates,
    ),
    "optimisers.adam": Case(
        lambda d: {
            "learning_rate": 0.1,
            "beta_1": 0.5,
            "beta_2": 0.6,
            "eps": 1e-8,
            "weight_decay": 0.1,
        },
        then=_updates,
    ),
    "optimisers.adamw": Case(
        lambda d: {
            "learning_rate": 0.1,
            "beta_1": 0.5,
            "beta_2": 0.6,
            "eps": 1e-8,
            "weight_decay": 0.1,
        },
        then=_updates,
    ),
    "parameters.parameter_shapes": Case(lambda d: {"d_x": 2, "d_h": 3, "K": 4}),
    "parameters.count_parameters": internal(lambda d: {"params": d.params()}),
    "parameters.add_params": internal(
        lambda d: {"one": d.params(), "other": d.params()}
    ),
    "parameters.init_params": Case(
        lambda d: {
            "d_x": 2,
            "d_h": 3,
            "K": 4,
            "rng": d.rng(),
            "scale": 0.1,
            "dtype": np.float64,
        }
    ),
    "rnn.forward": Case(
        lambda d: {
            "params": d.params(),
            "x": d.x(),
            "h_0": d.h_0(),
            "phi": "tanh",
            "topology": "many-to-many",
            "mask": d.mask(),
        }
    ),
    "rnn.check_forward": internal(
        lambda d: {
            "params": d.params(),
            "x": d.x(),
            "h_0": d.h_0(),
            "phi": "tanh",
            "topology": "last",
            "mask": d.mask(),
        }
    ),
    "rnn.check_backward": internal(lambda d: d.trace() | {"d_state": d.h_0()}),
    "rnn.run": internal(_unchecked),
    "rnn.pull_back": internal(lambda d: d.trace(mask=d.mask())),
    "rnn.pull_back_to_params": internal(lambda d: d.trace(mask=d.mask())),
    "rnn.collect": internal(
        lambda d: {
            "params": d.params(),
            "delta_s": d.x(d.d_h),
            "delta_z": d.x(d.K),
            "x": d.x(),
            "h_before": d.x(d.d_h),
            "h_read": d.x(d.d_h),
        }
    ),
    "vanilla.recur": internal(
        lambda d: {
            "params": d.params(),
            "x": d.x(),
            "h_0": d.h_0(),
            "phi": rnnlib.ACTIVATIONS["tanh"],
            "mask": d.mask(),
            "keep": d.x(d.d_h),
        }
    ),
    "rnn.check_trace": internal(
        lambda d: {k: v for k, v in d.trace().items() if k != "delta_z"}
    ),
    "rnn.adjoints": Case(lambda d: d.trace(mask=d.mask()) | {"d_state": d.h_0()}),
    "rnn.backward": Case(lambda d: d.trace(mask=d.mask()) | {"d_state": d.h_0()}),
    "rtrl.sensitivities": Case(
        lambda d: {
            "params": d.params(),
            "x": d.x(),
            "h_0": d.h_0(),
            "phi": "tanh",
            "mask": d.mask(),
        },
        then=list,
    ),
    "rtrl.rtrl_loss_and_gradients": Case(
        lambda d: d.run(
            mask=d.mask(),
            topology="many-to-many",
            loss="cross_entropy",
            weight_decay=0.1,
        )
    ),
    "stacked.stack": Case(
        lambda d: {"cells": [CELLS["vanilla"], CELLS["gru"]], "residual": True},
        then=_cell_runs,
    ),
    "tasks.adding": Case(lambda d: {"T": 6, "B": 2, "rng": d.rng()}),
    "tasks.adding_baseline": Case(lambda d: {"T": 6}),
    "tasks.copy": Case(lambda d: {"T": 6, "B": 2, "rng": d.rng()}),
    "tasks.copy_baseline": Case(lambda d: {"T": 6}),
    "tasks.temporal_order": Case(lambda d: {"T": 12, "B": 2, "rng": d.rng()}),
    "tasks.order_steps": Case(lambda d: {"T": 12}),
    "tasks.order_baseline": Case(lambda d: {"T": 12}),
    "readout.read": internal(
        lambda d: {"h": d.x(d.d_h), "topology": "mean", "mask": d.mask()}
    ),
    "readout.read_back": internal(
        lambda d: {
            "d_read": d.h_0(),
            "h": d.x(d.d_h),
            "topology": "mean",
            "mask": d.mask(),
        }
    ),
    "readout.logits": internal(
        lambda d: {"W_hy": d.params().W_hy, "b_y": d.params().b_y, "h": d.x(d.d_h)}
    ),
    "readout.logits_back": internal(lambda d: {"delta_z": d.x(d.K), "h": d.x(d.d_h)}),
    "readout.check_readout": internal(
        lambda d: {"W_hy": d.params().W_hy, "b_y": d.params().b_y, "h": d.x(d.d_h)}
    ),
    "readout.init_readout": internal(
        lambda d: {"layer": d.cell("gru")[0], "K": 4, "d_h": 3, "rng": d.rng()}
    ),
    "readout.forward": Case(_readout_run),
    "readout.backward": Case(_readout_trace),
    "readout.loss_and_gradients": Case(lambda d: _readout_run(d) | {"y": d.y()}),
    "trees.flatten": internal(lambda d: {"tree": d.params(), "name": "p"}),
    "trees.same_form": internal(
        lambda d: {"tree": d.params(), "other": d.params(), "name": "p"}
    ),
    "trees.rebuild": internal(
        lambda d: {"tree": [0.0, 1.0], "flat": {"0": d.h_0(), "1": d.x()}}
    ),
    "truncated.windows": Case(lambda d: {"T": 10, "k1": 2, "k2": 4}),
    "truncated.truncated_backward": Case(lambda d: d.trace() | IMMEDIATE),
    "truncated.truncated_loss_and_gradients": Case(
        lambda d: d.run(
            mask=d.mask(), loss="cross_entropy", weight_decay=0.1, **IMMEDIATE
        )
    ),
    "truncated.carry": Case(
        lambda d: {"params": d.params(), "x": d.x(), "h_0": d.h_0()}
    ),
    "truncated.block_loss_and_gradients": Case(_block),
    "validate.shape_error": internal(
        lambda d: {"name": "x", "expected": (2,), "actual": (3,)}
    ),
    "validate.check_callable": internal(lambda d: {"name": "loss", "function": len}),
    "validate.check_dtype": internal(lambda d: {"dtype": np.float32}),
    "validate.require_finite": internal(
        lambda d: {"result": d.x(), "where": "forward"}
    ),
    "validate.check_rng": internal(lambda d: {"rng": d.rng()}),
    "validate.is_array": internal(lambda d: {"value": d.x()}),
    "validate.kind_of": internal(lambda d: {"value": d.x()}),
    "validate.is_finite": internal(lambda d: {"value": 1.0}),
    "cell.with_sizes": internal(lambda d: {"kind": type("Sized", (), {})}),
    "columns.parts": internal(lambda d: {"T": 700, "B": 2}),
    "columns.each_step": internal(
        lambda d: {"steps": slice(0, d.T), "archive": d.x(), "of_these": d.x(d.T)}
    ),
    "columns.hold": internal(lambda d: {"mask": d.mask(), "t": 1}),
    "columns.joined": internal(lambda d: {"a": d.x()}),
    "columns.project_inputs": internal(lambda d: {"W_xh": d.params().W_xh, "x": d.x()}),
    "columns.half_logistic": internal(
        lambda d: {"params": d.params(), "blocks": (True,), "dtype": np.float64}
    ),
    "columns.input_gradients": internal(
        lambda d: {
            "W_xh": d.params().W_xh,
            "x": d.x(),
            "delta": d.floats(d.T * d.B, d.d_h),
        }
    ),
    "columns.dtype_of": internal(lambda d: {"params": d.params(), "x": d.x()}),
    "columns.add_to": internal(lambda d: {"sums": None, "terms": (d.x(),)}),
    "validate.all_finite": internal(lambda d: {"array": d.x()}),
    "validate.refuse_hiding": internal(lambda d: {"name": "x", "value": d.x()}),
    "cell.check_cell": internal(lambda d: {"name": "cell", "cell": CELLS["gru"]}),
    "validate.check_array": internal(
        lambda d: {"name": "x", "array": d.h_0(), "shape": (d.B, d.d_h)}
    ),
    "validate.check_precision": internal(
        lambda d: {"name": "x", "array": d.h_0(), "like": d.x()}
    ),
    "parameters.check_params": internal(lambda d: {"params": d.params()}),
    "validate.check_arrays": internal(lambda d: {"params": d.params()}),
    "validate.check_shapes": internal(
        lambda d: {
            "params": d.params(),
            "expected": rnnlib.parameter_shapes(d.d_x, d.d_h, d.K),
        }
    ),
    "validate.check_inputs": internal(lambda d: {"x": d.x(), "params": d.params()}),
    "validate.check_indices": internal(
        lambda d: {"name": "y", "index": d.y(), "size": d.K}
    ),
    "validate.check_mask": internal(lambda d: {"mask": d.mask(), "T": d.T, "B": d.B}),
    "validate.check_choice": internal(
        lambda d: {"name": "loss", "value": "a", "choices": ("a", "b")}
    ),
    "validate.check_flag": internal(lambda d: {"name": "keep", "value": True}),
    "validate.check_rate": internal(lambda d: {"name": "eps", "value": 0.5}),
    "validate.check_positive": internal(lambda d: {"name": "gamma", "value": 0.5}),
    "validate.check_count": internal(lambda d: {"name": "T", "value": 2}),
    "validate.check_step_targets": internal(
        lambda d: {"y": d.y(), "T": d.T, "B": d.B, "K": d.K}
    ),
}
for name, cell in CELLS.items():
    CASES |= {
        f"{name}.forward": Case(lambda d, name=name: d.cell_run(name)),
        f"{name}.backward": Case(lambda d, name=name: d.cell_trace(name)),
        f"{name}.init_params": Case(
            lambda d: {
                "d_x": 2,
                "d_h": 3,
                "rng": d.rng(),
                "scale": 0.1,
                "dtype": np.float64,
            }
        ),
        f"{name}.shapes": internal(lambda d: {"d_x": 2, "d_h": 3}),
    }
    if hasattr(cell, "split"):
        CASES[f"{name}.split"] = internal(lambda d: {"rows_": d.floats(12, 2)})
