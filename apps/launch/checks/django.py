"""Django's own checks, deployment included, under their own ids; settings cannot silence them."""

from apps.launch.facts import Facts, Message, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

# HSTS preloading takes months to undo, so that it is a decision for later, not a condition.
LATER = {
    "security.W021": "SECURE_HSTS_PRELOAD = True, once every subdomain has long had HTTPS",
}
# Django's security messages bring no hint; production's settings pass every one of them.
AS_PRODUCTION = "set it as config/settings/production.py does"


@check(
    "django",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Django's own checks find nothing",
)
def messages(facts: Facts) -> Outcome:
    return [told(said) for said in known(facts.django)] or Passed("manage.py check --deploy")


def told(said: Message) -> Failed:
    """Tell one message: security and errors stop a launch now, other warnings wait."""
    security = said.id.startswith("security.")
    urgent = (said.is_error or security) and said.id not in LATER
    sentence, _, rest = said.text.partition(". ")
    return Failed(
        id=said.id,
        tier=Tier.NOW if urgent else Tier.LATER,
        title=sentence.rstrip("."),
        evidence="manage.py check --deploy" + (", where it is silenced" if said.silenced else ""),
        why=rest,
        fix=LATER.get(said.id)
        or said.hint
        or (AS_PRODUCTION if security else "mend what it names"),
    )
