"""LC-ENV: whether variables are set, declared, read and written down, and .env kept to oneself."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from apps.launch.checks.words import RESERVED, listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.project import Manifest, Project, Variable
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

WRITE = "python manage.py env_docs --write"
# Values that say of themselves that they are none.
PLACEHOLDER = re.compile(
    # A host may well be called so: Hetzner's mail servers are your-server.de.
    r"(?i)change[-_]?me|(?<![\w.])your[-_](?!server\.de)|placeholder|^example[-_]"
    r"|^<.*>$|^x{3,}$|^\.{3}$"
)
NO_PASSWORDS = {"password", "passwd", "pass", "secret", "changeme", "example"}
# Other checks say more of these: LC-SET-004, LC-SET-005, LC-SET-007 and LC-MAIL-004.
JUDGED_ELSEWHERE = {
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "OPERATOR_TOKEN"),
    *("SITE_URL", "ALLOWED_HOSTS", "DEFAULT_FROM_EMAIL"),
}
# What the platforms themselves read.
PLATFORMS_OWN = {"DISABLE_COLLECTSTATIC", "PYTHON_VERSION", "UV_VERSION"}


@check(
    "LC-ENV-001",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Every variable that has to be set has a value of its own",
)
def values(facts: Facts) -> Outcome:
    project = known(facts.project)
    missing = [
        f"{one.name} is not set"
        for one in project.variables
        if one.required
        and facts.environment in one.environments
        and not project.given.get(one.name)
    ]
    placeholders = [
        f"{one.name} has a placeholder"
        for one in project.variables
        if one.name not in JUDGED_ELSEWHERE and is_placeholder(one, project.given.get(one.name))
    ]
    wrong = [*missing, *placeholders]
    if not wrong:
        return Passed(f"{len(project.given)} set")
    return Failed(
        title="A variable has no value, or one that was only to show how it looks",
        evidence=listed(wrong),
        why="What it leads to is not there, or is somebody else's.",
        fix=f"set {wrong[0].split()[0]}: docs/environment.md says where it comes from",
    )


def is_placeholder(one: Variable, value: str | None) -> bool:
    """Whether a value is the declared example of what cannot be one, or is an obvious stand-in."""
    if not value:
        return False
    if value == one.example and (one.secret or one.name.endswith("_CLIENT_ID")):
        return True
    try:
        url = urlsplit(value)
        host, password = url.hostname or "", url.password or ""
    except ValueError:
        host = password = ""
    # Loopback is reserved too, and right in development; LC-MAIL-002 and others judge it.
    reserved = any(host == name or host.endswith(f".{name}") for name in RESERVED[:4])
    return reserved or password.lower() in NO_PASSWORDS or bool(PLACEHOLDER.search(value))


@check(
    "LC-ENV-002",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Every declared variable is read",
)
def unread(facts: Facts) -> Outcome:
    project = known(facts.project)
    known(project.readers)  # the same code tells of both
    idle = [one.name for one in project.variables if not one.is_read]
    if not idle:
        return Passed(f"{len(project.variables)} declared")
    return Failed(
        title="A variable is declared and does nothing",
        evidence=f"nothing reads {listed(idle)}",
        why="Somebody will set it, and wonder why nothing changes.",
        fix=f"take {idle[0]} out of config/env.py",
    )


@check(
    "LC-ENV-003",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="config/env.py alone reads the environment",
)
def readers(facts: Facts) -> Outcome:
    places = known(known(facts.project).readers)
    if not places:
        return Passed("apps/ and config/ looked through")
    return Failed(
        title="A variable is read that nobody declared",
        evidence=f"the environment is read at {listed(places)}",
        why="Where it is missing, nothing says so until a page fails.",
        fix="declare it in config/env.py and read it as ENV.ITS_NAME",
    )


@check(
    "LC-ENV-004",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="What is written of the variables is what is declared",
)
def pages(facts: Facts) -> Outcome:
    stale = known(facts.project).stale
    if not stale:
        return Passed(".env.example and docs/environment.md")
    return Failed(
        title="What is written of the variables is out of date",
        evidence=f"not as config/env.py: {listed(stale)}",
        why="Whoever sets up the next server goes by it.",
        fix=WRITE,
    )


@check(
    "LC-ENV-005",
    tier=Tier.LATER,
    impact=Impact.OUTAGE,
    title="app.json gives what production needs, and nothing unknown",
)
def heroku(facts: Facts) -> Outcome:
    project = known(facts.project)
    return platform_file(
        "heroku", "app.json", known(project.heroku), facts, provided=project.from_addons
    )


@check(
    "LC-ENV-006",
    tier=Tier.LATER,
    impact=Impact.OUTAGE,
    title="render.yaml gives each process what production needs, and nothing unknown",
)
def render(facts: Facts) -> Outcome:
    return platform_file("render", "render.yaml", known(known(facts.project).render), facts)


def platform_file(
    platform: str,
    name: str,
    manifests: Sequence[Manifest],
    facts: Facts,
    provided: Sequence[str] = (),
) -> Outcome:
    """Judge a platform's file; it presses where the plan says that the product runs there."""
    project = known(facts.project)
    wrong = [each for one in manifests for each in differences(one, project, provided)]
    if not wrong:
        return Passed(f"{len(manifests)} looked at" if manifests else f"there is no {name}")
    here = not isinstance(facts.plan, Unasked) and facts.plan.hosting.platform == platform
    return Failed(
        tier=Tier.TRAFFIC if here else None,
        title=f"{name} and config/env.py disagree",
        evidence=listed(wrong),
        why="The next environment made from it will not start, or not work.",
        fix=f"bring {name} in line with config/env.py",
    )


