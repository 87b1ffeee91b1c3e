"""LC-PLAN: whether the launch is planned, by what launch.toml says of itself."""

from urllib.parse import urlsplit

from apps.launch.checks.words import is_public_name
from apps.launch.facts import Facts, Skipped, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check


@check(
    "LC-PLAN-001",
    tier=Tier.NOW,
    impact=Impact.BLINDNESS,
    title="There is a launch plan",
)
def plan_exists(facts: Facts) -> Outcome:
    if not isinstance(facts.plan, Skipped):
        return Passed(f"for {known(facts.plan).site.canonical}")
    return Failed(
        title="There is no launch plan",
        evidence="launch.toml is not there",
        why="Names, mail, owners, backups and alerts cannot be judged.",
        fix="python manage.py launch_init",
    )


@check(
    "LC-PLAN-002",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Plan and settings name the same host",
)
def same_host(facts: Facts) -> Outcome:
    planned, set_ = known(facts.plan).site.canonical, urlsplit(facts.settings["SITE_URL"]).hostname
    if planned == set_ or not is_public_name(set_ or ""):  # LC-SET-007 tells of the latter
        return Passed(planned)
    return Failed(
        title="Plan and settings name different hosts",
        evidence=f"launch.toml has {planned}, SITE_URL {set_}",
        why="One of them is wrong, and customers meet the other.",
        fix=f"SITE_URL=https://{planned}, or mend canonical in launch.toml",
    )
