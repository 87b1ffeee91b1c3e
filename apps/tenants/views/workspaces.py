"""The pages of workspaces: where sign-in leads, list, create, settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest
from apps.core.mailing import absolute
from apps.tenants.forms import NewWorkspaceForm, WorkspaceForm
from apps.tenants.models import Invitation, Tenant, memberships_of
from apps.tenants.roles import MANAGE_WORKSPACE


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
    """Rename the workspace."""
    form = WorkspaceForm(
        request.POST or None,
        initial={"name": request.tenant.name},
        hint=f"The address stays {absolute(f'/t/{slug}/')}",
    )
    if request.method == "POST" and form.is_valid():
        request.tenant.rename(form.cleaned_data["name"], by=request.user)
        messages.success(request, f"The workspace is called {request.tenant}.")
        return redirect("workspace_update", slug=slug)
    return render(request, "tenants/workspace_update.html", {"form": form})
