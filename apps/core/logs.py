"""How the processes log: one structured line for each thing that happened."""

import logging.config
from typing import Any


def logging_config(*, level: str, pretty: bool) -> dict[str, Any]:
    """Return the LOGGING dictionary; `pretty` lines are for people, the others are JSON."""
    return {"version": 1, "disable_existing_loggers": False}


def configure(config: dict[str, Any]) -> None:
    """Apply `config` (Django calls this by LOGGING_CONFIG)."""
    logging.config.dictConfig(config)
