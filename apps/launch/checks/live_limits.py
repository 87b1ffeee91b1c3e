"""LC-LIMIT-1NN: whether whoever tries too often at the running product is told to wait."""

from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.facts.web import FORGED, Burst
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

# Answers that mean that the form itself was never reached, so that no limit was tried.
NEVER_REACHED = {403, 404, 405}
FIX = "bring back the route's line in LIMITS, apps/core/limits.py"


def judged(facts: Facts, name: str, *, title: str, why: str, fix: str = FIX) -> Outcome:
    """Passed if a burst was refused and told when to come back. Raises Unasked."""
    burst = known(known(facts.web).bursts[name])
    if not burst.refused:
        refuse_to_judge(burst)
        return Failed(
            title=title, evidence=f"{len(burst.statuses)} in a row were taken", why=why, fix=fix
        )
    if not burst.retry_after:
        return Failed(
            tier=Tier.TRAFFIC,
            title=f"{title}: it does not say for how long",
            evidence="429 comes without Retry-After",
            why="Programs try again at once, and people do not know when.",
            fix="let Retry-After through the edge",
        )
    return Passed(f"attempt {len(burst.statuses)} got 429")


def refuse_to_judge(burst: Burst) -> None:
    """Raise Unasked where something else than a limit kept all attempts out."""
    kept_out = [status for status in burst.statuses if status in NEVER_REACHED or status >= 500]
    if kept_out:
        raise Unasked(f"the form was not reached: it answered {kept_out[0]}")


@check(
    "LC-LIMIT-101",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Signing in is limited on the running product",
)
def sign_in(facts: Facts) -> Outcome:
    return judged(
        facts,
        "account_login",
        title="Passwords can be guessed without end",
        why="Leaked passwords from elsewhere are tried here by the million.",
    )


@check(
    "LC-LIMIT-102",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Asking for a new password is limited on the running product",
)
def reset(facts: Facts) -> Outcome:
    return judged(
        facts,
        "account_reset_password",
        title="Reset mails can be asked for without end",
        why="A stranger floods a customer's mailbox in your name.",
    )


@check(
    "LC-LIMIT-103",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Signing up is limited on the running product",
)
def sign_up(facts: Facts) -> Outcome:
    return judged(
        facts,
        "account_signup",
        title="Accounts can be made without end",
        why="Robots fill your tables and ruin your name with mail providers.",
    )


@check(
    "LC-LIMIT-104",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Second steps are limited on the running product",
)
def second_step(facts: Facts) -> Outcome:
    return judged(
        facts,
        "mfa_authenticate",
        title="Codes of the second step can be guessed without end",
        why="Six digits are soon guessed if nobody counts.",
    )


@check(
    "LC-LIMIT-105",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Limits hold whatever address a visitor claims",
)
def forged(facts: Facts) -> Outcome:
    claimed, honest = (known(facts.web).bursts[name] for name in (FORGED, "account_login"))
    if not known(claimed).refused and not known(honest).refused:
        raise Skipped("LC-LIMIT-101 comes first: nothing is limited")
    return judged(
        facts,
        FORGED,
        title="Limits are evaded with a forged address",
        why="One line in a script, and passwords are guessed without end.",
        fix="CLIENT_ADDRESS_FROM=, the rule of your proxy; see LC-SEC-009",
    )
