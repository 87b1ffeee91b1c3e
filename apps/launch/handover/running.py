"""The section on deploying and rolling back, and the commands of each platform."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.launch.handover.parts import (
    Block,
    Code,
    Heading,
    Section,
    Span,
    Step,
    Steps,
    Table,
    Text,
    Words,
    marked,
    unsaid,
)
from apps.launch.plan import Plan, Proof

AFTER = "Ask whether it is well: the release is the one that you meant, and nothing blocks."
SCHEMA = (
    "The database stays as the newer release left it: a rollback brings the former code back, not "
    "the former tables. Our migrations keep the former release running; one that cannot is found "
    "by `launch_check` before it goes out."
)
STAND_INS = (
    "Put your own in place of words in capitals such as `COMMIT`, of the number `42` and of "
    "addresses at example.com."
)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """How one platform is spoken to.

    `where` says where commands are typed; `inside` opens a shell, `before` stands before a command.
    """

    name: str
    where: str
    deploy: tuple[Step, ...]
    rollback: tuple[Step, ...]
    state: Step
    logs: Step
    restart: Step
    stop: Step
    start: Step
    backups: Step
    variables: Step
    inside: str = ""
    before: str = ""

    def run(self, *commands: str) -> tuple[str, ...]:
        """The commands as they are typed to run where the product runs."""
        shell = (self.inside,) if self.inside else ()
        return (*shell, *(f"{self.before}{one}" for one in commands))


TESTED = Step("Where you develop, test what is to go out.", ("make check", "make test"))
SEEN = Step("See which release is live, and that its processes are well.", ("deploy/status",))
PLATFORMS = {
    "heroku": Platform(
        name="Heroku",
        where=(
            "Type the commands in a checkout of the product, after `heroku login`, with "
            "HEROKU_API_KEY, SMOKE_EMAIL and SMOKE_PASSWORD set."
        ),
        before="heroku run -- ",
        deploy=(
            TESTED,
            Step("Push it, and wait until CI has passed it.", ("git push",)),
            Step(
                marked(
                    "Ship it: the gates are asked, a backup is taken, Heroku builds the commit and "
                    "runs `release` of the `Procfile`, which migrates; the smoke test tries it, "
                    "and where that fails the former release comes back by itself. The first "
                    "command says each step and takes none."
                ),
                ("deploy/deploy --dry-run", "deploy/deploy"),
            ),
            SEEN,
        ),
        rollback=(
            SEEN,
            Step(
                "Go back to the release before, or to one by its number. Code only: the database "
                "and the variables stay as they are.",
                ("deploy/rollback", "deploy/rollback v42"),
            ),
            Step(
                "Where deploy/ itself does not work, Heroku's own way; it brings the variables of "
                "then along: look at them after.",
                ("heroku releases", "heroku releases:rollback v42"),
            ),
        ),
        state=Step("Which processes run, and since when.", ("heroku ps", "heroku releases")),
        logs=Step("What the processes say.", ("heroku logs --tail",)),
        restart=Step("Start all processes anew.", ("heroku ps:restart",)),
        stop=Step(
            "stop everything that writes, and show visitors a page that says so.",
            ("heroku maintenance:on", "heroku ps:scale web=0 worker=0 beat=0"),
        ),
        backups=Step(
            "Which backups there are, beside the continuous ones of larger plans.",
            ("heroku pg:backups",),
        ),
        start=Step(
            "Start everything again, with as many as before.",
            ("heroku ps:scale web=1 worker=1 beat=1", "heroku maintenance:off"),
        ),
        variables=Step(
            "Set the variable; every process starts anew.", ("heroku config:set NAME=VALUE",)
        ),
    ),
    "render": Platform(
        name="Render",
        where=(
            "Type the commands in a checkout of the product, after `render login`, with "
            "RENDER_API_KEY, SMOKE_EMAIL and SMOKE_PASSWORD set. What follows `render ssh` is "
            "typed in the shell that it opens, on slipway-web."
        ),
        inside="render ssh",
        deploy=(
            TESTED,
            Step(
                "Push it, since Render builds what its repository has, and wait until CI has "
                "passed it.",
                ("git push",),
            ),
            Step(
                marked(
                    "Ship it: the gates are asked, a backup is taken, and the commit is deployed "
                    "on `slipway-web`, whose pre-deploy command migrates, then on `slipway-worker` "
                    "and `slipway-beat`; the smoke test tries it, and where one of these fails all "
                    "three go back by themselves. The first command says each step and takes none."
                ),
                ("deploy/deploy --dry-run", "deploy/deploy"),
            ),
            SEEN,
        ),
        rollback=(
            SEEN,
            Step(
                marked(
                    "Go back to the commit before, or to one that was live. Code only: the "
                    "database stays. All three services go, and Render's automatic deploys are "
                    "turned off, or the next push would bring the bad commit again."
                ),
                ("deploy/rollback", "deploy/rollback COMMIT"),
            ),
            Step(
                marked(
                    "Where deploy/ itself does not work, deploy the commit for each of "
                    "`slipway-web`, `slipway-worker` and `slipway-beat`."
                ),
                ("render deploys list", "render deploys create --commit COMMIT"),
            ),
            Step("Mend the branch, then turn automatic deploys on again.", ("git revert COMMIT",)),
        ),
        state=Step("Which release runs.", ("render deploys list",)),
        logs=Step("What the processes say.", ("render logs",)),
        restart=Step("Start a service anew.", ("render restart",)),
        stop=Step(
            marked(
                "stop everything that writes: suspend `slipway-web`, `slipway-worker` and "
                "`slipway-beat`, each under its Settings on Render's dashboard."
            )
        ),
        backups=Step(
            marked("Which backups there are: Recovery of `slipway-postgres` on the dashboard.")
        ),
        start=Step("Start everything again: resume the three services on the dashboard."),
        variables=Step("Set the variable under Environment of slipway-web; deploy."),
    ),
    "host": Platform(
        name="a machine of your own",
        where=(
            "Type `curl` and `dig` anywhere, and the rest on the machine: in the product's folder, "
            "in its virtual environment, with its variables."
        ),
        deploy=(
            TESTED,
            Step(
                "On the machine, fetch the commit and what it needs.",
                (
                    "git fetch",
                    "git checkout COMMIT",
                    "pip install --require-hashes -r requirements.txt",
                    "python manage.py collectstatic --noinput",
                    "python manage.py migrate --noinput",
                ),
            ),
            Step(marked("Have the supervisor start `web`, `worker` and `beat` anew.")),
        ),
        rollback=(
            Step(
                "On the machine, go back to the commit that was well. Do not migrate.",
                (
                    "git checkout COMMIT",
                    "pip install --require-hashes -r requirements.txt",
                    "python manage.py collectstatic --noinput",
                ),
            ),
            Step(marked("Have the supervisor start `web`, `worker` and `beat` anew.")),
        ),
        state=Step(marked("Ask the supervisor whether `web`, `worker` and `beat` run.")),
        logs=Step(
            "Read what the processes wrote to standard error, where the supervisor keeps it."
        ),
        restart=Step(marked("Have the supervisor start `web`, `worker` and `beat` anew.")),
        stop=Step(marked("have the supervisor stop `web`, `worker` and `beat`.")),
        backups=Step("Which backups there are: see where they are kept, as said below."),
        start=Step(marked("Have the supervisor start `web`, `worker` and `beat` again.")),
        variables=Step(
            marked("Set the variable where the supervisor reads it; start all processes anew.")
        ),
    ),
}


def platform(plan: Plan) -> Platform:
    """The platform that the plan names; without one, a machine."""
    return PLATFORMS.get(plan.hosting.platform, PLATFORMS["host"])


def host(plan: Plan) -> str:
    """The product's name as it is typed into commands."""
    return plan.site.canonical or "HOST"


