"""LC-SET: whether the settings in force, their secrets and their names are those of a launch."""

from urllib.parse import unquote, urlsplit

from apps.launch.checks.words import is_public_name, listed
from apps.launch.facts import Facts
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check
from config.parsers import random_text

NEW_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(64))'"  # noqa: S105  # a command, not a secret
MEET = {"production": "customers", "staging": "testers"}
OWN_PROCESS = ("locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache")


@check(
    "LC-SET-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Production's settings are in force",
)
def settings_in_force(facts: Facts) -> Outcome:
    """Or staging's, where staging is what is to be judged."""
    environment, expected = facts.environment, facts.expected
    if environment == expected:
        return Passed(f"config.settings.{expected}")
    return Failed(
        title=f"These are {environment}'s settings, not {expected}'s",
        evidence=f"DJANGO_SETTINGS_MODULE is config.settings.{environment}",
        why=f"What was judged is {environment}; {MEET[expected]} will meet {expected}.",
        fix=f"set {expected}'s variables: docs/environment.md",
    )


@check(
    "LC-SET-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Debug mode is off",
    covers=["security.W018"],
    reads=["DEBUG"],
)
def debug(facts: Facts) -> Outcome:
    if facts.settings["DEBUG"] is False:
        return Passed("DEBUG is False")
    return Failed(
        title="Debug mode is on",
        evidence="DEBUG is not False",
        why="Whoever meets an error is shown your code, settings and data.",
        fix="remove DEBUG from the settings in force; production.py has it off",
    )


@check(
    "LC-SET-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Only exact host names are answered",
    reads=["ALLOWED_HOSTS"],
)
def hosts(facts: Facts) -> Outcome:
    names = facts.settings["ALLOWED_HOSTS"]
    loose = [name for name in names if "*" in name or name.startswith(".")]
    if not loose:
        return Passed(f"ALLOWED_HOSTS names {len(names)}")
    return Failed(
        title="The site answers to names that are not yours",
        evidence=f"ALLOWED_HOSTS has {listed(loose)}",
        why="A stranger's name gets into links and caches that others see.",
        fix=f"ALLOWED_HOSTS={facts.settings['SITE_HOST']}",
    )


@check(
    "LC-SET-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="SECRET_KEY and its fallbacks are random and your own",
    covers=["security.W009", "security.W025"],
)
def secret_key(facts: Facts) -> Outcome:
    keys = {"SECRET_KEY": facts.settings["SECRET_KEY"]}
    for number, former in enumerate(facts.settings["SECRET_KEY_FALLBACKS"], start=1):
        keys[f"SECRET_KEY_FALLBACKS, number {number}"] = former
    weak = weaknesses(keys, least=50)
    if not weak:
        return Passed(f"{len(keys)} looked at")
    return Failed(
        title="The secret key can be guessed",
        evidence=listed(weak),
        why="It signs sessions and links: with it anyone can be anyone.",
        fix=f"SECRET_KEY from: {NEW_SECRET}",
    )


@check(
    "LC-SET-005",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="OPERATOR_TOKEN is random and your own",
)
def operator_token(facts: Facts) -> Outcome:
    weak = weaknesses({"OPERATOR_TOKEN": facts.settings["OPERATOR_TOKEN"]}, least=32)
    if not weak:
        return Passed("long and varied")
    return Failed(
        title="The operator's token can be guessed",
        evidence=listed(weak),
        why="It shows strangers which of your servers are down, and when.",
        fix=f"OPERATOR_TOKEN from: {NEW_SECRET}",
    )


def weaknesses(values: dict[str, str], least: int) -> list[str]:
    """Say of each secret that is weak why, in the words of config/parsers.py; never what it is."""
    found = []
    for name, value in values.items():
        try:
            random_text(value, least)
        except ValueError as reason:
            found.append(f"{name} {reason}")
    return found


@check(
    "LC-SET-006",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Each secret has a value of its own",
)
def secrets_differ(facts: Facts) -> Outcome:
    settings = facts.settings
    owner = urlsplit(settings["DATABASE_OWNER_URL"]).password or ""
    secrets = {
        "SECRET_KEY": settings["SECRET_KEY"],
        "OPERATOR_TOKEN": settings["OPERATOR_TOKEN"],
        "the password in DATABASE_URL": settings["DATABASES"]["default"]["PASSWORD"],
        "the password in DATABASE_OWNER_URL": unquote(owner),
        "the password in EMAIL_URL": settings["SMTP"]["password"],
        "the password in REDIS_URL": urlsplit(settings["CELERY_BROKER_URL"]).password or "",
    }
    names: dict[str, list[str]] = {}
    for name, value in secrets.items():
        names.setdefault(value, []).append(name)
    shared = [" and ".join(alike) for value, alike in names.items() if value and len(alike) > 1]
    if not shared:
        return Passed(f"{len(secrets)} compared")
    return Failed(
        title="One value opens two doors",
        evidence=f"the same: {listed(shared)}",
        why="Whoever learns one has both, and neither changes alone.",
        fix="give each its own value",
    )


