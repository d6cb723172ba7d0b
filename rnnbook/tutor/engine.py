"""The steps that all checks share: run, compare, look the result up, say it."""

import numpy as np

from rnnbook.tutor.calls import Unfinished
from rnnbook.tutor.layout import Unusable, check_layout
from rnnbook.tutor.matching import (
    agree,
    all_agree,
    describe,
    first_place,
    look_up,
)
from rnnbook.tutor.report import Diagnosis


def examine(
    name,
    ask,
    compute,
    cases,
    catalogue,
    layout,
    *,
    square=None,
    hints=None,
    order=None,
    probes=None,
    bound=np.inf,
):
    """Diagnose one function.

    Parameters
    ----------
    name : str
    ask : callable
        ``ask(case)`` runs the reader's function; it returns an `Answer`, in the book's
        form. `Unusable` where there is nothing to compare.
    compute : callable
        ``compute(case, change)``: the outputs with these pieces replaced.
    cases : dict
        What to run it on, by a suffix for the names of the outputs.
    catalogue : list of Mistake
        The only place that knows of mistakes. Entries that are ways of the original
        program, and are declared in the layout, become part of what is right.
    square : a case in which all sizes agree, optional
        Tried when the function raises or returns other shapes.
    hints : dict, optional
        The mistake to name when an argument is changed, and under "kept" the one to
        name when a second call adds to the first.
    order : dict, optional
        The outputs in the order of the computation; the value says in words which
        place i of the first axis is, or is None.
    probes : dict, optional
        By the name of an argument, a case that differs from the first in it alone.
    bound : float
        Outputs of mistakes are compared up to this size, see `look_up`.
    """
    check_layout(layout)
    hints, declared = hints or {}, _declared(catalogue, layout)
    catalogue = [m for m in catalogue if m.original not in ("", *layout.original)] + [
        m for m in catalogue if not m.original
    ]
    plain = [m for m in catalogue if not m.square]
    tolerance, first = layout.tolerance, next(iter(cases))

    def run(case, change):
        return _computed(compute, case, declared | change)

    def predict(suffix, change):
        return run(cases[suffix], change)

    answers, once = {}, None
    try:
        once = ask(cases[first])
        for suffix, case in cases.items():
            answers[suffix] = ask(case)
    except Unfinished as stub:
        return Diagnosis(name, str(stub), written=False)
    except Unusable as error:
        asked = [a for a in (once, *answers.values()) if a is not None]
        notes = _unique(n for a in asked for n in a.notes)
        found = _on_square(ask, run, square, catalogue, tolerance)
        return _told(Diagnosis(name, str(error)), found, notes)
    outputs = {suffix: answer.outputs for suffix, answer in answers.items()}
    if not all_agree(once.outputs, outputs[first], tolerance):
        return _kept(name, ask, cases, predict, plain, hints, tolerance, bound)

    wrong, right, place = {}, [], ""
    for suffix, found in outputs.items():
        if wrong:
            break  # the first case that goes wrong says enough
        wanted, right = predict(suffix, {}), []
        for output in found:
            if agree(found[output], wanted[output], tolerance):
                right.append(output + suffix)
            else:
                wrong[output + suffix] = describe(found[output], wanted[output])
        place = _first(found, wanted, suffix, order or {}, tolerance)
    explained = look_up(outputs, predict, plain, tolerance, bound) if wrong else []
    notes = _unique(n for a in (once, *answers.values()) for n in a.notes)
    if notes and wrong and not explained:
        grown = f"expected another shape or order of results: {notes[0].sentence}"
        return Diagnosis(name, grown, tuple(right), wrong, (), len(plain), first=place)
    changed = _unique(n for a in (once, *answers.values()) for n in a.changed)
    problem = _problem(changed, notes, wrong)
    notes += tuple(hints[n] for n in changed if n in hints)
    facts = _unused(ask, run, cases[first], outputs[first], probes or {})
    if explained and all(m.original for m in explained[0]):
        facts = _numbers(outputs, predict)
        wrong = {n: w for n, w in wrong.items() if w}
    elif explained or not wrong:
        facts = ()
    told = Diagnosis(
        name,
        problem,
        tuple(right),
        wrong,
        (),
        len(plain),
        first=place,
        facts=facts,
    )
    return _told(told, explained, notes)


