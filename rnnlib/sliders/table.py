"""The table of a figure: checked, rounded, and small enough to stand in a page."""

import numpy as np

from rnnlib.validate import check_choice, shape_error

STYLES = ("line", "dashed", "dots", "bars")


def make_table(title, controls, lines, x, position, y_range, decimals):
    """What the script of a figure reads; parameters and errors as for `figure`."""
    everything = controls + ([position] if position else [])
    x = np.asarray(x, float)
    if x.ndim != 1 or len(x) < 2:
        raise shape_error("x", "(n_x,), n_x > 1", x.shape)
    if not lines:
        raise ValueError("lines: expected at least one, got none")
    for control in everything:
        _check_control(control)
    if position and len(position.values) != len(x):
        raise shape_error("position.values", (len(x),), (len(position.values),))
    sizes = (*(len(control.values) for control in controls), len(x))
    ys = [_array(line.label, line.y, sizes) for line in lines]
    xs = [_array(line.label, x if line.x is None else line.x, sizes) for line in lines]
    for line in lines:
        check_choice("style", line.style, STYLES)
    ranges = [_range(xs), _range(ys) if y_range is None else _given(y_range)]
    return {
        "title": title,
        "controls": [
            {"label": c.label, "values": [word(v) for v in c.values]}
            for c in everything
        ],
        "position": position is not None,
        "ranges": ranges,
        "ticks": [_ticks(*pair) for pair in ranges],
        "decimals": decimals,
        "lines": [
            {
                "label": line.label,
                "style": line.style,
                "x": _listed(x_line, 6),
                "y": _listed(y_line, decimals),
            }
            for line, x_line, y_line in zip(lines, xs, ys, strict=True)
        ],
    }


def _check_control(control):
    if not control.label.strip() or not len(control.values):
        raise ValueError(f"controls: expected a label and values, got {control!r}")
    if control.start not in range(len(control.values)):
        most = len(control.values) - 1
        raise ValueError(f"start: expected 0 to {most}, got {control.start!r}")


def _array(label, values, sizes):
    """Values with one axis a control and x last, NaN and +inf refused."""
    array = np.asarray(values, float)
    array = array.reshape((1,) * (len(sizes) - array.ndim) + array.shape)
    fits = array.ndim == len(sizes) and array.shape[-1] == sizes[-1]
    if not fits or any(
        a not in (1, n) for a, n in zip(array.shape, sizes, strict=True)
    ):
        raise shape_error(f"line {label!r}", sizes, array.shape)
    if np.isnan(array).any() or (array == np.inf).any():
        raise ValueError(f"line {label!r}: expected numbers or -inf, got NaN or inf")
    return array


def _range(arrays):
    values = np.concatenate([a[np.isfinite(a)] for a in arrays])
    low, high = (values.min(), values.max()) if values.size else (0, 1)
    return [float(low), float(high if high > low else low + 1)]


def _given(y_range):
    low, high = map(float, y_range)
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"y_range: expected two numbers, low < high, got {y_range!r}")
    return [low, high]


def _ticks(low, high):
    """About five round numbers, each with its name."""
    step = 10.0 ** np.floor(np.log10((high - low) / 4))
    step *= next(m for m in (1, 2, 5, 10) if m * step >= (high - low) / 6)
    n = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return [
        [float(v), f"{v:g}".replace("-", "−")] for v in np.round(n * step, 12) + 0.0
    ]


def _listed(array, decimals):
    """Nested lists of rounded numbers; None for -inf."""
    if array.ndim > 1:
        return [_listed(part, decimals) for part in array]
    rounded = (np.round(array, decimals) + 0.0).tolist()  # + 0.0: no minus zero
    short = (int(v) if np.isfinite(v) and v == int(v) else v for v in rounded)
    return [None if v == -np.inf else v for v in short]


def word(value):
    """A value of a control as it is shown."""
    return value if isinstance(value, str) else f"{value:g}"
