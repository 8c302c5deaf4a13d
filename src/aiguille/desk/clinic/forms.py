"""What is typed about leave, closures, extra openings, people and things."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aiguille.accounts.queries import Account
from aiguille.clinics.openings import LONGEST_REASON, WITHOUT_END
from aiguille.clinics.people_and_things import LONGEST_NAME, LONGEST_SKILL, LONGEST_TITLE
from aiguille.clinics.queries import SiteView
from aiguille.clinics.timetable import ResourceState
from aiguille.desk.clinic.words import DAY_MINUTES, kind_name, skill_name
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing.components.widgets import DateInput, TimeInput

YEARS_AHEAD = timedelta(days=5 * 366)


class ClosureForm(forms.Form):
    """From a day, or an hour of it, to another."""

    first_day = forms.DateField(label=_("First day"), widget=DateInput)
    first_time = forms.TimeField(
        label=_("From what time"),
        help_text=_("Empty: from the morning. Fill in one time for a half day."),
        widget=TimeInput,
        required=False,
    )
    last_day = forms.DateField(
        label=_("Last day"),
        help_text=_("Empty: that same day."),
        widget=DateInput,
        required=False,
    )
    last_time = forms.TimeField(
        label=_("Until what time"),
        help_text=_("Empty: to the end of the day."),
        widget=TimeInput,
        required=False,
    )
    without_return = forms.BooleanField(
        label=_("Does not come back"),
        help_text=_("For somebody who leaves: closed from the first day on, without end."),
        required=False,
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Colleagues read it, patients do not."),
        max_length=LONGEST_REASON,
        required=False,
    )

    def __init__(self, *args: Any, today: date, may_leave: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if not may_leave:
            del self.fields["without_return"]

    def clean(self) -> dict[str, Any]:
        """Refuse what ends before it begins, and dates that nobody means."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = typed.get("first_day"), typed.get("last_day")
        for name, day in (("first_day", first), ("last_day", last)):
            if day and not self.today - YEARS_AHEAD <= day <= self.today + YEARS_AHEAD:
                self.add_error(name, _("This date is too far away."))
        if typed.get("without_return") and (last or typed.get("last_time")):
            self.add_error("last_day", _("Whoever does not come back has no last day."))
        if not self.errors and not typed.get("without_return"):
            start, end = self.bounds()
            if start >= end:
                field = "last_day" if last and last < first else "last_time"
                self.add_error(field, _("It ends before it begins."))
        return typed

    def bounds(self) -> tuple[tuple[date, int], tuple[date, int]]:
        """Return the beginning and the end, each a date with a minute of it."""
        typed = self.cleaned_data
        first, last = typed["first_day"], typed["last_day"] or typed["first_day"]
        begins = (first, _minute(typed["first_time"]))
        if typed.get("without_return"):
            return begins, (WITHOUT_END, 0)
        if typed["last_time"] is None or _minute(typed["last_time"]) == 0:
            return begins, (last + timedelta(days=1), 0)
        return begins, (last, _minute(typed["last_time"]))


class ExtraForm(forms.Form):
    """One more opening on one date."""

    on = forms.DateField(label=_("Day"), widget=DateInput)
    from_minute = forms.TimeField(label=_("Opens at"), widget=TimeInput({"step": "300"}))
    until_minute = forms.TimeField(
        label=_("Closes at"),
        help_text=_("00:00 is midnight, the end of the day."),
        widget=TimeInput({"step": "300"}),
    )
    site_id = forms.ChoiceField(label=_("Site"))

    def __init__(self, *args: Any, sites: Sequence[SiteView], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["site_id"] = forms.ChoiceField(
            label=_("Site"), choices=[(str(site.id), site.name) for site in sites]
        )

    def clean_on(self) -> date:
        """Refuse a day that is over, or too far away."""
        day: date = self.cleaned_data["on"]
        if day < self.today:
            raise forms.ValidationError(_("This day is over."))
        if day > self.today + YEARS_AHEAD:
            raise forms.ValidationError(_("This date is too far away."))
        return day

    @property
    def minutes(self) -> tuple[int, int]:
        """Return the opening in minutes of the day."""
        return (
            _minute(self.cleaned_data["from_minute"]),
            _minute(self.cleaned_data["until_minute"]) or DAY_MINUTES,
        )


class ResourceForm(forms.Form):
    """The name of somebody or something, and what they may be asked for."""

    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE, required=False)
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    skills = forms.MultipleChoiceField(
        label=_("May be asked for"), widget=forms.CheckboxSelectMultiple, required=False
    )
    other_skill = forms.CharField(
        label=_("Something else"),
        help_text=_("A new skill or use, which services may then ask for."),
        max_length=LONGEST_SKILL,
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kind: ResourceKind, known: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skills"] = forms.MultipleChoiceField(
            label=_("Performs") if kind is ResourceKind.PRACTITIONER else _("Serves for"),
            choices=[(skill, skill_name(skill)) for skill in sorted(known, key=skill_name)],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        if kind is not ResourceKind.PRACTITIONER:
            del self.fields["title"]

    @property
    def chosen_skills(self) -> list[str]:
        """Return the skills ticked, and the one typed."""
        return [*self.cleaned_data["skills"], self.cleaned_data["other_skill"]]


class NewThingForm(forms.Form):
    """A room or a device, and where it stands."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (kind.value, _KIND)
            for kind, _KIND in (
                (ResourceKind.ROOM, _("Room")),
                (ResourceKind.DEVICE, _("Device")),
            )
        ],
        widget=forms.RadioSelect,
    )
    site = forms.ChoiceField(label=_("Site"))
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)

    def __init__(self, *args: Any, sites: Sequence[SiteView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"] = forms.ChoiceField(
            label=_("Site"), choices=[(site.code, site.name) for site in sites]
        )


class NewPractitionerForm(forms.Form):
    """Somebody who signs in and whom patients may book from now on."""

    user_id = forms.ChoiceField(label=_("Account"))
    title = forms.CharField(
        label=_("Title"),
        help_text=_("As patients read it before the name, “Dr” for instance."),
        max_length=LONGEST_TITLE,
        required=False,
    )

    def __init__(self, *args: Any, accounts: Sequence[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user_id"] = forms.ChoiceField(
            label=_("Account"),
            choices=[(str(each.id), f"{each.display_name} – {each.email}") for each in accounts],
        )


def known_skills(resources: Iterable[ResourceState], kind: ResourceKind) -> set[str]:
    """Return the skills that resources of a kind have."""
    return {skill for one in resources if one.kind is kind for skill in one.skills}


def skill_choices(
    resources: Sequence[ResourceState], wanted: Iterable[tuple[ResourceKind, str]]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return, by kind, the skills that something has or that a service asks for already."""
    asked = list(wanted)
    grouped = []
    for kind in ResourceKind:
        skills = known_skills(resources, kind) | {s for k, s in asked if k is kind and s}
        choices = [(skill, skill_name(skill)) for skill in sorted(skills, key=skill_name)]
        grouped.append((kind_name(kind), choices))
    return grouped


def site_of(value: str) -> UUID | None:
    """Return the site that a choice names."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _minute(value: Any) -> int:
    return value.hour * 60 + value.minute if value else 0
