"""LC-LIMIT: whether what may be tried is counted; LC-LIMIT-001 to 099 read settings and code."""

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.facts.surface import Counted
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

MIDDLEWARE = "apps.core.limits.LimitMiddleware"
TABLE = "apps/core/limits.py"
OF_ACCOUNT = {"account", "both"}
GUESSED = ("account_login", "account_reset_password", "mfa_authenticate")
# OWASP, Authentication Cheat Sheet, asks to count by account; the figure is this project's.
MOST, SECONDS = 10, 300


def sent(facts: Facts, route: str) -> list[Counted]:
    """The limits of what is sent to a route."""
    limits = known(facts.surface).limits
    return [one for one in limits if one.route == route and "POST" in one.methods]


def missing(facts: Facts, routes: tuple[str, ...]) -> list[str]:
    """Say of each route what is not counted there: by address, and by account."""
    found = []
    for route in routes:
        counted = {one.by for one in sent(facts, route)}
        if "address" not in counted:
            found.append(f"{route} by address")
        if not counted & OF_ACCOUNT:
            found.append(f"{route} by account")
    return found


@check(
    "LC-LIMIT-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Attempts are counted",
)
def counting(facts: Facts) -> Outcome:
    if MIDDLEWARE not in facts.settings["MIDDLEWARE"]:
        seen = f"MIDDLEWARE has no {MIDDLEWARE}"
    elif not facts.settings.get("RATELIMIT_ENABLE", True):
        seen = "RATELIMIT_ENABLE is False"
    else:
        return Passed(f"{len(known(facts.surface).limits)} limits")
    return Failed(
        title="Attempts are not counted",
        evidence=seen,
        why="A program may try passwords until one fits.",
        fix="take your change of it out of the settings; production.py has it right",
    )


@check(
    "LC-LIMIT-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Sign-in and password reset are limited by address and by account",
)
def sign_in(facts: Facts) -> Outcome:
    unlimited = missing(facts, ("account_login", "account_reset_password"))
    if not unlimited:
        return Passed("both, by both")
    return Failed(
        title="Passwords can be guessed without end",
        evidence=f"not limited: {listed(unlimited)}",
        why="Guesses from many addresses at one account go through.",
        fix=f"put its line back into LIMITS in {TABLE}",
    )


@check(
    "LC-LIMIT-003",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Sign-up and the second step are limited by address and by account",
)
def sign_up(facts: Facts) -> Outcome:
    unlimited = missing(facts, ("account_signup", "mfa_authenticate"))
    if not unlimited:
        return Passed("both, by both")
    return Failed(
        title="Sign-ups or codes can be tried without end",
        evidence=f"not limited: {listed(unlimited)}",
        why="Codes of six digits are guessed; strangers get your mails.",
        fix=f"put its line back into LIMITS in {TABLE}",
    )


@check(
    "LC-LIMIT-004",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Every limit is of a route that there is",
)
def routes_exist(facts: Facts) -> Outcome:
    surface = known(facts.surface)
    names = {door.name for door in surface.doors}
    lost = sorted({one.route for one in surface.limits} - names)
    if not lost:
        return Passed(f"{len(surface.limits)} limits")
    return Failed(
        title="A limit is of a route that there is not",
        evidence=f"no route is called {listed(lost)}",
        why="A route that was renamed has lost its limit, and nobody sees.",
        fix=f"the route's new name in LIMITS in {TABLE}",
    )


@check(
    "LC-LIMIT-005",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Nobody guesses at an account more than ten times in five minutes",
)
def rates(facts: Facts) -> Outcome:
    generous = []
    for route in GUESSED:
        counted = [one for one in sent(facts, route) if one.by in OF_ACCOUNT]
        if counted and all(one.count * SECONDS > MOST * one.seconds for one in counted):
            loosest = max(counted, key=lambda one: one.count / one.seconds)
            generous.append(f"{route} {loosest.count} in {loosest.seconds} s")
    if not generous:
        return Passed(f"at most {MOST} in {SECONDS} s")
    return Failed(
        title="Passwords and codes may be guessed at too often",
        evidence=f"by account: {listed(generous)}",
        why="Over a week that is enough for the commonest passwords.",
        fix=f'Limit("5/5m", ACCOUNT) for the route in {TABLE}',
    )
