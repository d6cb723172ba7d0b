"""Temporal point processes: the recurrent one, and the classical ones beside it.

Events 0 < t_1 < ... < t_N <= T with marks drive the book's recurrent network, and on
(t_j, t_{j+1}] the conditional intensity is exp(a_j + w (t - t_j)), a_j = v.h_j + b.
Times may have any unit; intensities are events in that unit. Likelihoods are in nats.
"""

from rnnlib.pointprocess.classical import (
    SelfCorrecting,
    poisson_log_likelihood,
    poisson_rate,
    self_correcting_log_likelihood,
    self_correcting_network,
    simulate_poisson,
    simulate_self_correcting,
)
from rnnlib.pointprocess.discrete import discrete_log_likelihood
from rnnlib.pointprocess.fit import (
    Fit,
    fit,
    fit_hawkes,
    observed_information,
    to_vector,
)
from rnnlib.pointprocess.gaps import (
    inverse_compensator,
    mean_gap,
    median_gap,
    probability_of_event,
    sample_gaps,
    total_compensator,
)
from rnnlib.pointprocess.hawkes import (
    Hawkes,
    hawkes_compensators,
    hawkes_loss_and_gradients,
    simulate_hawkes,
)
from rnnlib.pointprocess.intensity import (
    compensator,
    compensator_gradients,
    exprel,
    exprel_derivative,
    log_intensity,
)
from rnnlib.pointprocess.likelihood import (
    PointGradients,
    PointTrace,
    forward,
    log_likelihood,
    loss_and_gradients,
)
from rnnlib.pointprocess.parameters import PointProcessParams, init_params
from rnnlib.pointprocess.residuals import compensators, rescaled_gaps
from rnnlib.pointprocess.sequences import EventSequence
from rnnlib.pointprocess.simulation import simulate

__all__ = [
    "EventSequence",
    "Fit",
    "Hawkes",
    "PointGradients",
    "PointProcessParams",
    "PointTrace",
    "SelfCorrecting",
    "compensator",
    "compensator_gradients",
    "compensators",
    "discrete_log_likelihood",
    "exprel",
    "exprel_derivative",
    "fit",
    "fit_hawkes",
    "forward",
    "hawkes_compensators",
    "hawkes_loss_and_gradients",
    "init_params",
    "inverse_compensator",
    "log_intensity",
    "log_likelihood",
    "loss_and_gradients",
    "mean_gap",
    "median_gap",
    "observed_information",
    "poisson_log_likelihood",
    "poisson_rate",
    "probability_of_event",
    "rescaled_gaps",
    "sample_gaps",
    "self_correcting_log_likelihood",
    "self_correcting_network",
    "simulate",
    "simulate_hawkes",
    "simulate_poisson",
    "simulate_self_correcting",
    "to_vector",
    "total_compensator",
]
