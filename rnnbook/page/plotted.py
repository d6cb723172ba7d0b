"""A digest of what a figure plots, so that another figure is not taken for it.

As an extension of IPython it adds the digest to the text that stands for a figure:
``<Figure size 560x340 with 1 Axes, plotted 0123456789ab>``. The page shows the picture;
who runs a chapter again and compares texts also compares what is plotted.

Curves, bars, points and images are told by sums of `BLOCK` numbers with fixed weights
from 1/2 to 3/2, to a thousandth of the largest number. So rounding that differs between
processors leaves the digest alone, up to rare sums that it carries over the border of a
digit; one number that changes by a two-hundredth of the largest changes the digest.

A figure that shows rounding itself, or what grows from it, says so by
``panels(of_rounding=True)``: another processor draws it otherwise. Its digest is made
of its words and of how many numbers each part has; "plotted words" stands before it.
"""

import hashlib

import numpy as np
from matplotlib.figure import Figure

BLOCK = 16
STEP = 1e-3  # sums are rounded to this share of the largest number


def load_ipython_extension(shell):
    """Have figures print themselves with their digests.

    By a method of the class: IPython drops what is registered for figures whenever a
    cell sets matplotlib up.
    """
    show = lambda figure, p, cycle: p.text(described(figure))  # noqa: E731
    setattr(Figure, "_repr_pretty_", show)  # noqa: B010, no attribute of its stubs


def described(figure):
    """The text of a figure, and its digest."""
    what = "plotted words" if of_rounding(figure) else "plotted"
    return f"{repr(figure).removesuffix('>')}, {what} {digest(figure)}>"


def of_rounding(figure):
    """Whether the numbers of a figure depend on the processor."""
    return getattr(figure, "of_rounding", False)


def digest(figure):
    """Twelve hexadecimal digits that change with the data or a word of a figure."""
    told = count if of_rounding(figure) else summary
    lines = [line for axes in figure.axes for line in _axes_lines(axes, told)]
    lines += [text.get_text() for text in figure.texts]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def summary(data):
    """The numbers of an array, or of each column of pairs, in a few digits, as text."""
    data = np.ma.filled(np.ma.asarray(data, dtype=float), np.nan)
    if data.ndim == 2 and data.shape[1] == 2:
        return f"{summary(data[:, 0])}; {summary(data[:, 1])}"
    data = data.ravel()
    holes = ~np.isfinite(data)
    known = np.where(holes, 0.0, data)
    largest = np.abs(known).max(initial=0.0)
    weights = np.random.default_rng(len(data)).uniform(0.5, 1.5, len(data))
    shares = weights * known / (largest or 1.0) / STEP
    starts = np.arange(0, len(data), BLOCK)
    sums = np.rint(np.add.reduceat(shares, starts)) if len(data) else starts
    numbers = " ".join(map(str, sums.astype(int)))
    return f"{len(data)} {largest:.2e} {numbers} {np.flatnonzero(holes)}"


def count(data):
    """How many numbers an array has, as text."""
    return f"{np.size(data)}"


def _axes_lines(axes, told):
    """A line of text for every part of a panel that carries data or words.

    ``told`` is what is said of an array: `summary` or `count`.
    """
    yield f"{axes.get_title()}|{axes.get_xlabel()}|{axes.get_ylabel()}"
    for axis, limits, follows in (
        (axes.xaxis, axes.get_xlim(), axes.get_autoscalex_on()),
        (axes.yaxis, axes.get_ylim(), axes.get_autoscaley_on()),
    ):
        yield f"{axis.get_scale()} {_ticks(axis)} {'' if follows else told(limits)}"
    for line in axes.lines:
        yield f"line {line.get_label()} {told(line.get_xydata())}"
    for collection in axes.collections:
        yield f"collection {collection.get_label()} {told(collection.get_offsets())}"
        if collection.get_array() is not None:
            yield told(collection.get_array())
        for path in collection.get_paths():
            yield told(path.vertices)
    for image in axes.images:
        yield f"image {told(image.get_array())} {told(image.get_extent())}"
    for patch in axes.patches:
        yield f"{type(patch).__name__} {patch.get_label()} {told(_corners(patch))}"
    legend = axes.get_legend()
    for text in [*axes.texts, *(legend.get_texts() if legend else ())]:
        yield text.get_text()
    for inner in axes.child_axes:
        yield from _axes_lines(inner, told)


def _ticks(axis):
    """The words at ticks that stand at places of their own."""
    places = getattr(axis.get_major_locator(), "locs", None)  # none are chosen freely
    words = getattr(axis.get_major_formatter(), "_units", None)  # those of a category
    if places is None:
        return list(words) if words else ""
    return axis.get_major_formatter().format_ticks(places)


def _corners(patch):
    """Where a patch lies, in the numbers that it was given."""
    ends = getattr(patch, "_posA_posB", None)  # an arrow, drawn between two points
    if ends is not None:
        return np.array(ends)
    return patch.get_patch_transform().transform(patch.get_path().vertices)
