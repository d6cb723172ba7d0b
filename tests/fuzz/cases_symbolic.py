"""The functions of rnnlib.symbolic: those that take plain values have a case here.

The others take expressions, which SymPy makes and never changes in place. They have no
memory layout and no precision; their own tests say what they refuse.
"""

from tests.fuzz.case import internal

CASES = {
    "symbolic.hidden": internal(lambda d: {"t": "t"}),
    "symbolic.logits": internal(lambda d: {"t": "t"}),
    "symbolic.pre_activation": internal(lambda d: {"t": "t", "previous": "t-1"}),
    "symbolic.bptt_equations": internal(lambda d: {}),
    "symbolic.quantity": internal(lambda d: {"base": "h", "time": "t"}),
    "symbolic.unroll": internal(lambda d: {"T": 2, "d_x": 1, "d_h": 2, "K": 2}),
    "symbolic.rational_point": internal(lambda d: {"T": 2, "d_x": 1, "d_h": 2, "K": 2}),
}
HOMES = {
    "test_derivation": [
        *("derive", "Derivation.adjoint", "Derivation.gradient"),
        *("Derivation.uses", "Derivation.jacobian"),
        *("Derivation.prove", "Derivation.check"),
        *("Derivation.initial", "Derivation.sympy"),
        *("Derivation.cell", "Derivation.numpy"),
        "Derivation.explain",
    ],
    "test_torch_code": ["Derivation.torch"],
    "test_trajectories": [
        *("Derivation.jacobians", "Derivation.norm_bounds", "Derivation.point"),
        "Derivation.unrolled",
    ],
    "test_lemmas": ["lemma", "Derivation.prove_every_size"],
    "test_exact": ["equal_exactly"],
    "test_graph": [
        *("Graph.evaluate", "Graph.evaluate_exactly", "Graph.expanded"),
        *("Graph.function", "Graph.immediate", "Graph.reverse", "Graph.total"),
    ],
    "test_matrix": ["evaluate", "jacobian", "vector_jacobian_product"],
    "test_network": [
        *("Network.adjoint_of", "Network.adjoints", "Network.backward"),
        "Network.values",
    ],
    "notations/test_printer": ["equation", "to_latex"],
    "notations/test_tabs": ["in_notation"],
    "test_reading": ["holds", "read"],
    "test_series": ["at"],
}
ELSEWHERE = {
    f"symbolic.{name}": f"tests/symbolic/{home}.py"
    for home, names in HOMES.items()
    for name in names
} | {
    "symbolic.Derivation.tangent": "rnnlib/symbolic/derivation/derivation.py",
    "symbolic.Derivation.printer": "rnnlib/symbolic/derivation/derivation.py",
    "symbolic.Derivation.explanation": "rnnlib/symbolic/derivation/derivation.py",
    "symbolic.tabs": "tests/book/test_tabs.py",
    "symbolic.Quantity.latex_name": "rnnlib/symbolic/notations/printer.py",
    "symbolic.StepProduct.expand_steps": "rnnlib/symbolic/series.py",  # by `at`
    "symbolic.StepSum.expand_steps": "rnnlib/symbolic/series.py",
    "symbolic.phi.fdiff": "rnnlib/symbolic/activations.py",  # SymPy calls it
}
