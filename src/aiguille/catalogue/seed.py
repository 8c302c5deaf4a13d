"""The treatments, services and products that a new clinic, and the demo, start with.

The data files say what they are; this module reads them and hands them to the operations. Loading
twice changes nothing: what the catalogue has by code is left as the clinic made it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any
from uuid import UUID

from aiguille.catalogue import operations, queries
from aiguille.catalogue.queries import NeedView, NotInCatalogue, PhaseView
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import (
    Active,
    Indication,
    Procedure,
    ProductStatus,
    ResourceKind,
    ServiceKind,
)
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were added; all zero when everything was there."""

    treatments: int
    services: int
    products: int


def treatment_code(procedure: Procedure, indication: Indication) -> str:
    """Return the code of a treatment, e.g. "needling-acne-scar-atrophic"."""
    return f"{procedure.value}-{indication.value.lower().replace('_', '-')}"


def load(*, actor: Actor, at: datetime) -> Loaded:
    """Add what the catalogue lacks of the data files, and say how much that was.

    Raises:
        NotAllowed: the actor does not manage the clinic.
        ServiceUnsound: a service's phases and needs do not fit together.
    """
    return Loaded(
        treatments=sum(_add_treatment(row, at, actor, n) for n, row in _rows("treatment")),
        services=sum(_add_service(row, at, actor, n) for n, row in _rows("service")),
        products=_add_products(actor=actor, at=at),
    )


def _add_treatment(row: Mapping[str, Any], at: datetime, actor: Actor, position: int) -> bool:
    procedure, indication = Procedure(row["procedure"]), Indication(row["indication"])
    code = treatment_code(procedure, indication)
    if _treatment_id(code) is not None:
        return False
    operations.create_treatment(
        code=code,
        procedure=procedure,
        indication=indication,
        name=Text.from_mapping(row["name"]),
        summary=Text.from_mapping(row["summary"]),
        position=position,
        actor=actor,
        at=at,
    )
    return True


def _add_service(row: Mapping[str, Any], at: datetime, actor: Actor, position: int) -> bool:
    try:
        queries.service_by_code(row["code"])
    except NotInCatalogue:
        pass
    else:
        return False
    procedure = Procedure(row["procedure"])
    treatment_id = None
    if "indication" in row:
        treatment_id = _treatment_id(treatment_code(procedure, Indication(row["indication"])))
    needs = _read("services")["needs"]
    operations.create_service(
        code=row["code"],
        kind=ServiceKind(row["kind"]),
        procedure=procedure,
        treatment_id=treatment_id,
        name=Text.from_mapping(row["name"]),
        description=Text.from_mapping(row["description"]),
        needs=[_need(needs[name]) for name in row["needs"]],
        phases=[
            PhaseView(
                name=Text.from_mapping(phase["name"]),
                minutes=phase["minutes"],
                needs=tuple(phase["needs"]),
            )
            for phase in row["phase"]
        ],
        min_notice_minutes=row["notice_minutes"],
        max_horizon_days=row["horizon_days"],
        price=Money(row["price_minor"]),
        position=position,
        actor=actor,
        at=at,
    )
    return True


def _need(row: Mapping[str, Any]) -> NeedView:
    return NeedView(
        name=row["name"],
        kind=ResourceKind(row["kind"]),
        skill=row["skill"],
        buffer_before_minutes=0,
        buffer_after_minutes=row.get("after", 0),
    )


def _add_products(*, actor: Actor, at: datetime) -> int:
    there = {product.code for product in queries.list_products()}
    missing = [row for _, row in _rows("product") if row["code"] not in there]
    for row in missing:
        decimals = {
            name: Decimal(row[name])
            for name in ("needle_mm", "volume_ml", "lidocaine_mg_per_unit")
            if name in row
        }
        operations.create_product(
            code=row["code"],
            kind=row["kind"],
            name=row["name"],
            maker=row["maker"],
            gtin=row["gtin"],
            status=ProductStatus(row["status"]),
            actives=[Active(code) for code in row.get("actives", ())],
            is_sterile=row.get("is_sterile", False),
            is_single_use=row.get("is_single_use", False),
            needle_count=row.get("needle_count"),
            sources=row["sources"],
            actor=actor,
            at=at,
            **decimals,
        )
    return len(missing)


def _treatment_id(code: str) -> UUID | None:
    try:
        return queries.treatment_by_code(code).id
    except NotInCatalogue:
        return None


def _rows(kind: str) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(_read(f"{kind}s")[kind]))


def _read(name: str) -> Mapping[str, Any]:
    path = files("aiguille.catalogue") / "data" / "seed" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
