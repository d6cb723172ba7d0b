"""Every claim has a verdict that runs, and nothing of a document is left out."""

import pytest

from ledger import audit
from ledger.checking import checks, judge
from ledger.claims import DOCUMENTS, all_claims, complaints, faults

each_document = pytest.mark.parametrize("document", DOCUMENTS)


@each_document
def test_the_records_are_well_formed_and_lead_to_a_chapter(document):
    assert audit.record_complaints(document) == []


@each_document
def test_every_sentence_equation_and_display_has_a_record(document):
    assert audit.coverage_complaints(document) == []


@each_document
def test_records_and_checks_belong_together(document):
    assert audit.check_complaints(document) == []


def test_every_equation_that_a_chapter_checks_is_claimed():
    assert audit.unclaimed_equations(DOCUMENTS) == []


@pytest.mark.parametrize(
    "claim",
    [c for c in all_claims() if c.verdict != "not checkable"],
    ids=lambda claim: claim.id,
)
def test_the_verdict_runs(claim):
    assert judge(claim, checks(claim.document)[claim.id]) == []


@each_document
def test_every_record_leads_to_a_place_of_the_document(document):
    assert audit.loose_complaints(document) == []


def test_every_fault_of_the_catalogue_is_made_somewhere():
    made = {claim.fault for claim in all_claims()}
    assert set(faults()) == made - {""}


def test_a_sentence_that_nothing_covers_is_noticed(monkeypatch):
    monkeypatch.setattr(audit, "silences", lambda document: ())
    found = audit.coverage_complaints("sarkar")
    assert "sarkar 2.1: sentences: 11 missing" in found
    assert "topcuoglu 13: lines: 1 missing" in audit.coverage_complaints("topcuoglu")


def test_a_fault_with_two_verdicts_needs_a_reason():
    claim = next(c for c in all_claims() if c.difference)
    assert complaints(claim) == []
    assert complaints(claim._replace(difference=""))
    same = next(c for c in all_claims() if c.fault and not c.difference)
    assert complaints(same._replace(verdict="true", correction="", harm=""))
