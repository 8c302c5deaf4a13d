"""Photos that a page posts, at the desk and in a patient's space: each kept or refused by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext

from aiguille.journeys.send_photo import send_photo
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.outcomes.forms import PhotoForm
from aiguille.outcomes.operations import OpenedPhoto, add_photo
from aiguille.outcomes.pictures import MOST_BYTES, PhotoRefused, PhotoTooLarge
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.plumbing.uploads import is_dropped, takes_files

CREATED, UNPROCESSABLE = 201, 422
_KEPT_NOWHERE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
# A form without script sends its photos at once; with it, one after another.
takes_photos = takes_files(a_file=MOST_BYTES, a_request=4 * MOST_BYTES)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, by its name, and why, in the language of the page."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class PostedPhotos:
    """What became of the files of a form, which is valid where any was looked at."""

    form: PhotoForm
    added: tuple[UUID, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def is_done(self) -> bool:
        """Tell whether every file was added."""
        return bool(self.added) and not self.refused and not self.form.errors

    def as_json(self) -> JsonResponse:
        """Return the answer for a script that sends one photo after another."""
        why = [one.why for one in self.refused]
        why += [str(error) for errors in self.form.errors.values() for error in errors]
        return JsonResponse(
            {"added": [str(one) for one in self.added], "refused": why},
            status=CREATED if self.is_done else UNPROCESSABLE,
        )


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a script asks, rather than a browser that shows the next page."""
    return request.headers.get("Accept", "") == "application/json"


def photo_form(*, today: date, chosen: Mapping[str, str], for_patient: bool = False) -> PhotoForm:
    """Return an empty form, at the zone and side that were chosen before."""
    initial: dict[str, Any] = {"taken_on": today}
    initial |= {name: chosen[name] for name in ("zone", "side") if name in chosen}
    return PhotoForm(initial=initial, for_patient=for_patient)


def add_posted(
    request: HttpRequest,
    *,
    patient_id: UUID,
    actor: Actor,
    at: datetime,
    for_patient: bool = False,
) -> PostedPhotos:
    """Add the photos that were posted, as a patient's own with `for_patient`; one that is refused leaves the others as they are.

    Raises:
        NotVisible, NotAllowed: as `outcomes.operations.add_photo`.
    """
    form = PhotoForm(request.POST, request.FILES, for_patient=for_patient)
    if not form.is_valid():
        return PostedPhotos(form)
    given = form.cleaned_data
    add = send_photo if for_patient else add_photo
    added, refused = [], []
    for file in form.sent():
        name = file.name or gettext("Photo")
        try:
            if is_dropped(file):
                raise PhotoTooLarge(field="file")
            added.append(
                add(
                    patient_id=patient_id,
                    content=file.read(),
                    zone=given["zone"],
                    side=given["side"],
                    taken_on=given["taken_on"],
                    form_key=given["form_key"],
                    actor=actor,
                    at=at,
                )
            )
        except PhotoRefused as error:
            refused.append(Refused(name, explain(error)))
        except DomainError as error:
            # What is said of the photos is wrong, and so for each of them.
            add_refusal(form, error)
            break
    return PostedPhotos(form, tuple(added), tuple(refused))


def picture(opened: OpenedPhoto) -> HttpResponse:
    """Return a photo's picture, of which nothing on its way may keep a copy."""
    return HttpResponse(opened.content, content_type=opened.media_type, headers=_KEPT_NOWHERE)
