"""Sources of symbols whose entropy rate is known, and how well they can be predicted.

    source = reber()
    indices = sample(source, 10_000, rng)
    entropy_rate(source)                            # nats a symbol
    optimal_log_probabilities(source, indices)      # (n, V)

The entropy rate is the least expected cross-entropy of any model in the long run.
"""

from rnnlib.sources.entropy import (
    entropy_rate,
    entropy_rate_bounds,
    optimal_log_probabilities,
)
from rnnlib.sources.examples import (
    embedded_reber,
    even_process,
    hidden_markov,
    reber,
)
from rnnlib.sources.source import (
    Source,
    make_source,
    sample,
    sample_path,
    stationary,
)

__all__ = [
    "Source",
    "embedded_reber",
    "entropy_rate",
    "entropy_rate_bounds",
    "even_process",
    "hidden_markov",
    "make_source",
    "optimal_log_probabilities",
    "reber",
    "sample",
    "sample_path",
    "stationary",
]
