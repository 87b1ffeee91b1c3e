"""The pages of workspaces: list, create, settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest
from apps.tenants.forms import WorkspaceForm
from apps.tenants.models import Tenant
from apps.tenants.roles import MANAGE_WORKSPACE


@access(Plane.ACCOUNT)
def workspace_list(request: SignedInRequest) -> HttpResponse:
    """The workspaces that one is a member of; whoever has just one is taken there."""
    return render(request, "tenants/workspace_list.html")


@access(Plane.ACCOUNT, "GET", "POST")
def workspace_create(request: SignedInRequest) -> HttpResponse:
    """Make a workspace and go there."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tenant = Tenant.objects.found(name=form.cleaned_data["name"], owner=request.user)
        messages.success(request, f"{tenant} is ready.")
        return redirect(tenant)
    return render(request, "tenants/workspace_create.html", {"form": form})


@access(MANAGE_WORKSPACE, "GET", "POST")
def workspace_update(request: TenantRequest, slug: str) -> HttpResponse:
    """Rename the workspace."""
    form = WorkspaceForm(request.POST or None, initial={"name": request.tenant.name})
    if request.method == "POST" and form.is_valid():
        request.tenant.rename(form.cleaned_data["name"], by=request.user)
        return redirect("workspace_update", slug=slug)
    return render(request, "tenants/workspace_update.html", {"form": form})