def is_well(plan: Plan) -> Step:
    """How one sees that the product is well."""
    address = f"https://{host(plan)}"
    return Step(
        AFTER,
        (
            f"curl --fail {address}/healthz",
            f"curl --fail {address}/readyz",
            *platform(plan).run(f"python manage.py launch_check --live {address}"),
        ),
    )


def proof(one: Proof | None, key: str) -> Span:
    """When something was last rehearsed, and by whom; or that nobody says."""
    if one is None:
        return unsaid(f"[evidence] {key}")
    return f"{one.at:%Y-%m-%d}, by {one.by}{f' ({one.note})' if one.note else ''}"


def running(plan: Plan, processes: Mapping[str, str]) -> Section:
    """How a release goes out, and how it is taken back."""
    chosen = platform(plan)
    words: Words = ("It runs on ", chosen.name, "; the account is with ", plan.hosting.name, ".")
    if not plan.hosting.name:
        where = unsaid("[hosting] name and platform")
        words = ("Where it runs: ", where, f". The steps are those for {chosen.name}.")
    blocks: tuple[Block, ...] = (
        Text(words),
        Table(
            ("Process", "Command"),
            [(Code(name), Code(command)) for name, command in processes.items()],
        ),
        Heading("Deploy"),
        Text(marked(f"{chosen.where} {STAND_INS}")),
        Steps((*chosen.deploy, is_well(plan))),
        Heading("Roll back"),
        Steps((*chosen.rollback, is_well(plan))),
        Text(marked(SCHEMA)),
        Text(("Last rehearsed: ", proof(plan.evidence.rollback_drill, "rollback_drill"))),
        Text(
            (
                "The former release on the new tables was last tested: ",
                proof(plan.evidence.previous_release, "previous_release"),
            )
        ),
    )
    return Section(name="deploy", title="Deploy and roll back", blocks=blocks)
