"""``manage.py launch_check`` as a founder runs it: a process of its own, on real servers."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.health import HEARTBEAT, SCHEDULER_HEARTBEAT
from apps.launch.management.commands.launch_check import Command
from apps.launch.registry import known_checks
from tests.config.processes import COMPLETE, ROOT, python
from tests.launch.calls import answers as calls_of
from tests.launch.sound.plan import written

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Answers = Callable[..., list[tuple[int, str]]]


@pytest.fixture
def production(transactional_db: None, tmp_path: Path) -> dict[str, str]:
    """A launch's variables on the suite's own servers, with worker and scheduler at work.

    Another process sees and leaves committed rows alone, so the tables are emptied after.
    """
    database = urlsplit(settings.ENV.DATABASE_URL)._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    redis = settings.CACHES["default"]["LOCATION"]
    cache = RedisCache(redis, {"KEY_PREFIX": "slipway:production"})
    cache.set_many(dict.fromkeys((HEARTBEAT, SCHEDULER_HEARTBEAT), time.time()))
    return {
        **COMPLETE,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": database.geturl(),
        "REDIS_URL": redis,
        "FILES_ROOT": str(tmp_path),
    }


@pytest.fixture
def launch_check(production: dict[str, str]) -> Run:
    """Run the command with those variables, some of them changed, and a plan for their host."""

    def run(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        variables = {**production, **changes}
        words = (*arguments, *with_plan(variables))
        return python("manage.py", "launch_check", *words, variables=variables)

    return run


def with_plan(variables: dict[str, str]) -> list[str]:
    """Write a plan for the host of these variables; return the option that names it."""
    host = str(urlsplit(variables["SITE_URL"]).hostname)
    if "." not in host:
        return []
    plan = Path(variables["FILES_ROOT"]) / "launch.toml"
    plan.write_text(written(host) + variables.get("plan", ""))
    return ["--plan", str(plan)]


@pytest.fixture
def answers(production: dict[str, str]) -> Answers:
    """Call the command several times with the same variables, as `calls` tells."""

    def ask(*calls: list[str], **changes: str) -> list[tuple[int, str]]:
        variables = {**production, **changes}
        plan = with_plan(variables)
        return calls_of([[*call, *plan] for call in calls], variables)

    return ask


def test_a_clean_production_environment_is_go(launch_check: Run) -> None:
    done = launch_check("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["environment"]) == ("GO", "production")
    not_passed = {f["id"]: f["tier"] for f in report["findings"] if f["status"] == "fail"}
    # What is left is a founder's to do: the handover pack, the product's name, preloading once all
    # is settled, and to measure what runs.
    assert not_passed == {
        "LC-HAND-004": "traffic",
        "LC-PERF-104": "later",
        "LC-SET-010": "later",
        "security.W021": "later",
    }
    assert (report["site"], report["release"]) == ("portal.harbourside.co", "4f2c91a")


def test_staging_is_go_where_staging_is_asked_for_and_nothing_of_it_is_excused_otherwise(
    answers: Answers,
) -> None:
    staging = {
        "DJANGO_SETTINGS_MODULE": "config.settings.staging",
        "SITE_URL": "https://staging.harbourside.co",
    }
    areas = ("LC-SET", "LC-SEC", "LC-MAIL", "LC-PLAN-002")
    (code, as_staging), (refused, said) = answers(
        ["--environment", "staging", "--json", "--only", *areas],
        ["--only", "LC-SET-001", "LC-SET-009"],
        **staging,
    )
    assert code == 0, as_staging
    status = {each["id"]: each["status"] for each in json.loads(as_staging)["findings"]}
    for id in ("LC-SET-001", "LC-SET-011", "LC-SET-012", "LC-MAIL-006"):
        assert status[id] == "pass"
    for id in ("LC-SET-009", "LC-SEC-001", "LC-PLAN-002"):
        assert status[id] == "skipped"
    assert refused == 1
    assert "These are staging's settings, not production's" in said


def test_the_report_begins_with_the_verdict_and_the_counts(launch_check: Run) -> None:
    done = launch_check(SITE_URL="https://app.example.com", ALLOWED_HOSTS="")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith("NO-GO   1 block now · 1 under traffic · 3 later · ")
    assert "  app.example.com, release 4f2c91a" in lines
    at = lines.index("  BLOCKS NOW")
    assert lines[at + 1].startswith("  LC-SET-007   Links in mail lead nowhere")
    assert lines[at + 5].strip() == "docs/checks/LC-SET-007.md"
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("  exit 1, no-go")
    assert "\x1b[" not in done.stdout, "this is no terminal"


def test_servers_that_do_not_answer_are_inconclusive_and_no_traceback(launch_check: Run) -> None:
    done = launch_check(
        DATABASE_URL="postgresql://app:c4n4ry@127.0.0.1:1/slipway",
        REDIS_URL="redis://:c4n4ry@127.0.0.1:1/0",
    )
    assert done.returncode == 3
    assert done.stdout.startswith("NO-GO   ")
    for id in ("LC-DATA-001", "LC-DATA-002", "LC-OPS-002"):
        assert id in done.stdout.partition("COULD NOT BE TESTED")[2]
    assert "Traceback" not in done.stdout + done.stderr
    assert "c4n4ry" not in done.stdout + done.stderr


def test_missing_variables_are_named_at_once(production: dict[str, str]) -> None:
    without = {k: v for k, v in production.items() if k not in {"SECRET_KEY", "SITE_URL"}}
    done = python("manage.py", "launch_check", variables=without)
    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr
    assert "SITE_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_in_development_one_screen_says_what_stands_between_it_and_a_launch(
    launch_check: Run, tmp_path: Path
) -> None:
    done = launch_check(
        DJANGO_SETTINGS_MODULE="config.settings.development",
        SITE_URL="http://localhost:8000",
        EMAIL_URL="smtp://127.0.0.1:1025",
        DEFAULT_FROM_EMAIL="Slipway <hello@localhost>",
        DEV_MAIL_DIR=str(tmp_path),
        SENTRY_DSN="",
        RELEASE="",
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "  Judged on development's settings; a launch runs on production's." in lines
    at = lines.index("  BLOCKS NOW")
    assert lines[at + 1].startswith("  LC-SET-001   These are development's settings")
    assert lines[at + 2].strip() == "Fix  set production's variables: docs/environment.md"
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= 80
    for id in ("LC-MAIL-002", "LC-MAIL-004", "LC-SET-007", "LC-OPS-001", "LC-SET-010"):
        assert any(line.startswith(f"  {id}  ") for line in lines), id
    words = " ".join(done.stdout.split())
    assert "fail by design in development and go away with LC-SET-001: LC-SEC-001," in words
    assert "skipped: they need a launch plan (LC-PLAN-001)." in words


def test_options_that_do_not_exist_or_go_together_end_with_2(
    launch_check: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    done = launch_check("--json", "--summary")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    # As the command line does it, but in this process.
    for arguments in (
        ["--json", "--summary"],
        ["--format", "pdf"],
        ["--fail-on", "never"],
        ["--only"],
    ):
        with pytest.raises(SystemExit) as ended:
            Command().run_from_argv(["manage.py", "launch_check", *arguments])
        assert ended.value.code == 2
        assert capsys.readouterr().out == ""


WRONG = [
    (["--only", "LC-NOPE"], "No check is called LC-NOPE"),
    (["--only", "\x1b[2J"], r"No check is called \x1b[2J"),
    (["--dns", "127.0.0.1"], "--dns is for --live"),
    (["--connect-to", "::::"], "--connect-to is for --live"),
    (["--ca-file", "manage.py"], "--ca-file is for --live"),
    (["--live", ""], "not nothing"),
    (["--live", "https://a.example", "--ca-file", "manage.py"], "holds no certificate"),
    (["--live", "https://a.example", "--dns", ""], "--dns takes"),
    (["--plan", "no/such/plan.toml"], "--plan: there is no file no/such/plan.toml"),
    (["--list-checks", "--summary"], "--list-checks is text or --json"),
    (["--list-checks", "--format", "html"], "--list-checks is text or --json"),
    (
        ["--only", "LC-SET", "--accept-risk", "LC-SET-009"],
        "--accept-risk: LC-SET-009 has no [[accepted]]",
    ),
    (["--only", "LC-SET", "--summary", "--output", "no/such/folder/x"], "cannot be written"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_call_ends_with_2_and_one_line(
    db: None, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError) as wrong:
        call_command("launch_check", *arguments)
    assert wrong.value.returncode == 2
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)
    assert "\x1b" not in str(wrong.value)
    assert capsys.readouterr().out == ""


def test_a_plan_that_cannot_be_read_ends_with_2_and_names_each_line(
    db: None, tmp_path: Path
) -> None:
    plan = tmp_path / "launch.toml"
    plan.write_text("[site]\ncannonical = 'a.example.com'\n")
    with pytest.raises(CommandError) as wrong:
        call_command("launch_check", "--plan", str(plan))
    assert wrong.value.returncode == 2
    assert str(wrong.value).splitlines() == [
        'launch.toml:1: site misses canonical: canonical = "portal.example.com"',
        "launch.toml:2: site.cannonical is not a key here; did you mean canonical?",
    ]


def test_a_terminal_is_shown_colour_and_a_line_of_progress_that_is_erased(
    production: dict[str, str],
) -> None:
    written = on_a_terminal({**production, "SITE_URL": "https://localhost"})
    progress, _, report = written.rpartition("\r\x1b[2K")
    assert "\r\x1b[2Kwhat the checks read" in progress
    assert "\n" not in progress
    assert "\x1b[" in report
    assert "LC-SET-007" in report


def test_no_colour_is_shown_to_who_wants_none(production: dict[str, str]) -> None:
    written = on_a_terminal({**production, "SITE_URL": "https://localhost", "NO_COLOR": "1"})
    assert "\x1b[" not in written.rpartition("\r\x1b[2K")[2]


def test_what_blocks_under_traffic_or_later_can_be_made_to_count(
    answers: Answers,
) -> None:
    (traffic, _), (later, said) = answers(
        ["--only", "LC-SET", "--fail-on", "traffic"], ["--only", "LC-SET", "--fail-on", "later"]
    )
    assert traffic == 0
    assert later == 1, "the product still goes by the starter's name"
    assert "  What blocks later counts too." in said.splitlines()


def test_what_is_accepted_does_not_count_and_is_still_told(
    answers: Answers, production: dict[str, str]
) -> None:
    production["plan"] = "".join(
        f"[[accepted]]\nid = '{id}'\nreason = 'no name yet'\nowner = 'Ada'\nuntil = 2099-01-01\n"
        for id in ("LC-SET-010", "LC-SET-007")
    )
    (refused, why), (taken, said) = answers(
        ["--only", "LC-SET"],
        ["--only", "LC-SET", "--accept-risk", "LC-SET-007"],
        SITE_URL="https://app.example.com",
    )
    assert refused == 1
    assert "it blocks now: add --accept-risk LC-SET-007" in " ".join(why.split())
    assert taken == 0, said
    assert said.startswith("GO   0 block now")
    accepted = said.partition("  ACCEPTED\n")[2]
    assert "LC-SET-007" in accepted
    assert "Accepted by Ada until 2099-01-01: no name yet" in accepted


def test_a_report_is_written_to_a_file_whole_and_the_verdict_is_said(
    here: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    file.write_text("an older one")
    said = here("--json", "--output", str(file), "--only", "LC-SET")
    assert said.startswith("NO-GO: ")
    assert said.count("\n") == 1
    assert json.loads(file.read_text())["verdict"] == "NO-GO"
    assert list(tmp_path.iterdir()) == [file], "no draft is left"


@pytest.fixture
def here(db: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in this process, on the suite's settings; return what it printed."""

    def run(*arguments: str) -> str:
        with suppress(SystemExit):
            call_command("launch_check", *arguments)
        return capsys.readouterr().out

    return run


