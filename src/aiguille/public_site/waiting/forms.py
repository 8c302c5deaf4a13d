"""What a visitor says to join the waiting list."""

from typing import Any
from uuid import UUID

from django.http import QueryDict

from aiguille.booking.forms import WaitingForm
from aiguille.journeys.wait_for_time import When
from aiguille.public_site.booking.forms import DetailsForm


class JoinForm(WaitingForm, DetailsForm):
    """What times would do, and who waits and how they are reached."""

    def when(self) -> When:
        """Return what times would do; the form is valid."""
        return When(**self.times())


def read_uuid(data: QueryDict, name: str) -> UUID | None:
    """Return a key that a page's button posted, None for what is none."""
    said: Any = data.get(name, "")
    try:
        return UUID(said)
    except ValueError:
        return None
