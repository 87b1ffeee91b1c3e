"""LC-SEC: what Django's own checks leave open about the wire, cookies, origins and passwords."""

from collections.abc import Mapping
from typing import Any

from apps.launch.checks.words import listed
from apps.launch.facts import Facts
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

YEAR = 31_536_000  # seconds; OWASP ASVS 5.0, 3.4.1
WEAK_HASHERS = {
    "MD5PasswordHasher",
    "SHA1PasswordHasher",
    "UnsaltedMD5PasswordHasher",
    "UnsaltedSHA1PasswordHasher",
}


@check(
    "LC-SEC-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Browsers keep to HTTPS for a year",
    covers=["security.W004"],
    reads=["SECURE_HSTS_SECONDS"],
)
def hsts(facts: Facts) -> Outcome:
    seconds = facts.settings["SECURE_HSTS_SECONDS"]
    if seconds >= YEAR:
        return Passed(f"SECURE_HSTS_SECONDS is {seconds}")
    return Failed(
        title="Browsers are not told to keep to HTTPS for a year",
        evidence=f"SECURE_HSTS_SECONDS is {seconds}",
        why="On a hostile network a visitor can be kept on plain HTTP.",
        fix=f"SECURE_HSTS_SECONDS = {YEAR}, as in production.py",
    )


@check(
    "LC-SEC-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Plain HTTP is sent on to HTTPS",
    covers=["security.W008"],
    reads=["SECURE_SSL_REDIRECT"],
)
def https_redirect(facts: Facts) -> Outcome:
    if facts.settings["SECURE_SSL_REDIRECT"]:
        return Passed("SECURE_SSL_REDIRECT is True")
    return Failed(
        title="Pages are served over plain HTTP",
        evidence="SECURE_SSL_REDIRECT is False",
        why="Whoever shares a visitor's network reads their password.",
        fix="SECURE_SSL_REDIRECT = True, as in production.py",
    )


@check(
    "LC-SEC-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The session cookie is out of reach of scripts, other sites and plain HTTP",
    covers=[f"security.W0{number}" for number in range(10, 16)],
    reads=["SESSION_COOKIE_SECURE"],
)
def session_cookie(facts: Facts) -> Outcome:
    return cookie(
        facts.settings,
        "SESSION_COOKIE",
        title="The session cookie can be stolen",
        why="Whoever gets the cookie is signed in as its owner.",
    )


@check(
    "LC-SEC-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The CSRF cookie is out of reach of scripts, other sites and plain HTTP",
    covers=["security.W016"],
    reads=["CSRF_COOKIE_SECURE"],
)
def csrf_cookie(facts: Facts) -> Outcome:
    return cookie(
        facts.settings,
        "CSRF_COOKIE",
        title="The CSRF cookie can be stolen",
        why="With it another site can act in a visitor's name.",
    )


def cookie(settings: Mapping[str, Any], name: str, *, title: str, why: str) -> Outcome:
    """Judge a cookie's three flags."""
    wrong = [flag for flag in ("SECURE", "HTTPONLY") if not settings[f"{name}_{flag}"]]
    if settings[f"{name}_SAMESITE"] not in {"Lax", "Strict"}:
        wrong.append("SAMESITE")
    if not wrong:
        return Passed("Secure, HttpOnly, SameSite")
    return Failed(
        title=title,
        evidence=f"weak: {listed([f'{name}_{flag}' for flag in wrong])}",
        why=why,
        fix="take these out of your settings; production.py has them right",
    )


@check(
    "LC-SEC-005",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Cookies belong to this host alone",
    reads=["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"],
)
def cookies_of_this_host(facts: Facts) -> Outcome:
    settings, loose = facts.settings, []
    for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
        whole_host = settings[f"{name}_PATH"] == "/" and not settings[f"{name}_DOMAIN"]
        if not (whole_host and settings[f"{name}_NAME"].startswith("__Host-")):
            loose.append(f"{settings[f'{name}_NAME']} ({name}_NAME)")
    if not loose:
        return Passed("both carry __Host-")
    return Failed(
        title="A neighbouring subdomain can plant cookies here",
        evidence=f"not bound to the host: {listed(loose)}",
        why="A hole in a blog on your domain becomes one in the portal.",
        fix="name them __Host-…, path /, no domain, as in production.py",
    )


@check(
    "LC-SEC-006",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Forms are taken from exact origins alone",
)
def trusted_origins(facts: Facts) -> Outcome:
    origins = facts.settings["CSRF_TRUSTED_ORIGINS"]
    loose = [origin for origin in origins if "*" in origin or not origin.startswith("https://")]
    if not loose or loose == [facts.settings["SITE_URL"]]:
        return Passed(f"{len(origins)} origin" + ("" if len(origins) == 1 else "s"))
    return Failed(
        title="Other sites may send your forms",
        evidence=f"CSRF_TRUSTED_ORIGINS has {listed(loose)}",
        why="A page that a customer visits elsewhere can act as them here.",
        fix="TRUSTED_ORIGINS=https://an.exact.host",
    )


@check(
    "LC-SEC-007",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Passwords are kept by a slow hash",
)
def password_hashers(facts: Facts) -> Outcome:
    hashers = [path.rpartition(".")[2] for path in facts.settings["PASSWORD_HASHERS"]]
    fast = [name for name in hashers if name in WEAK_HASHERS]
    if not fast:
        return Passed(hashers[0])
    return Failed(
        title="Passwords are kept by a hash that is cracked in hours",
        evidence=f"PASSWORD_HASHERS has {listed(fast)}",
        why="One leaked backup gives away most of the passwords.",
        fix="take PASSWORD_HASHERS out; Django's own are right",
    )


@check(
    "LC-SEC-008",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Pages ask for sign-in unless they say otherwise",
)
def sign_in_required(facts: Facts) -> Outcome:
    if facts.sign_in_required:
        return Passed("LoginRequiredMiddleware runs")
    return Failed(
        title="A page that forgets to ask for sign-in is open to all",
        evidence="MIDDLEWARE has no LoginRequiredMiddleware",
        why="One forgotten line shows your customers' data to the world.",
        fix="put SignInMiddleware back into MIDDLEWARE, as in production.py",
    )


@check(
    "LC-SEC-009",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Visitors' addresses are read where the proxy writes them",
)
def client_address(facts: Facts) -> Outcome:
    rule, platform = facts.settings["CLIENT_ADDRESS_RULE"], facts.settings["PLATFORM"]
    if platform and rule.name in {"heroku", "render", "host", "socket"} - {platform}:
        return Failed(
            title=f"Visitors' addresses are read in a way that does not fit {platform.title()}",
            evidence=f"CLIENT_ADDRESS_FROM is {rule}",
            why="Strangers forge their address, or all share one: limits fail.",
            fix=f"CLIENT_ADDRESS_FROM={platform}",
        )
    if not rule.has_proxy and facts.environment in {"production", "staging"}:
        return Failed(
            tier=Tier.TRAFFIC,
            title="No proxy is declared in front of the web process",
            evidence=f"CLIENT_ADDRESS_FROM is {rule}",
            why="If there is one, HTTPS redirects for ever and limits hit all.",
            fix="CLIENT_ADDRESS_FROM=host, unless gunicorn itself has the certificate",
        )
    return Passed(f"CLIENT_ADDRESS_FROM is {rule}")
