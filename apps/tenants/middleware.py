"""From the slug in the path to a tenant, its scope and the transaction that the request runs in."""

import re
from collections.abc import Callable

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from apps.tenants.models import memberships_for_menu
from apps.tenants.scope import tenant_scope

TENANT_PATH = re.compile(r"^/t/(?P<slug>[^/]+)/")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class StreamedTooLate(RuntimeError):
    """A response would read the database after the request's transaction and scope have ended."""


class TenantMiddleware:
    """Open the tenant that the path names to its active members; to others it is not there.

    Where the tenant requires a second factor, a member without one is led to where it is set up.

    A tenant's request is one transaction, templates included, and so is every write outside of
    one; an exception or a server error rolls it back. A response that streams from code is
    refused, since it would run after all that; a FileResponse may stream its file.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        named = TENANT_PATH.match(request.path_info)
        if named and request.user.is_authenticated:
            return self.answer_in_tenant(request, named["slug"])
        request.memberships = SimpleLazyObject(lambda: memberships_for_menu(request.user))  # type: ignore[attr-defined]  # ours
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        with transaction.atomic():
            return self.answer_in_transaction(request)

    def answer_in_tenant(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        memberships = memberships_for_menu(request.user, first=slug)
        if not memberships or memberships[0].tenant.slug != slug:
            raise Http404
        request.memberships, request.membership = memberships, memberships[0]  # type: ignore[attr-defined]  # ours
        request.tenant = memberships[0].tenant  # type: ignore[attr-defined]  # ours
        if request.tenant.requires_mfa and not request.user.has_second_factor:  # type: ignore[attr-defined, union-attr]  # ours
            return self.lead_away(request, "second_factor_needed", slug)
        # The scope comes first, so that the transaction begins in it and takes it along as it ends.
        with tenant_scope(request.tenant), transaction.atomic():  # type: ignore[attr-defined]  # ours
            return self.answer_in_transaction(request)

    def lead_away(self, request: HttpRequest, route: str, slug: str) -> HttpResponseBase:
        """Send a member to a page outside of the tenant, of which nothing opens meanwhile."""
        if request.htmx:  # type: ignore[attr-defined]  # django-htmx's
            return HttpResponseClientRedirect(reverse(route, args=[slug]))
        return redirect(route, slug)

    def answer_in_transaction(self, request: HttpRequest) -> HttpResponseBase:
        request.owns_transaction = True  # type: ignore[attr-defined]  # ours
        response = self.get_response(request)
        if response.streaming and not isinstance(response, FileResponse):
            raise StreamedTooLate(
                f"{request.path} streams. Write the file in a job and answer with a FileResponse."
            )
        if response.status_code >= 500:
            transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Views' exceptions become responses before they get here, so undo their writes now."""
        if getattr(request, "owns_transaction", False):
            transaction.set_rollback(True)
