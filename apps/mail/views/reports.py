"""Where the mail provider reports what became of mail; reports.py says what follows of it."""

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core import errors
from apps.core.access import Plane, access
from apps.core.http import length_of
from apps.jobs.models import Job
from apps.mail.reports import packed

CAP = 2 * 1024 * 1024  # bytes; SendGrid sends up to a thousand events at once
TYPES = {"application/json", "text/plain"}  # the second is Amazon's

log = structlog.get_logger("slipway.mail")


@access(Plane.PUBLIC, "POST")
@csrf_exempt  # The provider has no token of ours; it proves by signature or password that it is it.
def mail_report_create(request: HttpRequest, provider: str) -> HttpResponse:
    """Take the configured provider's reports down, for a job to work through; there is no other."""
    if not settings.MAIL_WEBHOOK_SECRET or provider != settings.MAIL_PROVIDER:
        raise Http404
    if length_of(request) > CAP:
        return errors.page(413)
    if request.content_type not in TYPES:
        return errors.page(400)
    from apps.mail import providers  # with boto3: a tenth of a second, and 6 MiB, at each start

    try:
        reports, once = providers.read(request, provider, settings.MAIL_WEBHOOK_SECRET)
    except providers.Unproven as reason:
        log.warning("mail.report_refused", provider=provider, reason=str(reason))
        return errors.page(403)
    except providers.Unreadable as reason:
        log.warning("mail.report_unreadable", provider=provider, reason=str(reason))
        return errors.page(400)
    if reports:
        Job.ask("mail.report", key=once, reports=packed(reports))
    return HttpResponse()
