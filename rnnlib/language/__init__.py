"""Models of language: text as integers, n-grams, and sources of known entropy rate.

    alphabet = Alphabet.of(text)
    train, held_out = split(alphabet.encode(text), 0.1)

    source = reber()
    indices = sample_source(source, 10_000, rng)
    entropy_rate(source)                            # nats a symbol
    optimal_log_probabilities(source, indices)      # (n, V)

The entropy rate is the least expected cross-entropy of any model in the long run.
"""

from rnnlib.language.entropy import (
    entropy_rate,
    entropy_rate_bounds,
    optimal_log_probabilities,
)
from rnnlib.language.grammars import (
    embedded_reber,
    even_process,
    hidden_markov,
    reber,
)
from rnnlib.language.sources import (
    Source,
    make_source,
    sample_path,
    sample_source,
    stationary,
)
from rnnlib.language.text import Alphabet, read_text, split

__all__ = [
    "Alphabet",
    "Source",
    "embedded_reber",
    "entropy_rate",
    "entropy_rate_bounds",
    "even_process",
    "hidden_markov",
    "make_source",
    "optimal_log_probabilities",
    "read_text",
    "reber",
    "sample_source",
    "sample_path",
    "split",
    "stationary",
]
