"""Words of the consultation that are the clinic's own: outcomes, phototypes, steps."""

from typing import Protocol

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.care.consultations import Progress
from aiguille.kernel.codes import VerdictOutcome
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Described, Label, Step
from aiguille.rulebook import load_rulebook

OUTCOMES: dict[VerdictOutcome, tuple[Label, Label]] = {
    VerdictOutcome.ELIGIBLE: (_("Eligible"), _("Sessions may be booked in the period below.")),
    VerdictOutcome.ELIGIBLE_IF: (
        _("Eligible under conditions"),
        _("As above; the conditions are written and shown before each session."),
    ),
    VerdictOutcome.NOT_BEFORE: (
        _("Not before a date"),
        _("Sessions may be booked from the first day below."),
    ),
    VerdictOutcome.NOT_ELIGIBLE: (_("Not eligible"), _("No session can be booked.")),
}


def outcome_choices() -> list[tuple[str, Described]]:
    """Return the outcomes as described choices."""
    return [(code.value, Described(str(name), hint)) for code, (name, hint) in OUTCOMES.items()]


def local(text: Text) -> str:
    """Return a text in the page's language."""
    return text.in_language(get_language() or "fr")


def zone_name(zone: str) -> str:
    """Return a zone's name in the page's language."""
    return local(load_rulebook().zone_label(zone))


class WithProgress(Protocol):
    """A page of a consultation."""

    @property
    def progress(self) -> Progress:
        """Return how far the consultation has come."""


def steps_of(page: WithProgress, current: str) -> list[Step]:
    """Return the steps of a consultation, those done linked, the one shown marked."""
    now = page.progress
    wanted: list[tuple[str, Label, bool, bool]] = [
        ("consultation", _("Consultation"), now.is_written, True),
        ("verdict", _("Verdict"), now.is_decided, now.is_written),
        ("plan", _("Plan"), now.is_planned, now.plan_under is not None),
        ("prescription", _("Prescription"), now.is_prescribed, now.is_written),
        ("conclude", _("Conclude"), now.is_over, now.is_decided),
    ]
    return [
        Step(
            label=label,
            state="current" if name == current else "done" if is_done else "todo",
            href=_step(name, now) if is_open and name != current else "",
        )
        for name, label, is_done, is_open in wanted
    ]


def _step(name: str, now: Progress) -> str:
    under = [now.plan_under] if name == "plan" else []
    return reverse(f"desk:{name}", args=[now.appointment_id, *under])
