"""Run every check that needs no database, and show the output of those that fail.

Usage: python tools/check.py [NAME...]
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
NODE = [PYTHON, "tools/node.py"]

# Settings such as a clinic has, with secrets that exist for this check only.
PRODUCTION = {
    "AIGUILLE_ENV": "production",
    "AIGUILLE_SECRET_KEY": "checked-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "AIGUILLE_AUDIT_KEY": "checked-also-" + "zyxwvutsrqponmlkjihgfedcba9876543210" * 2,
    "AIGUILLE_VAULT_KEYS": "check:Y2hlY2tlZC1vbmx5LWNoZWNrZWQtb25seS1jaGVja2U=",
    "AIGUILLE_BASE_URL": "https://clinic.example.org",
    "AIGUILLE_ALLOWED_HOSTS": "clinic.example.org",
    "DATABASE_URL": "postgresql://aiguille_app@127.0.0.1:1/none",
}
CHECKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "format": ([str(BIN / "ruff"), "format", "--check", "."], {}),
    "lint": ([str(BIN / "ruff"), "check", "."], {}),
    "types": ([str(BIN / "mypy")], {}),
    "imports": ([str(BIN / "lint-imports"), "--no-logo"], {}),
    "migrations": (
        # It would like to compare with a database, warns that there is none, and goes on.
        [PYTHON, "-W", "ignore::RuntimeWarning", "-m", "django", "makemigrations", "--check"],
        {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    ),
    "production": (
        [PYTHON, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
    "templates": ([str(BIN / "djlint"), "src", "--lint", "--quiet"], {}),
    "translations": ([PYTHON, "tools/translations.py", "check"], {}),
    "front end": ([*NODE, "npm", "run", "--silent", "check"], {}),
}


def main() -> int:
    """Run the checks named, or all, two at a time; return 1 when one fails."""
    chosen = sys.argv[1:] or list(CHECKS)
    if unknown := [name for name in chosen if name not in CHECKS]:
        print(f"no check is called {unknown[0]!r}; there are: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(passes, chosen))
    return 0 if all(passed) else 1


def passes(name: str) -> bool:
    """Run one check and tell whether it passed."""
    command, more = CHECKS[name]
    started = time.monotonic()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AIGUILLE_", "DATABASE"))
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "aiguille.config.settings", **more}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    word = "FAILED" if done.returncode else "ok"
    report = f"{name:<13}{word:>7}  {time.monotonic() - started:5.1f} s"
    print(report + (f"\n{done.stdout}" if done.returncode else ""), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
