"""The built book: no warning, nothing from elsewhere, no dead link, small."""

import re

import pytest

from tests.book import site_checks as checks


def test_strict_build(build):
    if build.returncode is None:
        pytest.skip("SITE is given: `make book` has built it, with the same options")
    assert build.returncode == 0, build.log[-5000:]
    assert re.findall(r".*(?:WARNING|ERROR).*", build.log) == []


def test_nothing_is_loaded_from_elsewhere(site):
    assert checks.external_complaints(site) == []


def test_internal_links_and_anchors(site):
    assert checks.link_complaints(site) == []


def test_images_have_alternative_text(site):
    assert checks.image_complaints(site) == []


def test_no_page_names_a_place_on_the_machine(site):
    assert checks.path_complaints(site) == []


def test_no_escape_is_seen(site):
    assert checks.escape_complaints(site) == []


def test_size(site):
    # 22.8 without the reference of the library, which adds 1.8
    assert checks.megabytes(site) < 36
