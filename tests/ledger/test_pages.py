"""The pages and the errata say what the records say."""

import re

import pytest

from ledger import errata, pages
from ledger.claims import (
    AT_FAULT,
    DOCUMENTS,
    HARMS,
    VERDICTS,
    all_claims,
    claims,
    faults,
)

each_document = pytest.mark.parametrize("document", DOCUMENTS)


@each_document
def test_a_documents_page_has_every_claim_once(document):
    names = re.findall(r":name: claim-(\S+)", pages.document_page(document))
    assert sorted(names) == sorted(c.id for c in claims(document))


@each_document
def test_a_claim_that_runs_shows_its_check(document):
    for claim in claims(document):
        shown = "The check" in pages.entry(claim)
        assert shown == (claim.verdict != "not checkable"), claim.id


def test_the_counts_add_up():
    last = pages.count_table().splitlines()[-1]
    numbers = [int(n) for n in re.findall(r"\d+", last)]
    assert numbers[:-1] == list(pages.counts(all_claims()).values())
    assert sum(numbers[:-1]) == numbers[-1] == len(all_claims())


def test_the_chart_shows_the_counts():
    counts = {"one": dict.fromkeys(VERDICTS, 0) | {"true": 12, "false": 3}}
    svg = pages.bars(counts)
    assert "<title>12 true</title>" in svg
    assert "<title>3 false</title>" in svg
    assert "typo" not in svg.replace('aria-label="', "")
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height', svg)]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.01)


def test_the_errors_that_matter_are_ranked():
    text = pages.errors_page()
    places = [
        text.find(f"claim-{c.id}>") for h in HARMS for c in all_claims() if c.harm == h
    ]
    assert min(places) >= 0
    assert places == sorted(places)


def test_every_claim_can_be_filtered():
    text = pages.all_page()
    for claim in all_claims():
        assert f"{pages.classes_of(claim)}\n" in text
        assert f'value="{pages.slug(claim.topic)}"' in text


@each_document
def test_an_errata_sheet_has_every_error(document):
    text = errata.sheet(document)
    wrong = [c for c in claims(document) if c.verdict in AT_FAULT]
    assert re.findall(r"^Reference: (\S+)$", text, re.MULTILINE) == [
        c.id for c in wrong
    ]
    for claim in wrong:
        assert " ".join(claim.correction.split()) in text


@each_document
def test_an_errata_sheet_lists_what_the_scan_may_have_done(document):
    text = errata.sheet(document)
    noted = [c for c in claims(document) if c.scan and c.kind != "figure"]
    assert text.count("\n- Section ") == len(noted)


@each_document
def test_a_claim_at_fault_shows_what_speaks_for_the_author(document):
    for claim in claims(document):
        shown = "*For the author:*" in pages.entry(claim)
        assert shown == (claim.verdict in ("false", "imprecise")), claim.id


def test_the_faults_lead_to_every_document_that_makes_them():
    text = pages.faults_page()
    for claim in all_claims():
        assert (f"<claim-{claim.id}>" in text) == bool(claim.fault)
    assert text.count("*For the author:*") == len(faults())


def test_the_page_says_which_documents_these_are():
    text = pages.about_table()
    for about in pages.ABOUT.values():
        assert about.author in text and about.date in text


def test_the_sheets_are_written(tmp_path, capsys):
    errata.main(tmp_path / "new")
    written = {path.stem for path in (tmp_path / "new").iterdir()}
    assert written == set(DOCUMENTS)
