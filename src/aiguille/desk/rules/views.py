"""The rules, one rule, and what the medical director signs about it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.catalogue.rule_changes import (
    NothingToConfirm,
    OnlyTheDirector,
    RuleStale,
    confirm_rule,
)
from aiguille.catalogue.rule_values import plain
from aiguille.desk.rules.forms import FilterForm, ReasonForm, ValueForm
from aiguille.desk.rules.words import SUBJECTS, amount, unit_name
from aiguille.journeys.change_rule import affected_by, change_rule
from aiguille.journeys.reads.rules import read_rule, read_rules, read_value
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules by subject: `subject` and `q` (words of the rule, or its number) choose."""
    form = FilterForm(request.GET, subjects=list(SUBJECTS.items()))
    # A filter that cannot be is none: every rule is shown.
    chosen = form.cleaned_data if form.is_valid() else {"q": "", "subject": ""}
    page = read_rules(
        actor=staff_of(request), at=clock.now(), search=chosen["q"], subject=chosen["subject"]
    )
    return render(
        request,
        "desk/rules/rules.html",
        {"page": page, "form": form, "found": sum(len(lines) for _name, lines in page.groups)},
    )


@reachable_by(Who.STAFF)
@require_GET
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Explain one rule: what it says, by which values, who says so, and what changed."""
    page = read_rule(rule_id=rule_id, actor=staff_of(request), at=clock.now())
    return render(request, "desk/rules/rule.html", {"page": page})


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def value(request: HttpRequest, setting: str) -> HttpResponse:
    """Change a value of a rule within its hard limits."""
    actor, at = staff_of(request), clock.now()
    page, line = read_value(setting=setting, actor=actor, at=at)
    if not page.is_director:
        raise OnlyTheDirector
    label = _("New value (%(unit)s)") % {"unit": unit_name(line.unit)}
    low, high = (amount(limit, line.unit) for limit in line.limits)
    limits = _("%(low)s to %(high)s") % {"low": low, "high": high}
    form = ValueForm(
        request.POST or None,
        label=label,
        limits=limits,
        today=page.today,
        initial={"seen": plain(line.value), "effective_on": page.today},
    )
    status, affected = 200, None
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid() and request.POST.get("action") == "look":
            status = 200
            affected = affected_by(setting=setting, value=form.cleaned_data["value"], on=page.today)
        elif form.is_valid():
            try:
                changed = change_rule(
                    setting=setting,
                    value=form.cleaned_data["value"],
                    seen=form.cleaned_data["seen"],
                    reason=form.cleaned_data["reason"],
                    effective_on=form.cleaned_data["effective_on"],
                    actor=actor,
                    at=at,
                )
            except DomainError as error:
                add_refusal(form, error)
                if isinstance(error, RuleStale):
                    status = STALE
                    # What is in force now was shown beside the refusal: it may be decided upon.
                    form.data = {**request.POST.dict(), "seen": plain(line.value)}
            else:
                messages.success(
                    request,
                    _("The value is signed: %(value)s.")
                    % {"value": amount(form.cleaned_data["value"], line.unit)},
                )
                if changed.verdicts:
                    messages.warning(
                        request,
                        ngettext(
                            "%(n)s verdict in force would now be given otherwise: a task asks a physician to read it again.",
                            "%(n)s verdicts in force would now be given otherwise: tasks ask a physician to read them again.",
                            changed.verdicts,
                        )
                        % {"n": changed.verdicts},
                    )
                return redirect("desk:rule", page.entry.id)
    return render(
        request,
        "desk/rules/value.html",
        {"page": page, "line": line, "form": form, "limits": limits, "affected": affected},
        status=status,
    )


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def confirm(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Confirm a rule as its file stands."""
    actor, at = staff_of(request), clock.now()
    page = read_rule(rule_id=rule_id, actor=actor, at=at)
    if not page.is_director:
        raise OnlyTheDirector
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_rule(rule_id=rule_id, reason=form.cleaned_data["reason"], actor=actor, at=at)
        except NothingToConfirm as error:
            messages.info(request, explain(error))
            return redirect("desk:rule", rule_id)
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The rule is confirmed."))
            return redirect("desk:rule", rule_id)
    elif request.method != "POST" and not page.line.waits:
        return redirect("desk:rule", rule_id)
    return render(
        request,
        "desk/rules/confirm.html",
        {"page": page, "form": form},
        status=UNPROCESSABLE if form.errors else 200,
    )


@reachable_by(Who.STAFF)
@require_GET
def in_law(request: HttpRequest) -> HttpResponse:
    """Say what the rule book is in law, and what it is not."""
    require(staff_of(request), Right.READ_RECORD)
    return render(request, "desk/rules/in_law.html")
