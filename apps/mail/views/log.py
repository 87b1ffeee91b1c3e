"""The mail log: what went to whom and what became of it, never what a mail said.

An admin sees the workspace's own mail. Staff see everybody's, which is a crossing of tenants' walls
and is kept as one.
"""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest
from apps.core.keyset import Page, Sort, paginate
from apps.mail import catalogue
from apps.mail.forms import LogFilter
from apps.mail.models import Mail
from apps.mail.words import Words, words
from apps.tenants.models import Tenant
from apps.tenants.roles import READ_MAIL_LOG
from apps.tenants.scope import platform_scope

NEWEST = (Sort("newest", "pk", descending=True),)
UNHAPPY = {"failed", "bounced", "complained", "suppressed"}


@dataclass(frozen=True)
class Line:
    """One mail as the log shows it, and whether it is an invitation to send once more."""

    mail: Mail
    name: str
    words: Words
    may_go_again: bool


@access(READ_MAIL_LOG)
def mail_list(request: TenantRequest, slug: str) -> HttpResponse:
    """The workspace's mails, the newest first."""
    asked = LogFilter(request.GET)
    page = paginate(request, asked.of(request.tenant.mails.all()), NEWEST)
    context = {"asked": asked, "page": page, "lines": lines(page, request.tenant)}
    return render(request, "mail_log/mail_list.html", context)


@access(Plane.PLATFORM)
def operations_mail_list(request: SignedInRequest) -> HttpResponse:
    """Everybody's mails, the newest first."""
    asked = LogFilter(request.GET)
    with platform_scope(reason=f"Mail log, opened by {request.user.email}"):
        page = paginate(request, asked.of(Mail.objects.select_related("tenant")), NEWEST)
        context = {"asked": asked, "page": page, "lines": lines(page)}
        return render(request, "mail_log/operations_mail_list.html", context)


def lines(page: Page[Mail], tenant: Tenant | None = None) -> list[Line]:
    """The page's mails in words; within a workspace, with the way to send an invitation again."""
    open_ones: set[str] = set()
    if tenant:
        lost = [row.to.lower() for row in page.rows if is_lost_invitation(row)]
        waiting = tenant.invitations.open().filter(email__in=lost)
        open_ones = {*waiting.values_list("email", flat=True)}
    return [
        Line(
            mail=mail,
            name=catalogue.name_of(mail.template),
            words=words(mail),
            may_go_again=is_lost_invitation(mail) and mail.to.lower() in open_ones,
        )
        for mail in page.rows
    ]


def is_lost_invitation(mail: Mail) -> bool:
    """Whether it is an invitation that did not arrive."""
    return mail.template == "invitation" and mail.state in UNHAPPY
