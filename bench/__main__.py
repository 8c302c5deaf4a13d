"""Run the measurements: `make bench`, or `make bench-quick` for the small sizes."""

import argparse
from pathlib import Path

from bench import engines, floors, pages, slots
from bench.results import Results

VAR = Path(__file__).resolve().parents[1] / "var" / "bench"
PARTS = {
    "slots": "Slot search over the clinic workload",
    "floors": "PostgreSQL floors of slot search",
    "engines": "Decisions and protocol folds",
    "pages": "Pages of the demo clinic",
}


def main() -> int:
    """Measure the parts named, or all; return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, in under two minutes")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts")
    asked = parser.parse_args()
    chosen = asked.parts or list(PARTS)
    results = Results()
    for number, part in enumerate(chosen, start=1):
        print(f"\n[{number}/{len(chosen)}] {PARTS[part]}", flush=True)
        match part:
            case "slots":
                slots.measure(results, quick=asked.quick)
            case "floors":
                floors.measure(results, var=VAR, quick=asked.quick)
            case "engines":
                engines.measure(results, quick=asked.quick)
            case "pages":
                pages.measure(results, var=VAR, quick=asked.quick)
    results.write(VAR)
    return 0 if all(mark["holds"] for mark in results.marks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
