"""Words of the consultation that are the clinic's own: outcomes, phototypes, steps."""

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.journeys.reads.consultation import ConsultationPage
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

# Fitzpatrick's six, by what the sun does to the skin.
PHOTOTYPES: tuple[tuple[int, str, Label], ...] = (
    (1, "I", _("Very fair: always burns, never tans")),
    (2, "II", _("Fair: burns easily, tans little")),
    (3, "III", _("Medium: burns sometimes, tans gradually")),
    (4, "IV", _("Olive: burns little, tans easily")),
    (5, "V", _("Brown: burns rarely, tans a lot")),
    (6, "VI", _("Dark: never burns, deeply pigmented")),
)


def outcome_choices() -> list[tuple[str, Described]]:
    """Return the outcomes as described choices."""
    return [(code.value, Described(str(name), hint)) for code, (name, hint) in OUTCOMES.items()]


def phototype_choices() -> list[tuple[str, Described]]:
    """Return the phototypes as described choices."""
    return [(str(number), Described(roman, hint)) for number, roman, hint in PHOTOTYPES]


def local(text: Text) -> str:
    """Return a text in the page's language."""
    return text.in_language(get_language() or "fr")


def zone_name(zone: str) -> str:
    """Return a zone's name in the page's language."""
    return local(load_rulebook().zone_label(zone))


def steps_of(page: ConsultationPage, current: str) -> list[Step]:
    """Return the steps of a consultation, those done linked, the one shown marked."""
    appointment_id = page.appointment.id
    opening = [verdict for verdict in page.verdicts if verdict.outcome != "NOT_ELIGIBLE"]
    planned = next((one for one in opening if page.plan_under(one.id)), None)
    plan_of = planned or (opening[0] if opening else None)
    is_written = page.consultation is not None
    is_decided = bool(page.verdicts)
    wanted: list[tuple[str, Label, bool, str]] = [
        (
            "consultation",
            _("Consultation"),
            is_written,
            reverse("desk:consultation", args=[appointment_id]),
        ),
        (
            "verdict",
            _("Verdict"),
            is_decided,
            reverse("desk:verdict", args=[appointment_id]) if is_written else "",
        ),
        (
            "plan",
            _("Plan"),
            planned is not None,
            reverse("desk:plan", args=[appointment_id, plan_of.id]) if plan_of else "",
        ),
        (
            "prescription",
            _("Prescription"),
            bool(page.prescriptions),
            reverse("desk:prescription", args=[appointment_id]) if is_written else "",
        ),
        (
            "conclude",
            _("Conclude"),
            page.is_over,
            reverse("desk:conclude", args=[appointment_id]) if is_decided else "",
        ),
    ]
    return [
        Step(
            label=label,
            state="current" if name == current else "done" if is_done else "todo",
            href="" if name == current else href,
        )
        for name, label, is_done, href in wanted
    ]
