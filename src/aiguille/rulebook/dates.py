"""Calendar arithmetic as the law and the clinic count it."""

import calendar
from datetime import date, timedelta


def age_on(day: date, *, born: date) -> int:
    """Return the full years lived on `day`; a birthday of 29 February falls on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def plus_days(day: date, days: int) -> date:
    """Return the day `days` later. Raises `OverflowError` beyond the year 9999."""
    return day + timedelta(days=days)


def plus_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day where it is shorter.

    Raises:
        OverflowError: the month lies beyond the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError("beyond the calendar")
    return date(year, month + 1, min(day.day, last_day(year, month + 1)))


def plus_years(day: date, years: int) -> date:
    """Return the same day of a later year; 29 February falls back to 28 February."""
    return plus_months(day, 12 * years)


def last_day(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return calendar.monthrange(year, month)[1]
