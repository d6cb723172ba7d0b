"""A training state as one safetensors file, written whole or not at all.

The file holds arrays and text, and no code. A digest over all of it tells a damaged
file from a sound one, in the arrays too. Equal states give equal bytes.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnlib.training.state import TrainingState, generator
from rnnlib.trees import flatten, rebuild

FORMAT = "rnnlib training state 1"


def save_checkpoint(path, state, about=""):
    """Write a state: to a file beside, then to the disk, then in the place of ``path``.

    At every moment ``path`` is the old checkpoint or the new one. ``about`` is any text
    that belongs to it, such as the settings of the run; `read_about` gives it back.
    Raises OSError when the file cannot be written; the old one is then still there.
    """
    path = Path(path).resolve()  # a link stays a link
    arrays = {k: np.array(a, order="C") for k, a in _arrays(state).items()}
    text = {"format": FORMAT, "rng": json.dumps(_plain(state.rng), sort_keys=True)}
    text |= {"about": about} if about else {}
    content = save(arrays, metadata=text | {"digest": _digest(arrays, text)})
    content = _in_order(content)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def load_checkpoint(path, like):
    """Read a state of the form of ``like``: as it is after `begin`.

    Raises
    ------
    ValueError
        When the file is damaged or truncated, is no checkpoint, or is one of other
        parameters, another optimiser or another kind of random generator; or when its
        parts contradict each other, such as a history of another length than its step.
    FileNotFoundError
        When there is no file.
    """
    path = Path(path)
    arrays, text = _read(path)
    wanted = _arrays(like)
    if set(arrays) != set(wanted):
        raise ValueError(
            f"{path.name}: expected a state of the same form; only one of the two has "
            f"{sorted(set(arrays) ^ set(wanted))}"
        )
    for name, array in wanted.items():
        got = arrays[name]
        free = name.startswith("history.")  # grows with the run
        if got.dtype != array.dtype or (not free and got.shape != array.shape):
            raise ValueError(
                f"{path.name}: {name}: expected {array.dtype} {array.shape}, "
                f"got {got.dtype} {got.shape}"
            )
    rng = _rng(path.name, text, like)
    loaded = rebuild(_tree(like), arrays)
    _check_consistent(path.name, loaded)
    patience = type(like.patience)(*(a.item() for a in loaded["patience"]))
    return TrainingState(
        step=int(loaded["step"]),
        params=loaded["params"],
        optimiser=loaded["optimiser"],
        best=loaded["best"],
        patience=patience,
        history=loaded["history"],
        carried=loaded["carried"],
        rng=rng.bit_generator.state,
    )


def read_about(path):
    """The text that a checkpoint was saved with. Errors as `load_checkpoint`."""
    return _read(Path(path))[1].get("about", "")


def _read(path):
    """The arrays and the text of a sound checkpoint."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            text = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(
            f"{path.name}: damaged, or not a checkpoint: {error}"
        ) from error
    if text.get("format") != FORMAT:
        raise ValueError(
            f"{path.name}: expected {FORMAT!r}, got {text.get('format')!r}"
        )
    if text.get("digest") != _digest(arrays, text):
        raise ValueError(f"{path.name}: damaged, its digest is not that of its content")
    return arrays, text


def _rng(name, text, like):
    """The generator of a checkpoint; of the kind that ``like`` has."""
    try:
        state = json.loads(text["rng"])
        kind = state["bit_generator"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ValueError(
            f"{name}: rng: expected the state of a generator, got "
            f"{text.get('rng')!r:.60}"
        ) from None
    if kind != like.rng["bit_generator"]:
        raise ValueError(
            f"{name}: rng: expected {like.rng['bit_generator']}, got {kind!s:.60}"
        )
    try:
        return generator(state)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _check_consistent(name, loaded):
    """What one part of a state says of another must hold."""
    step, history, patience = int(loaded["step"]), loaded["history"], loaded["patience"]
    if step < 0:
        raise ValueError(f"{name}: step: expected an integer >= 0, got {step}")
    for field, array in history._asdict().items():
        length = len(history.validation) if field.startswith("validation") else step
        if array.shape != (length,):
            raise ValueError(
                f"{name}: history.{field}: expected shape {(length,)} at step {step}, "
                f"got {array.shape}"
            )
    at = np.concatenate([[0], history.validation_step])
    if not (np.diff(at) > 0).all() or at[-1] > step:
        raise ValueError(
            f"{name}: history.validation_step: expected ascending steps from 1 to "
            f"{step}, got others"
        )
    limits = {"best_step": step, "waited": len(history.validation)}
    for field, most in limits.items():
        if not 0 <= (value := int(getattr(patience, field))) <= most:
            raise ValueError(
                f"{name}: patience.{field}: expected an integer from 0 to {most}, got "
                f"{value}"
            )
    for part in ("params", "optimiser", "best"):
        for key, array in flatten(loaded[part]).items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name}: {part}.{key}: expected finite numbers")


def _in_order(content):
    """The bytes of a safetensors file with its texts in alphabetical order."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    texts = header.pop("__metadata__")
    header = {"__metadata__": dict(sorted(texts.items()))} | header
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the arrays begin at a multiple of eight
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def _tree(state):
    """The state without its generator."""
    return state._replace(rng=None)._asdict()


def _arrays(state):
    return {
        k: np.asarray(a, np.int64) if a.dtype.kind in "iu" else a
        for k, a in _flat(_tree(state)).items()
    }


def _flat(tree):
    """`flatten`, with the booleans of the history beside the numbers."""
    skipped = tree["history"].skipped
    tree = tree | {"history": tree["history"]._replace(skipped=None)}
    return flatten(tree) | {"history.skipped": skipped}


def _digest(arrays, text):
    digest = hashlib.sha256(f"{text['format']}\n{text.get('rng')}".encode())
    digest.update(text.get("about", "").encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _plain(value):
    """The state of a bit generator with lists and integers, for JSON."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value


def _sync_folder(folder):
    """The new name on the disk, where the system can do that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
