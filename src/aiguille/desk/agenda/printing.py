"""The day on paper: a site's grid on A4 landscape, or a list for each practitioner."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.clinics.printing import PrintedNames, choose_printed_names, printed_names
from aiguille.desk.agenda.grid import draw
from aiguille.desk.agenda.place import Place, with_query
from aiguille.journeys.reads.agenda import GONE, Piece, View, read_agenda
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Tab

BY_SITE, BY_PRACTITIONER = "site", "practitioner"


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def print_day(request: HttpRequest) -> HttpResponse:
    """Show the day as it is printed: `by` the site or each practitioner."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    place = Place.of(request.GET).at(view=View.DAY, gone=False)
    by = BY_PRACTITIONER if request.GET.get("by") == BY_PRACTITIONER else BY_SITE
    at = clock.now()
    shown = read_agenda(
        actor=actor,
        at=at,
        site_code=place.site,
        view=View.DAY,
        day=place.day,
        who=place.who,
        with_gone=False,
    )
    names = printed_names()
    name_of = name_as(names)
    here = place.at(site=shown.site.code, day=shown.day)
    address = here.link("agenda_print")
    return render(
        request,
        "desk/agenda/print.html",
        {
            "shown": shown,
            "place": here,
            "by": by,
            "printed_at": at,
            "grid": draw(shown, place=here, name_of=name_of),
            "lists": [
                (
                    column.name,
                    [
                        (piece, name_of(piece))
                        for piece in column.pieces
                        if piece.appointment.state not in GONE
                    ],
                )
                for column in shown.columns
                if column.kind is ResourceKind.PRACTITIONER and column.pieces
            ],
            "tabs": [
                Tab(_("The whole site"), address, current=by == BY_SITE),
                Tab(
                    _("A list for each practitioner"),
                    with_query(address, by=BY_PRACTITIONER),
                    current=by == BY_PRACTITIONER,
                ),
            ],
            "names": [
                (PrintedNames.FULL, _("Full name")),
                (PrintedNames.SHORT, _("First name and initial")),
                (PrintedNames.NUMBER, _("Record number only")),
            ],
            "chosen": names,
            "can_choose": has_right(actor, Right.MANAGE_CLINIC),
            "names_href": with_query(here.link("agenda_print_names"), by=by),
        },
    )


@reachable_by(Who.STAFF)
@require_POST
def choose_names(request: HttpRequest) -> HttpResponse:
    """Choose how the whole clinic's printed agendas name the patients."""
    actor = staff_of(request)
    require(actor, Right.MANAGE_CLINIC)
    wanted = request.POST.get("names", "")
    if wanted in PrintedNames.values:
        choose_printed_names(names=PrintedNames(wanted), actor=actor, at=clock.now())
        messages.success(request, _("From now on, printed agendas name patients so."))
    else:
        messages.error(request, _("Choose one of the ways shown."))
    query = request.GET.urlencode()
    return redirect(with_query(reverse("desk:agenda_print"), query))


def name_as(names: PrintedNames) -> Callable[[Piece], str]:
    """Return how a piece's patient is named on paper."""

    def name(piece: Piece) -> str:
        appointment = piece.appointment
        if names is PrintedNames.FULL:
            return appointment.patient_name
        number = _("no. %(number)s") % {"number": appointment.patient_number}
        if names is PrintedNames.NUMBER:
            return number
        first, *others = appointment.patient_name.split()
        return f"{first} {others[-1][0]}. ({number})" if others else f"{first} ({number})"

    return name
