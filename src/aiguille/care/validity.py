"""How long a verdict holds: the clinic's values (`data/validity.toml`), and the days they make."""

import tomllib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Validity:
    """The months proposed, the days after a course's last session, and the most months allowed."""

    usual_months: int
    days_after_last_session: int
    longest_months: int

    def last_day(self, valid_from: date, *, last_session_after_days: int = 0) -> date:
        """Return the last day that a verdict is proposed with.

        The usual months, or some days after the last session proposed where that is later; never
        more than the longest allowed.
        """
        course_end = valid_from + timedelta(
            days=last_session_after_days + self.days_after_last_session
        )
        wanted = max(add_months(valid_from, self.usual_months), course_end)
        return min(wanted, self.latest_day(valid_from))

    def latest_day(self, valid_from: date) -> date:
        """Return the last day that a verdict may be given."""
        return add_months(valid_from, self.longest_months)


@cache
def validity() -> Validity:
    """Return the values as they ship.

    Raises:
        ValueError: the usual period is none, or longer than the longest.
    """
    source = files("aiguille.care") / "data" / "validity.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    found = Validity(
        usual_months=data["usual"]["months"],
        days_after_last_session=data["after_last_session"]["days"],
        longest_months=data["longest"]["months"],
    )
    if not 0 < found.usual_months <= found.longest_months or found.days_after_last_session < 0:
        raise ValueError("the usual validity lies between nothing and the longest")
    return found


def add_months(day: date, months: int) -> date:
    """Return `day` moved by whole months; a day that the month lacks becomes its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
