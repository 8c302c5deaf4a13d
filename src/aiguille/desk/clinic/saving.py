"""How every page of the set-up saves: what a change displaces is shown before it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aiguille.accounts.rights import Right, has_right
from aiguille.booking.queries import AppointmentView
from aiguille.clinics.changing import SetUpStale
from aiguille.journeys.change_set_up import Outcome, change_set_up
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing.refusals import add_refusal

UNPROCESSABLE, STALE = 422, 409
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change would do that somebody should know first, as the page lists it."""

    outcome: Outcome
    names_patients: bool
    standing: tuple[AppointmentView, ...] = ()

    @property
    def standing_shown(self) -> tuple[AppointmentView, ...]:
        """Return the appointments that stay, as far as they are listed."""
        return self.standing[:_SHOWN]

    @property
    def standing_hidden(self) -> int:
        """Return how many more of those there are."""
        return max(0, len(self.standing) - _SHOWN)

    @property
    def shown(self) -> tuple[object, ...]:
        """Return the appointments that are listed."""
        return self.outcome.displaced[:_SHOWN]

    @property
    def hidden(self) -> int:
        """Return how many more there are."""
        return max(0, len(self.outcome.displaced) - _SHOWN)


@dataclass(frozen=True, slots=True)
class Page:
    """A page with a form that changes the set-up."""

    template: str
    context: dict[str, Any]
    back: str
    done: str


def try_to_save(
    request: HttpRequest,
    page: Page,
    form: forms.Form,
    change: Callable[[], object],
    *,
    refuse: Callable[[DomainError], None] | None = None,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    """Save what a valid form says, or show the page again: with what it displaces, or what is wrong.

    `refuse` shows a refusal beside its field; without it the form's own field of that name does.
    """
    if not form.is_valid():
        return show(request, page, form, status=UNPROCESSABLE)
    try:
        outcome = change_set_up(
            change=change, confirmed=request.POST.get("confirmed", ""), actor=actor, at=at
        )
    except SetUpStale as error:
        add_refusal(form, error)
        return show(request, page, form, status=STALE)
    except DomainError as error:
        if refuse is not None:
            refuse(error)
        else:
            add_refusal(form, error)
        return show(request, page, form, status=UNPROCESSABLE)
    if not outcome.is_saved:
        effects = Effects(outcome, names_patients=has_right(actor, Right.SEE_IDENTITY))
        return show(request, page, form, effects=effects)
    messages.success(request, page.done)
    if outcome.displaced:
        messages.warning(
            request,
            ngettext(
                "%(n)s appointment is to be moved: nothing moves by itself.",
                "%(n)s appointments are to be moved: nothing moves by itself.",
                len(outcome.displaced),
            )
            % {"n": len(outcome.displaced)},
        )
        if has_right(actor, Right.BOOK):
            return redirect("desk:displaced")
    return redirect(page.back)


def show(
    request: HttpRequest,
    page: Page,
    form: forms.Form,
    *,
    effects: Effects | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a page with its form."""
    context = {
        **page.context,
        "form": form,
        "effects": effects,
        "back": page.back,
        "save_label": _("Save all the same") if effects else page.context.get("save", _("Save")),
    }
    return render(request, page.template, context, status=status)
