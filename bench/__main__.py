"""Run the measurements: `make bench`, `make bench-quick` for the small sizes, `make bench-full`."""

import argparse
import time
import traceback

from bench import database
from bench.results import Results

PARTS = {
    "search": "Slot search over the clinic workload, database included",
    "growth": "The same with more and more past appointments",
    "bookings": "Bookings by many clients at once",
    "http": "The booking page and its times over HTTP",
    "peer": "django-appointment on the same workload",
    "engines": "Decisions and protocol folds",
    "pages": "Pages of the demo clinic",
    "consultation": "The consultation page of a patient with ten years of history",
}


def main() -> int:
    """Measure the parts named, or all; return 1 when a mark is missed or a part fails."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, in under two minutes")
    parser.add_argument("--full", action="store_true", help="with 10 million past appointments")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts")
    asked = parser.parse_args()
    chosen = asked.parts or list(PARTS)
    results, failed = Results(), []
    with database.running():
        for number, part in enumerate(chosen, start=1):
            print(f"\n[{number}/{len(chosen)}] {PARTS[part]}", flush=True)
            began = time.perf_counter()
            try:
                measure(part, results, quick=asked.quick, full=asked.full)
            except Exception:  # noqa: BLE001 -- what the other parts find is not lost
                traceback.print_exc()
                failed.append(part)
            print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)
        results.write(database.VAR)
    if failed:
        print(f"Not measured to the end: {', '.join(failed)}")
    return 0 if not failed and all(mark["holds"] for mark in results.marks) else 1


def measure(part: str, results: Results, *, quick: bool, full: bool) -> None:
    """Measure one part. What it imports may need Django, which is set up by now."""
    from bench import booking_pages, consultation, engines, pages, peer, search, throughput

    match part:
        case "search":
            search.measure(results, quick=quick)
        case "growth":
            search.measure_growth(results, quick=quick, full=full)
        case "bookings":
            throughput.measure(results, quick=quick)
        case "http":
            booking_pages.measure(results, quick=quick)
        case "peer":
            peer.measure(results, quick=quick)
        case "engines":
            engines.measure(results, quick=quick)
        case "pages":
            pages.measure(results, quick=quick)
        case "consultation":
            consultation.measure(results, quick=quick)


if __name__ == "__main__":
    raise SystemExit(main())
