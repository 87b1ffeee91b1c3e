"""Faults of variables, platforms' files, .env, committed secrets and shared ones."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.facts.project import Leak
from apps.launch.findings import Tier
from apps.launch.plan import Hosting
from tests.launch.fabricated import PLAN, with_facts
from tests.launch.sound.project import GIVEN, HEROKU, OWN, PROJECT, RECORDED, RENDER, VARIABLES

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER


def having(**changes: Any) -> Facts:
    """The sound launch with something else in its folder."""
    return with_facts(project=replace(PROJECT, **changes))


def given(**texts: str) -> Facts:
    """The sound launch with these variables."""
    return having(given={**GIVEN, **texts})


def on(platform: str, **changes: Any) -> Facts:
    """The sound launch on a platform, with something else in its folder."""
    hosting = Hosting(**{**vars(PLAN.hosting), "platform": platform})
    return replace(having(**changes), plan=replace(PLAN, hosting=hosting))


def recorded(**changes: str) -> Facts:
    """The sound launch with these fingerprints of the other environment."""
    return with_facts(
        plan=replace(PLAN, fingerprints={"preview": {**RECORDED["preview"], **changes}})
    )


UNREAD = tuple(replace(one, is_read=one.name != "LOG_LEVEL") for one in VARIABLES)
SHORT = replace(HEROKU, variables=("SITE_URL",))
MORE = replace(RENDER, variables=(*RENDER.variables, "SENTRY_DNS"))
BOTH = replace(HEROKU, literals=("SECRET_KEY",))
LEAK = Leak(path="config/settings/production.py", line=12, kind="AWS Access Key")

FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-ENV-001", NOW, having(given={k: v for k, v in GIVEN.items() if k != "DATABASE_URL"})),
    ("LC-ENV-001", NOW, given(DATABASE_URL="postgresql://app:password@db.example.com/app")),
    ("LC-ENV-001", NOW, given(DATABASE_URL="postgresql://app:CHANGEME@db.harbourside.co/app")),
    ("LC-ENV-001", NOW, given(DATABASE_URL="postgresql://your-role:x@db.harbourside.co/app")),
    ("LC-ENV-001", NOW, given(DATABASE_URL="postgresql://app:x@db.example.org/app")),
    ("LC-ENV-001", NOW, given(GITHUB_CLIENT_ID="Ov23liAbCdEfGhIjKlMn")),
    ("LC-ENV-001", NOW, given(GITHUB_CLIENT_SECRET="the-secret-shown-once")),
    ("LC-ENV-001", NOW, given(GITHUB_CLIENT_SECRET="<github-secret>")),
    ("LC-ENV-002", LATER, having(variables=UNREAD)),
    ("LC-ENV-003", TRAFFIC, having(readers=("apps/clients/views.py:14",))),
    ("LC-ENV-004", LATER, having(stale=(".env.example",))),
    ("LC-ENV-005", LATER, having(heroku=(SHORT,))),
    ("LC-ENV-005", TRAFFIC, on("heroku", heroku=(SHORT,))),
    ("LC-ENV-005", TRAFFIC, on("heroku", from_addons=())),
    ("LC-ENV-006", LATER, having(render=(RENDER, MORE))),
    ("LC-ENV-006", TRAFFIC, on("render", render=(RENDER, MORE))),
    ("LC-ENV-007", NOW, having(heroku=(BOTH,))),
    ("LC-ENV-007", NOW, having(render=(RENDER, replace(RENDER, literals=("DATABASE_URL",))))),
    ("LC-ENV-008", NOW, having(tracked_env_files=("deploy/.env.production",))),
    ("LC-ENV-009", TRAFFIC, having(env_file_mode=0o644)),
    ("LC-ENV-009", TRAFFIC, having(env_file_mode=0o640)),
    ("LC-ENV-010", TRAFFIC, having(env_file_ignored=False)),
    ("LC-SECRET-001", NOW, having(leaks=(LEAK,))),
    ("LC-SECRET-002", NOW, having(former_leaks=(replace(LEAK, commit="4f2c91a"),))),
    ("LC-SECRET-003", NOW, recorded(SECRET_KEY="scrypt:3f9a1c20b5d4e687")),
    ("LC-SECRET-003", NOW, recorded(OPERATOR_TOKEN="scrypt:3f9a1c20b5d4e687")),
    ("LC-SECRET-003", NOW, recorded(**{"DATABASE_OWNER_URL server": "scrypt:90ab12cd34ef5678"})),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("no .env is no open .env", having(env_file_mode=None)),
    ("a product need not run on a platform", having(heroku=(), from_addons=(), render=())),
    ("development's variable is not production's", given(DEV_MAIL_DIR="")),
    ("an example may be a good value", given(LOG_LEVEL="INFO")),
    ("an address that no program can split is not judged", given(SITE_URL="https://[x")),
    ("a host is called so", given(EMAIL_URL="smtps://a:b@mail.your-server.de:465")),
    ("and so is its domain", given(EMAIL_URL="smtps://a:b@your-server.de:465")),
    ("other checks judge the address", given(SITE_URL="https://app.example.com")),
    (
        "what was recorded of production itself is no other",
        with_facts(plan=replace(PLAN, fingerprints={**RECORDED, "production": OWN})),
    ),
]
NO = Unasked("no answer")
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    (
        "project",
        {
            *(f"LC-ENV-{number:03}" for number in range(1, 11)),
            *(f"LC-SECRET-{number:03}" for number in range(1, 4)),
        },
    ),
    ("plan", {"LC-SECRET-003"}),
    *(
        ({"project": replace(PROJECT, **{name: NO})}, ids)
        for name, ids in (
            ("readers", {"LC-ENV-002", "LC-ENV-003"}),
            ("heroku", {"LC-ENV-005", "LC-ENV-007"}),
            ("render", {"LC-ENV-006", "LC-ENV-007"}),
            ("tracked_env_files", {"LC-ENV-008"}),
            ("env_file_ignored", {"LC-ENV-010"}),
            ("leaks", {"LC-SECRET-001"}),
            ("former_leaks", {"LC-SECRET-002"}),
            ("fingerprints", {"LC-SECRET-003"}),
        )
    ),
]
# Where there is no repository, as on a platform, nothing of it passes.
WITHOUT_A_REPOSITORY = having(
    tracked_env_files=Skipped("no repository"),
    env_file_ignored=Skipped("no repository"),
    leaks=Skipped("no repository"),
    former_leaks=Skipped("no repository"),
)
# Without its salt, nothing can be compared with what was recorded.
WITHOUT_SALT = having(fingerprints={})
