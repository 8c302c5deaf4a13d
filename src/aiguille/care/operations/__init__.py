"""Writing the physician's part of the record: each act signed, stored with what it rests on."""

from aiguille.care.operations.consultation import StaleVersion, keep_draft, write_consultation
from aiguille.care.operations.information import (
    InformationChanged,
    InformationNotTicked,
    acknowledge_information,
)
from aiguille.care.operations.plan import PlanRefused, make_plan, plan_limits
from aiguille.care.operations.prescription import prescribe
from aiguille.care.operations.shared import InvalidContent, store_ruling
from aiguille.care.operations.verdict import give_verdict, revoke_verdict, suspend_verdict

__all__ = [
    "InformationChanged",
    "InformationNotTicked",
    "InvalidContent",
    "PlanRefused",
    "StaleVersion",
    "acknowledge_information",
    "give_verdict",
    "keep_draft",
    "make_plan",
    "plan_limits",
    "prescribe",
    "revoke_verdict",
    "store_ruling",
    "suspend_verdict",
    "write_consultation",
]
