"""Gives each run of the suite its own servers and variables, and says what did not run.

Loaded by `-p dev.pytest_servers`, before Django's settings are read. The test database, users and
mail are the business of tests/conftest.py.
"""

import os
import re
import secrets
import signal
from collections import Counter
from collections.abc import Generator
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import FrameType

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # it has no types
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]  # as above

from dev.servers import ThrowAway
from dev.setup import Refusal

# The suite runs without these; a person asks for them by name.
LEFT_OUT = {"not prove": "the heavy proofs (make prove)", "not bench": "measurements (make bench)"}


class Grouped(LoadGroupScheduling):
    """Gives the tests of one group to one process, so that what they share is made once.

    pytest-xdist 3.8 writes a test's group behind its ID, which pytest 9.2 keeps elsewhere, so that
    the groups are lost. Ours are a module's, and the module's text says them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self.config.rootpath / nodeid.partition("::")[0]) or nodeid


@cache
def group_of(module: Path) -> str:
    """The group that a module's tests declare, or ""."""
    found = re.search(r"""xdist_group\("([^"]+)"\)""", module.read_text(encoding="utf-8"))
    return found[1] if found else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Grouped | None:
    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers and set the variables before anything reads them."""
    # A worker of pytest-xdist inherits both from the process that started it.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, interrupt)
        servers = ThrowAway(os.environ)
        early_config.add_cleanup(servers.stop)
        try:
            provide(servers)
        except Refusal as refusal:
            raise pytest.UsageError(f"✗ {refusal}") from None
    return (yield)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Let a SIGTERM end the run as Ctrl-C does, so that the servers end too."""
    raise KeyboardInterrupt


def provide(servers: ThrowAway) -> None:
    """Set every variable that the project declares: to a value of the suite's, or not at all."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "OPERATOR_TOKEN": secrets.token_urlsafe(32),
        "SITE_URL": "https://testserver",
        # Nothing listens there: a test that sends mail brings its own server.
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "DEFAULT_FROM_EMAIL": "Slipway <hello@example.com>",
        "FILES_ROOT": str(servers.folder / "files"),
        **servers.start(),
    }
    os.environ.update(variables)
    from config.env import Env

    for declared in fields(Env):
        if declared.name not in variables:
            os.environ.pop(declared.name, None)


def skipped(config: pytest.Config) -> Counter[str]:
    """How many tests were skipped, by the reason they gave."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reasons: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []) if reporter else []:
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[text.removeprefix("Skipped: ")] += 1
    return reasons


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing is skipped: there, a skip fails the run."""
    if hasattr(session.config, "workerinput") or os.environ.get("CI") != "true":
        return
    if session.exitstatus == pytest.ExitCode.OK and skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say plainly what did not run, and how to make it run."""
    lines = [f"{count} skipped: {reason}" for reason, count in sorted(skipped(config).items())]
    chosen = config.option.markexpr or ""
    lines += [f"left out: {what}" for mark, what in LEFT_OUT.items() if mark in chosen]
    if not lines:
        return
    terminalreporter.section("did not run")
    for line in lines:
        terminalreporter.line(line)
    if skipped(config) and os.environ.get("CI") == "true":
        terminalreporter.line("CI=true: a skip fails the run", red=True)
