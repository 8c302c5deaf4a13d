"""What only a demo shows: every message that was sent."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.messaging.queries import get_mail, latest_mail
from aiguille.plumbing.access import Who, reachable_by


@reachable_by(Who.DEMO)
@never_cache
@require_http_methods(["GET", "HEAD"])
def mail(request: HttpRequest) -> HttpResponse:
    """Show the latest messages, of everybody or of one address (`q`)."""
    recipient = request.GET.get("q", "").strip()[:254]
    context = {"messages_sent": latest_mail(recipient=recipient), "query": recipient}
    return render(request, "demo/mail.html", context)


@reachable_by(Who.DEMO)
@never_cache
@require_http_methods(["GET", "HEAD"])
def attachment(_request: HttpRequest, message_id: UUID, number: int) -> HttpResponse:
    """Hand out a file that went with a message."""
    message = get_mail(message_id)
    if message is None or number >= len(message.attachments):
        raise Http404
    name, media_type, content = message.attachments[number]
    return HttpResponse(
        content,
        content_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
