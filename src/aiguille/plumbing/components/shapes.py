"""What pages hand to components that show a list: plain frozen values, no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from django.utils.functional import Promise

Label = str | Promise
StepState = Literal["done", "current", "todo", "late", "refused"]
Tone = Literal["plain", "primary", "accent", "info", "success", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of steps, of a timeline or of a session's checklist.

    A timeline also shows a `note` under the detail, and a second link.
    """

    label: Label
    state: StepState = "todo"
    detail: Label = ""
    when: Label = ""
    href: str = ""
    note: Label = ""
    more_label: Label = ""
    more_href: str = ""


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A free start: `value` is posted, `label` is read ("09:40"), `hint` says more."""

    value: str
    label: Label
    hint: Label = ""


@dataclass(frozen=True, slots=True)
class SlotDay:
    """A day of the slot picker; a day without starts says why in `note`."""

    day: date
    starts: Sequence[SlotChoice] = ()
    note: Label = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A page among its siblings; `count` is shown when it is not None."""

    label: Label
    href: str
    current: bool = False
    count: int | None = None


class Described(str):
    """The label of a choice, with a sentence under it: `("a", Described("Lyon", "4 rue …"))`."""

    __slots__ = ("hint",)

    def __new__(cls, label: str, hint: Label = "") -> Self:
        """Keep `hint` beside the label."""
        text = super().__new__(cls, label)
        text.hint = hint
        return text

    hint: Label
