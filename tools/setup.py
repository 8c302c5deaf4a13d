"""Set the checkout up: .venv, node_modules, the front end's build, the translations.

Runs under the system's Python with its standard library only. Each step leaves the digest of what
it read, so that a second run does nothing; each failure says in one line what to do, and the
whole output of the programs is in `var/setup.log`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
BUILD = ROOT / "src" / "aiguille" / "static" / "build"
LOCALE = ROOT / "src" / "aiguille" / "locale"
LOG = ROOT / "var" / "setup.log"
OLDEST = (3, 11)
PIP = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def main() -> None:
    """Do every step whose inputs changed."""
    if sys.version_info < OLDEST:
        fail(
            f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed, as in: make setup PYTHON=python3.11"
        )
    try:
        LOG.parent.mkdir(exist_ok=True)
        lock = (ROOT / "var" / "setup.lock").open("a")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}; make the folder var/ writable, or move it away")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_python()
        install_node_packages()
        build_front_end()
        compile_translations()


def install_python() -> None:
    """Make .venv and install what the lock names, and ourselves in place."""
    locked = ROOT / "requirements-dev.txt"
    # The environment names its own path: a moved or copied checkout needs another.
    wanted = digest([locked, ROOT / "pyproject.toml"], str(ROOT), sys.version)
    stamp = VENV / ".aiguille-installed"
    if is_done(stamp, wanted) and PYTHON.exists():
        return
    say("installing Python packages")
    if not works(PYTHON) or names_another_place():
        shutil.rmtree(VENV, ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(VENV)],
            "Python's venv is missing: install it (Debian: apt-get install python3-venv)",
        )
    if not install_by_uv(locked):
        pip(
            "--require-hashes", "-r", str(locked),
            why="Python packages cannot be installed: is there a network? Where a package must be"
            " compiled for this machine, install a C compiler (Debian: apt-get install"
            " build-essential)",
        )  # fmt: skip
    pip(
        "--no-deps", "--no-build-isolation", "--editable", str(ROOT),
        why="the aiguille package cannot be installed into .venv",
    )  # fmt: skip
    stamp.write_text(wanted)


def install_by_uv(locked: Path) -> bool:
    """Install by uv, which does in seconds what takes pip a minute; tell whether it could."""
    ask = [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"]
    mirrored = not subprocess.run(ask, capture_output=True, check=False).returncode
    if mirrored or "PIP_INDEX_URL" in os.environ:
        return False  # the mirror was named to pip, and uv would not know it
    uv = shutil.which("uv")
    if uv is None:
        # The lock's own lines about uv, so that it comes with its digests too.
        lines = locked.read_text().split("\n")
        first = next(number for number, line in enumerate(lines) if line.startswith("uv=="))
        last = next(
            number for number in range(first, len(lines)) if not lines[number].endswith("\\")
        )
        only_uv = LOG.with_name("setup-uv.txt")
        only_uv.write_text("\n".join(lines[first : last + 1]) + "\n")
        if not try_to_run([*PIP, "--require-hashes", "-r", str(only_uv)]):
            return False
        uv = str(VENV / "bin" / "uv")
    install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    return try_to_run([*install, "--require-hashes", "-r", str(locked)])


def pip(*arguments: str, why: str) -> None:
    """Run pip install in .venv."""
    run([*PIP, *arguments], why)


def install_node_packages() -> None:
    """Install what package-lock.json names."""
    wanted = digest([ROOT / "package.json", ROOT / "package-lock.json"])
    stamp = NODE_MODULES / ".aiguille-installed"
    if is_done(stamp, wanted):
        return
    say("installing the front end's packages")
    npm(
        "ci",
        "--ignore-scripts",
        why="the front end's packages cannot be installed: is there a network?",
    )
    stamp.write_text(wanted)


def build_front_end() -> None:
    """Build styles and islands; the styles depend on the classes that templates name."""
    package, frontend = ROOT / "src" / "aiguille", ROOT / "frontend"
    wanted = digest(
        [
            *(path for path in frontend.rglob("*") if "generated" not in path.parts),
            *package.rglob("*.html"),
            *(package / "plumbing" / "components").rglob("*.py"),
            *(package / "plumbing" / "components").rglob("*.json"),
            *ROOT.glob("*.config.*"),
            *ROOT.glob("tsconfig*.json"),
            ROOT / "package-lock.json",
        ]
    )
    stamp = BUILD / ".aiguille-built"
    if is_done(stamp, wanted):
        return
    say("building the front end")
    npm("run", "build", why="the front end cannot be built")
    BUILD.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def compile_translations() -> None:
    """Compile the catalogues, without GNU gettext."""
    if all(
        compiled.exists() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns
        for source in LOCALE.rglob("*.po")
        for compiled in [source.with_suffix(".mo")]
    ):
        return
    run([str(PYTHON), str(ROOT / "tools" / "translations.py"), "compile"], "a catalogue is damaged")


def npm(*arguments: str, why: str) -> None:
    """Run npm by the Node of the PATH when it is recent enough, else by the wheel's."""
    run([str(PYTHON), str(ROOT / "tools" / "node.py"), "npm", *arguments], why)


def works(program: Path) -> bool:
    """Tell whether an interpreter runs, with pip beside it."""
    try:
        return not subprocess.run(
            [program, "-c", "import pip"], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def names_another_place() -> bool:
    """Tell whether .venv was made elsewhere, so that its programs would start elsewhere."""
    pip = VENV / "bin" / "pip"
    return not pip.is_file() or os.fsencode(VENV) not in pip.read_bytes()[:1000]


def run(command: list[str], why: str) -> None:
    """Run a program, its output going to the log; stop with `why` when it fails."""
    if not try_to_run(command):
        fail(f"{why} ({LOG.relative_to(ROOT)} has the reason)")


def try_to_run(command: list[str]) -> bool:
    """Run a program, its output going to the log, and tell whether it succeeded."""
    with LOG.open("ab") as log:
        log.write(f"\n--- {time.strftime('%F %T')} {' '.join(command)}\n".encode())
        log.flush()
        return not subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode


def digest(paths: Iterable[Path], *more: str) -> str:
    """Return the digest of files and words."""
    result = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        if path.is_file():
            result.update(path.relative_to(ROOT).as_posix().encode())
            result.update(path.read_bytes())
    return result.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    """Tell whether a step was done with the same inputs."""
    try:
        return stamp.read_text() == wanted
    except OSError:
        return False


def say(text: str) -> None:
    """Tell the person what takes time."""
    print(f"setup: {text} …", flush=True)


def fail(text: str) -> NoReturn:
    """Stop with one line."""
    sys.exit(f"setup: {text}")


if __name__ == "__main__":
    main()