def differences(one: Manifest, project: Project, provided: Sequence[str]) -> Iterator[str]:
    """What a service lacks, and what it has that nobody declared."""
    declared = {each.name for each in project.variables}
    there = {*one.variables, *provided}
    for each in project.variables:
        if each.required and "production" in each.environments and each.name not in there:
            yield f"{one.service} lacks {each.name}"
    for name in one.variables:
        if name not in declared | PLATFORMS_OWN:
            yield f"{one.service} has {name}, which is not declared"


@check(
    "LC-ENV-007",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No secret's value stands in a platform's file",
)
def literals(facts: Facts) -> Outcome:
    project = known(facts.project)
    secrets = {one.name for one in project.variables if one.secret}
    found = [
        f"{name} in {one.service}"
        for one in (*known(project.heroku), *known(project.render))
        for name in one.literals
        if name in secrets
    ]
    if not found:
        return Passed("app.json and render.yaml")
    return Failed(
        title="A secret's value stands in a platform's file",
        evidence=listed(found),
        why="Everybody who can read the code has it.",
        fix=f"take the value out (Render: sync: false) and change {found[0].split()[0]}",
    )


@check(
    "LC-ENV-008",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No .env file is committed",
)
def tracked(facts: Facts) -> Outcome:
    files = known(known(facts.project).tracked_env_files)
    if not files:
        return Passed("none is tracked")
    return Failed(
        title="A file of secrets is committed",
        evidence=f"Git keeps {listed(files)}",
        why="Everybody who can read the code has what stands in it.",
        fix=f"git rm --cached {files[0]}, then change each secret in it",
    )


@check(
    "LC-ENV-009",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Nobody else on the machine can read .env",
)
def permissions(facts: Facts) -> Outcome:
    mode = known(facts.project).env_file_mode
    if mode is None:
        return Passed("there is none")
    if not mode & 0o077:
        return Passed(f"mode {mode:03o}")
    return Failed(
        title="Others on the machine can read .env",
        evidence=f"its mode is {mode:03o}",
        why="Any program or person with a login there has your secrets.",
        fix="chmod 600 .env",
    )


@check(
    "LC-ENV-010",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Git leaves .env out",
)
def ignored(facts: Facts) -> Outcome:
    if known(known(facts.project).env_file_ignored):
        return Passed("ignored")
    return Failed(
        title="The next git add could commit .env",
        evidence="no line of .gitignore leaves it out",
        why="One careless commit, and your secrets are in the history.",
        fix="echo /.env >> .gitignore",
    )
