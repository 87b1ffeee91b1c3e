"""Faults of routes, workspaces' walls, limits, and what other sites and scripts may do."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.facts.surface import Counted, Door, TenantTable
from apps.launch.findings import Tier
from tests.launch.fabricated import PLAN, with_facts, with_settings
from tests.launch.sound.surface import BROWSERS, SURFACE

NOW, TRAFFIC = Tier.NOW, Tier.TRAFFIC
LOCAL = r"^https://[a-z]+\.harbourside\.co$"


def showing(**changes: Any) -> Facts:
    """The sound launch with another surface."""
    return with_facts(surface=replace(SURFACE, **changes))


def door(**changes: Any) -> Facts:
    """The sound launch with one route more."""
    return showing(doors=(*SURFACE.doors, Door(**{"path": "/new/", "name": "new", **changes})))


def table(**changes: Any) -> Facts:
    """The sound launch with one workspace's table more."""
    return showing(tables=(*known_tables(), TenantTable(name="projects_project", **changes)))


def known_tables() -> tuple[TenantTable, ...]:
    assert not isinstance(SURFACE.tables, Unasked)
    return SURFACE.tables


def without(route: str, *by: str) -> Facts:
    """The sound launch without a route's limits by these."""
    kept = tuple(
        one for one in SURFACE.limits if (one.route, one.by) not in {(route, b) for b in by}
    )
    return showing(limits=kept)


def at_rate(route: str, count: int, seconds: int) -> Facts:
    """The sound launch with that rate for each account at a route."""
    others = tuple(one for one in SURFACE.limits if one.route != route or one.by == "address")
    return showing(
        limits=(*others, Counted(route=route, count=count, seconds=seconds, by="account"))
    )


def middleware_without(name: str) -> Facts:
    """The sound launch without a middleware."""
    return with_settings(MIDDLEWARE=[one for one in BROWSERS["MIDDLEWARE"] if name not in one])


