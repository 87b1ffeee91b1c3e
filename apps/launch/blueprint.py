"""Staging's blueprint for Render, made of production's, so that the two differ in little."""

import re

from config.env import BASE_DIR

SENDER = re.compile(r"( +- key: )DEFAULT_FROM_EMAIL\n((?: {8}.*\n)+)")
HEAD = """\
# Staging on Render: its own services, database and secrets, under names of their own. Made of
# render.yaml by `manage.py env_docs --write`: change it there. Apply it as a second blueprint, with
# this file's name for its path, and into another environment of the project.
"""


def staging_blueprint() -> str:
    """render.staging.yaml: other names, staging's settings, and who gets its mail."""
    text = (BASE_DIR / "render.yaml").read_text(encoding="utf-8")
    _, _, rest = text.partition("\n\n")
    rest = rest.replace("slipway-", "slipway-staging-")
    rest = rest.replace("config.settings.production", "config.settings.staging")
    return f"{HEAD}\n{SENDER.sub(with_allowlist, rest)}"


def with_allowlist(sender: re.Match[str]) -> str:
    """The variable of the mail's sender, and after it the allowlist, which comes the same way."""
    key, value = sender.groups()
    value = value.replace("DEFAULT_FROM_EMAIL", "MAIL_ALLOWLIST")
    return f"{sender[0]}{key}MAIL_ALLOWLIST\n{value}"
