"""When a lot asks for attention: plain Python over dates and counts.

No source gives these; they are the clinic's to change.
"""

from datetime import date, timedelta

EXPIRES_SOON = timedelta(days=60)
FEW_UNITS = 5
MOST_UNITS_A_DELIVERY = 500


def is_expired(expiry: date, *, on: date) -> bool:
    """Tell whether a lot may not be used any more; its last day is still good."""
    return expiry < on


def expires_soon(expiry: date, *, on: date) -> bool:
    """Tell whether a lot that may be used today expires within sixty days."""
    return on <= expiry <= on + EXPIRES_SOON
