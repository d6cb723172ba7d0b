"""Look up every package of requirements.lock among the known vulnerabilities.

    python -m tools.audit PIP_AUDIT     (the path of the program)

pip-audit exits with 0 when its database knows none of the packages, as behind a mirror
that has the files alone. Here a package that was not looked up is no pass: without an
answer for every one of them the verdict is NOT CHECKED, and the exit status 2. A
vulnerability that was found is 1.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
SERVICES = ("pypi", "osv")  # databases, tried in turn
OPTIONS = (
    "--disable-pip",
    "--require-hashes",
    "--progress-spinner=off",
    "--format=json",
)
TIMEOUT = 300  # seconds for a database


def canonical(name):
    """One spelling for every name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(text):
    """The names of the packages of a lock."""
    return {canonical(n) for n in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def judge(names, report):
    """(packages that were not looked up, lines that name vulnerabilities)."""
    looked_up = [d for d in report["dependencies"] if "vulns" in d]
    missing = set(names) - {canonical(d["name"]) for d in looked_up}
    found = [
        f"{d['name']} {d['version']}: {v['id']}, mended in "
        f"{', '.join(v['fix_versions']) or 'no version yet'}"
        for d in looked_up
        for v in d["vulns"]
    ]
    return sorted(missing), found


def ask(program, service):
    """The report of one database, or None and why there is none."""
    command = [program, "-r", LOCK, *OPTIONS, f"--vulnerability-service={service}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
        return json.loads(done.stdout), ""
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, type(error).__name__
    except json.JSONDecodeError:
        return None, (done.stderr.strip().splitlines() or ["no answer"])[-1]


def main(program):
    """Print the verdict; the exit status."""
    names = locked(LOCK.read_text(encoding="utf-8"))
    found, why = set(), []
    for service in SERVICES:
        report, reason = ask(program, service)
        if report is None:
            why.append(f"{service}: {reason:.100}")
            continue
        missing, vulnerable = judge(names, report)
        found |= set(vulnerable)
        if not missing:
            break
        why.append(f"{service}: knows nothing of {len(missing)} of {len(names)}")
    else:
        print("\n".join(why))
        print(f"make audit: NOT CHECKED: no database answered for all {len(names)}")
        print("\n".join(sorted(found)), end="\n" if found else "")
        return 1 if found else 2
    print("\n".join(sorted(found)) or "No known vulnerability")
    print(f"make audit: {'FAILED' if found else 'PASSED'}: {len(names)} packages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
