"""Writing a consultation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.examination import (
    LONGEST_NOTE,
    Examined,
    findings_on,
    treated_zones,
    zone_sides_in,
)
from aiguille.care.models import Consultation, ConsultationDraft
from aiguille.care.operations.shared import InvalidContent, checked_zones
from aiguille.care.rules import ReasonMissing
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide, zones_among
from aiguille.patients.queries import latest_answers
from aiguille.plumbing.models import authored_by
from aiguille.plumbing.zone_map import zone_map

# What a consultation may hold; see `models.Consultation`.
CONSULTATION_TEXTS = ("reason", "history", "treatments", "allergies", "examination", "advice")
PHOTOTYPES = range(1, 7)
LONGEST_TEXT = 10_000


class StaleVersion(DomainError):
    """The record changed since the page was shown."""

    code = "stale_version"
    default_text = Text(
        fr="Le dossier a changé entre-temps : relisez-le avant d’enregistrer.",
        en="The record has changed meanwhile: read it again before saving.",
    )


@transaction.atomic
def write_consultation(
    *,
    patient_id: UUID,
    procedure: Procedure,
    content: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    appointment_id: UUID | None = None,
    replaces_id: UUID | None = None,
    reason: str = "",
) -> UUID:
    """Write a consultation, or a new version of one that it `replaces` for a `reason`.

    `content` is as `models.Consultation` and `care.examination` say; its `zones` follow from the
    `places` and what was `examined` where it has them.

    Raises:
        NotAllowed: the actor is not a physician at work.
        InvalidContent: the phototype, a zone, a side or a finding does not exist, a finding stands
            on a zone that was not chosen, or the reason for coming is empty.
        ReasonMissing: a correction does not say why.
        StaleVersion: the replaced version was replaced already.
    """
    require(actor, Right.WRITE_CONSULTATION)
    version = 1
    if replaces_id is not None:
        replaced = Consultation.objects.get(id=replaces_id, patient_id=patient_id)
        if not reason.strip():
            raise ReasonMissing(field="correction_reason")
        if Consultation.objects.filter(replaces_id=replaces_id).exists():
            raise StaleVersion
        version = replaced.version + 1
    answers = latest_answers(patient_id, procedure)
    consultation = Consultation(
        patient_id=patient_id,
        appointment_id=appointment_id,
        procedure=procedure.value,
        answer_set_id=answers.id if answers else None,
        content=checked_content(content),
        version=version,
        replaces_id=replaces_id,
        reason=reason,
        effective_at=at,
        **authored_by(actor, at=at),
    )
    try:
        with transaction.atomic():
            consultation.save(force_insert=True)
    except IntegrityError as error:
        # Another version of it, or the first one for this appointment, was written just now.
        raise StaleVersion from error
    if appointment_id is not None:
        ConsultationDraft.objects.filter(appointment_id=appointment_id).delete()
    record(
        action=events.CONSULTATION_WRITTEN,
        actor=actor,
        at=at,
        subject_kind="consultation",
        subject_id=consultation.id,
        patient_id=patient_id,
        details={"version": version},
    )
    return consultation.id


@transaction.atomic
def keep_draft(
    *,
    appointment_id: UUID,
    patient_id: UUID,
    content: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> None:
    """Keep what a physician is typing, whatever it is worth, until the consultation is saved.

    `content` holds what the form posts: the texts, `phototype`, `zones` (zones with their sides)
    and `examined` (zone to what was ticked and noted).

    Raises:
        NotAllowed: the actor is not a physician at work.
    """
    require(actor, Right.WRITE_CONSULTATION)
    assert actor.id is not None, "only people have the right"
    kept = {name: str(content.get(name, ""))[:LONGEST_TEXT] for name in CONSULTATION_TEXTS}
    ConsultationDraft.objects.update_or_create(
        appointment_id=appointment_id,
        defaults={
            "patient_id": patient_id,
            "author_id": actor.id,
            "content": {
                **kept,
                "phototype": str(content.get("phototype", ""))[:1],
                "zones": [str(zone)[:40] for zone in content.get("zones", ())][:60],
                "examined": {
                    zone.value: _kept_examined(typed)
                    for zone in Zone
                    if (typed := content.get("examined", {}).get(zone.value))
                },
            },
            "updated_at": at,
        },
    )


def checked_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a consultation's content as it is kept.

    Raises:
        InvalidContent: as `write_consultation`.
    """
    checked: dict[str, Any] = {
        name: str(content.get(name, "")).strip() for name in CONSULTATION_TEXTS
    }
    for name, text in checked.items():
        if len(text) > LONGEST_TEXT:
            raise InvalidContent(
                Text(
                    fr="Ce texte est trop long : 10 000 signes au plus.",
                    en="This text is too long: 10,000 characters at most.",
                ),
                field=name,
            )
    if not checked["reason"]:
        raise InvalidContent(
            Text(fr="Écrivez le motif de la venue.", en="Write what brings the patient."),
            field="reason",
        )
    phototype = content.get("phototype")
    if phototype is not None and phototype not in PHOTOTYPES:
        raise InvalidContent(
            Text(fr="Le phototype va de 1 à 6.", en="The phototype goes from 1 to 6."),
            field="phototype",
        )
    checked["phototype"] = phototype
    if "places" in content:
        checked |= _checked_examination(content)
    else:
        checked["zones"] = checked_zones(content.get("zones", []), field="zones")
    return checked


