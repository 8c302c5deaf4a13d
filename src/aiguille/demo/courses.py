"""Which courses the demo's physicians plan: treatment, protocol, zones, product, what is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aiguille.care.planning import PlannedPlace
from aiguille.kernel.codes import Indication, Procedure, ProductKind, Zone
from aiguille.plumbing.zone_map import zone_map
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Course, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """A course as the demo plans it. `products` names what is opened for each kind of unit."""

    procedure: Procedure
    indication: Indication
    protocol_id: str
    zones: tuple[Zone, ...]
    reason: str
    examination: str
    products: Mapping[ProductKind, str]
    needle_mm: Decimal | None = None
    technique: str = ""
    weight: int = 1
    cream_area_cm2: int = 100
    cream_grams: int = 10
    sessions: int | None = None

    @property
    def treatment_code(self) -> str:
        """Return the code of the treatment in the catalogue."""
        return f"{self.procedure.value}-{self.indication.value.lower().replace('_', '-')}"

    @property
    def protocol(self) -> Protocol:
        """Return the shipped protocol."""
        return shipped_protocols()[self.protocol_id].protocol

    @property
    def course(self) -> Course:
        """Return the protocol's defaults for the indication."""
        return next(c for c in self.protocol.courses if c.indication == self.indication)

    @property
    def sessions_planned(self) -> int:
        """Return how many sessions the physician plans."""
        return self.sessions or self.course.sessions_default

    @property
    def places(self) -> list[PlannedPlace]:
        """Return what the plan treats: each zone on both its sides, all the same way."""
        return [
            PlannedPlace(
                zone_side,
                needle_mm=self.needle_mm if self.procedure is Procedure.NEEDLING else None,
                technique=self.technique,
            )
            for zone_side in zone_map().zone_sides()
            if zone_side.zone in self.zones
        ]


_NEEDLING = {ProductKind.SALINE: "saline-10-ml", ProductKind.PROTECTIVE: "petroleum-jelly-sterile"}
_INJECTING = {
    ProductKind.DRAPE: "drape-sterile",
    ProductKind.SYRINGE: "syringe-1-ml",
    ProductKind.NEEDLE: "needle-30g-4-mm",
}

MENUS: tuple[Menu, ...] = (
    Menu(
        procedure=Procedure.MESOTHERAPY,
        indication=Indication.MESOLIFT_AGEING,
        protocol_id="mesotherapy-mesolift",
        zones=(Zone.CHEEK, Zone.FOREHEAD),
        reason="Teint terne, peau qui tire, premières ridules.",
        examination="Peau fine, déshydratée, élasticité conservée. Pas de lésion sur la zone.",
        products=_INJECTING | {ProductKind.INJECTABLE: "ha-non-crosslinked"},
        technique="IED",
        weight=7,
    ),
    Menu(
        procedure=Procedure.MESOTHERAPY,
        indication=Indication.HAIR_LOSS,
        protocol_id="mesotherapy-hair",
        zones=(Zone.SCALP,),
        reason="Cheveux qui s’affinent depuis l’automne dernier.",
        examination="Densité diminuée au vertex, cuir chevelu sain, test de traction positif.",
        products=_INJECTING | {ProductKind.INJECTABLE: "biotin-ampoule"},
        technique="IED",
        weight=10,
    ),
    Menu(
        procedure=Procedure.MESOTHERAPY,
        indication=Indication.ACNE,
        protocol_id="mesotherapy-acne",
        zones=(Zone.CHEEK, Zone.CHIN_JAW),
        reason="Imperfections persistantes du bas du visage.",
        examination="Comédons et quelques papules, sans nodule. Traitement local en cours.",
        products=_INJECTING | {ProductKind.INJECTABLE: "dexpanthenol-ampoule"},
        technique="IED",
        weight=3,
    ),
    Menu(
        procedure=Procedure.NEEDLING,
        indication=Indication.AGEING,
        protocol_id="needling-roller-ageing",
        zones=(Zone.CHEEK, Zone.FOREHEAD),
        reason="Ridules et grain de peau irrégulier.",
        examination="Ridules fines, pores dilatés des joues, pas de lésion active.",
        products=_NEEDLING | {ProductKind.ROLLER: "roller-192-0-5"},
        needle_mm=Decimal("0.5"),
        weight=4,
    ),
    Menu(
        procedure=Procedure.NEEDLING,
        indication=Indication.ACNE_SCAR_ATROPHIC,
        protocol_id="needling-pen-acne-scars",
        zones=(Zone.CHEEK,),
        reason="Cicatrices en creux d’une acné guérie depuis trois ans.",
        examination="Cicatrices atrophiques des joues, stade modéré. Aucune acné active.",
        products=_NEEDLING | {ProductKind.PEN_CARTRIDGE: "pen-cartridge-12"},
        needle_mm=Decimal("1.5"),
        weight=4,
    ),
    Menu(
        procedure=Procedure.NEEDLING,
        indication=Indication.STRIAE,
        protocol_id="needling-roller-stretch-marks",
        zones=(Zone.ABDOMEN_THIGH,),
        reason="Vergetures anciennes après une grossesse.",
        examination="Vergetures blanches du ventre, peau souple, sans rougeur.",
        products=_NEEDLING | {ProductKind.ROLLER: "roller-192-1-5"},
        needle_mm=Decimal("1.5"),
        weight=2,
        cream_area_cm2=200,
        cream_grams=20,
    ),
    Menu(
        procedure=Procedure.NEEDLING,
        indication=Indication.SCAR_SURGICAL,
        protocol_id="needling-roller-surgical-scars",
        zones=(Zone.ABDOMEN_THIGH,),
        reason="Cicatrice d’opération raide, de couleur inégale.",
        examination="Cicatrice fermée et stable depuis plus d’un an, peu élastique.",
        products=_NEEDLING | {ProductKind.ROLLER: "roller-192-1-5"},
        needle_mm=Decimal("1.5"),
        weight=1,
    ),
)
