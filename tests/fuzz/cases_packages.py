"""One valid call of every public function of the packages under rnnlib, but SymPy's."""

import numpy as np

import rnnlib
from rnnbook import tutor as ask
from rnnbook.page import sliders
from rnnbook.tutor import (
    backward,
    clipping,
    forward,
    sampling_models,
    training,
    update,
    windows,
)
from rnnlib import pointprocess as pp
from rnnlib import spectral
from rnnlib.char import fast
from rnnlib.language import Alphabet
from rnnlib.training import begin
from tests.fuzz.case import Case, internal

TEXT = Alphabet.of("hello, world")
SGD = rnnlib.sgd(0.1, momentum=0.5)


def _work(d, gradient=True):
    """A workspace; with the gradient of one step in it."""
    work = fast.Workspace(d.params(), d.T, d.B, h_0=d.h_0())
    if gradient:
        fast.loss_and_gradients(work, d.ints(d.d_x, d.T, d.B), d.y())
    return work


def _of_work(*names):
    """The arrays of a workspace that are the result of a function that fills them."""
    return lambda result, arguments: (
        result,
        *(np.array(getattr(arguments["work"], n)) for n in names),
    )


def _gaps(d):
    return {"a": d.floats(d.T), "w": float(d.floats())}


def _state(d):
    return begin(d.params(), SGD, rng=d.rng())


def _figure(d):
    controls = [sliders.Control("gain", [0.5, 1.0, 2.0])]
    lines = [sliders.Line("norm", d.floats(3, 5))]
    return {
        "title": "A figure",
        "controls": controls,
        "lines": lines,
        "x": np.arange(5.0),
        "labels": ("x", "y"),
        "y_range": (-4.0, 4.0),
        "decimals": 3,
        "readout": "{}",
        "missing": "none",
        "caption": "",
    }


def _bound(d, **more):
    return {"W_hh": d.square(), "phi_prime": d.slopes(), "gamma": 1.0} | more


def _diagnosis(**arguments):
    """A check of a right function of the reader: slow, and it takes no arrays."""
    return Case(lambda d: arguments, loops=False)


