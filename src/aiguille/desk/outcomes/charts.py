"""A scale over time as a small drawing: where each score stands, in the units of its view box."""

from dataclasses import dataclass
from datetime import datetime

from aiguille.outcomes.queries import Series

WIDTH, HEIGHT, EDGE = 320, 120, 14


@dataclass(frozen=True, slots=True)
class Point:
    """A score's place; the worst is at the top where less is better, as the scale reads."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The line through the scores of a series, with the ends of its scale."""

    points: tuple[Point, ...]
    width: int = WIDTH
    height: int = HEIGHT
    top: int = EDGE
    bottom: int = HEIGHT - EDGE

    @property
    def line(self) -> str:
        """Return the points as an SVG polyline wants them."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def chart_of(series: Series) -> Chart | None:
    """Return the chart of a series of two scores or more: time to the right, the value upward."""
    if series.change is None:
        return None
    first, last = series.scores[0].effective_at, series.scores[-1].effective_at
    least, most = float(series.scale.least), float(series.scale.most)
    span = (last - first).total_seconds()

    def across(at: datetime, place: int) -> float:
        # Scores of one instant stand apart by their order.
        share = (at - first).total_seconds() / span if span else place / (len(series.scores) - 1)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    def upward(value: float) -> float:
        return round(HEIGHT - EDGE - (value - least) / (most - least) * (HEIGHT - 2 * EDGE), 1)

    return Chart(
        tuple(
            Point(across(one.effective_at, place), upward(float(one.value)))
            for place, one in enumerate(series.scores)
        )
    )
