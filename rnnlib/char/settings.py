"""What decides the numbers of a run, kept as text inside its checkpoint."""

import json
import re
from dataclasses import asdict, dataclass, fields
from math import inf
from numbers import Real

from rnnlib.char.network import CELLS
from rnnlib.language.text import Alphabet
from rnnlib.training import read_about
from rnnlib.validate import check_choice, check_count

FORMAT = "rnnlib.char 2"
OPTIMISERS = {"adagrad": 0.1, "adam": 0.002}  # and their usual learning rates
CLIPS = ("value", "norm", "none")
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Settings:
    """The options of a run; where nothing is said they follow min-char-rnn.

    Raises ValueError for a value that is not possible; the message has its name.
    """

    cell: str = "rnn"
    hidden: int = 100
    layers: int = 1
    window: int = 25  # steps that are unrolled; the state is carried on
    batch: int = 1  # streams side by side
    optimiser: str = "adagrad"
    learning_rate: float | None = None  # None: the usual one of the optimiser
    half_life: float = inf  # steps after which the learning rate is half
    clip_by: str = "value"
    clip: float = 5.0
    dtype: str = "float64"
    seed: int = 0
    held_out: float = 0.1  # the share at the end of the text: validation, then test
    validate_every: int = 500  # steps between measurements of validation; 0 is never

    def __post_init__(self):
        for name, choices in (
            ("cell", CELLS),
            ("optimiser", OPTIMISERS),
            ("clip_by", CLIPS),
            ("dtype", DTYPES),
        ):
            check_choice(name, getattr(self, name), choices)
        for name in ("hidden", "layers", "window", "batch"):
            check_count(name, getattr(self, name))
        for name in ("seed", "validate_every"):
            check_count(name, getattr(self, name), least=0)
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", OPTIMISERS[self.optimiser])
        for name, most in (
            ("learning_rate", inf),
            ("clip", inf),
            ("half_life", None),
            ("held_out", 1),
        ):
            _check_positive(name, getattr(self, name), most)


def _check_positive(name, value, below):
    """A number above 0, and below the limit where there is one."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not (real and 0 < value) or (below is not None and not value < below):
        limits = {None: "a number above 0", inf: "a finite number above 0"}
        expected = limits.get(below, f"a number between 0 and {below}")
        raise ValueError(f"{name}: expected {expected}, got {value!r}")


@dataclass(frozen=True)
class About:
    """The text that stands in a checkpoint: settings, alphabet and digest of the text.

    The digest tells whether a text is the one that the run was trained on.
    """

    settings: Settings
    alphabet: Alphabet
    text: str  # SHA-256

    def to_json(self):
        """As JSON, in which an infinite half-life is null."""
        settings = {
            k: None if v == inf else v for k, v in asdict(self.settings).items()
        }
        return json.dumps(
            {
                "format": FORMAT,
                "settings": settings,
                "symbols": "".join(self.alphabet.symbols),
                "text": self.text,
            }
        )


def read_settings(path):
    """The `About` of a checkpoint.

    Raises
    ------
    ValueError
        When the file is damaged, or is no checkpoint of this command.
    FileNotFoundError
        When there is no file.
    """
    about = read_about(path)
    try:
        found = json.loads(about)
        if found["format"] != FORMAT:
            raise ValueError(f"expected {FORMAT!r}, got {found['format']!r}")
        settings, symbols, text = found["settings"], found["symbols"], found["text"]
        names = {field.name for field in fields(Settings)}
        if set(settings) != names:
            raise ValueError(f"other settings: {sorted(names ^ set(settings))}")
        if not (isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text)):
            raise ValueError(f"text: expected a digest, got {text!r:.80}")
        if not isinstance(symbols, str):
            raise ValueError(f"symbols: expected a string, got {symbols!r:.60}")
        if settings["half_life"] is None:
            settings["half_life"] = inf
        return About(Settings(**settings), Alphabet(tuple(symbols)), text)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: not a model of rnnlib.char: {error}") from error
