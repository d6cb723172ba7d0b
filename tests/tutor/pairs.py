"""All mistakes of the catalogues, alone and in twos: what the look-up says of each.

A pair counts where the two change different pieces, and both are looked for together
with others. The outputs of all singles and pairs are computed once; the look-up of one
is then the search for equal outputs among all, first among the singles.
"""

from collections import Counter
from itertools import combinations
from typing import NamedTuple

import numpy as np

from rnnbook.tutor import backward, clipping, forward, training, update
from rnnbook.tutor import windows as windows_of
from rnnbook.tutor.layout import BOOK
from rnnbook.tutor.matching import _alike, agree


class Found(NamedTuple):
    """A pair, and what the look-up says of it."""

    pair: tuple  # the two names
    said: list  # every explanation, as a tuple of names
    right: bool  # the outputs are the right ones


def predictions(name):
    """The catalogue, the function that computes outputs, and the bound, of a check."""
    captured = {}

    def examine(name, ask, compute, cases, catalogue, layout, **more):
        captured.update(compute=compute, cases=cases, catalogue=catalogue, more=more)

    module, check = {
        "forward": (forward, forward.check_forward),
        "backward": (backward, backward.check_backward),
        "clipping": (clipping, clipping.check_clipping),
        "norm": (clipping, lambda f: clipping.check_clipping(f, rule="norm")),
        "adagrad": (update, update.check_update),
        "sgd": (update, lambda f: update.check_update(f, rule="sgd")),
        "windows": (windows_of, windows_of.check_windows),
        "training": (training, training.check_training),
    }[name]
    kept, module.examine = module.examine, examine
    try:
        check(lambda: None)
    finally:
        module.examine = kept
    return captured


def outputs_of(compute, cases, mistakes):
    """The outputs of all cases with these mistakes; None where they cannot be run."""
    change = {k: f for m in mistakes for k, f in m.change.items()}
    try:
        with np.errstate(all="ignore"):
            return {s: compute(case, change) for s, case in cases.items()}
    except (ValueError, IndexError):
        return None


def key(outputs):
    """A coarse number of the outputs of the first case, to find equals by."""
    first = next(iter(outputs.values()))
    shapes = tuple(a.shape for a in first.values())
    numbers = [
        np.nan_to_num(a, nan=7.0, posinf=7.0, neginf=7.0) for a in first.values()
    ]
    return shapes, np.array([np.linalg.norm(a) for a in numbers])


def survey(name, most=None):
    """What the look-up says of every pair of a catalogue, or of some of them."""
    at = predictions(name)
    compute, cases = at["compute"], at["cases"]
    bound, tolerance = at["more"].get("bound", np.inf), BOOK.tolerance
    entries = [m for m in at["catalogue"] if m.change and not m.square]
    right = outputs_of(compute, cases, ())
    singles = [((m,), outputs_of(compute, cases, (m,))) for m in entries]
    together = [m for m in entries if not m.alone]
    twos = [
        pair
        for pair in combinations(together, 2)
        if not pair[0].change.keys() & pair[1].change.keys()
    ]
    if most is not None and most < len(twos):
        chosen = np.random.default_rng(23).choice(len(twos), most, replace=False)
        twos = [twos[i] for i in chosen]
    pairs = [(pair, outputs_of(compute, cases, pair)) for pair in twos]
    pairs = [(pair, found) for pair, found in pairs if found is not None]
    keys = {id(found): key(found) for _, found in singles + pairs}

    def same(one, other):
        (shapes, a), (others, b) = keys[id(one)], keys[id(other)]
        if shapes != others or not np.allclose(a, b, rtol=1e-4, atol=1e-12):
            return False
        return all(_alike(one[c], other[c], tolerance, bound) for c in cases)

    for pair, found in pairs:
        equal = all(
            agree(found[c][n], right[c][n], tolerance) for c in cases for n in right[c]
        )
        by = [m for m, other in singles if same(found, other)]
        by = by or [m for m, other in pairs if same(found, other)]
        said = list(dict.fromkeys(tuple(m.name for m in ms) for ms in by))
        yield Found(tuple(m.name for m in pair), said, equal)


COMPOSED = {  # two that are one by definition: the same computation in fewer words
    ("g_t passed on for delta_s_t", "g_t for delta_s_t in the sums"): "phi' missing",
    (
        "h_{t-1} for h_t in the sum for W_hy",
        "the slope of h_{t-1}",
    ): "h_{t-1} for h_t throughout",
    (
        "h_{t-1} for h_t throughout",
        "h_{t-2} for h_{t-1}",
    ): "states numbered from 0",
}


def verdict(found):
    """In one word what became of a pair."""
    pair = set(found.pair)
    if found.right:
        return "right"
    if not found.said:
        return "not named"
    if len(found.said) > 1:
        return "several" if any(set(s) <= pair for s in found.said) else "wrong"
    said = set(found.said[0])
    composed = {frozenset(two): {name} for two, name in COMPOSED.items()}
    if said in (pair, composed.get(frozenset(pair))):
        return "both"
    return "one" if said < pair else "wrong"


CHECKED = ("forward", "backward", "clipping", "norm", "adagrad", "sgd")
CHECKED = (*CHECKED, "windows", "training")


def main():
    """Print the counts, and every pair that is not simply named."""
    for name in CHECKED:
        counts = Counter()
        for found in survey(name):
            word = verdict(found)
            counts[word] += 1
            if word not in ("both", "one"):
                print(word, name, found.pair, found.said)
        print(name, sum(counts.values()), dict(counts), flush=True)


if __name__ == "__main__":
    main()
