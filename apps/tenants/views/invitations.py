"""The pages of invitations: send, send again, take back, and accept."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.accounts.models import User
from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest
from apps.tenants.forms import InvitationForm
from apps.tenants.models import Invitation, Refused
from apps.tenants.roles import MANAGE_MEMBERS
from apps.tenants.views.verdicts import carry_out


@access(MANAGE_MEMBERS, "GET", "POST")
def invitation_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Invite people by mail."""
    form = InvitationForm(request.POST or None, by=request.membership)
    if request.method == "POST" and form.is_valid() and form.save():
        invited = ", ".join(form.cleaned_data["emails"])
        messages.success(request, f"The invitation of {invited} is on its way.")
        return redirect("member_list", slug=slug)
    return render(request, "tenants/invitation_create.html", {"form": form})


@access(MANAGE_MEMBERS, "POST")
def invitation_resend(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Mail an invitation once more, with a new term."""
    invitation = changeable_invitation(request, pk)
    try:
        invitation.resend(by=request.membership)
        messages.success(request, f"{invitation} was invited once more.")
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("member_list", slug=slug)


@access(MANAGE_MEMBERS, "GET", "POST")
def invitation_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Take an invitation back, after a question."""
    invitation = changeable_invitation(request, pk)
    if request.method == "POST":
        revoke = partial(invitation.revoke, by=request.membership)
        carry_out(request, revoke, done=f"The invitation of {invitation} is taken back.")
        return redirect("member_list", slug=slug)
    return render(request, "tenants/invitation_delete.html", {"invitation": invitation})


def changeable_invitation(request: TenantRequest, pk: int) -> Invitation:
    """The open invitation `pk`, if whoever asks could have made it. Raises Http404 otherwise."""
    invitation = get_object_or_404(request.tenant.invitations.open(), pk=pk)
    if not request.membership.may_change(invitation):
        raise PermissionDenied
    return invitation


@access(Plane.PUBLIC, "GET", "POST")
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in the mail leads to: who asks one in, and the button that accepts.

    A token that was used, ran out or never was gets one and the same page.
    """
    invitation = Invitation.objects.by_token(token)
    if invitation is None:
        return render(request, "tenants/invitation_gone.html", status=404)
    user = request.user
    is_mine = user.is_authenticated and invitation.is_for(user)
    if request.method == "POST" and user.is_authenticated and is_mine:
        return take_seat(request, invitation, by=user)
    context = {"invitation": invitation, "is_mine": is_mine}
    return render(request, "tenants/invitation_accept.html", context)


@access(Plane.ACCOUNT, "POST")
def acceptance_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Accept an invitation from the list of one's workspaces, where no token is at hand."""
    mine = Invitation.objects.pending().addressed_to(request.user).for_pages()
    return take_seat(request, get_object_or_404(mine, pk=pk), by=request.user)


def take_seat(request: HttpRequest, invitation: Invitation, *, by: User) -> HttpResponse:
    """Seat `by` and show them in."""
    try:
        invitation.accept(by=by)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("workspace_list")
    messages.success(request, f"Welcome to {invitation.tenant}.")
    return redirect(invitation.tenant)
