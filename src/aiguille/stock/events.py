"""What stock leaves in the audit trail."""

from aiguille.audit.registry import define

LOT_RECEIVED = define("stock:lot:received", fr="Lot reçu", en="Lot received")
LOT_QUARANTINED = define("stock:lot:quarantined", fr="Lot mis en quarantaine", en="Lot quarantined")
LOT_RECALLED = define("stock:lot:recalled", fr="Lot rappelé", en="Lot recalled")
LOT_RELEASED = define("stock:lot:released", fr="Lot remis en stock", en="Lot released")
LOT_TRACED = define(
    "stock:lot:traced", fr="Patients d’un lot consultés", en="Patients of a lot read"
)
