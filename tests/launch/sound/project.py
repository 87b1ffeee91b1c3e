"""The project's folder of a launch that has nothing wrong."""

from apps.launch.facts.project import Manifest, Project, Variable

EVERYWHERE = ("production", "staging", "development", "test")


def variable(name: str, example: str, *, required: bool = False, secret: bool = False) -> Variable:
    return Variable(
        name=name, example=example, required=required, secret=secret, environments=EVERYWHERE
    )


VARIABLES = (
    variable("SECRET_KEY", "64-random-bytes-as-text", required=True, secret=True),
    variable("SITE_URL", "https://app.example.com", required=True),
    variable(
        "DATABASE_URL", "postgresql://app:password@db.example.com/app", required=True, secret=True
    ),
    variable("LOG_LEVEL", "INFO"),
    variable("GITHUB_CLIENT_ID", "Ov23liAbCdEfGhIjKlMn"),
    variable("GITHUB_CLIENT_SECRET", "the-secret-shown-once", secret=True),
    Variable(
        name="DEV_MAIL_DIR",
        example=".local/mail",
        required=True,
        secret=False,
        environments=("development",),
    ),
)
GIVEN = {
    "SECRET_KEY": "made-up-and-long-enough",
    "SITE_URL": "https://portal.harbourside.co",
    "DATABASE_URL": "postgresql://portal@db.harbourside.co/portal",
    "LOG_LEVEL": "INFO",
    "DEV_MAIL_DIR": "/var/lib/harbourside/mail",
}
HEROKU = Manifest(
    service="app.json",
    variables=("SECRET_KEY", "SITE_URL", "DISABLE_COLLECTSTATIC"),
    literals=("DISABLE_COLLECTSTATIC",),
)
RENDER = Manifest(
    service="web",
    variables=("SECRET_KEY", "SITE_URL", "DATABASE_URL", "LOG_LEVEL"),
    literals=("LOG_LEVEL",),
)
OWN = {"SECRET_KEY": "scrypt:3f9a1c20b5d4e687", "DATABASE_URL server": "scrypt:90ab12cd34ef5678"}
PROJECT = Project(
    variables=VARIABLES,
    given=GIVEN,
    readers=(),
    stale=(),
    heroku=(HEROKU,),
    from_addons=("DATABASE_URL",),
    render=(RENDER,),
    tracked_env_files=(),
    env_file_mode=0o600,
    env_file_ignored=True,
    leaks=(),
    former_leaks=(),
    fingerprints={"preview": OWN},
)
# What another environment was recorded with.
RECORDED = {
    "preview": {
        "salt": "5d41402abc4b2a76",
        "SECRET_KEY": "scrypt:aa11bb22cc33dd44",
        "DATABASE_URL server": "scrypt:ee55ff6600771188",
    }
}
