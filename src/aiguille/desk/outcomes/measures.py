"""Outcome scales: what they gave over time, and scoring them again."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.desk.outcomes.charts import chart_of
from aiguille.journeys.reads.outcomes import Measured, MeasuresPage, read_measures
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import ScoreMoment, Side, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.labels import label
from aiguille.outcomes.forms import ReasonForm, ScaleForm
from aiguille.outcomes.operations import record_scale, withdraw_score
from aiguille.outcomes.operations.scores import AlreadyScored
from aiguille.outcomes.queries import ScoreLine, scores_of
from aiguille.outcomes.scales import Scale, reference
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.plumbing.templatetags.ui import localized

UNPROCESSABLE = 422
_FORMS = ("GET", "HEAD", "POST")


class WhenAndWhereForm(forms.Form):
    """At which moment of the course a scale is scored, and for which place alone, if for one."""

    use_required_attribute = False

    moment = forms.ChoiceField(label=gettext_lazy("When"), widget=forms.RadioSelect)
    place = forms.ChoiceField(
        label=gettext_lazy("One place only"),
        help_text=gettext_lazy("For a scar followed by itself. Else leave it empty."),
        required=False,
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: object, measured: Measured, scale: Scale, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        moments = [one for one in ScoreMoment if scale in measured.measures.at(one)]
        self.fields["moment"].choices = [  # type: ignore[attr-defined]
            (one.value, localized(label(one))) for one in moments
        ]
        zones = [Zone(one) for one in measured.plan.zones] if measured.plan else list(Zone)
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            ("", _("All that is treated")),
            *(
                (
                    f"{zone}-{side}",
                    f"{localized(label(zone))}, {localized(label(side)).lower()}",
                )
                for zone in zones
                for side in Side
            ),
        ]


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def measures(request: HttpRequest, number: int) -> HttpResponse:
    """Show each scale of a patient's treatments over time."""
    page = read_measures(number=number, actor=staff_of(request), at=clock.now())
    return _measures(request, page)


def _measures(
    request: HttpRequest, page: MeasuresPage, *, status: int = 200, **more: object
) -> HttpResponse:
    blocks = [
        {
            "measured": measured,
            "lines": [{"series": one, "chart": chart_of(one)} for one in measured.series],
            "scales": measured.measures.at(measured.moment),
            "due": [day for day in measured.due if day >= page.today],
        }
        for measured in page.treatments
    ]
    context = {"page": page, "identity": page.identity, "blocks": blocks, **more}
    return render(request, "desk/outcomes/measures.html", context, status=status)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def score(request: HttpRequest, number: int, treatment: str, scale: str) -> HttpResponse:
    """Score a scale."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.WRITE_CONSULTATION)
    page = read_measures(number=number, actor=actor, at=at)
    measured, chosen = page.scale(treatment, scale)
    moment = measured.moment
    if chosen not in measured.measures.at(moment):
        moment = next(one for one in ScoreMoment if chosen in measured.measures.at(one))
    initial = {"moment": moment.value, "form_key": new_id()}
    form = ScaleForm(request.POST or None, scale=chosen, prefix="scale")
    about = WhenAndWhereForm(request.POST or None, measured=measured, scale=chosen, initial=initial)
    if request.method == "POST" and about.is_valid() & form.is_valid():
        zone, _sep, side = about.cleaned_data["place"].partition("-")
        try:
            record_scale(
                patient_id=page.identity.id,
                treatment_id=measured.treatment.id,
                scale=chosen.id,
                moment=about.cleaned_data["moment"],
                answers=form.answers,
                form_key=about.cleaned_data["form_key"],
                plan_id=measured.plan.id if measured.plan else None,
                zone=zone,
                side=side,
                actor=actor,
                at=at,
            )
        except AlreadyScored as error:
            about.add_error("moment", localized(error.text))
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Score recorded."))
            return redirect("desk:measures", number)
    context = {
        "page": page,
        "identity": page.identity,
        "measured": measured,
        "scale": chosen,
        "references": [reference(tag) for tag in chosen.sources],
        "form": form,
        "about": about,
    }
    status = UNPROCESSABLE if form.errors or about.errors else 200
    return render(request, "desk/outcomes/score.html", context, status=status)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def withdraw(request: HttpRequest, number: int, score_id: UUID) -> HttpResponse:
    """Mark a score as entered in error, with a reason."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.WRITE_CONSULTATION)
    page = read_measures(number=number, actor=actor, at=at)
    line = _line(page, score_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_score(
                score_id=score_id, reason=form.cleaned_data["reason"], actor=actor, at=at
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Score withdrawn; it stays in the history of the record."))
            return redirect("desk:measures", number)
    context = {"identity": page.identity, "score": line, "form": form}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "desk/outcomes/withdraw_score.html", context, status=status)


def _line(page: MeasuresPage, score_id: UUID) -> ScoreLine:
    for line in scores_of(patient_id=page.identity.id):
        if line.id == score_id:
            return line
    raise NotVisible
