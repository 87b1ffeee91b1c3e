"""The pages of django-allauth that we use, each with who may call it; the views are the library's.

They are listed one by one, instead of included, so that an upgrade or a setting cannot add a page
that nobody has looked at. Left out is the confirmation of sign-in codes, which we do not send, and
the recovery codes as a file, which the page that shows them once has in itself.
"""

from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, re_path

from apps.accounts import security_views, views
from apps.core.access import Plane, View, access
from apps.core.later import later

anyone = access(Plane.PUBLIC, "GET", "POST")
back = access(Plane.PUBLIC)
signed_in = access(Plane.ACCOUNT, "GET", "POST")


def allauth(name: str) -> View:
    """A page of django-allauth's."""
    return later(f"allauth.{name}")


def social(name: str) -> View:
    """A page about signing in through a provider."""
    return later(f"apps.accounts.social_views.{name}")


def confirmed(view: View) -> View:
    """Ask who it is first, where django-allauth does not, and keep nothing of a form meanwhile.

    The library keeps a form in the session until then, which would write a password into a row.
    """
    asks = reauthentication_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and is_reauthentication_required(request, app=""):
            return redirect(request.path)
        answer: HttpResponseBase = asks(request, *args, **kwargs)
        return answer

    return guarded


urlpatterns = [
    path("login/", anyone(allauth("account.views.login")), name="account_login"),
    path("logout/", anyone(allauth("account.views.logout")), name="account_logout"),
    path(
        "inactive/",
        access(Plane.PUBLIC)(allauth("account.views.account_inactive")),
        name="account_inactive",
    ),
    # Signing up: the address is confirmed with a code.
    path("signup/", anyone(allauth("account.views.signup")), name="account_signup"),
    path(
        "confirm-email/",
        anyone(allauth("account.views.email_verification_sent")),
        name="account_email_verification_sent",
    ),
    # One's own address and password
    path(
        "reauthenticate/",
        signed_in(allauth("account.views.reauthenticate")),
        name="account_reauthenticate",
    ),
    path("email/", views.email_change_create, name="account_email"),
    path(
        "password/change/",
        signed_in(allauth("account.views.password_change")),
        name="account_change_password",
    ),
    path(
        "password/set/",
        signed_in(confirmed(allauth("account.views.password_set"))),
        name="account_set_password",
    ),
    # A forgotten password: the mailed link
    path(
        "password/reset/",
        anyone(allauth("account.views.password_reset")),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        access(Plane.PUBLIC)(allauth("account.views.password_reset_done")),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        anyone(allauth("account.views.password_reset_from_key")),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        access(Plane.PUBLIC)(allauth("account.views.password_reset_from_key_done")),
        name="account_reset_password_from_key_done",
    ),
    # The second step of signing in, and a passkey as the only one
    path(
        "2fa/authenticate/", anyone(allauth("mfa.base.views.authenticate")), name="mfa_authenticate"
    ),
    path(
        "2fa/webauthn/login/",
        anyone(allauth("mfa.webauthn.views.login_webauthn")),
        name="mfa_login_webauthn",
    ),
    path(
        "2fa/reauthenticate/",
        signed_in(allauth("mfa.base.views.reauthenticate")),
        name="mfa_reauthenticate",
    ),
    path(
        "2fa/webauthn/reauthenticate/",
        signed_in(allauth("mfa.webauthn.views.reauthenticate_webauthn")),
        name="mfa_reauthenticate_webauthn",
    ),
    # Sign-in and security: the overview, authenticator app, passkeys, recovery codes
    path("2fa/", security_views.security, name="mfa_index"),
    path(
        "2fa/totp/activate/",
        signed_in(later("apps.accounts.mfa_views.activate_totp")),
        name="mfa_activate_totp",
    ),
    path(
        "2fa/totp/deactivate/",
        signed_in(allauth("mfa.totp.views.deactivate_totp")),
        name="mfa_deactivate_totp",
    ),
    path(
        "2fa/webauthn/",
        access(Plane.ACCOUNT)(allauth("mfa.webauthn.views.list_webauthn")),
        name="mfa_list_webauthn",
    ),
    path(
        "2fa/webauthn/add/",
        signed_in(allauth("mfa.webauthn.views.add_webauthn")),
        name="mfa_add_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/edit/",
        signed_in(allauth("mfa.webauthn.views.edit_webauthn")),
        name="mfa_edit_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        signed_in(allauth("mfa.webauthn.views.remove_webauthn")),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/recovery-codes/",
        access(Plane.ACCOUNT)(allauth("mfa.recovery_codes.views.view_recovery_codes")),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        signed_in(allauth("mfa.recovery_codes.views.generate_recovery_codes")),
        name="mfa_generate_recovery_codes",
    ),
    # Where one is signed in
    path("sessions/", security_views.session_list, name="usersessions_list"),
    path("sessions/<int:pk>/delete/", security_views.session_delete, name="session_delete"),
    path(
        "sessions/others/delete/",
        security_views.other_sessions_delete,
        name="other_sessions_delete",
    ),
    # Signing in through a provider; without keys its pages are not there
    path("google/login/", anyone(social("google_login")), name="google_login"),
    path("google/login/callback/", back(social("google_callback")), name="google_callback"),
    path("github/login/", anyone(social("github_login")), name="github_login"),
    path("github/login/callback/", back(social("github_callback")), name="github_callback"),
    path("microsoft/login/", anyone(social("microsoft_login")), name="microsoft_login"),
    path(
        "microsoft/login/callback/",
        back(social("microsoft_callback")),
        name="microsoft_callback",
    ),
    path(
        "3rdparty/login/cancelled/",
        access(Plane.PUBLIC)(social("login_cancelled")),
        name="socialaccount_login_cancelled",
    ),
    path(
        "3rdparty/login/error/",
        access(Plane.PUBLIC)(social("login_error")),
        name="socialaccount_login_error",
    ),
    path("3rdparty/signup/", anyone(social("signup")), name="socialaccount_signup"),
    path("3rdparty/", signed_in(social("connections")), name="socialaccount_connections"),
    path(
        "3rdparty/reauthenticate/",
        access(Plane.ACCOUNT)(social("reauthenticate")),
        name="social_reauthenticate",
    ),
]