def with_policy(**changes: Any) -> Facts:
    """The sound launch with these directives changed; None takes one out."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    policy = {**BROWSERS["SECURE_CSP"], **changed}
    return with_settings(SECURE_CSP={k: v for k, v in policy.items() if v is not None})


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-ROUTE-001", NOW, door(is_declared=False)),
    ("LC-ROUTE-002", NOW, door(is_open=True)),
    ("LC-ROUTE-002", NOW, door(is_open=True, name="")),
    ("LC-ROUTE-002", NOW, door(is_open=True, name="dev_mail_list")),
    ("LC-ROUTE-002", NOW, replace(door(is_open=True), plan=PLAN)),
    ("LC-ROUTE-003", NOW, door(is_open=True, is_api=True, asks=False)),
    ("LC-TENANT-001", NOW, table(row_security=False)),
    ("LC-TENANT-001", NOW, table(policed=False)),
    ("LC-TENANT-001", NOW, table(owned=True)),
    ("LC-TENANT-002", NOW, table(loose=("client_id",))),
    ("LC-TENANT-003", TRAFFIC, table(led=False)),
    ("LC-TENANT-004", NOW, showing(engine="django.db.backends.postgresql")),
    ("LC-TENANT-004", NOW, showing(unguarded=("Project.objects",))),
    ("LC-LIMIT-001", NOW, middleware_without("LimitMiddleware")),
    ("LC-LIMIT-001", NOW, with_settings(RATELIMIT_ENABLE=False)),
    ("LC-LIMIT-002", NOW, without("account_login", "address")),
    ("LC-LIMIT-002", NOW, without("account_login", "both", "account")),
    ("LC-LIMIT-002", NOW, without("account_reset_password", "account")),
    ("LC-LIMIT-003", TRAFFIC, without("account_signup", "address", "account")),
    ("LC-LIMIT-003", TRAFFIC, without("mfa_authenticate", "account")),
    (
        "LC-LIMIT-004",
        TRAFFIC,
        showing(limits=(*SURFACE.limits, Counted(route="gone", count=1, seconds=1, by="address"))),
    ),
    ("LC-LIMIT-005", TRAFFIC, at_rate("account_login", 11, 300)),
    ("LC-LIMIT-005", TRAFFIC, at_rate("mfa_authenticate", 5, 60)),
    ("LC-SEC-010", NOW, with_settings(SECURE_CSP={})),
    ("LC-SEC-010", NOW, with_settings(SECURE_CSP={}, SECURE_CSP_REPORT_ONLY={"a": ["b"]})),
    ("LC-SEC-010", NOW, middleware_without("ContentSecurityPolicy")),
    ("LC-SEC-010", NOW, with_policy(script_src=["'self'", "'unsafe-inline'"])),
    ("LC-SEC-010", NOW, with_policy(script_src=["https:"])),
    ("LC-SEC-010", NOW, with_policy(object_src=["'self'"])),
    ("LC-SEC-010", NOW, with_policy(base_uri=None)),
    ("LC-SEC-010", NOW, with_policy(frame_ancestors=None)),
    ("LC-SEC-011", NOW, middleware_without("SecurityMiddleware")),
    *(
        ("LC-SEC-012", NOW, with_settings(CORS_ALLOWED_ORIGIN_REGEXES=[pattern]))
        for pattern in (
            r"^https://[a-z]+\.harbourside\.co",
            r"https://www.harbourside.co$",
            r"https://a\.harbourside\.co|https://b\.harbourside\.co$",
            r".*harbourside\.co$",
            r"^https://.*$",
            r"^https://a\.harbourside\.co\$",
        )
    ),
    ("LC-SEC-012", NOW, with_settings(CORS_ORIGIN_REGEX_WHITELIST=["https://a"])),
    (
        "LC-SEC-012",
        NOW,
        with_settings(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True),
    ),
    ("LC-SEC-012", TRAFFIC, with_settings(CORS_ORIGIN_ALLOW_ALL=True)),
]
MEANT = replace(PLAN, site=replace(PLAN.site, public_routes=("new",)))
HARMLESS: list[tuple[str, Facts]] = [
    ("the plan may name more public routes", replace(door(is_open=True), plan=MEANT)),
    ("an API may ask whom it lets in by itself", door(is_open=True, is_api=True)),
    ("an API behind sign-in need not ask again", door(is_api=True, asks=False)),
    ("an owner may be held by force", table(owned=True, forced=True)),
    (
        "a pattern that ends takes one domain's names",
        with_settings(CORS_ALLOWED_ORIGIN_REGEXES=[LOCAL]),
    ),
    (
        "alternatives in brackets end together",
        with_settings(CORS_ALLOWED_ORIGIN_REGEXES=[r"^https://(a|b)\.harbourside\.co\Z"]),
    ),
    (
        "django-csp's setting is a policy as well",
        with_settings(
            SECURE_CSP=None,
            CONTENT_SECURITY_POLICY={"DIRECTIVES": BROWSERS["SECURE_CSP"]},
        ),
    ),
    (
        "without its middleware, CORS settings do nothing",
        with_settings(
            MIDDLEWARE=[one for one in BROWSERS["MIDDLEWARE"] if "Cors" not in one],
            CORS_ALLOW_ALL_ORIGINS=True,
            CORS_ALLOW_CREDENTIALS=True,
        ),
    ),
]
UNASKED = Unasked("no answer")
OF_SURFACE = {
    *(f"LC-ROUTE-00{number}" for number in range(1, 4)),
    *(f"LC-TENANT-00{number}" for number in range(1, 5)),
    *(f"LC-LIMIT-00{number}" for number in range(1, 6)),
}
OF_TABLES = {f"LC-TENANT-00{number}" for number in range(1, 4)}
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ({"surface": UNASKED}, OF_SURFACE),
    ({"surface": replace(SURFACE, tables=UNASKED)}, OF_TABLES),
]
WITHOUT_PLAN = replace(door(is_open=True), plan=Skipped("needs the launch plan"))
