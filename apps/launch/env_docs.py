"""The pages that are made from declarations, the environment's among them; it writes no file."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_type_hints

from apps.launch.blueprint import staging_blueprint
from apps.launch.check_docs import checks_page
from apps.launch.markdown import table
from apps.launch.plan_docs import plan_page
from config.differences import DIFFERENCES, NAMED
from config.env import ENVIRONMENTS, Env, Operator
from config.parsers import AddressRule, Smtp

Variable = Field[Any]
HINTS = get_type_hints(Env) | get_type_hints(Operator)
TYPES: dict[Any, str] = {
    str: "text",
    list[str]: "list",
    int: "whole number",
    int | None: "whole number",
    Path: "folder",
    Smtp: "address of a mail server",
    AddressRule: "rule",
}


def variables(*, required: bool) -> list[Variable]:
    """The declared variables, in their order."""
    return [one for one in fields(Env) if one.metadata["required"] is required]


def default_of(one: Variable) -> str:
    """What holds where the variable is not set, as it would be written."""
    return "" if one.default in {MISSING, None} else str(one.default)


def env_example() -> str:
    """The .env.example file: the required variables blank, so that none is forgotten."""
    lines = [
        "# Copy this file to .env and fill it in; the process's own environment wins over it.",
        "# Made by `manage.py env_docs --write` from config/env.py: change it there.",
        "# `make run` and `make test` need none of it.",
        "",
        "# Required",
    ]
    for one in variables(required=True):
        lines += commented(one)
        needed = "production" in one.metadata["environments"]
        lines += [f"{'' if needed else '# '}{one.name}="]
    lines += ["", "# Optional"]
    for one in variables(required=False):
        lines += [*commented(one), f"# {one.name}={default_of(one)}"]
    return "\n".join(lines) + "\n"


def commented(one: Variable) -> list[str]:
    """What is to be known of a variable, as comments."""
    about = one.metadata
    said = about["purpose"].replace(". ", ".\n").split("\n")
    said += where(one)
    secret = "Secret " if about["secret"] else ""
    kind = f"{secret}{TYPES[HINTS[one.name]]}".capitalize()
    said += [f"{kind}; kept by: {about['owner']}; from: {about['source']}."]
    if about["secret"]:
        said += f"Changed: {about['rotation']}".replace(". ", ".\n").split("\n")
    return ["", *(f"# {line}" for line in [*said, f"Example: {about['example']}"])]


def environment_page() -> str:
    """The page docs/environment.md."""
    return "\n".join(
        [
            "# Environment",
            "",
            "<!-- Made by `manage.py env_docs --write`: change config/env.py or",
            "     config/differences.py instead. -->",
            "",
            "Every variable is declared once, in `config/env.py`, and read nowhere else. A process "
            "that misses some, or has malformed ones, stops at its start and names all of them "
            "at once, each with its purpose and an example; the value of a secret is never "
            "printed. A `.env` file in the project's folder is read too; the process's own "
            "environment wins over it, and the suite ignores it.",
            "",
            "`make run` and `make test` set everything themselves. Of your own, `make run` takes "
            "`PORT`, and both take `DATABASE_URL`, `DATABASE_OWNER_URL` and `REDIS_URL`.",
            "",
            "## Required",
            "",
            *table(
                ("Variable", "What for", "Type", "Kept by", "Comes from", "Example"),
                [(*named(one), *kept(one), example(one)) for one in variables(required=True)],
            ),
            "",
            "## Optional",
            "",
            *table(
                ("Variable", "What for", "Without it", "Type", "Kept by", "Comes from", "Example"),
                [
                    (
                        *named(one),
                        f"`{default_of(one)}`" if default_of(one) else "not set",
                        *kept(one),
                        example(one),
                    )
                    for one in variables(required=False)
                ],
            ),
            "",
            "## For whoever ships",
            "",
            "`deploy/` reads these on the machine that it runs on, yours or CI's, and from the "
            "environment alone, never from `.env`. The product needs none of them: do not set "
            "them there.",
            "",
            *table(
                ("Variable", "What for", "Kept by", "Comes from", "Example"),
                [(*named(one), *kept(one)[1:], example(one)) for one in fields(Operator)],
            ),
            "",
            "## Changing secrets",
            "",
            "Each environment has secrets of its own; `manage.py fingerprints` lets them be "
            "compared without being shown. A secret that was committed, mailed or pasted is out: "
            "change it, whatever the date. After each change ask `manage.py launch_check`.",
            "",
            *table(
                ("Secret", "Kept by", "When and how, with nothing standing still"),
                [
                    (f"`{one.name}`", one.metadata["owner"], one.metadata["rotation"])
                    for one in (*fields(Env), *fields(Operator))
                    if one.metadata["secret"]
                ],
            ),
            "",
            "What else a new `SECRET_KEY` asks for stands in "
            "[operations](operations.md#changing-the-secret-key).",
            "",
            "## What environments change",
            "",
            "`config/settings/production.py` is the base and safe as written. The others change "
            "the settings listed here, and the suite fails if one changes anything else. In every "
            f"environment {listed(NAMED)} carry the environment's name, so that two that share "
            "a server by mistake do not read each other's entries.",
            *(line for name in DIFFERENCES for line in differences(name)),
            "",
        ]
    )


def named(one: Variable) -> tuple[str, str]:
    """A variable's name and purpose, with what is special about it."""
    about = one.metadata
    notes = ["Secret."] if about["secret"] else []
    return f"`{one.name}`", " ".join([about["purpose"], *notes, *where(one)])


def kept(one: Variable) -> tuple[str, str, str]:
    """A variable's type, who keeps it, and where its value comes from."""
    return TYPES[HINTS[one.name]], one.metadata["owner"], one.metadata["source"]


def where(one: Variable) -> list[str]:
    """Where a variable has to be set, unless that is everywhere."""
    environments = one.metadata["environments"]
    if environments == ENVIRONMENTS:
        return []
    if default_of(one):
        return [f"Required in {' and '.join(environments)}; elsewhere `{default_of(one)}`."]
    return [f"Only for {' and '.join(environments)}."]


def example(one: Variable) -> str:
    return f"`{one.metadata['example']}`"


def differences(environment: str) -> list[str]:
    """The section on one environment."""
    rows = [(f"`{name}`", why) for name, why in sorted(DIFFERENCES[environment].items())]
    return ["", f"### {environment.capitalize()}", "", *table(("Setting", "Why"), rows)]


def listed(names: tuple[str, ...]) -> str:
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}"


PAGES: dict[str, Callable[[], str]] = {
    ".env.example": env_example,
    "docs/environment.md": environment_page,
    "docs/launch-plan.md": plan_page,
    "docs/checks/README.md": checks_page,
    "render.staging.yaml": staging_blueprint,
}
