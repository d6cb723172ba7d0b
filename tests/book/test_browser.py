"""Every page in a real browser, from a server and from the disk."""

from tests.book import browser, site_checks


def names(site):
    """The pages that are no mere redirections, by their address in the book."""
    found = [p for p in site_checks.pages(site) if not site_checks.read(p).redirect]
    return [str(path.relative_to(site)) for path in found]


def test_every_page_over_http(chromium, site):
    with browser.serve(site) as base:
        assert browser.site_complaints(chromium, base, names(site)) == []


def test_every_page_from_disk(chromium, site):
    assert browser.site_complaints(chromium, site.as_uri(), names(site)) == []


def test_first_page_leads_to_the_introduction(chromium, site):
    first = browser.landing(chromium, f"{site.as_uri()}/index.html")
    assert first == f"{site.as_uri()}/chapters/intro.html"