CASES = {
    "text.Alphabet.of": Case(lambda d: {"text": "hello"}),
    "text.Alphabet.encode": Case(lambda d: {"self": TEXT, "text": "hello"}),
    "text.Alphabet.decode": Case(lambda d: {"self": TEXT, "indices": d.ints(5, 9)}),
    "text.check_length": internal(lambda d: {"text": "hello", "window": 2}),
    "text.split": Case(lambda d: {"indices": d.ints(5, 20), "fraction": 0.2}),
    "fast.loss_and_gradients": Case(
        lambda d: {"work": _work(d), "x": d.ints(d.d_x, d.T, d.B), "y": d.y()},
        fills=_of_work("gradient_flat", "h", "delta_s"),
    ),
    "fast.forward": Case(
        lambda d: {"work": _work(d), "x": d.ints(d.d_x, d.T, d.B)},
        fills=_of_work("h", "delta_z"),
    ),
    "fast.cross_entropy": Case(
        lambda d: {"work": _work(d), "y": d.y()}, fills=_of_work("delta_z")
    ),
    "fast.clip_by_value": Case(
        lambda d: {"work": _work(d), "threshold": 0.2}, fills=_of_work("gradient_flat")
    ),
    "fast.clip_by_global_norm": Case(
        lambda d: {"work": _work(d), "threshold": 0.2}, fills=_of_work("gradient_flat")
    ),
    "fast.sample": Case(
        lambda d: {
            "params": d.closed(),
            "n": 5,
            "first": 0,
            "rng": d.rng(),
            "temperature": 0.7,
            "h_0": d.floats(d.d_h),
            "return_state": True,
        }
    ),
    "fast.Workspace.set_params": Case(
        lambda d: {"self": _work(d), "params": d.params()}
    ),
    "fast.Workspace.copy_params": Case(lambda d: {"self": _work(d)}),
    "fast.Workspace.carry": Case(lambda d: {"self": _work(d)}),
    "fast.Workspace.reset": Case(lambda d: {"self": _work(d)}),
    "pointprocess.compensator": Case(lambda d: _gaps(d) | {"tau": d.positive(d.T)}),
    "pointprocess.compensator_gradients": Case(
        lambda d: _gaps(d) | {"tau": d.positive(d.T)}
    ),
    "pointprocess.log_intensity": Case(lambda d: _gaps(d) | {"tau": d.positive(d.T)}),
    "pointprocess.inverse_compensator": Case(
        lambda d: _gaps(d) | {"target": d.positive(d.T)}, infinite=True
    ),
    "pointprocess.probability_of_event": Case(_gaps),
    "pointprocess.total_compensator": Case(_gaps, infinite=True),
    "pointprocess.median_gap": Case(
        lambda d: _gaps(d) | {"conditional": True}, infinite=True
    ),
    "pointprocess.mean_gap": Case(
        lambda d: {"a": float(d.floats()), "w": 0.3, "conditional": False},
        infinite=True,
    ),
    "pointprocess.sample_gaps": Case(
        lambda d: _gaps(d) | {"rng": d.rng(), "size": (d.T,), "conditional": True},
        infinite=True,
    ),
    "pointprocess.exprel": Case(lambda d: {"u": d.floats(5)}, infinite=True),
    "pointprocess.exprel_derivative": Case(lambda d: {"u": d.floats(5)}, infinite=True),
    "pointprocess.forward": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "h_0": d.h_0(),
            "phi": "tanh",
        }
    ),
    "pointprocess.log_likelihood": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "h_0": d.h_0(),
            "phi": "tanh",
        }
    ),
    "pointprocess.loss_and_gradients": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "h_0": d.h_0(),
            "phi": "tanh",
        }
    ),
    "pointprocess.compensators": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "h_0": d.h_0(),
            "phi": "tanh",
        }
    ),
    "pointprocess.discrete_log_likelihood": Case(
        lambda d: {
            "params": d.point_process(),
            "sequence": d.events(True)[0],
            "delta": 0.01,
            "phi": "tanh",
        },
    ),
    "pointprocess.fit": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "free": ["b"],
            "phi": "tanh",
            "weight_decay": 0.1,
            "maxiter": 2,
        },
        loops=False,
    ),
    "pointprocess.fit_hawkes": Case(
        lambda d: {"sequences": d.events(), "start": d.hawkes()},
        loops=False,
    ),
    "pointprocess.observed_information": Case(
        lambda d: {
            "params": d.point_process(),
            "sequences": d.events(True),
            "free": ["b", "w"],
            "phi": "tanh",
            "step": 1e-30,
        },
        loops=False,
    ),
    "pointprocess.to_vector": Case(
        lambda d: {"params": d.point_process(), "free": ["b", "v"]}
    ),
    "pointprocess.hawkes_loss_and_gradients": Case(
        lambda d: {"params": d.hawkes(), "sequences": d.events()}
    ),
    "pointprocess.hawkes_compensators": Case(
        lambda d: {"params": d.hawkes(), "sequences": d.events()}
    ),
    "pointprocess.simulate_hawkes": Case(
        lambda d: {"params": d.hawkes(), "T": 3.0, "rng": d.rng()},
        unbounded=("T", "rate", "params"),
    ),
    "pointprocess.poisson_rate": Case(lambda d: {"sequences": d.events()}),
    "pointprocess.poisson_log_likelihood": Case(
        lambda d: {"rate": 1.5, "sequences": d.events()}
    ),
    "pointprocess.simulate_poisson": Case(
        lambda d: {"rate": 1.5, "T": 3.0, "rng": d.rng()},
        unbounded=("T", "rate", "params"),
    ),
    "pointprocess.self_correcting_log_likelihood": Case(
        lambda d: {"params": pp.SelfCorrecting(0.5, 0.3), "sequences": d.events()}
    ),
    "pointprocess.simulate_self_correcting": Case(
        lambda d: {"params": pp.SelfCorrecting(0.5, 0.3), "T": 3.0, "rng": d.rng()},
        unbounded=("T", "rate", "params"),
    ),
    "pointprocess.self_correcting_network": Case(
        lambda d: {"params": pp.SelfCorrecting(0.5, 0.3)}
    ),
    "pointprocess.init_params": Case(
        lambda d: {
            "K": 2,
            "d_h": 3,
            "d_e": 2,
            "rng": d.rng(),
            "rate": 1.5,
            "scale": 0.2,
            "dtype": np.float64,
        }
    ),
    "pointprocess.rescaled_gaps": Case(
        lambda d: {"pieces": [d.positive(3), d.positive(2)]}
    ),
    "pointprocess.simulate": Case(
        lambda d: {
            "params": d.point_process(),
            "T": 2.0,
            "rng": d.rng(),
            "count": 2,
            "h_0": d.floats(d.d_h),
            "phi": "tanh",
            "max_events": 500,
        }
    ),
    "sliders.figure": Case(_figure, then=lambda figure: figure.table),
    "sliders.read_table": internal(
        lambda d: {"html": sliders.figure(**_figure(d)).html}
    ),
    "grammars.embedded_reber": Case(lambda d: {}),
    "grammars.reber": Case(lambda d: {}),
    "grammars.even_process": Case(lambda d: {"p": 0.3}),
    "grammars.hidden_markov": Case(
        lambda d: {
            "transitions": np.full((2, 2), 0.5),
            "emissions": np.full((2, 4), 0.25),
            "symbols": ("a", "b", "c", "d"),
        }
    ),
    "sources.make_source": Case(
        lambda d: {"edges": d.source().edges, "symbols": ("a", "b")}
    ),
    "sources.stationary": Case(lambda d: {"source": d.source()}),
    "entropy.entropy_rate": Case(lambda d: {"source": rnnlib.language.reber()}),
    "entropy.entropy_rate_bounds": Case(lambda d: {"source": d.source(), "n": 4}),
    "entropy.optimal_log_probabilities": Case(
        lambda d: {"source": d.source(), "indices": d.ints(2, 9)}, infinite=True
    ),
    "sources.sample_source": Case(
        lambda d: {"source": d.source(), "n": 5, "rng": d.rng()}
    ),
    "sources.check_source": internal(lambda d: {"source": d.source()}),
    "sources.check_rows": internal(lambda d: {"name": "p", "sums": np.ones(3)}),
    "sources.sample_path": Case(
        lambda d: {"source": d.source(), "n": 5, "rng": d.rng()}
    ),
    "spectral.jacobians": Case(
        lambda d: {k: v for k, v in d.trace().items() if k != "delta_z"}
    ),
    "spectral.log_gradient_norms": Case(
        lambda d: {k: v for k, v in d.trace().items() if k != "delta_z"}, infinite=True
    ),
    "spectral.log_product_norms": Case(
        lambda d: {"J": d.floats(d.T, d.d_h, d.d_h)}, infinite=True
    ),
    "spectral.jacobian_product": Case(
        lambda d: {"J": d.floats(d.T, d.B, d.d_h, d.d_h), "t": 1, "i": 0}
    ),
    "spectral.diagonal_scaling": Case(lambda d: {"W": d.square(), "iterations": 3}),
    "spectral.diagonal_vertices": Case(
        lambda d: {"W": d.square(), "gamma": 1.0, "low": 0.2}
    ),
    "spectral.joint_spectral_radius": Case(
        lambda d: {
            "matrices": 0.5 * d.floats(2, d.d_h, d.d_h),
            "tolerance": 0.5,
            "scaling": d.positive(d.d_h),
        },
        infinite=True,
    ),
    "spectral.entrywise_bound": Case(_bound, infinite=True),
    "spectral.joint_bound": Case(lambda d: _bound(d, length=2, low=0.1), infinite=True),
    "spectral.linear_bound": Case(
        lambda d: {"W_hh": d.square(), "phi_prime": d.slopes()}, infinite=True
    ),
    "spectral.lower_bound": Case(
        lambda d: {"W_hh": d.square(), "phi_prime": d.slopes(), "low": 0.1},
        infinite=True,
    ),
    "spectral.norm_bound": Case(_bound, infinite=True),
    "spectral.numerical_bound": Case(_bound, infinite=True),
    "spectral.scaling_bound": Case(
        lambda d: _bound(d, scaling=d.positive(d.d_h)), infinite=True
    ),
    "spectral.lyapunov_exponents": Case(
        lambda d: (
            {
                "params": d.params(),
                "steps": 4,
                "rng": d.rng(),
                "inputs": d.x(),
                "h_0": d.h_0(),
                "phi": "tanh",
                "count": 1,
                "discard": 0,
            }
            | {"steps": d.T}
        ),
        infinite=True,
    ),
    "spectral.numerical_radius": Case(lambda d: {"W": d.square(), "tolerance": 1e-4}),
    "spectral.smallest_singular_value": Case(lambda d: {"W": d.square()}),
    "spectral.spectral_norm": Case(lambda d: {"W": d.square()}),
    "spectral.spectral_radius": Case(lambda d: {"W": d.square()}),
    "training.begin": Case(
        lambda d: {
            "params": d.params(),
            "optimiser": SGD,
            "rng": d.rng(),
            "carried": {"h": d.h_0()},
        },
        infinite=True,
    ),
    "training.generator": Case(
        lambda d: {"state": d.rng().bit_generator.state},
        then=lambda rng: rng.random(3),
    ),
    "tutor.check_backward": _diagnosis(backward=backward.planted({})),
    "tutor.check_clipping": _diagnosis(clip=clipping.planted({}), rule="value"),
    "tutor.check_formula": Case(
        lambda d: {"what": "g", "text": "W_hy^T delta_z_t", "notation": "book"},
        then=lambda report: np.array(float(report.right)),
        loops=False,
    ),
    "tutor.check_forward": _diagnosis(forward=forward.planted({})),
    "tutor.check_sampling": _diagnosis(sample=sampling_models.planted({})),
    "tutor.check_training": _diagnosis(train=training.planted({})),
    "tutor.check_update": _diagnosis(update=update.planted({}), rule="adagrad"),
    "tutor.check_windows": _diagnosis(windows=windows.planted({})),
    "tutor.Layout.give": internal(
        lambda d: {"self": ask.Layout(), "params": d.params()}
    ),
    "tutor.Layout.take": internal(
        lambda d: {
            "self": ask.Layout(),
            "tree": d.params(),
            "params": d.params(),
            "what": "gradients",
        }
    ),
    "tutor.Layout.give_array": internal(
        lambda d: {"self": ask.Layout(), "array": d.x()}
    ),
    "tutor.Layout.take_array": internal(
        lambda d: {"self": ask.Layout(), "name": "x", "array": d.x(), "like": d.x()}
    ),
}
for name in ("dense", "between", "frexp", "extreme"):
    more = {
        "between": {"i": 0, "t": 1},
        "times": {"P": 0, "t": 1, "out": 0, "work": 0},
        "frexp": {"t": 1, "b": 0},
    }.get(name, {})

    def make(d, more=more):
        J = spectral.Jacobians(d.x(d.d_h), d.square(), d.mask())
        P = {k: d.floats(d.B, d.d_h, d.d_h) for k in ("P", "out", "work")}
        return {"self": J} | {k: P.get(k, v) for k, v in more.items()}

    CASES[f"spectral.Jacobians.{name}"] = internal(
        make, fills=lambda result, arguments: result
    )

# Functions that a call by arguments alone does not do justice to, and where they are
# tested: with wrong arguments, damaged files, and for what they leave unchanged.
ELSEWHERE = {
    "corpus.corpus_of": "tests/language/test_corpus.py",
    "corpus.read_corpus": "tests/language/test_corpus.py",
    "corpus.digest": "tests/language/test_corpus.py",
    "text.pieces": "rnnlib/language/corpus.py",  # its callers read a file by it
    "text.split_in_three": "rnnlib/char/run.py",
    "tutor.Layout.give_states": "rnnbook/tutor/backward.py",
    "tutor.Layout.take_states": "rnnbook/tutor/forward.py",
    "text.read_text": "tests/language/test_text.py",
    "fast.adagrad": "tests/char/fast/test_errors.py",
    "training.load_checkpoint": "tests/training/test_checkpoint.py",
    "training.read_about": "tests/training/test_checkpoint.py",
    "training.save_checkpoint": "tests/training/test_checkpoint.py",
    "spectral.Jacobians.times": "rnnlib/spectral/products.py",  # its only caller
    "training.train": "tests/training/test_loop.py",
    "tutor.solved": "tests/tutor/test_messages.py",
}
