"""Every page in a real browser, from a server."""

from tests.book import browser, site_checks


def test_every_page_over_http(chromium, site):
    with browser.serve(site) as base:
        names = site_checks.names(site)
        assert browser.site_complaints(chromium, base, names) == []


def test_first_page_leads_to_the_introduction(chromium, site):
    first = browser.landing(chromium, f"{site.as_uri()}/index.html")
    assert first == f"{site.as_uri()}/chapters/intro.html"
