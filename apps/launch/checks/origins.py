"""LC-SEC, from 010 on: the policy of pages, and which other sites' scripts may read answers."""

import re
from collections.abc import Mapping
from typing import Any

from apps.launch.checks.words import listed
from apps.launch.facts import Facts
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

CSP = {
    "csp.middleware.CSPMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
}
SECURITY = "django.middleware.security.SecurityMiddleware"
CORS = "corsheaders.middleware.CorsMiddleware"
UNSAFE = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'")
BROAD = ("*", "http:", "https:", "data:")
# No founder's pattern may take these; .invalid is nobody's (RFC 6761).
STRANGERS = ("https://stranger.invalid", "http://stranger.invalid", "null")


@check(
    "LC-SEC-010",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Pages carry a policy that keeps foreign scripts and frames out",
    covers=["security.W027"],
)
def content_security_policy(facts: Facts) -> Outcome:
    wrong = [*faults_of(policy(facts.settings))]
    if not CSP & set(facts.settings["MIDDLEWARE"]):
        wrong = ["MIDDLEWARE has nothing that sends it"]
    if not wrong:
        return Passed("enforced, with object-src, base-uri and frame-ancestors")
    return Failed(
        title="Pages have no Content-Security-Policy that holds",
        evidence=listed(wrong),
        why="One hole in one page lets a stranger's script act as anyone.",
        fix="take your change of it out of the settings; headers.POLICY is right",
    )


def policy(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The declared directives: Django's own setting from 6.0 on, django-csp's before."""
    library = settings.get("CONTENT_SECURITY_POLICY") or {}
    return settings.get("SECURE_CSP") or library.get("DIRECTIVES") or {}


def faults_of(directives: Mapping[str, Any]) -> list[str]:
    """Say what a policy lacks; OWASP ASVS 5.0, 3.4.3 and 3.4.6."""
    if not directives:
        return ["none is declared, or for reports alone"]
    scripts = directives.get("script-src", directives.get("default-src", ["*"]))
    objects = directives.get("object-src", directives.get("default-src"))
    bases, frames = directives.get("base-uri"), directives.get("frame-ancestors")
    open_doors = [each for each in (*UNSAFE, *BROAD) if each in words(scripts)]
    return [
        *([f"script-src has {listed(open_doors)}"] if open_doors else []),
        *(["object-src is not 'none'"] if words(objects) != ["'none'"] else []),
        *(["base-uri is not 'none'"] if words(bases) != ["'none'"] else []),
        *(["frame-ancestors is not set"] if not words(frames) or "*" in words(frames) else []),
    ]


def words(sources: Any) -> list[str]:
    """A directive's sources, which may be one string, a list, or missing."""
    return [sources] if isinstance(sources, str) else [str(each) for each in sources or ()]


@check(
    "LC-SEC-011",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Django's SecurityMiddleware runs",
    covers=["security.W001"],
)
def security_middleware(facts: Facts) -> Outcome:
    if SECURITY in facts.settings["MIDDLEWARE"]:
        return Passed("it is in MIDDLEWARE")
    return Failed(
        title="Django's SecurityMiddleware does not run",
        evidence="MIDDLEWARE has none; Django then hides what W004 to W008 would say",
        why="Nobody is sent to HTTPS, whatever the settings say.",
        fix=f'"{SECURITY}" in MIDDLEWARE, as in production.py',
    )


@check(
    "LC-SEC-012",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Scripts of exact origins alone may read answers",
)
def cross_origin(facts: Facts) -> Outcome:
    settings = facts.settings
    if CORS not in settings["MIDDLEWARE"]:
        return Passed("no other origin may")
    patterns = either(settings, "CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST", ())
    loose = [text for text in map(text_of, patterns) if not is_exact(text)]
    cookies = settings.get("CORS_ALLOW_CREDENTIALS", False)
    everybody = either(settings, "CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL", False)
    if loose:
        seen = f"CORS_ALLOWED_ORIGIN_REGEXES has {listed(loose)}"
    elif everybody:
        seen = f"CORS_ALLOW_ALL_ORIGINS, {'with' if cookies else 'without'} cookies"
    else:
        exact = either(settings, "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST", ())
        return Passed(f"{len(exact)} exact, {len(patterns)} by pattern")
    return Failed(
        tier=Tier.NOW if loose or cookies else Tier.TRAFFIC,
        title="Scripts of other sites may read your answers",
        evidence=seen,
        why="A page that a customer visits elsewhere reads their data here.",
        fix="TRUSTED_ORIGINS=https://an.exact.host, and no patterns",
    )


def either(settings: Mapping[str, Any], name: str, former: str, default: Any) -> Any:
    """A setting of django-cors-headers, which still reads the former name."""
    return settings.get(name, settings.get(former, default))


def text_of(pattern: Any) -> str:
    return str(getattr(pattern, "pattern", pattern))


def is_exact(pattern: str) -> bool:
    """Whether a pattern takes whole origins alone: django-cors-headers uses re.match.

    Without an end, ``https://a\\.example`` also takes ``https://a.example.stranger.invalid``; with
    a bare dot, ``a.example`` also takes ``axexample``.
    """
    if re.search(r"(?<!\\)\.[*+]\??(?!\\\.)", pattern):  # .*example takes strangersexample
        return False
    ends = pattern.endswith("\\Z") or re.search(r"(?<!\\)(\\\\)*\$$", pattern) is not None
    if not ends or any(re.match(pattern, origin) for origin in STRANGERS):
        return False
    outside = re.sub(r"\\.|\[[^\]]*\]", "", pattern)  # neither escaped nor in a class
    while "(" in outside and (closed := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = closed
    return "|" not in outside and not re.search(r"\.(?![*+?{])", outside)
