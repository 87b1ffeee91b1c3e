"""The pages of members: list, role, suspension, removal, and leaving oneself."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.core.keyset import Sort, paginate
from apps.tenants.forms import MembershipForm
from apps.tenants.models import Membership, Refused
from apps.tenants.roles import MANAGE_MEMBERS, READ
from apps.tenants.views.verdicts import carry_out

SORTS = [Sort("name", Lower("user__name")), Sort("since", "created_at", descending=True)]


@access(READ)
def member_list(request: TenantRequest, slug: str) -> HttpResponse:
    """Who belongs to the workspace and, for those who manage them, who is invited."""
    page = paginate(request, request.tenant.memberships.select_related("user"), SORTS)
    context = {
        "page": page,
        "changeable": {row.pk for row in page.rows if request.membership.may_change(row)},
        "invitations": request.tenant.invitations.open().for_pages(),
    }
    return render(request, "tenants/member_list.html", context)


@access(MANAGE_MEMBERS, "GET", "POST")
def membership_update(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Give a member another role."""
    subject = changeable_member(request, pk)
    form = MembershipForm(request.POST or None, subject=subject, by=request.membership)
    if request.method == "POST" and form.is_valid() and form.save():
        messages.success(request, f"{subject} is {subject.as_role.noun} now.")
        return redirect("member_list", slug=slug)
    context = {"form": form, "subject": subject}
    return render(request, "tenants/membership_update.html", context)


@access(MANAGE_MEMBERS, "GET", "POST")
def suspension_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Shut a member out for now, after a question; whoever means themselves leaves instead."""
    subject = changeable_member(request, pk)
    if subject == request.membership:
        return redirect("departure_create", slug=slug)
    if request.method == "POST":
        suspend = partial(subject.suspend, by=request.membership)
        carry_out(request, suspend, done=f"{subject} is suspended.")
        return redirect("member_list", slug=slug)
    return render(request, "tenants/suspension_create.html", {"subject": subject})


@access(MANAGE_MEMBERS, "POST")
def suspension_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Let a suspended member in again."""
    subject = changeable_member(request, pk)
    reinstate = partial(subject.reinstate, by=request.membership)
    carry_out(request, reinstate, done=f"{subject} can come in again.")
    return redirect("member_list", slug=slug)


@access(MANAGE_MEMBERS, "GET", "POST")
def membership_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Take a member out, after a question; whoever means themselves leaves instead."""
    subject = changeable_member(request, pk)
    if subject == request.membership:
        return redirect("departure_create", slug=slug)
    if request.method == "POST":
        remove = partial(subject.remove, by=request.membership)
        carry_out(request, remove, done=f"{subject} is no longer a member.")
        return redirect("member_list", slug=slug)
    return render(request, "tenants/membership_delete.html", {"subject": subject})


@access(READ, "GET", "POST")
def departure_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Leave the workspace, after a question; its last owner is told how to hand it over."""
    if request.method == "POST":
        try:
            request.membership.leave()
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("departure_create", slug=slug)
        messages.success(request, f"You have left {request.tenant}.")
        return redirect("workspace_list")
    return render(request, "tenants/departure_create.html")


def changeable_member(request: TenantRequest, pk: int) -> Membership:
    """The member `pk`, if whoever asks may change them. Raises Http404 or PermissionDenied."""
    subject = get_object_or_404(request.tenant.memberships.select_related("user"), pk=pk)
    if not request.membership.may_change(subject):
        raise PermissionDenied
    return subject
