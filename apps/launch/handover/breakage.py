"""The eight pages for the day on which something breaks: short, and to be followed in a hurry."""

from apps.launch.handover.parts import (
    Block,
    Heading,
    Link,
    Points,
    Section,
    Span,
    Step,
    Steps,
    Text,
    Words,
    marked,
    said,
    spans,
    unsaid,
)
from apps.launch.handover.running import STAND_INS, host, is_well, platform, proof
from apps.launch.plan import Plan


def breakages(plan: Plan) -> tuple[Section, ...]:
    """All eight, in the order in which one would suspect them."""
    pages = (dns, deploy, sign_in, mail, queue, database, monitoring, secrets)
    return tuple(one(plan) for one in pages)


def page(
    plan: Plan,
    name: str,
    *,
    notice: tuple[str, ...],
    look: tuple[Step, ...],
    mend: tuple[Step, ...],
    call: tuple[Words, ...],
    well: Step,
) -> Section:
    """One page; each has the same five questions."""
    blocks: tuple[Block, ...] = (
        Text(marked(f"{platform(plan).where} {STAND_INS}")),
        Heading("How you notice"),
        Points(tuple(marked(one) for one in notice)),
        Heading("Look first"),
        Steps(look),
        Heading("Mend"),
        Steps(mend),
        Heading("Whom to call"),
        Points(call),
        Heading("It is well again when"),
        Steps((well,)),
    )
    title = f"If {name}" if " is " in name else f"If {name} breaks"
    return Section(name=title.lower().replace(" ", "-"), title=title, blocks=blocks)


def people(plan: Plan, *accounts: str) -> tuple[Words, ...]:
    """Who can mend it and who is woken, by which number, and the companies that have a part."""
    return (
        ("On call: ", said(plan.owners.on_call, "[owners] on_call")),
        *(f"By {one.kind}: {one.target}" for one in plan.alerts if one.kind in {"phone", "sms"}),
        ("Technical: ", said(plan.owners.technical, "[owners] technical")),
        *(company(plan, one) for one in accounts),
    )


def company(plan: Plan, table: str) -> Words:
    """A company, whose account there lets one in, and where one signs in."""
    one = getattr(plan, table)
    key = "provider" if table == "mail" else "name"
    words: tuple[Span, ...] = (
        f"{'DNS' if table == 'dns' else table.capitalize()}: ",
        said(getattr(one, key), f"[{table}] {key}"),
        ", account ",
        said(one.account, f"[{table}] account"),
    )
    address = getattr(one, "url", "")
    return (*words, ", ", Link(address)) if address else words


def failing(plan: Plan) -> Step:
    """How one sees which part fails, and why, with the token that opens the details."""
    return step(
        "What fails; with the value of `OPERATOR_TOKEN` in the place of its name, why as well.",
        f"curl --header 'Authorization: Bearer OPERATOR_TOKEN' https://{host(plan)}/readyz",
    )


def step(words: str, *commands: str) -> Step:
    return Step(marked(words), commands)


def dns(plan: Plan) -> Section:
    name = host(plan)
    mailed = [f"dig +short TXT _dmarc.{one.name}" for one in plan.mail.domains]
    return page(
        plan,
        "DNS",
        notice=(
            "The monitor says that the name cannot be resolved; browsers do, too.",
            "Mail bounces or lands in the spam folder on the same day.",
        ),
        look=(
            step("What the world is told.", f"dig +short {name}", f"dig +trace {name}", *mailed),
            step(
                "Whether the domain is still paid for: sign in at the registrar. "
                "It shows the name servers as well."
            ),
        ),
        mend=(
            step("A domain that has ended: pay for it at the registrar, at once."),
            step("A record that is gone or wrong: set it again by part 2 of the handover."),
            step("A DNS company that is down: wait, or move the zone and name its servers."),
        ),
        call=people(plan, "dns", "registrar"),
        well=step(
            "The answers are those of part 2, also from another resolver.",
            f"dig +short {name} @1.1.1.1",
            *platform(plan).run(
                f"python manage.py launch_check --only LC-DNS --live https://{name}"
            ),
        ),
    )


