"""A new site of the group, and a site's name and address."""

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.clinics.changing import digest_of
from aiguille.clinics.operations import create_site, give_same_roles, update_site
from aiguille.clinics.queries import SiteView, list_sites, site_by_code
from aiguille.clinics.site_changes import site_state
from aiguille.desk.clinic.saving import Page, show, try_to_save
from aiguille.desk.clinic.views import FORMS
from aiguille.journeys.reads.clinic import today_at
from aiguille.journeys.who import staff_of
from aiguille.kernel.text import Text
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.components.widgets import EmailInput, PhoneInput

FOUND = 302
# Zones of places; the rest of the list is for machines.
_REGIONS = (
    "Europe/",
    "America/",
    "Indian/",
    "Pacific/",
    "Africa/",
    "Asia/",
    "Atlantic/",
    "Australia/",
)


class SiteForm(forms.Form):
    """Where a site is, and how one comes there."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    street = forms.CharField(label=gettext_lazy("Street and number"), max_length=200)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=10)
    city = forms.CharField(label=gettext_lazy("City"), max_length=80)
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=20, widget=PhoneInput)
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=EmailInput)
    access_fr = forms.CharField(label=gettext_lazy("How to come, in French"), max_length=500)
    access_en = forms.CharField(label=gettext_lazy("How to come, in English"), max_length=500)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def said(self) -> dict[str, Any]:
        """Return what was typed, as operations take it."""
        typed = self.cleaned_data
        names = ("name", "street", "postcode", "city", "phone", "email")
        return {
            **{name: typed[name] for name in names},
            "access": Text(fr=typed["access_fr"], en=typed["access_en"]),
        }


class NewSiteForm(SiteForm):
    """A site that does not exist yet: its country, its zone, and who works there."""

    country = forms.CharField(
        label=gettext_lazy("Country"),
        help_text=gettext_lazy("Two letters, “FR” for France. Its public holidays follow."),
        min_length=2,
        max_length=2,
        initial="FR",
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Hours and appointments of the site are in it; it is not changed later."
        ),
        initial="Europe/Paris",
    )
    staff_of = forms.ChoiceField(
        label=gettext_lazy("Who works there"),
        help_text=gettext_lazy("They get the same roles at the new site, from today on."),
        required=False,
    )

    def __init__(self, *args: Any, sites: list[SiteView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if zone.startswith(_REGIONS))
        for name, choices in (
            ("time_zone", [(zone, zone.replace("_", " ")) for zone in zones]),
            (
                "staff_of",
                [
                    ("", _("Nobody yet")),
                    *((str(s.id), _("Those of %(site)s") % {"site": s.name}) for s in sites),
                ],
            ),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean_country(self) -> str:
        """Return the country's code in capitals."""
        code: str = self.cleaned_data["country"].upper()
        if not (code.isascii() and code.isalpha()):
            raise forms.ValidationError(_("Two letters, “FR” for France."))
        return code


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def new_site(request: HttpRequest) -> HttpResponse:
    """Add a site; its rooms, devices and hours come next."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    sites = list_sites()
    form = NewSiteForm(request.POST if request.method == "POST" else None, sites=sites)
    page = Page(
        "desk/clinic/form.html",
        {
            "title": _("Add a site"),
            "lead": _("Then add its rooms and devices, and set hours there."),
        },
        back=reverse("desk:clinic"),
        done=_("The site is added. Now add its rooms and devices, and set hours there."),
    )
    if request.method != "POST":
        return show(request, page, form)

    def create() -> None:
        typed = form.cleaned_data
        site_id = create_site(
            code=_free_code(typed["city"]),
            country=typed["country"],
            time_zone=typed["time_zone"],
            **form.said(),
            actor=actor,
            at=at,
        )
        if typed["staff_of"]:
            give_same_roles(
                site_id=site_id,
                as_at=UUID(typed["staff_of"]),
                valid_from=today_at(sites, at),
                actor=actor,
                at=at,
            )

    return try_to_save(request, page, form, create, actor=actor, at=at)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def edit_site(request: HttpRequest, code: str) -> HttpResponse:
    """Change a site's name, address and how one comes there."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    site = site_by_code(code)
    if site is None:
        raise NotVisible
    names = ("name", "street", "postcode", "city", "phone", "email")
    form = SiteForm(
        request.POST if request.method == "POST" else None,
        initial={
            **{name: getattr(site, name) for name in names},
            "access_fr": site.access.fr,
            "access_en": site.access.en,
            "seen": digest_of(site_state(site.id)),
        },
    )
    page = Page(
        "desk/clinic/form.html",
        {"title": _("Change %(name)s") % {"name": site.name}, "eyebrow": site.time_zone},
        back=reverse("desk:clinic_site", args=[code]),
        done=_("Saved."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return try_to_save(
        request,
        page,
        form,
        lambda: update_site(
            site_id=site.id,
            **form.said(),
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        ),
        actor=actor,
        at=at,
    )


def _free_code(city: str) -> str:
    stem = slugify(f"site {city}" if city.lower() == "new" else city)[:30] or "site"
    number, code = 2, stem
    while site_by_code(code) is not None:
        number, code = number + 1, f"{stem}-{number}"
    return code
