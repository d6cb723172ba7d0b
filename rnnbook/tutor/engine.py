"""The steps that all checks share: run, compare, look the result up, say it."""

import numpy as np

from rnnbook.tutor.calls import Unfinished
from rnnbook.tutor.layout import Unusable, check_layout
from rnnbook.tutor.matching import agree, all_agree, describe, look_up
from rnnbook.tutor.report import Diagnosis


def examine(name, ask, compute, cases, catalogue, layout, *, square=None, hints=None):
    """Diagnose one function.

    Parameters
    ----------
    name : str
    ask : callable
        ``ask(case)`` runs the reader's function; it returns its outputs by name, in
        the book's form, and the names of the arguments it changed. `Unusable` where
        there is nothing to compare.
    compute : callable
        ``compute(case, change)``: the outputs with these pieces replaced.
    cases : dict
        What to run it on, by a suffix for the names of the outputs.
    catalogue : list of Mistake
    square : a case in which all sizes agree, optional
        Tried when the function raises or returns other shapes.
    hints : dict, optional
        The mistake to name when an argument is changed, and under "kept" the one to
        name when a second call adds to the first.
    """
    check_layout(layout)
    hints, plain = hints or {}, [m for m in catalogue if not m.square]
    tolerance, first = layout.tolerance, next(iter(cases))

    def predict(suffix, change):
        return _computed(compute, cases[suffix], change)

    outputs, changed = {}, []
    try:
        once, _ = ask(cases[first])
        for suffix, case in cases.items():
            outputs[suffix], altered = ask(case)
            changed += [n for n in altered if n not in changed]
    except Unfinished as stub:
        return Diagnosis(name, str(stub), written=False)
    except Unusable as error:
        mistakes = _on_square(ask, compute, square, catalogue, tolerance)
        return Diagnosis(name, str(error), mistakes=mistakes)
    if not all_agree(once, outputs[first], tolerance):
        added = _differences(outputs[first], once)
        return _kept(name, added, lambda c: predict(first, c), plain, hints, tolerance)

    wrong, right = {}, []
    for suffix, found in outputs.items():
        if wrong:
            break  # the first case that goes wrong says enough
        right = []
        for output, wanted in predict(suffix, {}).items():
            if agree(found[output], wanted, tolerance):
                right.append(output + suffix)
            else:
                wrong[output + suffix] = describe(found[output], wanted)
    mistakes = look_up(outputs, predict, plain, tolerance) if wrong else ()
    problem = ""
    if changed:
        problem = f"it changes its argument {', '.join(changed)}: work on a copy"
        mistakes += tuple(hints[n] for n in changed if n in hints)
    return Diagnosis(name, problem, tuple(right), wrong, mistakes, len(plain))


def _computed(compute, case, change):
    """The outputs with these pieces replaced; None where it cannot be run."""
    try:
        with np.errstate(all="ignore"):
            return compute(case, change)
    except (ValueError, IndexError):  # shapes that do not go together
        return None


def _differences(outputs, once):
    """What the second call added to the first, where that can be said."""
    if any(outputs[n].shape != once[n].shape for n in once):
        return {}
    return {n: outputs[n] - once[n] for n in once}


def _kept(name, added, predict, catalogue, hints, tolerance):
    """The second call on the same input returned something else."""
    problem = "the same arguments give another result the second time"
    for mistakes in ((), *((m,) for m in catalogue)):
        predicted = predict({k: f for m in mistakes for k, f in m.change.items()})
        if "kept" in hints and predicted and all_agree(added, predicted, tolerance):
            return Diagnosis(name, problem, mistakes=(hints["kept"], *mistakes))
    return Diagnosis(name, f"{problem}: it keeps something between calls")


def _on_square(ask, compute, square, catalogue, tolerance):
    """The mistake that only the shapes have given away."""
    if square is None:
        return ()
    try:
        outputs, _ = ask(square)
    except Unusable:
        return ()

    def predict(_, change):
        return _computed(compute, square, change)

    return look_up({"": outputs}, predict, catalogue, tolerance)
