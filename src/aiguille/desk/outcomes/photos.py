"""The photos of a record: adding, looking, comparing, withdrawing."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.journeys.posted_photos import (
    add_posted,
    photo_form,
    picture,
    takes_photos,
    wants_json,
)
from aiguille.journeys.reads.outcomes import Gallery, read_comparison, read_gallery, read_photo
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.kernel.labels import label
from aiguille.outcomes.forms import PhotoForm, ReasonForm
from aiguille.outcomes.operations import open_photo, open_thumbnail, withdraw_photo
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Tab
from aiguille.plumbing.refusals import add_refusal
from aiguille.plumbing.templatetags.ui import localized

UNPROCESSABLE = 422
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@takes_photos
@require_http_methods(_FORMS)
def gallery(request: HttpRequest, number: int) -> HttpResponse:
    """Show a patient's photos, and add more."""
    actor, at = staff_of(request), clock.now()
    chosen = {name: request.GET.get(name, "") for name in ("zone", "side")}
    page = read_gallery(number=number, actor=actor, at=at, **chosen)
    if request.method != "POST":
        form = photo_form(today=page.today, chosen=chosen)
        return _gallery(request, page, form)
    posted = add_posted(request, patient_id=page.identity.id, actor=actor, at=at)
    if wants_json(request):
        return posted.as_json()
    if posted.added:
        messages.success(
            request,
            ngettext("%(count)d photo added.", "%(count)d photos added.", len(posted.added))
            % {"count": len(posted.added)},
        )
    if posted.is_done:
        place = {name: posted.form.cleaned_data[name] for name in ("zone", "side")}
        return redirect(f"{reverse('desk:photos', args=[number])}?{urlencode(place)}")
    page = read_gallery(number=number, actor=actor, at=at)
    return _gallery(request, page, posted.form, refused=posted.refused, status=UNPROCESSABLE)


def _gallery(
    request: HttpRequest, page: Gallery, form: PhotoForm, *, status: int = 200, **more: object
) -> HttpResponse:
    address = reverse("desk:photos", args=[page.identity.number])
    total = sum(count for _, count in page.places)
    tabs = [Tab(_("All"), address, current=page.chosen is None, count=total)]
    for place, count in page.places:
        zone, side = place
        words = f"{localized(label(zone))}, {localized(label(side)).lower()}"
        query = urlencode({"zone": zone.value, "side": side.value})
        tabs.append(Tab(words, f"{address}?{query}", current=place == page.chosen, count=count))
    context = {
        "page": page,
        "identity": page.identity,
        "form": form,
        "tabs": tabs,
        "comparable": any(count > 1 for _, count in page.places),
        **more,
    }
    return render(request, "desk/outcomes/photos.html", context, status=status)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def photo(request: HttpRequest, number: int, photo_id: UUID) -> HttpResponse:
    """Show a photo by itself, and withdraw it with a reason."""
    actor, at = staff_of(request), clock.now()
    page = read_photo(number=number, photo_id=photo_id, actor=actor, at=at)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_photo(
                photo_id=photo_id, reason=form.cleaned_data["reason"], actor=actor, at=at
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(
                request, _("Photo withdrawn; it stays in the record and is shown no more.")
            )
            return redirect("desk:photos", number)
    context = {"page": page, "identity": page.identity, "photo": page.photo, "form": form}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "desk/outcomes/photo.html", context, status=status)


@reachable_by(Who.STAFF)
@require_GET
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """Show two photos of the same place side by side."""
    asked = {name: request.GET.get(name, "") for name in ("first", "second", "place")}
    page = read_comparison(number=number, actor=staff_of(request), at=clock.now(), **asked)
    if page is None:
        messages.info(request, _("Two photos of the same place are needed to compare."))
        return redirect("desk:photos", number)
    address = reverse("desk:compare_photos", args=[number])
    tabs = [
        Tab(
            f"{localized(label(zone))}, {localized(label(side)).lower()}",
            f"{address}?{urlencode({'place': f'{zone}-{side}'})}",
            current=(zone, side) == page.place,
            count=count,
        )
        for (zone, side), count in page.places
    ]

    def turn(first: UUID, second: UUID) -> str:
        return f"{address}?{urlencode({'first': str(first), 'second': str(second)})}"

    left, right = page.first, page.second
    before, after = page.before(left), page.after(left)
    sides = [
        {
            "photo": left,
            "earlier": turn(before.id, right.id) if before else "",
            "later": turn(after.id, right.id) if after and after != right else "",
        }
    ]
    before, after = page.before(right), page.after(right)
    sides.append(
        {
            "photo": right,
            "earlier": turn(left.id, before.id) if before and before != left else "",
            "later": turn(left.id, after.id) if after else "",
        }
    )
    context = {"page": page, "identity": page.identity, "tabs": tabs, "sides": sides}
    return render(request, "desk/outcomes/compare.html", context)


@reachable_by(Who.STAFF)
@require_GET
def image(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Hand over a photo; who sees it is noted."""
    return picture(open_photo(photo_id=photo_id, actor=staff_of(request), at=clock.now()))


@reachable_by(Who.STAFF)
@require_GET
def small(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Hand over a photo's small picture."""
    return picture(open_thumbnail(photo_id=photo_id, actor=staff_of(request), at=clock.now()))
