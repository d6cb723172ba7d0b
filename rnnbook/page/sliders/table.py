"""The table of a figure: checked, rounded, and small enough to stand in a page."""

import numpy as np

from rnnbook.page.sliders.arguments import (
    check_pair,
    check_values,
    check_words,
    numbers,
)
from rnnlib.validate import check_choice, check_count, shape_error

STYLES = ("line", "dashed", "dots", "bars", "arrow", "dashed arrow")
COLOURS = 4


def make_table(title, controls, lines, x, position, given, decimals):
    """What the script of a figure reads; parameters and errors as for `figure`."""
    everything = controls + ([position] if position else [])
    check_count("decimals", decimals, least=0)
    x = numbers("x", x)
    if x.ndim != 1 or len(x) < 2:
        raise shape_error("x", "(n_x,), n_x > 1", x.shape)
    if not lines:
        raise ValueError("lines: expected at least one, got none")
    for control in everything:
        _check_control(control)
    if position and len(position.values) != len(x):
        raise shape_error("position.values", (len(x),), (len(position.values),))
    sizes = (*(len(control.values) for control in controls), len(x))
    paths = [_path(line, x, sizes, position) for line in lines]
    names = ("x_range", "y_range")
    ranges = [
        _range(arrays) if pair is None else _given(name, pair)
        for name, pair, arrays in zip(
            names, given, zip(*paths, strict=True), strict=True
        )
    ]
    ticks = [
        _ticks(low, high, most)
        for (low, high), most in zip(ranges, (9, 6), strict=True)
    ]
    if position and isinstance(position.values[0], str):
        ticks[0] = [
            [float(v), name] for v, name in zip(x, position.values, strict=True)
        ]
    return {
        "title": title,
        "controls": [
            {"label": c.label, "values": [word(v) for v in c.values]}
            for c in everything
        ],
        "position": position is not None,
        "ranges": ranges,
        "ticks": ticks,
        "decimals": int(decimals),
        "lines": [
            {
                "label": line.label,
                "style": line.style,
                "colour": k % COLOURS if line.colour is None else line.colour,
                "x": _listed(x_line, 6),
                "y": _listed(y_line, decimals),
                **_said(line, sizes[:-1]),
            }
            for k, (line, (x_line, y_line)) in enumerate(zip(lines, paths, strict=True))
        ],
    }


def _path(line, x, sizes, position):
    """(x, y) of a line, each checked."""
    check_words(label=line.label)
    check_choice("style", line.style, STYLES)
    if line.colour not in (None, *range(COLOURS)):
        raise ValueError(f"colour: expected 0 to {COLOURS - 1}, got {line.colour!r}")
    if line.x is not None:
        x = numbers(f"x of line {line.label!r}", line.x)
        if not position and x.ndim:
            sizes = (*sizes[:-1], x.shape[-1])
    if "arrow" in line.style and sizes[-1] % 2:
        raise ValueError(f"line {line.label!r}: expected tails and heads in pairs")
    y = numbers(f"y of line {line.label!r}", line.y, gaps=True)
    return _array("x", line, x, sizes), _array("y", line, y, sizes)


def _said(line, sizes):
    """The words of a line for every setting, where it has its own."""
    if line.said is None:
        return {}
    said = np.asarray(line.said, str)
    said = said.reshape((1,) * (len(sizes) - said.ndim) + said.shape)
    if not _fits(said.shape, sizes):
        raise shape_error(f"said of line {line.label!r}", sizes, said.shape)
    return {"said": said.tolist()}


def _fits(shape, sizes):
    """Whether each size is the one expected, or 1."""
    return len(shape) == len(sizes) and all(
        a in (1, n) for a, n in zip(shape, sizes, strict=True)
    )


def _check_control(control):
    check_words(label=control.label)
    check_values(control.values)
    if not control.label.strip() or not len(control.values):
        raise ValueError(f"controls: expected a label and values, got {control!r}")
    check_count("start", control.start, least=0)
    if control.start not in range(len(control.values)):
        most = len(control.values) - 1
        raise ValueError(f"start: expected 0 to {most}, got {control.start!r}")


def _array(name, line, array, sizes):
    """Values with one axis a control and x last."""
    array = array.reshape((1,) * (len(sizes) - array.ndim) + array.shape)
    if not _fits(array.shape, sizes) or array.shape[-1] != sizes[-1]:
        raise shape_error(f"{name} of line {line.label!r}", sizes, array.shape)
    return array


def _range(arrays):
    values = np.concatenate([a[np.isfinite(a)] for a in arrays])
    low, high = (values.min(), values.max()) if values.size else (0, 1)
    above = low + max(1, 1e-6 * abs(low))  # of a level line
    return [float(low), float(high if high > low else above)]


def _given(name, pair):
    low, high = numbers(name, check_pair(name, pair)).tolist()
    if not low < high:
        raise ValueError(f"{name}: expected two numbers, low < high, got {pair!r}")
    return [low, high]


def _ticks(low, high, most):
    """Round numbers, at most about so many, each with its name."""
    step = 10.0 ** np.floor(np.log10((high - low) / 4))
    step *= next(m for m in (1, 2, 5, 10) if m * step >= (high - low) / most)
    n = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return [
        [float(v), f"{v:g}".replace("-", "−")] for v in np.round(n * step, 12) + 0.0
    ]


def _listed(array, decimals):
    """Nested lists of rounded numbers; None for -inf."""
    if array.ndim > 1:
        return [_listed(part, decimals) for part in array]
    rounded = np.round(array, decimals).tolist()
    return [None if v == -np.inf else int(v) if v == int(v) else v for v in rounded]


def word(value):
    """A value of a control as it is shown."""
    return value if isinstance(value, str) else f"{value:g}"