def deploy(plan: Plan) -> Section:
    chosen = platform(plan)
    return page(
        plan,
        "a deploy",
        notice=(
            "The deploy ends with an error, or errors begin with it.",
            "`/healthz` shows the former release, or none.",
        ),
        look=(
            chosen.state,
            chosen.logs,
            step(
                "Whether migrations are open.",
                *chosen.run("python manage.py showmigrations --plan"),
            ),
        ),
        mend=(
            step("If it ended before anything new was started, the former release still serves."),
            step("If customers are turned away, roll back first and think afterwards."),
            *chosen.rollback,
            step("A process that names missing variables: set them, then deploy again."),
        ),
        call=people(plan, "hosting"),
        well=is_well(plan),
    )


def sign_in(plan: Plan) -> Section:
    chosen = platform(plan)
    return page(
        plan,
        "sign-in",
        notice=(
            "People write that they cannot get in; the log has many lines `slipway.signin`.",
            "Many `limit.refused` at once: somebody tries passwords, or everybody has one address.",
        ),
        look=(
            step("Whether the page comes.", f"curl --fail https://{host(plan)}/accounts/login/"),
            chosen.logs,
            step(
                "`client_address.missing` in the log: all are limited together. "
                "`signin.provider_failed`: Google, GitHub or Microsoft refuses."
            ),
        ),
        mend=(
            step(
                "One person who lost the second step, once you are sure that it is them.",
                *chosen.run("python manage.py two_step remove ada@example.com"),
            ),
            step(
                "One person who lost the mailbox, once you are sure that it is them.",
                *chosen.run("python manage.py change_email ada@old.example ada@new.example"),
            ),
            step("After a new `SECRET_KEY`.", *chosen.run("python manage.py two_step reencrypt")),
            step(
                "All are limited together: set `CLIENT_ADDRESS_FROM` right, by docs/operations.md."
            ),
            step("No codes arrive: see the page on mail."),
        ),
        call=(
            *people(plan),
            ("Security: ", said(plan.owners.security, "[owners] security")),
        ),
        well=step("You sign in yourself, with a second step, in a private window."),
    )


def mail(plan: Plan) -> Section:
    chosen = platform(plan)
    domain = plan.mail.domains[0].name if plan.mail.domains else "DOMAIN"
    return page(
        plan,
        "mail",
        notice=(
            "People wait for codes and invitations; the operations page counts failed mail.",
            "The provider reports bounces, complaints or a closed account.",
        ),
        look=(
            step(
                "What the mail server answers.",
                *chosen.run("python manage.py send_test_mail --now ada@example.com"),
            ),
            step("What waits or has failed.", *chosen.run("python manage.py jobs")),
            step(
                "Whether the records stand.",
                f"dig +short TXT {domain}",
                f"dig +short TXT _dmarc.{domain}",
            ),
        ),
        mend=(
            step("A login that is refused: new credentials at the provider, into `EMAIL_URL`."),
            step("Records that are gone: set them again by part 2 of the handover."),
            step(
                "Once the cause is mended, retry each failed job by its number.",
                *chosen.run("python manage.py jobs retry 42"),
            ),
        ),
        call=people(plan, "mail", "dns"),
        well=step(
            "The test mail arrives, in the inbox.",
            *chosen.run("python manage.py send_test_mail ada@example.com"),
        ),
    )


def queue(plan: Plan) -> Section:
    chosen = platform(plan)
    return page(
        plan,
        "the queue",
        notice=(
            "Exports and mail do not come; `/readyz` names worker or broker.",
            "The operations page counts jobs that wait, and more with each minute.",
        ),
        look=(
            failing(plan),
            step("What waits, runs or has failed.", *chosen.run("python manage.py jobs")),
            chosen.state,
            chosen.logs,
        ),
        mend=(
            step("`worker` or `beat` does not run: start it; no job is lost meanwhile."),
            chosen.restart,
            step("Redis is away: see at its provider; `cache.up` in the log says that it is back."),
            step(
                "One job fails again and again: `job.failed` in the log has its error. "
                "Mend it and retry, or cancel it.",
                *chosen.run("python manage.py jobs retry 42", "python manage.py jobs cancel 42"),
            ),
        ),
        call=people(plan, "hosting"),
        well=step(
            "Nothing fails, and the jobs that wait become fewer.",
            f"curl --fail https://{host(plan)}/readyz",
        ),
    )


