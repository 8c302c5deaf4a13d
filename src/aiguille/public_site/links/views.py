"""The page that a link in a message leads to, and the one where a new link is asked for."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from aiguille.journeys import who
from aiguille.journeys.become_patient import AddressOfStaff, ask_for_link, open_space
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import LinkUnusable, LinkView, TooManyAttempts, open_link
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.public_site.links.forms import AskLinkForm, BirthDateForm, FirstTimeForm


@reachable_by(Who.EVERYBODY)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def space_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the birth date, then open the space; looking at the page uses nothing up."""
    at = clock.now()
    try:
        link = open_link(token=token, at=at, scope="SPACE")
    except LinkUnusable as refusal:
        if who.find_space(request):
            return HttpResponseRedirect(reverse("portal:home"))
        return _dead_end(request, refusal)
    form = _form_for(link, request)
    if request.method != "POST":
        return _page(request, form, link)
    if form.is_valid():
        is_first = isinstance(form, FirstTimeForm)
        try:
            space = open_space(
                token=token,
                birth_date=form.cleaned_data["birth_date"],
                traits=form.traits() if isinstance(form, FirstTimeForm) else None,
                relation=form.cleaned_data["relation"] if is_first else "SELF",
                address=who.address_of(request),
                at=at,
            )
        except (LinkUnusable, TooManyAttempts, AddressOfStaff) as refusal:
            return _dead_end(request, refusal)
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            who.open_session(request, user_id=space.user_id, patient_id=space.patient_id)
            return HttpResponseRedirect(reverse("portal:home"))
    return _page(request, form, link, status=422)


@reachable_by(Who.EVERYBODY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_link(request: HttpRequest) -> HttpResponse:
    """Send a new link to an address; the answer is the same whether the clinic knows it or not."""
    form = AskLinkForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "public_site/links/ask.html", {"form": form})
    if not form.is_valid():
        return render(request, "public_site/links/ask.html", {"form": form}, status=422)
    ask_for_link(email=form.cleaned_data["email"], address=who.address_of(request), at=clock.now())
    return HttpResponseRedirect(reverse("public:link_asked"))


@reachable_by(Who.EVERYBODY)
@require_http_methods(["GET", "HEAD"])
def link_asked(request: HttpRequest) -> HttpResponse:
    """Say that a message is on its way, if the address is known."""
    return render(request, "public_site/links/asked.html")


def _form_for(link: LinkView, request: HttpRequest) -> BirthDateForm:
    form_class = FirstTimeForm if link.is_first_time else BirthDateForm
    return form_class(request.POST if request.method == "POST" else None)


def _page(
    request: HttpRequest, form: BirthDateForm, link: LinkView, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "is_first_time": link.is_first_time}
    return render(request, "public_site/links/open.html", context, status=status)


def _dead_end(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    status = 429 if isinstance(refusal, TooManyAttempts) else 404
    context = {"reason": explain(refusal), "may_ask": isinstance(refusal, LinkUnusable)}
    return render(request, "public_site/links/dead_end.html", context, status=status)
