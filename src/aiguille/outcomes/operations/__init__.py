"""Adding, showing and withdrawing photos; scoring scales."""

from aiguille.outcomes.operations.photos import (
    OpenedPhoto,
    UseNeedsConsent,
    add_photo,
    open_photo,
    open_thumbnail,
    withdraw_photo,
)
from aiguille.outcomes.operations.scores import record_scale, withdraw_score

__all__ = [
    "OpenedPhoto",
    "UseNeedsConsent",
    "add_photo",
    "open_photo",
    "open_thumbnail",
    "record_scale",
    "withdraw_photo",
    "withdraw_score",
]
