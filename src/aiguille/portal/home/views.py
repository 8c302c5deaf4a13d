"""What comes next, and how far the course of care is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aiguille.journeys import who
from aiguille.journeys.reads.portal_home import portal_home
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by


@reachable_by(Who.PATIENT)
def home(request: HttpRequest) -> HttpResponse:
    """Show what is next for the patient whose space is open."""
    space = who.space_of(request)
    page = portal_home(patient_id=space.patient_id, at=clock.now())
    return render(request, "portal/home/home.html", {"page": page, "space": space})
