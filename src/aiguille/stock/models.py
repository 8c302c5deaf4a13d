"""Lots, single-use units and where they are. What a session consumed lies in its own area."""

from django.db import models
from django.db.models import Q

from aiguille.kernel.codes import LotStatus
from aiguille.plumbing.models import AppendOnlyRow, Authored, Row


class Lot(Row):
    """A batch of one product at one site."""

    product = models.ForeignKey("catalogue.Product", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("clinics.Site", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=20)
    expiry = models.DateField()
    status = models.CharField(
        max_length=20,
        choices=[(code.value, code.name) for code in LotStatus],
        default=LotStatus.AVAILABLE,
    )
    received_at = models.DateTimeField()

    class Meta:
        db_table = "stock_lot"
        constraints = [
            models.UniqueConstraint(fields=["product", "site", "number"], name="one_lot_per_site"),
            models.CheckConstraint(name="lot_has_a_number", condition=~Q(number="")),
        ]
        indexes = [models.Index(fields=["number"], name="lot_by_number")]


class Unit(Row):
    """One single-use unit of a lot; consumed once, by `treatment_sessions.UnitUse`."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="units")
    serial = models.CharField(max_length=40)

    class Meta:
        db_table = "stock_unit"
        constraints = [
            models.UniqueConstraint(fields=["lot", "serial"], name="one_unit_per_serial")
        ]


class Movement(AppendOnlyRow, Authored):
    """A change of a lot's quantity or status."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(
        max_length=20,
        choices=[
            ("RECEIVED", "RECEIVED"),
            ("QUARANTINED", "QUARANTINED"),
            ("RECALLED", "RECALLED"),
            ("RELEASED", "RELEASED"),
        ],
    )
    quantity = models.IntegerField(default=0)
    reason = models.TextField(blank=True)

    class Meta:
        db_table = "stock_movement"
