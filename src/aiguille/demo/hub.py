"""The demo's own page: whom to sign in as, whose space to open, and which time it is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib.auth import authenticate, login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.accounts.signing import note_confirmation
from aiguille.booking.queries import AppointmentView, agenda_day
from aiguille.clinics.queries import list_sites
from aiguille.demo.premises import PASSWORD, ZONE, staff_sign_ins
from aiguille.patients.operations import make_link
from aiguille.patients.queries import Identity, get_identities
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

_LINK_LASTS = timedelta(hours=1)
# The database's clock setting and the signatures of sessions reach no further with comfort.
_FURTHEST = timedelta(days=3 * 365)


class MoveClockForm(forms.Form):
    """How far the demo's clock is to go forward."""

    amount = forms.IntegerField(
        label=gettext_lazy("How many"), min_value=1, max_value=999, initial=1
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Of what"),
        choices=[
            ("minutes", gettext_lazy("minutes")),
            ("hours", gettext_lazy("hours")),
            ("days", gettext_lazy("days")),
        ],
        initial="days",
    )

    @property
    def step(self) -> timedelta:
        """Return what was asked for, once the form is valid."""
        return timedelta(**{self.cleaned_data["unit"]: self.cleaned_data["amount"]})


@dataclass(frozen=True, slots=True)
class Visitor:
    """A patient of today, with what opens the space."""

    appointment: AppointmentView
    identity: Identity


@reachable_by(Who.DEMO)
@never_cache
@require_http_methods(["GET", "HEAD"])
def hub(request: HttpRequest) -> HttpResponse:
    """Show everything that a person needs to look around the demo."""
    return _page(request, MoveClockForm())


@reachable_by(Who.DEMO)
@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Move the clock of the whole installation forward, or back to real time (`real`)."""
    if "real" in request.POST:
        clock.set_offset(timedelta())
        return HttpResponseRedirect(reverse("demo:hub"))
    form = MoveClockForm(request.POST)
    if form.is_valid() and (offset := _offset() + form.step) > _FURTHEST:
        form.add_error("amount", gettext_lazy("The demo’s clock goes three years ahead at most."))
    if not form.is_valid():
        return _page(request, form, status=422)
    clock.set_offset(offset)
    return HttpResponseRedirect(reverse("demo:hub"))


@reachable_by(Who.DEMO)
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the staff, with the demo's password, as the sign-in page would."""
    email = request.POST.get("email", "")
    if email not in {person.email for person in staff_sign_ins()}:
        raise Http404
    user = authenticate(request, username=email, password=PASSWORD)
    if user is None:
        raise Http404
    login(request, user)
    note_confirmation(request, user)
    return HttpResponseRedirect(reverse("desk:start"))


@reachable_by(Who.DEMO)
@require_POST
def open_space(_request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Go to a fresh link to a patient's space, which asks the birth date as any link does."""
    if patient_id not in get_identities([patient_id]):
        raise Http404
    at = clock.now()
    token = make_link(patient_id=patient_id, scope="SPACE", expires_at=at + _LINK_LASTS, at=at)
    return HttpResponseRedirect(reverse("public:space_link", args=[token]))


def _page(request: HttpRequest, form: MoveClockForm, status: int = 200) -> HttpResponse:
    now = clock.now()
    context = {
        "form": form,
        "now": now,
        "is_moved": abs(_offset()) > timedelta(seconds=5),
        "password": PASSWORD,
        "staff": [(person, person.role.in_language(_language())) for person in staff_sign_ins()],
        "visitors": _visitors(now),
    }
    return render(request, "demo/hub.html", context, status=status)


def _visitors(now: datetime) -> list[Visitor]:
    """Return who has an appointment today at any site, by time."""
    appointments = [
        line.appointment
        for site in list_sites()
        for line in agenda_day(site_id=site.id, day=now.astimezone(ZONE).date())
    ]
    identities = get_identities({appointment.patient_id for appointment in appointments})
    return [
        Visitor(appointment, identities[appointment.patient_id])
        for appointment in sorted(appointments, key=lambda found: found.starts_at)
    ]


def _offset() -> timedelta:
    """Return by how many whole seconds the clock is moved."""
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


def _language() -> str:
    return (get_language() or "fr")[:2]