def database(plan: Plan) -> Section:
    chosen = platform(plan)
    proofs = plan.evidence
    kept: Words = (
        "The copy outside of the hosting account: ",
        said(proofs.off_platform, "[evidence] off_platform"),
        ". The last backup on record: ",
        proof(proofs.backup, "backup"),
        ". The last restore that was tried: ",
        proof(proofs.restore_drill, "restore_drill"),
        ".",
    )
    return page(
        plan,
        "the database",
        notice=(
            "Every page is an error; `/readyz` names the database.",
            "Data is missing or wrong, which is worse.",
        ),
        look=(
            failing(plan),
            chosen.logs,
            step(
                "Whether the product's own role gets in, and its walls stand.",
                *chosen.run("python manage.py check --database default"),
            ),
        ),
        mend=(
            step("No connection: see at the provider whether it runs, is full, or has moved."),
            step("A password that changed: set `DATABASE_URL` and `DATABASE_OWNER_URL` anew."),
            Step(("Data is wrong: ", *spans(chosen.stop.words)), chosen.stop.commands),
            chosen.backups,
            Step(kept),
            step(
                "Restore into a new database, never over the old one; set the addresses, then "
                "migrate, which grants the roles what they need.",
                *chosen.run("python manage.py migrate --noinput"),
            ),
            chosen.start,
        ),
        call=people(plan, "hosting"),
        well=is_well(plan),
    )


def monitoring(plan: Plan) -> Section:
    watched: list[Words] = []
    for one in plan.monitors:
        where = Link(one.link) if one.link else unsaid("[[monitors]] link")
        watched.append((f"The monitor {one.name}: ", where))
    return page(
        plan,
        "monitoring",
        notice=(
            "Customers tell you first.",
            "The monitor has been silent for a week, or Sentry has had no event since a deploy.",
        ),
        look=(
            *(Step(one) for one in watched or [("The monitors: ", unsaid("[[monitors]]"))]),
            failing(plan),
            step("Errors alone are missing: look whether `SENTRY_DSN` is set for each process."),
        ),
        mend=(
            step("Renew the monitor's account, or set one up elsewhere on `/readyz`."),
            step("Have it look for the text that a well product answers, and wake a person."),
            step(
                "Write it into launch.toml and make this pack again.",
                "python manage.py handover",
            ),
        ),
        call=people(plan),
        well=step(
            "A test alert of the monitor wakes who is on call, and nothing is left to say.",
            "python manage.py launch_check --only LC-UP",
        ),
    )


def secrets(plan: Plan) -> Section:
    chosen = platform(plan)
    return page(
        plan,
        "a secret is out",
        notice=(
            "A key was committed, mailed or pasted, or somebody who knew it has left.",
            "A provider writes that a key of yours was found.",
        ),
        look=(
            step("Which are in the repository.", "python manage.py launch_check --only LC-SECRET"),
            step("Who keeps it and how it is changed: part 3 of the handover."),
        ),
        mend=(
            step("It is out, whatever the date: make a new one where it comes from."),
            chosen.variables,
            step(
                "A new `SECRET_KEY`: the former one goes to `SECRET_KEY_FALLBACKS`, unless it was "
                "stolen. Then:",
                *chosen.run("python manage.py two_step reencrypt"),
            ),
            step("Withdraw the old one. Taking it out of the last commit does not help."),
        ),
        call=(
            ("Security: ", said(plan.owners.security, "[owners] security")),
            *people(plan, "hosting"),
        ),
        well=step(
            "The old one is refused, and what was compared before has changed.",
            *chosen.run("python manage.py fingerprints"),
        ),
    )
