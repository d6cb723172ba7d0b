"""The rules make versions of a statement that are false; the score counts them."""

import numpy as np
import pytest

from ledger import audit, scoring
from ledger.checking import check
from ledger.claims import DOCUMENTS
from ledger.rules import changes, false_versions

each_document = pytest.mark.parametrize("document", DOCUMENTS)


def versions(expression):
    """The sources that the rules make of an expression."""
    import ast

    found = []
    tree = ast.parse(expression, mode="eval")
    for node in ast.walk(tree):
        for rule, change in changes(node):
            new = change(node)
            if node is tree.body:
                found.append((rule, ast.unparse(ast.fix_missing_locations(new))))
            else:
                found.append((rule, None))
    return found


@pytest.mark.parametrize(
    ("expression", "rule", "version"),
    [
        ("a < b", "< and <=", "a <= b"),
        ("a + b", "drop a term", "a"),
        ("a + b", "drop a term", "b"),
        ("a + b", "sign", "a - b"),
        ("t - 1", "t and t - 1", "t"),
        ("n.h[t]", "t and t - 1", "n.h[t - 1]"),
        ("n.h[t]", "h and s", "n.s[t]"),
        ("n.W_hh.T", "transpose", "n.W_hh"),
        ("all(x)", "all and any", "any(x)"),
        ("a and b", "drop a hypothesis", "a"),
        ("rho**k", "one more", "rho ** (k + 1)"),
        ("np.linalg.norm(W, 2)", "norm and entry", "np.max(np.abs(W))"),
        ("sum(x)", "sum and mean", "np.mean(np.asarray(list(x)), axis=0)"),
        ("range(1, T)", "the first step", "range(1 + 1, T)"),
    ],
)
def test_a_rule_changes_one_thing(expression, rule, version):
    assert (rule, version) in versions(expression)


def test_a_statement_made_of_data_has_versions_too():
    assert ("leave one out", {1}) in false_versions({1, 2})
    assert ("one more", 4) in false_versions(3)
    assert ("exchange two", (2, 1, 3)) in false_versions((1, 2, 3))
    assert false_versions(True) == []


def ledger_check(**options):
    """A check of the ledger, whose source the rules can read."""
    from ledger.checks.roysdon.summary import W_hh_gradient

    return W_hh_gradient


def test_a_version_by_rule_is_refused_where_the_check_pins_the_statement():
    tried = scoring.tried(ledger_check())
    assert tried and all(refused for _, refused in tried)


def test_a_check_that_pins_nothing_lets_versions_pass():
    @check("x", printed=3)
    def test(statement):
        assert statement > 2

    assert ("one more", False) in scoring.tried(test)


@each_document
def test_no_statement_is_a_bare_yes_or_no(document):
    assert audit.constant_complaints(document) == []


@each_document
def test_every_mathematical_claim_has_two_false_versions(document):
    assert audit.thin_complaints(document) == []


@pytest.mark.long
@each_document
def test_versions_by_rule_are_refused_or_listed(document):
    assert scoring.unexpected(document, most=3) == []


def test_the_stored_score_is_the_score():
    assert scoring.score("sarkar")[0] == scoring.stored()["sarkar"]


def test_at_least_97_of_100_versions_are_refused():
    total = np.sum([(s.made, s.refused) for s in scoring.stored().values()], axis=0)
    assert total[1] >= 0.97 * total[0]


def test_a_survivor_has_a_kind_and_a_reason():
    for group in scoring.survivors().values():
        assert group.kind in ("true", "missed") and group.why
