"""What was done to a patient here, session by session: when, where, with which products and lots."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, Window
from django.db.models.functions import JSONObject

from aiguille.kernel.codes import ProductKind
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.protocols.events import Corrected, InjectionRecorded, ZonePassed
from aiguille.treatment_sessions.models import SessionEvent, SessionState, TreatmentSession, UnitUse

# What is worth knowing years later: what went into or through the skin.
_TOLD = (ProductKind.INJECTABLE, ProductKind.ROLLER, ProductKind.PEN_CARTRIDGE)
_ON_ZONES = (ZonePassed.type, InjectionRecorded.type)


@dataclass(frozen=True, slots=True)
class UsedProduct:
    """A product that a session used, with its lot."""

    name: str
    lot: str


@dataclass(frozen=True, slots=True)
class Act:
    """A session as an earlier act; `zone_sides` are those that its events name."""

    session_id: UUID
    treatment_id: UUID
    begun_at: datetime
    is_ended: bool
    was_stopped: bool
    performer_name: str
    zone_sides: tuple[ZoneSide, ...]
    products: tuple[UsedProduct, ...]


@dataclass(frozen=True, slots=True)
class Acts:
    """The latest acts of a person, and how many there are in all."""

    total: int
    latest: tuple[Act, ...]


def acts_of_person(patient_id: UUID, *, limit: int) -> Acts:
    """Return the latest sessions of a person, joined records' too, latest first (one query)."""
    events = SessionEvent.objects.filter(
        session=OuterRef("pk"), kind__in=(*_ON_ZONES, Corrected.type)
    )
    uses = UnitUse.objects.filter(session=OuterRef("pk"), lot__product__kind__in=_TOLD)
    rows = (
        TreatmentSession.objects.filter(
            Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        )
        .order_by("-begun_at", "-id")
        .values("id", "treatment_id", "begun_at", "state", "performer_name")
        .annotate(
            total=Window(Count("*")),
            told=ArraySubquery(
                events.order_by("sequence").values(
                    told=JSONObject(seq=F("sequence"), payload=F("payload"))
                )
            ),
            products=ArraySubquery(
                uses.order_by("used_at", "id").values(
                    told=JSONObject(name=F("lot__product__name"), lot=F("lot__number"))
                )
            ),
        )[:limit]
    )
    found = list(rows)
    return Acts(total=found[0]["total"] if found else 0, latest=tuple(map(_act, found)))


def _act(row: Mapping[str, Any]) -> Act:
    products = dict.fromkeys(UsedProduct(one["name"], one["lot"]) for one in row["products"])
    return Act(
        session_id=row["id"],
        treatment_id=row["treatment_id"],
        begun_at=row["begun_at"],
        is_ended=row["state"] != SessionState.RUNNING,
        was_stopped=row["state"] == SessionState.STOPPED,
        performer_name=row["performer_name"],
        zone_sides=_treated(row["told"]),
        products=tuple(products),
    )


def _treated(events: Iterable[Mapping[str, Any]]) -> tuple[ZoneSide, ...]:
    """Return where the events that hold took place: a correction stands for what it replaces."""
    held: dict[int, Mapping[str, Any]] = {}
    for event in events:
        told = event["payload"]
        if told["type"] == Corrected.type:
            held[told["replaces"]] = told.get("body") or {}
        else:
            held.setdefault(event["seq"], told)
    found = dict.fromkeys(
        ZoneSide.from_stored(told) for told in held.values() if told.get("type") in _ON_ZONES
    )
    return tuple(found)
