"""What django-allauth is told of Google, GitHub and Microsoft: those whose keys are set, no others.

Whom of them to believe, and about what, stands in apps/accounts/social.py.
"""

from typing import Any

from config.env import SOCIAL_PROVIDERS, Env

# The least that says who somebody is. Nothing is asked for that we would not show.
SCOPES = {
    "google": ["openid", "profile", "email"],
    "github": ["user:email"],
    "microsoft": ["User.Read"],
}
# Without it, a shared computer signs the next person in as the one before.
CHOOSE_ACCOUNT = {"prompt": "select_account"}


def social_providers(env: Env) -> dict[str, dict[str, Any]]:
    """SOCIALACCOUNT_PROVIDERS: each provider whose ID and secret are set."""
    offered = {}
    for name in SOCIAL_PROVIDERS:
        if client_id := getattr(env, f"{name.upper()}_CLIENT_ID"):
            secret = getattr(env, f"{name.upper()}_CLIENT_SECRET")
            offered[name] = {
                "APP": {"client_id": client_id, "secret": secret},
                "SCOPE": SCOPES[name],
                "OAUTH_PKCE_ENABLED": True,
                "AUTH_PARAMS": {} if name == "github" else CHOOSE_ACCOUNT,
            }
    return offered