def _checked_examination(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the zones chosen, what was found on each, and which of them are to be treated."""
    drawn = set(zone_map().zone_sides())
    try:
        places = [one for one in dict.fromkeys(zone_sides_in(content)) if _is_drawn(one, drawn)]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidContent(
            Text(
                fr="Une zone ou un côté n’existe pas sur le dessin.",
                en="A zone or a side does not exist on the map.",
            ),
            field="zones",
        ) from error
    chosen = zones_among(places)
    given = {one["zone"]: one for one in content.get("examined", ())}
    if foreign := given.keys() - {zone.value for zone in chosen}:
        raise InvalidContent(
            Text(
                fr=f"Un constat porte sur une zone qui n’est pas choisie : {min(foreign)}.",
                en=f"Something was found on a zone that is not chosen: {min(foreign)}.",
            ),
            field="examined",
        )
    examined = [_checked_examined(zone, given.get(zone.value, {})) for zone in chosen]
    return {
        "places": [one.stored for one in places],
        "examined": [one.stored for one in examined],
        "zones": [zone.value for zone in treated_zones(places, examined)],
    }


def _is_drawn(one: ZoneSide, drawn: set[ZoneSide]) -> bool:
    if one not in drawn:
        raise ValueError(one.code)
    return True


def _checked_examined(zone: Zone, given: Mapping[str, Any]) -> Examined:
    seen, note = given.get("seen", ()), str(given.get("note", "")).strip()
    possible = [finding.code for finding in findings_on(zone)]
    if unknown := set(seen) - set(possible):
        raise InvalidContent(
            Text(
                fr=f"Constat inconnu sur cette zone : {min(unknown)}.",
                en=f"Unknown finding on this zone: {min(unknown)}.",
            ),
            field="examined",
        )
    if len(note) > LONGEST_NOTE:
        raise InvalidContent(
            Text(
                fr="Cette remarque est trop longue : 1 000 signes au plus.",
                en="This note is too long: 1,000 characters at most.",
            ),
            field="examined",
        )
    return Examined(
        zone=zone,
        seen=tuple(code for code in possible if code in seen),
        note=note,
        is_treated=bool(given.get("is_treated", True)),
    )


def _kept_examined(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seen": [str(code)[:40] for code in typed.get("seen", ())][:40],
        "note": str(typed.get("note", ""))[:LONGEST_NOTE],
        "is_treated": bool(typed.get("is_treated", True)),
    }
