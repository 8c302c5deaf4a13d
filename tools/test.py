"""Run every test: the islands, the rules under a second time zone, then everything; pytest last.

Usage: python tools/test.py [PYTEST ARGUMENTS]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
PYTEST = [PYTHON, "-m", "pytest", "-q"]
SIDE_BY_SIDE = ["-n", os.environ.get("AIGUILLE_TEST_PROCESSES", "2"), "--dist", "worksteal"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Run every step, whatever the ones before it gave; return the first code that is not 0."""
    find_browser()
    islands = run([PYTHON, "tools/node.py", "npm", "run", "--silent", "test"])
    # A slip between local and universal time shows itself where the day begins twelve hours off.
    elsewhere = {"AIGUILLE_TEST_TIME_ZONE": "Pacific/Auckland"}
    zones = run(
        [*PYTEST, *zone_tests(), *SIDE_BY_SIDE, "-m", "not browser and not race"], elsewhere
    )
    everything = run([*PYTEST, *SIDE_BY_SIDE, *sys.argv[1:]])
    return islands or zones or everything


def zone_tests() -> list[str]:
    """Return the test modules of rules, operations and queries."""
    kinds = ("rules", "operations", "queries")
    return sorted(
        path.relative_to(ROOT).as_posix()
        for kind in kinds
        for path in (ROOT / "src").rglob(f"test_{kind}*.py")
    )


def find_browser() -> None:
    """Stop in one line where there is no Chromium and this user cannot install it."""
    if os.environ.get("AIGUILLE_CHROMIUM") or any(map(shutil.which, BROWSERS)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("test: installing Chromium …", flush=True)
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        done = subprocess.run(install, stdout=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return
    sys.exit(
        "test: Chromium is missing: install it (Debian: apt-get install chromium),"
        " or name one in AIGUILLE_CHROMIUM"
    )


def run(command: list[str], more: dict[str, str] | None = None) -> int:
    """Run one step in the checkout and return its exit code."""
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(more or {})}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
