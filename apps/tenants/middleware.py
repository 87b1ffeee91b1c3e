"""From the slug in the path to a tenant, its scope and the transaction that the request runs in."""

import re
from collections.abc import Callable

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.tenants.models import Membership, memberships_of
from apps.tenants.scope import tenant_scope

TENANT_PATH = re.compile(r"^/t/(?P<slug>[^/]+)/")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class TenantMiddleware:
    """Open the tenant that the path names to its active members; to others it is not there.

    A tenant's request is one transaction, templates included, and so is every write outside of
    one; an exception or a server error rolls it back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.memberships = SimpleLazyObject(lambda: list(memberships_of(request.user)))  # type: ignore[attr-defined]  # ours
        named = TENANT_PATH.match(request.path_info)
        if named and request.user.is_authenticated:
            return self.answer_in_tenant(request, named["slug"])
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        with transaction.atomic():
            return self.answer_in_transaction(request)

    def answer_in_tenant(self, request: HttpRequest, slug: str) -> HttpResponse:
        with transaction.atomic():
            membership = memberships_of(request.user).filter(tenant__slug=slug).first()
            if membership is None:
                raise Http404
            self.enter(request, membership)
            with tenant_scope(membership.tenant):
                return self.answer_in_transaction(request)

    @staticmethod
    def enter(request: HttpRequest, membership: Membership) -> None:
        request.membership, request.tenant = membership, membership.tenant  # type: ignore[attr-defined]  # ours

    def answer_in_transaction(self, request: HttpRequest) -> HttpResponse:
        request.owns_transaction = True  # type: ignore[attr-defined]  # ours
        response = self.get_response(request)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Views' exceptions become responses before they get here, so undo their writes now."""
        if getattr(request, "owns_transaction", False):
            transaction.set_rollback(True)
