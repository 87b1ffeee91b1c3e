"""The page of two-step sign-in that does more than django-allauth's does."""

from typing import Any

from allauth.mfa.totp.views import ActivateTOTPView
from django.http import HttpResponse

from apps.accounts import totp


class ActivateApp(ActivateTOTPView):
    """Sets up an authenticator app; the code that proves it is used up by that."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        totp.spend(self.request.user, form.cleaned_data["code"])
        return response


activate_totp = ActivateApp.as_view()
