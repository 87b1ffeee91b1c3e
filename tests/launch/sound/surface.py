"""Routes, limits and tables of a launch that has nothing wrong, and its settings for browsers."""

from typing import Any

from apps.launch.facts.surface import Counted, Door, Surface, TenantTable

BROWSERS: dict[str, Any] = {
    "MIDDLEWARE": [
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "corsheaders.middleware.CorsMiddleware",
        "apps.core.limits.LimitMiddleware",
    ],
    "SECURE_CSP": {
        "default-src": ["'none'"],
        "script-src": ["<nonce>"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
    "CORS_ALLOWED_ORIGINS": ["https://www.harbourside.co"],
    "CORS_ALLOW_CREDENTIALS": False,
}
SURFACE = Surface(
    doors=(
        Door(path="/", name="landing", is_open=True),
        Door(path="/accounts/login/", name="account_login", is_open=True),
        Door(path="/accounts/password/reset/", name="account_reset_password", is_open=True),
        Door(path="/accounts/signup/", name="account_signup", is_open=True),
        Door(path="/accounts/2fa/authenticate/", name="mfa_authenticate", is_open=True),
        Door(path="/t/<slug:slug>/clients/", name="client_list"),
        Door(path="/api/clients/", name="api_client_list", is_open=True, is_api=True),
    ),
    limits=(
        Counted(route="account_login", count=20, seconds=60, by="address"),
        Counted(route="account_login", count=5, seconds=300, by="both"),
        Counted(route="account_login", count=50, seconds=3600, by="account"),
        Counted(route="account_reset_password", count=20, seconds=3600, by="address"),
        Counted(route="account_reset_password", count=3, seconds=3600, by="account"),
        Counted(route="account_signup", count=10, seconds=3600, by="address"),
        Counted(route="account_signup", count=5, seconds=3600, by="account"),
        Counted(route="mfa_authenticate", count=20, seconds=60, by="address"),
        Counted(route="mfa_authenticate", count=5, seconds=300, by="account"),
    ),
    engine="apps.tenants.postgresql",
    unguarded=(),
    tables=(
        TenantTable(name="clients_client"),
        TenantTable(name="clients_note"),
    ),
)
