"""tools.audit: a package that no database knows is no pass."""

from tools import audit

NAMES = {"numpy", "jupyter-book"}


def report(**vulnerabilities):
    """What pip-audit prints for packages that were looked up."""
    return {
        "dependencies": [
            {"name": name, "version": "1.0", "vulns": vulns}
            for name, vulns in vulnerabilities.items()
        ]
    }


def test_all_looked_up():
    assert audit.judge(NAMES, report(numpy=[], Jupyter_Book=[])) == ([], [])


def test_a_package_that_was_skipped_is_missing():
    skipped = {"name": "numpy", "version": "1.0", "skip_reason": "not found"}
    missing, _ = audit.judge(NAMES, {"dependencies": [skipped]})
    assert missing == ["jupyter-book", "numpy"]


def test_a_vulnerability_is_named():
    found = audit.judge({"numpy"}, report(numpy=[{"id": "X-1", "fix_versions": []}]))
    assert found == ([], ["numpy 1.0: X-1, mended in no version yet"])


def test_the_verdict(monkeypatch, capsys):
    """Reached, skipped by all, and vulnerable."""
    names = audit.locked(audit.LOCK.read_text(encoding="utf-8"))
    whole = {"dependencies": [{"name": n, "version": "1", "vulns": []} for n in names]}
    answers = {"whole": (whole, ""), "none": (report(), ""), "down": (None, "no host")}
    for answer, status, word in (
        ("whole", 0, "PASSED"),
        ("none", 2, "NOT CHECKED"),
        ("down", 2, "NOT CHECKED"),
    ):
        monkeypatch.setattr(audit, "ask", lambda *_, a=answer: answers[a])
        assert audit.main("pip-audit") == status
        assert word in capsys.readouterr().out
    whole["dependencies"][0]["vulns"] = [{"id": "X-1", "fix_versions": ["2"]}]
    monkeypatch.setattr(audit, "ask", lambda *_: (whole, ""))
    assert audit.main("pip-audit") == 1
