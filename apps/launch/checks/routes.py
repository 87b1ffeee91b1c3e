"""LC-ROUTE: whether somebody has decided of every route who may call it."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.facts.surface import Door
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

# What is open without sign-in as shipped. A founder's own stand in launch.toml: public_routes.
PUBLIC_ROUTES = {
    *("landing", "brand_css", "robots", "healthz", "readyz", "csp_report_create"),
    "mail_report_create",
    *("account_login", "account_logout", "account_inactive", "account_signup"),
    *("account_email_verification_sent", "account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("mfa_authenticate", "mfa_login_webauthn", "invitation_accept"),
    *("unsubscription", "unsubscription_delete"),
    *("google_login", "google_callback", "github_login", "github_callback"),
    *("microsoft_login", "microsoft_callback"),
    *("socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup"),
}
# The mailbox of development; routed anywhere else it shows strangers all mail.
DEVELOPMENT_ROUTES = {
    *("dev_mail_list", "dev_mail_detail", "dev_mail_html"),
    *("dev_letter_list", "dev_letter_detail", "dev_letter_html"),
}


def said(doors: list[Door]) -> str:
    return listed([f"{door.path} ({door.name})" if door.name else door.path for door in doors])


@check(
    "LC-ROUTE-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Every route declares who may call it",
    covers=["slipway.E001"],
)
def declared(facts: Facts) -> Outcome:
    doors = known(facts.surface).doors
    silent = [door for door in doors if not door.is_declared]
    if not silent:
        return Passed(f"{len(doors)} routes")
    return Failed(
        title="A route does not say who may call it",
        evidence=said(silent),
        why="Nobody has decided yet whether strangers may see it.",
        fix="@access(Role.VIEWER), or another, on its view: apps/core/access.py",
    )


@check(
    "LC-ROUTE-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="What is open without sign-in is meant to be",
)
def public(facts: Facts) -> Outcome:
    allowed = PUBLIC_ROUTES | (DEVELOPMENT_ROUTES if facts.environment == "development" else set())
    opened = [door for door in known(facts.surface).doors if door.is_open and not door.is_api]
    unlisted = [door for door in opened if door.name not in allowed]
    if unlisted and not isinstance(facts.plan, Skipped):
        meant = known(facts.plan).site.public_routes
        unlisted = [door for door in unlisted if door.name not in meant]
    if not unlisted:
        return Passed(f"{len(opened)} routes")
    return Failed(
        title="A page is open to everybody that nobody has listed as public",
        evidence=said(unlisted),
        why="Whoever finds the address reads the page, customer or not.",
        fix="a stricter @access on its view, or public_routes under [site] in launch.toml",
    )


@check(
    "LC-ROUTE-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Every view of an API asks whom it lets in",
)
def api_permissions(facts: Facts) -> Outcome:
    apis = [door for door in known(facts.surface).doors if door.is_api]
    open_to_all = [door for door in apis if door.is_open and not door.asks]
    if not open_to_all:
        return Passed(f"{len(apis)} views of an API")
    return Failed(
        title="A view of the API lets everybody in",
        evidence=said(open_to_all),
        why="An API's views go past the sign-in that pages ask for.",
        fix="permission_classes = [IsAuthenticated] on the view",
    )