def test_verbose_tells_what_passed_and_what_follows_too(here: Callable[..., str]) -> None:
    printed = here("-v")
    told = {line.split()[0] for line in printed.splitlines() if line.startswith("  LC-")}
    assert told == {one.id for one in known_checks()} - {"django"}
    assert "  PASSED\n" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_a_part_of_the_checks_is_run_and_said_to_be_a_part(here: Callable[..., str]) -> None:
    printed = here("--only", "LC-SEC", "LC-SET-002")
    asked = [one for one in known_checks() if re.match(r"LC-SEC-|LC-SET-002", one.id)]
    assert f"Only {len(asked)} of {len(known_checks())} checks were asked for." in printed
    assert f"{len(asked)} pass" in printed


def test_a_summary_is_one_line_that_names_the_settings(here: Callable[..., str]) -> None:
    printed = here("--summary", "--only", "LC-SET")
    assert printed.startswith("NO-GO: ")
    assert printed.endswith(" (test's settings)\n")
    assert printed.count("\n") == 1


def test_the_checks_are_listed_with_what_they_hold_to_be_true(here: Callable[..., str]) -> None:
    lines = here("--list-checks").splitlines()
    assert [line.split()[0] for line in lines if line[0] != " "] == [c.id for c in known_checks()]
    assert "LC-SET-002     now      Debug mode is off" in lines
    assert max(map(len, lines)) <= 80


def test_a_part_of_the_checks_is_listed_for_programs_too(here: Callable[..., str]) -> None:
    listed = json.loads(here("--list-checks", "--json", "--only", "LC-SET-002"))
    assert listed["checks"] == [
        {
            "id": "LC-SET-002",
            "tier": "now",
            "impact": "exposure",
            "title": "Debug mode is off",
            "docs": "docs/checks/LC-SET-002.md",
        }
    ]


def on_a_terminal(variables: dict[str, str]) -> str:
    """What the command writes when its output is a terminal."""
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "manage.py", "launch_check", "--only", "LC-SET"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "ENV_FILE": os.devnull, **variables},
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
    ):
        os.close(child)
        written = b""
        while chunk := read(parent):
            written += chunk
    os.close(parent)
    return written.decode()


def read(terminal: int) -> bytes:
    """The next bytes of a terminal; none once its other side is gone, an error to Linux."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
