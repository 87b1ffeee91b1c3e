"""The pages of a person's own account that django-allauth does not have."""

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.email_change import EmailChange
from apps.accounts.forms import AddEmailForm, CodeForm, ProfileForm
from apps.core.access import Plane, access
from apps.core.http import SignedInRequest
from apps.core.limits import refuse


@access(Plane.ACCOUNT, "GET", "POST")
def profile(request: SignedInRequest) -> HttpResponse:
    """Show and change one's own name."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form})


@access(Plane.ACCOUNT, "GET", "POST")
def email_change_create(request: SignedInRequest) -> HttpResponse:
    """Show one's own address and ask for another one."""
    form = AddEmailForm(data=request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        raise_if_reauthentication_required(request, app="allauth.account")
        EmailChange.ask(request, form.cleaned_data["email"])
        return redirect("email_change_confirm")
    context = {"form": form, "change": EmailChange.under_way(request)}
    return render(request, "account/email_change.html", context)


@access(Plane.ACCOUNT, "GET", "POST")
def email_change_confirm(request: SignedInRequest) -> HttpResponse:
    """Ask for the code that went to the old address; then comes the one for the new."""
    change = EmailChange.under_way(request)
    if change is None:
        return redirect("account_email")
    form = CodeForm(data=request.POST or None, code=change.code)
    if request.method == "POST":
        if form.is_valid():
            change.go_on()
            return redirect("account_email_verification_sent")
        if not change.record_invalid_attempt():
            messages.error(request, "The code was wrong too often. Begin again.")
            return redirect("account_email")
    context = {"form": form, "change": change}
    return render(request, "account/email_change_confirm.html", context)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer somebody whom django-allauth's own limits stop, which stand behind ours."""
    return refuse(request, by="django-allauth", retry_after=60)
