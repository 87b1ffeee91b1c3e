"""The page on which an owner hands the workspace over to another member, in one step."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.tenants.forms import OwnershipForm
from apps.tenants.roles import HAND_OVER


@access(HAND_OVER, "GET", "POST")
def ownership_transfer_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Choose a member, by ``?member=``; read what will happen; hand it over, by POST."""
    named = request.GET if "member" in request.GET else None
    form = OwnershipForm(request.POST or named, by=request.membership)
    if request.method == "POST" and form.is_valid() and form.save():
        heir = form.cleaned_data["member"]
        messages.success(request, f"{heir} is an owner now, and you are an admin.")
        return redirect("member_list", slug=slug)
    context = {
        "form": form,
        "heir": form.cleaned_data["member"] if form.is_valid() else None,
        "has_heirs": request.membership.heirs.exists(),
    }
    return render(request, "tenants/ownership_transfer_create.html", context)
