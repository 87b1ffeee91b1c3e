"""How a view declares who may call it; a view that does not is refused at start-up."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, Protocol

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

View = Callable[..., HttpResponseBase]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Role(Protocol):
    """What this module asks of a role (apps/tenants/roles.py): whether it includes another."""

    @property
    def value(self) -> Any: ...

    def covers(self, other: Any) -> bool: ...


class Plane(Enum):
    """Where a view stands: open to all, to whoever is signed in, in a tenant, or to our own staff.

    Who runs the product is on the platform plane by being staff, and in no tenant by that.
    """

    PUBLIC = "public"
    ACCOUNT = "account"
    TENANT = "tenant"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Access:
    """What a view declared: its plane, the least role on the tenant plane, its HTTP methods."""

    plane: Plane
    role: Role | None
    methods: tuple[str, ...]


def may_run_the_product(user: Any) -> bool:
    """Whether somebody who is signed in is platform staff: the one place that decides it."""
    return bool(user.is_active and user.is_staff)


def lead_to_second_factor(request: HttpRequest) -> HttpResponseBase:
    """Send staff without a second factor to where it is set up; nothing opens to them before."""
    said = "Pages of the staff ask for two-step sign-in. Set it up here."
    messages.warning(request, said, fail_silently=True)
    return redirect("mfa_index")


def access(who: Plane | Role, *methods: str) -> Callable[[View], View]:
    """Declare who may call a view and how: ``@access(Role.MEMBER, "POST")``.

    A role puts the view on the tenant plane; without methods it answers GET alone (HEAD comes
    with GET). The caller gets 405 for another method, 403 for too low a role and, outside the
    tenant or, on the platform plane, outside the staff, the 404 of a page that is not there. Staff
    without a second factor are led to where it is set up.
    Raises ValueError for a tenant plane without a role, which would let every member do
    everything, and for a method that is none.
    """
    if who is Plane.TENANT:
        raise ValueError("Name the least role instead of Plane.TENANT: @access(Role.VIEWER)")
    if not METHODS.issuperset(methods):
        raise ValueError(f"Declare methods out of {', '.join(sorted(METHODS))}")
    role, plane = (None, who) if isinstance(who, Plane) else (who, Plane.TENANT)
    declared = Access(plane, role, methods or ("GET",))
    allowed = {*declared.methods, *({"HEAD"} if "GET" in declared.methods else ())}

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if role is not None:
                membership = getattr(request, "membership", None)
                if membership is None:
                    raise Http404
                if request.method in allowed and not membership.as_role.covers(role):
                    raise PermissionDenied
            if plane is Plane.PLATFORM and not may_run_the_product(request.user):
                raise Http404
            if plane is Plane.PLATFORM and not request.user.has_second_factor:  # type: ignore[union-attr]  # a User
                return lead_to_second_factor(request)
            if request.method not in allowed:
                return HttpResponseNotAllowed(sorted(allowed))
            return view(request, *args, **kwargs)

        guarded.access = declared  # type: ignore[attr-defined]  # read by the start-up check
        guarded.login_required = plane is not Plane.PUBLIC  # type: ignore[attr-defined]  # read by LoginRequiredMiddleware
        return guarded

    return decorate
