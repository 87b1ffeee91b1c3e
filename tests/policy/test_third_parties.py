"""The routes whose views others wrote, by name: no page of theirs comes or goes unseen."""

from collections.abc import Iterable

from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from apps.core.access import Plane, access
from apps.core.later import itself
from apps.core.surface import Route, routes
from apps.core.views import landing

# One line a route: its name, and the module that its view comes from. Whoever writes a line has
# looked at what the page does, and at who may call it: `@access`, where it is routed.
THIRD_PARTY: dict[str, str] = {
    "account_login": "allauth.account.views",
    "account_logout": "allauth.account.views",
    "account_inactive": "allauth.account.views",
    "account_signup": "allauth.account.views",
    "account_email_verification_sent": "allauth.account.views",
    "account_reauthenticate": "allauth.account.views",
    "account_change_password": "allauth.account.views",
    "account_set_password": "allauth.account.views",
    "account_reset_password": "allauth.account.views",
    "account_reset_password_done": "allauth.account.views",
    "account_reset_password_from_key": "allauth.account.views",
    "account_reset_password_from_key_done": "allauth.account.views",
    "mfa_authenticate": "allauth.mfa.base.views",
    "mfa_login_webauthn": "allauth.mfa.webauthn.views",
    "mfa_reauthenticate": "allauth.mfa.base.views",
    "mfa_reauthenticate_webauthn": "allauth.mfa.webauthn.views",
    "mfa_deactivate_totp": "allauth.mfa.totp.views",
    "mfa_list_webauthn": "allauth.mfa.webauthn.views",
    "mfa_add_webauthn": "allauth.mfa.webauthn.views",
    "mfa_edit_webauthn": "allauth.mfa.webauthn.views",
    "mfa_remove_webauthn": "allauth.mfa.webauthn.views",
    "mfa_view_recovery_codes": "allauth.mfa.recovery_codes.views",
    "mfa_generate_recovery_codes": "allauth.mfa.recovery_codes.views",
    "google_callback": "allauth.socialaccount.providers.oauth2.views",
    "github_callback": "allauth.socialaccount.providers.oauth2.views",
    "microsoft_callback": "allauth.socialaccount.providers.oauth2.views",
    "socialaccount_login_cancelled": "allauth.socialaccount.views",
    "socialaccount_login_error": "allauth.socialaccount.views",
    "socialaccount_signup": "allauth.socialaccount.views",
}


def of_third_parties(surface: Iterable[Route]) -> dict[str, str]:
    """By name, the modules of the views that are not ours; `@access` and the like don't hide it."""
    modules = {route.name or route.path: itself(route.view).__module__ for route in surface}
    return {name: module for name, module in modules.items() if not module.startswith("apps.")}


def test_every_route_of_a_third_party_is_listed_and_no_line_is_stale() -> None:
    found = of_third_parties(routes())
    missing = [
        f'    "{n}": "{module}",' for n, module in found.items() if THIRD_PARTY.get(n) != module
    ]
    assert not missing, "\n".join(["Look at these pages, then write in THIRD_PARTY:", *missing])
    stale = set(THIRD_PARTY) - set(found)
    assert not stale, f"These are gone, or ours by now; take them out of THIRD_PARTY: {stale}"


def test_a_third_partys_view_is_told_from_ours_however_it_is_wrapped() -> None:
    theirs = never_cache(RedirectView.as_view(url="/"))
    surface = [
        Route("a/", "bare", theirs),
        Route("b/", "declared", access(Plane.PUBLIC)(theirs)),
        Route("c/", "", theirs),
        Route("d/", "ours", landing),
    ]
    assert set(of_third_parties(surface)) == {"bare", "declared", "c/"}
