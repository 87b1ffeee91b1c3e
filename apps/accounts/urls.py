"""The pages of django-allauth that we use, each with who may call it; the views are the library's.

They are listed one by one, instead of included, so that an upgrade or a setting cannot add a page
that nobody has looked at. Left out is the confirmation of sign-in codes, which we do not send.
"""

from allauth.account import views
from django.urls import path, re_path

from apps.core.access import Plane, access

anyone = access(Plane.PUBLIC, "GET", "POST")
signed_in = access(Plane.ACCOUNT, "GET", "POST")

urlpatterns = [
    path("login/", anyone(views.login), name="account_login"),
    path("logout/", anyone(views.logout), name="account_logout"),
    path("inactive/", access(Plane.PUBLIC)(views.account_inactive), name="account_inactive"),
    # Signing up: the address is confirmed with a code.
    path("signup/", anyone(views.signup), name="account_signup"),
    path(
        "confirm-email/",
        anyone(views.email_verification_sent),
        name="account_email_verification_sent",
    ),
    # One's own address and password
    path("reauthenticate/", signed_in(views.reauthenticate), name="account_reauthenticate"),
    path("email/", signed_in(views.email), name="account_email"),
    path("password/change/", signed_in(views.password_change), name="account_change_password"),
    path("password/set/", signed_in(views.password_set), name="account_set_password"),
    # A forgotten password: the mailed link
    path("password/reset/", anyone(views.password_reset), name="account_reset_password"),
    path(
        "password/reset/done/",
        access(Plane.PUBLIC)(views.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        anyone(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        access(Plane.PUBLIC)(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
