"""Write the locks anew, naming no host: the versions and digests are the lock."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPILE = [
    sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal",
    "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header",
    "--no-emit-index-url", "--no-emit-find-links",
]  # fmt: skip


def main() -> None:
    """Compile both requirements files and the front end's lock."""
    more = sys.argv[1:]  # such as --upgrade
    run([*COMPILE, *more, "requirements.in", "-o", "requirements.txt"])
    dev = ["-c", "requirements.txt", "requirements-dev.in", "-o", "requirements-dev.txt"]
    run([*COMPILE, *more, *dev])
    run([sys.executable, "tools/node.py", "npm", "run", "--silent", "lock"])


def run(command: list[str]) -> None:
    """Run one step in the checkout and stop when it fails."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