@check(
    "LC-SET-007",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="SITE_URL is the public address",
)
def site_url(facts: Facts) -> Outcome:
    url = urlsplit(facts.settings["SITE_URL"])
    if url.scheme == "https" and is_public_name(url.hostname or ""):
        return Passed(facts.settings["SITE_URL"])
    return Failed(
        title="Links in mail lead nowhere: SITE_URL is not a public address",
        evidence=f"SITE_URL is {facts.settings['SITE_URL']}",
        why="Nobody could follow a sign-up, invitation or reset link.",
        fix="SITE_URL=https:// and the address that customers will type",
    )


@check(
    "LC-SET-008",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="All processes share one cache",
)
def shared_cache(facts: Facts) -> Outcome:
    alone = [
        f"{name}: {cache['BACKEND'].rpartition('.')[2]}"
        for name, cache in facts.settings["CACHES"].items()
        if cache["BACKEND"].endswith(OWN_PROCESS)
    ]
    if not alone:
        return Passed(listed(list(facts.settings["CACHES"])))
    return Failed(
        title="Each process has a cache of its own",
        evidence=listed(alone),
        why="Limits count per process: an attacker gets many more tries.",
        fix="take CACHES out of your settings; production.py uses REDIS_URL",
    )


@check(
    "LC-SET-009",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Search engines may read the public pages",
    reads=["NOINDEX"],
)
def search_engines(facts: Facts) -> Outcome:
    if not facts.settings["NOINDEX"]:
        return Passed("NOINDEX is False")
    return Failed(
        title="Search engines are told to stay away",
        evidence="NOINDEX is True, so every answer says noindex",
        why="Nobody who looks for your product by name will find it.",
        fix="take NOINDEX out of your settings",
    )


@check(
    "LC-SET-010",
    tier=Tier.LATER,
    impact=Impact.IMAGE,
    title="The product carries your name",
)
def identity(facts: Facts) -> Outcome:
    product = facts.product
    shipped = [
        name
        for name in ("name", "legal_name", "tagline", "description", "support_email")
        if "slipway" in str(getattr(product, name)).lower()
    ]
    if not is_public_name(product.support_email.rpartition("@")[2]):
        shipped = sorted({*shipped, "support_email"})
    if not shipped:
        return Passed(product.name)
    return Failed(
        title="The product still goes by the starter's name",
        evidence=f"config/product.py: {listed(shipped)}",
        why="Customers meet another name, and mail to support is lost.",
        fix="edit config/product.py",
    )


@check(
    "LC-SET-011",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Search engines are kept out of staging",
)
def staging_is_not_found(facts: Facts) -> Outcome:
    hidden = facts.settings["NOINDEX"] is True
    if hidden or not facts.is_judged_as_staging:
        return Passed("NOINDEX is True" if hidden else "this is not judged as staging")
    return Failed(
        title="Search engines may list staging",
        evidence="NOINDEX is not True",
        why="Customers find it, and sign up where nothing counts.",
        fix="take NOINDEX out of your settings; staging.py has it on",
    )


@check(
    "LC-SET-012",
    tier=Tier.TRAFFIC,
    impact=Impact.IMAGE,
    title="Staging says on each page that it is, and production does not",
)
def banner(facts: Facts) -> Outcome:
    shown = facts.settings["SHOWN_AS"]
    if bool(shown) is facts.is_staging:
        return Passed(f"the banner says {shown}" if shown else "no banner")
    if shown:
        return Failed(
            title="Customers are told that this is not the real product",
            evidence=f"the banner on every page says {shown}",
            why="Nobody enters anything of worth where it says so.",
            fix="take SHOWN_AS out of your settings; production.py has none",
        )
    return Failed(
        title="Staging looks like production",
        evidence="SHOWN_AS is blank",
        why="Somebody deletes in one what they meant to delete in the other.",
        fix="take SHOWN_AS out of your settings; staging.py has it",
    )
