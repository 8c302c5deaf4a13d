"""Where a move that other sessions of the course depend on is looked at before it is made."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from aiguille.booking.course_forms import written
from aiguille.booking.courses import Chosen
from aiguille.journeys.reads.course import following_page
from aiguille.kernel.actor import Actor


def course_page_of_move(appointment_id: UUID, start: Chosen, *, actor: Actor, at: datetime) -> str:
    """Return the address that shows what a move does to the course; empty where it does nothing."""
    page = following_page(appointment_id=appointment_id, start=start, actor=actor, at=at)
    if page is None or not page.concerns_others:
        return ""
    query = urlencode({"start": written(start)})
    return f"{reverse('desk:move_course', args=[appointment_id])}?{query}"
