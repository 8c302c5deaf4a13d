"""The page that shows every component in every state, for those who build pages."""

from datetime import UTC, date, datetime, timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from aiguille.kernel.codes import Side, Zone
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components import icons
from aiguille.plumbing.components.shapes import Described, SlotChoice, SlotDay, Step, Tab
from aiguille.plumbing.components.widgets import (
    DateInput,
    DayMonthYearField,
    DecimalInput,
    EmailInput,
    PhoneInput,
)
from aiguille.plumbing.components.zones import ZonesField

_PLACES = [
    ("lyon", Described("Lyon", "12 rue Auguste-Comte, Lyon 2e")),
    ("paris", Described("Paris", "48 rue de Sèvres, Paris 7e")),
]


class SampleForm(forms.Form):
    """Every kind of field that the platform's forms use."""

    name = forms.CharField(label=_("First and last name"), max_length=80)
    email = forms.EmailField(
        label=_("E-mail"), help_text=_("For the confirmation."), widget=EmailInput()
    )
    phone = forms.CharField(label=_("Telephone"), widget=PhoneInput())
    born_on = DayMonthYearField(label=_("Date of birth"), birthday=True)
    on = forms.DateField(label=_("Date"), widget=DateInput(), required=False)
    place = forms.ChoiceField(label=_("Clinic"), choices=_PLACES, widget=forms.RadioSelect)
    skin = forms.ChoiceField(
        label=_("Phototype"), choices=[("", "–"), ("2", "II"), ("3", "III")], required=False
    )
    habits = forms.MultipleChoiceField(
        label=_("What applies to you?"),
        choices=[("sun", _("Sun in the last weeks")), ("sport", _("Sport every day"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    depth = forms.DecimalField(label=_("Depth (mm)"), widget=DecimalInput(), required=False)
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    agrees = forms.BooleanField(
        label=_("I have read the information"), help_text=_("You may change your mind later.")
    )


class ZonesForm(forms.Form):
    """Zones with their sides, chosen on a picture."""

    zones = ZonesField(label=_("Zones"), required=False)


class CodeForm(forms.Form):
    """The code of a box, to be scanned."""

    code = forms.CharField(label=_("Code of the box"), required=False)


class QuestionForm(forms.Form):
    """One question on a screen."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("yes", _("Yes")), ("no", _("No")), ("unknown", _("I do not know"))],
        widget=forms.RadioSelect,
    )


@reachable_by(Who.DEMO)
def page(request: HttpRequest) -> HttpResponse:
    """Show all components; `?theme=light` or `dark` fixes the theme."""
    now = clock.now()
    wrong = {"name": "", "email": "anna@", "phone": "06", "born_on_day": "31"}
    wrong |= {"born_on_month": "2", "born_on_year": "1990", "note": "<b>Bonjour</b>"}
    context = {
        "blank": SampleForm(prefix="blank"),
        "wrong": SampleForm(wrong),
        "question": QuestionForm(),
        "box": CodeForm(),
        "map": ZonesForm(initial={"zones": ["CHEEK:left", "CHEEK:right"]}),
        "steps": _steps(),
        "course": _course(),
        "days": _days(now.date()),
        "tabs": [
            Tab(_("Overview"), "#tabs", current=True),
            Tab(_("Documents"), "#tabs", count=3),
            Tab(_("Messages"), "#tabs", count=0),
        ],
        "numbers": Paginator(range(95), 20).get_page(request.GET.get("page")),
        "facts": [(_("Born"), "14.03.1986"), (_("Phototype"), "III"), (_("Allergies"), "")],
        "rows": [
            ("09:00", "Anna Lefèvre", _("Consultation"), "success", _("Arrived")),
            ("09:40", "Inès Moreau", _("Needling, session 2"), "info", _("Booked")),
            ("10:50", "Paul Garnier", _("Mesotherapy, session 1"), "warning", _("Consent missing")),
        ],
        "zones": [ZoneSide(Zone.CHEEK, Side.LEFT), ZoneSide(Zone.FOREHEAD, Side.MIDLINE)],
        "tones": ["plain", "primary", "accent", "info", "success", "warning", "error"],
        "started": now - timedelta(minutes=12),
        "due": now + timedelta(minutes=33),
        "past": datetime(2026, 1, 5, 9, tzinfo=UTC),
        "icons": sorted(icons.shapes()),
        "theme": {"light": "linen", "dark": "dusk"}.get(request.GET.get("theme", ""), ""),
    }
    return render(request, "components/gallery/page.html", context)


def _steps() -> list[Step]:
    return [
        Step(_("Treatment"), "done", href="#steps"),
        Step(_("Place and time"), "current"),
        Step(_("Your details")),
    ]


def _course() -> list[Step]:
    return [
        Step(_("Consultation"), "done", detail=_("Dr Martin: eligible"), when="02.03.2026"),
        Step(_("Session 1"), "done", when="16.03.2026", href="#timeline"),
        Step(_("Session 2"), "current", detail=_("Cream at 12:30, no make-up"), when="13.04.2026"),
        Step(_("Consent to renew"), "late"),
        Step(_("Session 3"), "refused", detail=_("Too early: 28 days apart at least")),
        Step(_("Review"), "todo"),
    ]


def _days(first: date) -> list[SlotDay]:
    minutes = {
        0: range(0, 480, 40),
        1: range(120, 300, 40),
        3: range(0, 120, 40),
        4: range(60, 400, 70),
    }
    days = []
    for number in range(7):
        day = first + timedelta(days=number)
        starts = [
            SlotChoice(f"{day}T{9 + at // 60:02}:{at % 60:02}", f"{9 + at // 60:02}:{at % 60:02}")
            for at in minutes.get(number, ())
        ]
        note = _("Closed") if number == 6 else ""
        days.append(SlotDay(day, starts, note))
    return days
