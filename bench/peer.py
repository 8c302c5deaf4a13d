"""django-appointment from its registry package, in an environment of its own under `var/bench`."""

import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bench.database import VAR
from bench.results import Figures, Results
from bench.workload import ZONE, Workload, default_start, generate

PACKAGE = "django-appointment==3.12.0"
PEOPLE, DAYS = 20, 28
QUICK_DAYS = 7
HOW_MUCH_SLOWER = 1000


def measure(results: Results, *, quick: bool) -> None:
    """Ask it for what `search_any` answers; where it cannot be had, say so and measure nothing."""
    python = _environment()
    if isinstance(python, str):
        print(f"  django-appointment is not measured: {python}")
        return
    days = QUICK_DAYS if quick else DAYS
    # It lists nothing of the past: the same calendar, some weeks ahead of today.
    start = default_start(datetime.now(ZONE).date())
    calendar = generate(Workload(PEOPLE, DAYS, start))
    file = VAR / "peer.json"
    file.write_text(json.dumps(calendar), encoding="utf-8")
    program = Path(__file__).with_name("peer_program.py")
    done = subprocess.run(
        [str(python), str(program), str(file), str(days), "1" if quick else "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"  django-appointment is not measured: {_last_line(done.stderr)}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    if not found["starts"]:
        print("  django-appointment is not measured: it found no start at all")
        return
    params = {"practitioners": PEOPLE, "days": days}
    figures = Figures(tuple(found["milliseconds"]))
    ours = results.value_of("search_any, sets", {**params, "rooms": False})
    ratio = {} if ours is None else {"search_any, sets": figures.median / ours}
    results.add(
        "django-appointment, search_any", figures.median, "ms median", params=params, ratio_to=ratio
    )
    results.add("django-appointment, starts found", found["starts"], "starts", params=params)
    if ours is not None:
        results.mark(
            f"django-appointment against search_any, {PEOPLE} practitioners, {days} days",
            figures.median / ours,
            HOW_MUCH_SLOWER,
            at_least=True,
        )


def _environment() -> Path | str:
    """Return the Python of the environment, made where it is not there, or why there is none."""
    folder = VAR / "peer-env"
    python = folder / "bin" / "python"
    stamp = folder / "package"
    if stamp.is_file() and stamp.read_text() == PACKAGE:
        return python
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return "uv is missing"
    for command in (
        [uv, "venv", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--python", str(python), PACKAGE],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return "the package registry does not answer"
        if done.returncode:
            return _last_line(done.stderr)
    stamp.write_text(PACKAGE)
    return python


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
