"""The pages of workspaces: where sign-in leads, list, create, settings, two-step sign-in."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest
from apps.core.mailing import absolute
from apps.tenants.forms import NewWorkspaceForm, WorkspaceForm
from apps.tenants.models import Invitation, Tenant, memberships_of
from apps.tenants.roles import MANAGE_WORKSPACE
from apps.tenants.views.verdicts import carry_out


@access(Plane.ACCOUNT)
def home(request: SignedInRequest) -> HttpResponse:
    """Where sign-in leads: into the one workspace that one has, or else to the list."""
    invited = Invitation.objects.pending().addressed_to(request.user).exists()
    if len(request.memberships) == 1 and not invited:
        return redirect(request.memberships[0].tenant)
    return redirect("workspace_list")


@access(Plane.ACCOUNT)
def workspace_list(request: SignedInRequest) -> HttpResponse:
    """The workspaces that one is a member of, and those that one is invited to."""
    context = {
        "memberships": memberships_of(request.user).with_head_counts(),
        "invitations": Invitation.objects.pending().addressed_to(request.user).for_pages(),
    }
    return render(request, "tenants/workspace_list.html", context)


@access(Plane.ACCOUNT, "GET", "POST")
def workspace_create(request: SignedInRequest) -> HttpResponse:
    """Make a workspace and go there; a GET with a name shows the address that it would have."""
    name = request.GET.get("name", "")[:80]
    form = NewWorkspaceForm(request.POST or None, initial={"name": name}, hint=address_hint(name))
    if request.method == "POST" and form.is_valid():
        tenant = Tenant.objects.found(name=form.cleaned_data["name"], owner=request.user)
        messages.success(request, f"{tenant} is ready.")
        return redirect(tenant)
    return render(request, "tenants/workspace_create.html", {"form": form})


def address_hint(name: str) -> str:
    """What a person who is about to name a workspace is told of its address."""
    if not name.strip():
        return "Your company or team. The address is made from it."
    return f"Its address will be {absolute(f'/t/{Tenant.objects.free_slugs(name)[0]}/')}"


@access(MANAGE_WORKSPACE, "GET", "POST")
def workspace_update(request: TenantRequest, slug: str) -> HttpResponse:
    """Show the workspace's settings, and rename it."""
    form = WorkspaceForm(
        request.POST or None,
        initial={"name": request.tenant.name},
        hint=f"The address stays {absolute(f'/t/{slug}/')}",
    )
    if request.method == "POST" and form.is_valid():
        request.tenant.rename(form.cleaned_data["name"], by=request.user)
        messages.success(request, f"The workspace is called {request.tenant}.")
        return redirect("workspace_update", slug=slug)
    context = {"form": form} | (
        who_lacks_mfa(request.tenant) if request.tenant.requires_mfa else {}
    )
    return render(request, "tenants/workspace_update.html", context)


def who_lacks_mfa(tenant: Tenant) -> dict[str, Any]:
    """For a page: the members who have no second factor yet, and how many members there are."""
    return {
        "without": tenant.members_without_second_factor,
        "head_count": tenant.memberships.active().count(),
    }


@access(MANAGE_WORKSPACE, "GET", "POST")
def mfa_requirement_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Ask all members for two-step sign-in, after a look at who has to set it up."""
    if request.method == "POST":
        require = partial(request.tenant.require_mfa, by=request.user)
        carry_out(request, require, done="Two-step sign-in is required now.")
        return redirect("workspace_update", slug=slug)
    return render(request, "tenants/mfa_requirement_create.html", who_lacks_mfa(request.tenant))


@access(MANAGE_WORKSPACE, "GET", "POST")
def mfa_requirement_delete(request: TenantRequest, slug: str) -> HttpResponse:
    """Let members in without two-step sign-in again, after a question."""
    if request.method == "POST":
        request.tenant.make_mfa_optional(by=request.user)
        messages.success(request, "Two-step sign-in is optional now.")
        return redirect("workspace_update", slug=slug)
    return render(request, "tenants/mfa_requirement_delete.html")


@access(Plane.ACCOUNT)
def second_factor_needed(request: SignedInRequest, slug: str) -> HttpResponse:
    """Tell a member why a workspace stays closed to them, and how they open it."""
    membership = get_object_or_404(memberships_of(request.user), tenant__slug=slug)
    if not membership.tenant.requires_mfa or request.user.has_second_factor:
        return redirect(membership.tenant)
    return render(request, "tenants/second_factor_needed.html", {"tenant": membership.tenant})
