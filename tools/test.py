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
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Run the steps; the first failure ends the run, save that pytest always has the last word."""
    find_browser()
    if code := run([PYTHON, "tools/node.py", "npm", "run", "--silent", "test"]):
        return code
    # A slip between local and universal time shows itself where the day begins twelve hours off.
    elsewhere = {"AIGUILLE_TEST_TIME_ZONE": "Pacific/Auckland"}
    if code := run([*PYTEST, *zone_tests(), "-m", "not browser and not race"], elsewhere):
        return code
    processes = os.environ.get("AIGUILLE_TEST_PROCESSES", "2")
    return run([*PYTEST, "-n", processes, "--dist", "worksteal", *sys.argv[1:]])


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
