"""The pages of a person's own account that django-allauth does not have."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.forms import ProfileForm
from apps.core import errors
from apps.core.access import Plane, access
from apps.core.http import SignedInRequest


@access(Plane.ACCOUNT, "GET", "POST")
def profile(request: SignedInRequest) -> HttpResponse:
    """Show and change one's own name."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form})


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer somebody whom django-allauth's limits stop; most of them count by the minute."""
    return errors.page(429, retry_after=60)
