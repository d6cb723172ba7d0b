"""The folders of tests mirror the packages: who looks for a test finds it.

rnnlib/layers/lstm.py is tested in tests/layers/test_lstm.py; a module whose test is in
another file is listed here, and that file names something of it.
"""

import ast
import re

import pytest

from tools import ROOT
from tools.imports import PACKAGES, imported, package_of

ELSEWHERE = {  # test file: the modules that it tests besides, or in place of its own
    "book/test_equation_numbers.py": "rnnbook/page: equations",
    "char/test_command.py": "rnnlib/char: arguments errors evaluate sample train",
    "char/test_interrupts.py": "rnnlib/char: signals",
    "char/test_network.py": "rnnlib/char: vector",
    "char/test_run.py": "rnnlib/char: settings",
    "char/fast/test_fast.py": "rnnlib/char/fast: sampling step update workspace",
    "char/fast/test_gated.py": "rnnlib/char/fast: gru lstm",
    "experiments/test_long_memories.py": "rnnlib/training: tasks",
    "experiments/test_protocol.py": (
        "rnnbook/experiments: centring clipped coverage dropped edge learning_a_lag "
        "own_inputs windows"
    ),
    "language/test_sources.py": "rnnlib/language: entropy grammars",
    "layers/test_cell.py": "rnnlib/layers: vanilla",
    "page/test_sliders.py": "rnnbook/page/sliders: arguments figure first page table",
    "pointprocess/test_gaps.py": "rnnlib/pointprocess: intensity",
    "pointprocess/test_likelihood.py": "rnnlib/pointprocess: parameters",
    "pointprocess/test_processes.py": (
        "rnnlib/pointprocess: classical discrete hawkes residuals simulation"
    ),
    "pointprocess/test_refusals.py": "rnnlib/pointprocess: sequences validate",
    "spectral/test_norms.py": "rnnlib/spectral: bounds jacobians",
    "spectral/test_radii.py": "rnnlib/spectral: joint",
    "symbolic/test_derivation.py": (
        "rnnlib/symbolic/derivation: arrays cells check code_backward code_forward "
        "code_gradients code_helpers code_layout code_plan code_terms code_text "
        "derivation evaluation explanation expressions jacobians lowering mistakes "
        "naming numpy_code printing proof reader recursion rules sizes syntax to_sympy"
    ),
    "symbolic/test_indexed.py": "rnnlib/symbolic: indexed_latex",
    "symbolic/test_lemmas.py": (
        "rnnlib/symbolic/derivation: entries entry_printing every_size lemmas"
    ),
    "symbolic/test_reading.py": "rnnlib/symbolic: point",
    "symbolic/test_trajectories.py": "rnnlib/symbolic/derivation: trajectories",
    "symbolic/test_torch_code.py": "rnnlib/symbolic/derivation: torch_code",
    "symbolic/notations/test_printer.py": (
        "rnnlib/symbolic/notations: conventions documents mapping"
    ),
    "symbolic/notations/test_brought.py": "rnnlib/symbolic/notations: brought",
    "symbolic/notations/test_tabs.py": (
        "rnnlib/symbolic/notations: layout; rnnlib/symbolic: results"
    ),
    "training/test_batches.py": "rnnlib/training: early_stopping",
    "training/test_loop.py": "rnnlib/training: state",
    "tutor/test_catalogue.py": (
        "rnnbook/tutor: backward backward_mistakes backward_terms clipping engine "
        "forward forward_mistakes matching problems sampling sampling_models training "
        "training_mistakes update windows"
    ),
    "tutor/formulas/test_checking.py": (
        "rnnbook/tutor/formulas: checking names networks reading scanning "
        "proofs terms values"
    ),
    "tutor/answers/test_checking.py": (
        "rnnbook/tutor/answers: kinds; "
        "rnnbook/tutor/answers/chapters: five_notations forward unrolled_sums "
        "bptt gradient_checking index_notation losses notation recipes "
        "total_derivative derive_your_own_cell language_models long_memories "
        "min_char_rnn min_char_rnn_studied point_process point_process_fits "
        "exploding gates gradient_behaviour joint_radius optimising "
        "spectral_bounds truncation vanishing"
    ),
    "tutor/test_messages.py": "rnnbook/tutor: calls report",
    "tutor/test_variants.py": "rnnbook/tutor: layout",
}
INNER = {
    "arguments",
    "engine",
    "names",
    "reading",
    "scanning",
    "values",
    "mapping",
    "validate",
    "arrays",
    "code_backward",
    "code_forward",
    "code_gradients",
    "code_helpers",
    "code_layout",
    "code_plan",
    "code_terms",
    "code_text",
    "entry_printing",
    "evaluation",
    "jacobians",
    "lowering",
    "naming",
    "numpy_code",
    "printing",
    "syntax",
    "to_sympy",
    "torch_code",
}  # tested by what they make


def listed():
    """{module: the test file that has it} of `ELSEWHERE`."""
    return {
        f"{folder}/{name}.py": ROOT / "tests" / test
        for test, text in ELSEWHERE.items()
        for part in text.split("; ")
        for folder, names in [part.split(": ")]
        for name in names.split()
    }


MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if not path.name.startswith("__")
)


def name_of(path):
    """The path of a module from the root, as text."""
    return path.relative_to(ROOT).as_posix()


def mirror_of(path):
    """The test file that a module should have."""
    folders = path.relative_to(ROOT).parts[1:-1]
    return ROOT.joinpath("tests", *folders, f"test_{path.name}")


def public_names(path):
    """What a module defines for others: functions, classes and constants."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {getattr(node, "name", "") for node in tree.body} | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {name for name in found if name and name[0] != "_"}


def words(path):
    """The words of a test file, and of the helpers in tests that it imports."""
    todo, texts, seen = [path], [], set()
    while todo:
        file = todo.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        texts.append(file.read_text(encoding="utf-8"))
        for name in imported(texts[-1], package_of(file, ROOT)):
            if name.startswith("tests."):
                todo.append(ROOT.joinpath(*name.split(".")).with_suffix(".py"))
    return set(re.findall(r"\w+", "\n".join(texts)))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_its_test(path):
    test = listed().get(name_of(path))
    if test is None:
        assert mirror_of(path).is_file(), f"no {mirror_of(path)}, and not listed here"
    else:
        assert test.is_file()
        named = (public_names(path) | {path.stem}) & words(test)
        assert named or path.stem in INNER


def test_the_list_is_of_modules():
    assert listed().keys() <= set(map(name_of, MODULES))


def test_every_folder_of_tests_is_a_subpackage_or_known():
    folders = {
        path.parent.relative_to(ROOT / "tests").as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    packages = {
        path.parent.relative_to(ROOT / package).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert folders - packages <= {"bench", "book", "fuzz", "ledger"}