def _told(diagnosis, explained, notes=()):
    """The diagnosis with what explains it."""
    best = explained[0] if explained else ()
    fields = vars(diagnosis) | {
        "mistakes": (*best, *notes),
        "alternatives": tuple(explained[1:]),
    }
    return Diagnosis(**fields)


def _declared(catalogue, layout):
    """The pieces of the declared ways of the original program.

    Its indices are a form of the states, not another computation: `Layout` sees to it.
    """
    ways = set(layout.original) - {"indices"}
    chosen = [m.change for m in catalogue if m.original in ways]
    return {k: f for change in chosen for k, f in change.items()}


def _unique(values):
    """The values without repetition, in their order."""
    kept = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return tuple(kept)


def _problem(changed, notes, wrong):
    """What has to be mended besides the values."""
    if changed:
        return f"it changes its argument {', '.join(changed)}: work on a copy"
    if notes and not wrong:
        return "the values are right, their form is not"
    return ""


def _first(found, wanted, suffix, order, tolerance):
    """The first wrong output in the order of the computation, and where it begins."""
    for output in order or found:
        if not agree(found[output], wanted[output], tolerance):
            named = order.get(output)
            place = first_place(found[output], wanted[output], tolerance, named)
            return output + suffix + place
    return ""


def _numbers(outputs, predict):
    """How far the outputs of an original way are from those of the book."""
    lines = []
    for suffix, found in outputs.items():
        wanted = predict(suffix, {})
        for output in found:
            if found[output].shape == wanted[output].shape:
                with np.errstate(invalid="ignore"):
                    off = np.nanmax(abs(found[output] - wanted[output]), initial=0.0)
                if off > 0:
                    lines.append((float(off), output + suffix))
            else:
                sizes = f"{len(found[output])} in place of {len(wanted[output])}"
                return (f"The difference here: {sizes} in {output}{suffix}.",)
    off, output = max(lines)
    return (f"The largest difference from the book here: {off:.1e} in {output}.",)


def _unused(ask, run, case, outputs, probes):
    """Sentences about arguments that the result does not depend on."""
    facts = []
    for argument, other in probes.items():
        try:
            found = ask(other).outputs
        except Unusable:
            continue
        same = all_agree(outputs, found, 0.0)
        if same and not all_agree(run(case, {}), run(other, {}), 1e-6):
            facts.append(f"The result does not depend on the argument {argument}.")
    return tuple(facts)


def _computed(compute, case, change):
    """The outputs with these pieces replaced; None where it cannot be run."""
    try:
        with np.errstate(all="ignore"):
            return compute(case, change)
    except (ValueError, IndexError):  # shapes that do not go together
        return None


def _kept(name, ask, cases, predict, catalogue, hints, tolerance, bound):
    """The second call on the same input returned something else."""
    problem = "the same arguments give another result the second time"
    told = Diagnosis(name, f"{problem}: it keeps something between calls")
    added = {suffix: _added(ask, case) for suffix, case in cases.items()}
    if "kept" not in hints or not all(added.values()):
        return told
    kept = Diagnosis(name, problem)
    if all(all_agree(added[s], predict(s, {}), tolerance) for s in cases):
        return _told(kept, [], (hints["kept"],))
    explained = look_up(added, predict, catalogue, tolerance, bound)
    return _told(kept, explained, (hints["kept"],)) if explained else told


def _added(ask, case):
    """What a second call on a case adds to the first; nothing if the shapes differ."""
    once, twice = (ask(case).outputs for _ in range(2))
    if any(twice[n].shape != once[n].shape for n in once):
        return {}
    return {n: twice[n] - once[n] for n in once}


def _on_square(ask, run, square, catalogue, tolerance):
    """The mistakes that only the shapes have given away."""
    if square is None:
        return []
    try:
        outputs = ask(square).outputs
    except Unusable:
        return []
    return look_up({"": outputs}, lambda _, c: run(square, c), catalogue, tolerance)
