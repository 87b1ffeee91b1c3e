"""The security headers of every response, and the one Content-Security-Policy behind them.

`POLICY` is declared here; django-csp puts it on the wire on Django 5.2 and the framework itself
from 6.0 on. What the browsers report of it is taken in by csp_reports.py.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

NONE, SELF = "'none'", "'self'"
NONCE: Any  # stands for the nonce in a list of sources; each library has a mark of its own
if django.VERSION >= (6, 0):
    from django.utils.csp import CSP

    NONCE = CSP.NONCE
    CSP_MIDDLEWARE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
    CSP_CONTEXT_PROCESSOR = "django.template.context_processors.csp"
else:
    from csp.constants import NONCE as MARK

    NONCE = MARK
    CSP_MIDDLEWARE = "csp.middleware.CSPMiddleware"
    CSP_CONTEXT_PROCESSOR = "apps.core.headers.csp_nonce"

Policy = dict[str, Any]
View = Callable[..., HttpResponseBase]

REPORTS = "/csp-report"

# What is not named here is not loaded. A page's scripts are those that carry its nonce: where a
# page has none, no script runs, and `shared` says what holds where there can be none.
POLICY: Policy = {
    "default-src": [NONE],
    "script-src": [NONCE],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
    "frame-ancestors": [NONE],
    "report-uri": [REPORTS],  # for browsers that do not know the next one
    "report-to": ["csp"],
}
# A file to keep is no page: opened all the same, it is a stranger here and may do nothing.
DOWNLOAD: Policy = {"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": True}

# Chrome holds form-action against where a form's answer redirects to, as a sign-in's does.
SIGN_IN_PAGES = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "microsoft": "https://login.microsoftonline.com",
}

NOBODY, OURSELVES = "()", "(self)"
PERMISSIONS = {
    **dict.fromkeys(
        [
            *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read"),
            *("display-capture", "encrypted-media", "geolocation"),
            *("gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone"),
            *("midi", "payment", "picture-in-picture", "screen-wake-lock", "serial"),
            *("storage-access", "usb", "window-management", "xr-spatial-tracking"),
        ],
        NOBODY,
    ),
    "clipboard-write": OURSELVES,
    "fullscreen": OURSELVES,
    "publickey-credentials-create": OURSELVES,
    "publickey-credentials-get": OURSELVES,
}
FIXED = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in PERMISSIONS.items()),
    "Reporting-Endpoints": f'csp="{REPORTS}"',
}


def declared(sign_in_with: Iterable[str] = ()) -> Policy:
    """`POLICY` for the settings, with the sign-in pages of the named providers as form targets."""
    targets = [SIGN_IN_PAGES[name] for name in sign_in_with]
    return {**POLICY, "form-action": [*POLICY["form-action"], *targets]}


def csp_nonce(request: HttpRequest) -> dict[str, Any]:
    """Give templates `csp_nonce`, as Django's own context processor does from 6.0 on."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def widened(**sources: str) -> Callable[[View], View]:
    """Let one view's pages load more than others may: ``@widened(img_src="https://maps.example")``.

    What all pages need belongs into `POLICY`.
    """
    more = {name.replace("_", "-"): added.split() for name, added in sources.items()}

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            response.csp_more = more  # type: ignore[attr-defined]  # ours
            return response

        return inner

    return decorate


def policy_for(request: HttpRequest, response: HttpResponseBase) -> Policy:
    """The policy of this response: `POLICY`, with the scripts that it can have."""
    if response.get("Content-Disposition", "").startswith("attachment"):
        return DOWNLOAD
    if django.VERSION >= (6, 0):
        policy: Policy = dict(settings.SECURE_CSP)
    else:
        policy = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    if not request.csp_nonce:  # type: ignore[attr-defined]  # ours; true once it was read
        # What an edge keeps is the same for everybody, so it cannot have a nonce.
        shared = "public" in response.get("Cache-Control", "")
        policy["script-src"] = [SELF] if shared else [NONE]
    for name, added in getattr(response, "csp_more", {}).items():
        policy[name] = [each for each in policy.get(name, []) if each != NONE] + added
    return policy


class HeadersMiddleware(SecurityMiddleware):
    """Put the headers on whatever leaves, be it a page, a file, an error, health or a redirect.

    It stands outside of all that answers. Django's own middleware stays where it is and redirects
    to HTTPS; its headers are set here too, for the answers that never get as far.
    """

    def process_request(self, request: HttpRequest) -> None:
        # django-csp gives the request this name, the framework another.
        if not hasattr(request, "csp_nonce"):
            request.csp_nonce = request._csp_nonce  # type: ignore[attr-defined]  # ours

    # Any answer, a file's too, which Django's types leave out.
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if settings.NOINDEX:
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        # Both libraries take a response's own policy from here, unless it brings the header.
        response._csp_config = policy_for(request, response)
        return super().process_response(request, response)
