"""The smoke test against a whole portal as production runs it, and against what breaks in one."""

import asyncio
import json
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.clients.management.commands.seed import MEMBER, OWNER, PASSWORD, STRANGER
from deploy import smoke_steps
from deploy.smoke import main
from deploy.smoke_steps import NAMES, is_same
from dev.portal import OTHER_NAME, Portal
from tests.deploy.breaker import Breaker, Fault, Passing

pytestmark = pytest.mark.xdist_group("portal")  # one portal for all of them

QUICK = ("--skip", "write", "--skip", "queue")
URL = f"https://{OTHER_NAME}"
MARK = "clients_client WHERE name LIKE 'smoke-%'"


@pytest.fixture(scope="module")
def portal(named_portal: Portal) -> Portal:
    return named_portal


@pytest.fixture(scope="module")
def breaker(portal: Portal) -> Iterator[Breaker]:
    # A socket's path has to be short.
    with (
        tempfile.TemporaryDirectory() as folder,
        Breaker(portal, Path(folder, "web.sock")) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def account(forgotten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who owns one workspace, of whom nobody knows that they signed in lately."""
    monkeypatch.setenv("SMOKE_EMAIL", STRANGER[0])
    monkeypatch.setenv("SMOKE_PASSWORD", PASSWORD)


class Told:
    """What one run told: `steps` is each step's outcome by name."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        self.all: dict[str, Any] = json.loads(text)
        self.lines = {one["name"]: one for one in self.all["steps"]}
        self.steps = {name: one["outcome"] for name, one in self.lines.items()}

    @property
    def failed(self) -> list[str]:
        return [name for name, outcome in self.steps.items() if outcome == "failed"]


Smoke = Callable[..., Told]


@pytest.fixture
def smoke(breaker: Breaker, capsys: pytest.CaptureFixture[str]) -> Smoke:
    """Run it through the socket: ``smoke("--release", "loopback")``."""

    def run(*arguments: str, way: str = f"unix:{breaker.path}") -> Told:
        capsys.readouterr()
        code = main([URL, "--connect-to", way, "--json", *arguments])
        return Told(code, capsys.readouterr().out)

    return run


@pytest.fixture
def signed_in(portal: Portal, smoke: Smoke) -> Path:
    """Where a session is kept, so that not each test signs in anew."""
    path = portal.folder / "session.json"
    if not path.exists():
        assert smoke("--session", str(path), *QUICK).code == 0
    return path


def rows(portal: Portal, what: str) -> int:
    """How many rows the portal's database has of something."""
    url = portal.environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        found = connection.execute(f"SELECT count(*) FROM {what}".encode()).fetchone()
    assert found
    return int(found[0])


# All is well


def test_over_https_each_step_passes_in_few_seconds_and_nothing_is_left(
    portal: Portal, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = rows(portal, "django_session")
    way = ("--connect-to", f":443:127.0.0.1:{portal.port}", "--skip", "redirect")
    authority = ("--ca-file", str(portal.folder / "root.pem"))
    assert main([URL, *way, *authority, "--release", "loopback"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1].startswith("All is well, after ")
    assert [line.split()[0] for line in text.splitlines()[:-1]] == [
        "-" if name == "redirect" else "✓" for name in NAMES
    ]
    assert PASSWORD not in text
    # The record is deleted, the session has ended, and the mail arrived.
    assert rows(portal, MARK) == 0
    assert rows(portal, "django_session") == sessions
    message = portal.mailbox.wait_for(STRANGER[0], "A smoke test of")
    text_part = message.get_body(("plain",))
    assert text_part
    assert "Queue and mail work" in text_part.get_content()


def test_through_a_releases_own_socket_it_is_a_visitor_of_the_public_address(smoke: Smoke) -> None:
    told = smoke("--release", "loopback")
    assert told.code == 0
    assert set(told.steps.values()) == {"passed"}
    assert [*told.lines] == [*NAMES]
    assert (told.all["version"], told.all["ok"], told.all["url"]) == (1, True, URL)


def test_a_kept_session_spares_the_sign_in_and_its_file_is_for_the_owner_alone(
    smoke: Smoke, portal: Portal, tmp_path: Path
) -> None:
    path = tmp_path / "session.json"
    keep = ("--session", str(path), *QUICK)
    assert smoke(*keep).lines["sign-in"]["said"] != "still signed in"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text()
    sessions = rows(portal, "django_session")
    for _ in range(2):
        told = smoke(*keep)
        assert (told.code, told.lines["sign-in"]["said"]) == (0, "still signed in")
    assert rows(portal, "django_session") == sessions
    # No mail about a new sign-in either.
    assert not [one for one in portal.mailbox.messages if "sign-in" in one["Subject"].lower()]


def test_a_kept_session_that_has_ended_is_begun_anew_with_no_mail_about_it(
    smoke: Smoke, portal: Portal, signed_in: Path
) -> None:
    cookies = json.loads(signed_in.read_text())
    cookies["cookies"]["__Host-session"] = "ended"
    signed_in.write_text(json.dumps(cookies))
    told = smoke("--session", str(signed_in), *QUICK)
    assert (told.code, told.lines["sign-in"]["said"]) == (0, "")
    assert not [one for one in portal.mailbox.messages if "sign-in" in one["Subject"].lower()]


# What breaks


def at(path: str, fault: Fault, *, method: str = "GET") -> Fault:
    """Break what answers under `path` alone."""

    def broken(answer: Passing) -> None:
        if answer.method == method and answer.path.partition("?")[0].startswith(path):
            fault(answer)

    return broken


def exactly(path: str, fault: Fault) -> Fault:
    def broken(answer: Passing) -> None:
        if answer.path == path:
            fault(answer)

    return broken


def status(number: int) -> Fault:
    def broken(answer: Passing) -> None:
        answer.status = number

    return broken


def header(name: str, value: str = "") -> Fault:
    return lambda answer: answer.set(name, value)


def body(text: str) -> Fault:
    def broken(answer: Passing) -> None:
        answer.body = text.encode()

    return broken


def unready(answer: Passing) -> None:
    answer.status, answer.body = 503, b'{"status": "unavailable", "failed": ["cache", "worker"]}'


def unlisted(answer: Passing) -> None:
    answer.body = answer.body.replace(b"/clients/", b"/nobody/")


def away(path: str) -> Fault:
    def broken(answer: Passing) -> None:
        answer.status, answer.body = 302, b""
        answer.set("Location", path)

    return broken


def other_release(answer: Passing) -> None:
    answer.body = answer.body.replace(b"loopback", b"4f2c91a")


POLICY, HSTS = "Content-Security-Policy", "Strict-Transport-Security"
# What is broken, the one line that tells it, and words of that line. A line more is a fault more.
FAULTS: list[tuple[Fault, str, str]] = [
    (exactly("/healthz", status(500)), "health", "/healthz answered 500"),
    (exactly("/healthz", body("<h1>Welcome to nginx!</h1>")), "health", "not 200 and ok"),
    (exactly("/readyz", unready), "readiness", "failing: cache, worker"),
    (exactly("http", status(200)), "redirect", "http:// answered 200"),
    (exactly("http", header("Location", "http://x.example/")), "redirect", "leads to http://x"),
    (exactly("/", status(502)), "landing", "/ answered 502"),
    (exactly("/", body("<h1>Parked</h1>")), "landing", "no link to /accounts/login/"),
    (exactly("/", header(POLICY)), "headers", "no Content-Security-Policy"),
    (
        exactly("/accounts/login/", header(POLICY, "script-src 'unsafe-inline'")),
        "headers",
        "/accounts/login/: the Content-Security-Policy allows what is unsafe",
    ),
    (exactly("/", header(HSTS)), "headers", "no Strict-Transport-Security"),
    (exactly("/", header("X-Content-Type-Options")), "headers", "no nosniff"),
    (at("/static/", status(404)), "static", "answered 404"),
    (at("/static/", header("Cache-Control", "no-store")), "static", "may not be kept"),
    (exactly("/home/", away("/workspaces/")), "sign-in", "the account's home is no workspace"),
    (exactly("/t/elsewhere/", status(500)), "dashboard", "/t/elsewhere/ answered 500"),
    (exactly("/t/elsewhere/", away("/account/")), "dashboard", "302 and leads to /account/"),
    (at("/t/elsewhere/clients/new/", status(500), method="POST"), "write", "answered 500"),
    (at("/t/elsewhere/roundtrips/", status(404), method="POST"), "queue", "answered 404"),
    (at("/t/elsewhere/roundtrips/", body('{"queue": {"state": "failed"}}')), "queue", "failed"),
    (
        at(
            "/t/elsewhere/roundtrips/",
            body('{"queue": {"state": "succeeded"}, "mail": {"state": "failed"}}'),
        ),
        "mail",
        "it is failed, not sent",
    ),
    (exactly("/healthz", other_release), "release", "it is 4f2c91a at /healthz, not loopback"),
]


@pytest.mark.parametrize(
    ("fault", "step", "words"),
    FAULTS,
    ids=[f"{step}-{number}" for number, (_, step, _) in enumerate(FAULTS)],
)
def test_a_fault_is_told_by_its_own_line(
    fault: Fault, step: str, words: str, *, smoke: Smoke, breaker: Breaker, signed_in: Path
) -> None:
    quick = () if step in {"write", "queue", "mail"} else QUICK
    with breaker.breaking(fault):
        told = smoke("--session", str(signed_in), "--release", "loopback", *quick)
    assert told.code == 1
    assert told.failed == [step]
    line = told.lines[step]
    assert words in line["said"]
    assert line["do"]


def test_a_record_that_is_not_in_the_list_is_told_and_deleted_all_the_same(
    smoke: Smoke, breaker: Breaker, portal: Portal, signed_in: Path
) -> None:
    def hidden(answer: Passing) -> None:
        if answer.path.startswith("/t/elsewhere/clients/?q="):
            unlisted(answer)

    before = rows(portal, MARK)
    with breaker.breaking(hidden):
        told = smoke("--session", str(signed_in), "--skip", "queue")
    assert told.failed == ["write"]
    assert "is not in the list" in told.lines["write"]["said"]
    assert rows(portal, MARK) == before


def test_a_wrong_password_is_told_by_the_variables_that_hold_it(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMOKE_PASSWORD", "not-the-right-one")
    told = smoke()
    assert told.failed == ["sign-in"]
    assert told.lines["sign-in"]["do"] == "Look at SMOKE_EMAIL and SMOKE_PASSWORD."
    assert "not-the-right-one" not in told.text
    assert told.steps["dashboard"] == told.steps["mail"] == "skipped"


def test_an_account_with_two_steps_is_told_to_be_none_for_this(
    smoke: Smoke, breaker: Breaker
) -> None:
    def second_step(answer: Passing) -> None:
        if answer.method == "POST" and answer.path == "/accounts/login/":
            away("/accounts/2fa/authenticate/")(answer)

    with breaker.breaking(second_step):
        told = smoke()
    assert told.failed == ["sign-in"]
    assert told.lines["sign-in"]["do"] == "Take an account that has none."


def test_an_account_that_may_not_delete_is_told(
    smoke: Smoke, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMOKE_EMAIL", MEMBER[0])
    told = smoke("--workspace", "northwind", "--skip", "queue")
    assert told.failed == ["write"]
    assert told.lines["write"]["do"] == "Make the account an admin of its workspace."


def test_who_is_a_member_of_several_workspaces_has_to_name_one(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMOKE_EMAIL", OWNER[0])
    told = smoke("--skip", "queue")
    assert told.failed == ["sign-in"]
    assert "name one with --workspace" in told.lines["sign-in"]["do"]


def test_signing_in_too_often_is_told_with_the_way_out(smoke: Smoke, breaker: Breaker) -> None:
    with breaker.breaking(at("/accounts/login/", status(429), method="POST")):
        told = smoke(*QUICK)
    assert told.failed == ["sign-in"]
    assert "a limit was met" in told.lines["sign-in"]["said"]
    assert "--session" in told.lines["sign-in"]["do"]


def test_a_page_that_hangs_costs_its_own_line_and_not_the_run(
    smoke: Smoke, breaker: Breaker, signed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke_steps, "PATIENCE", 1.5)
    over, began = threading.Event(), time.monotonic()

    def hang(answer: Passing) -> None:
        over.wait(20)

    with breaker.breaking(exactly("/readyz", hang)):
        told = smoke("--session", str(signed_in), *QUICK)
        over.set()
    assert told.failed == ["readiness"]
    assert "no answer in time" in told.lines["readiness"]["said"]
    assert time.monotonic() - began < 15


@pytest.mark.prove
def test_a_worker_that_is_gone_is_told_by_the_queue_and_mail_that_cannot_leave_by_the_mail(
    smoke: Smoke, portal: Portal, signed_in: Path
) -> None:
    keep = ("--session", str(signed_in))
    portal.smtp.stop()
    try:
        told = smoke(*keep)
    finally:
        # The one that it had is closed.
        portal.smtp.loop = asyncio.new_event_loop()
        portal.smtp.start()
    assert told.failed == ["mail"]
    assert told.lines["mail"]["said"] == "it is queued, not sent"
    assert portal.processes
    worker = portal.processes.running["worker"]
    worker.terminate()
    worker.wait(30)
    told = smoke(*keep)
    assert told.failed == ["queue"]
    assert "it is queued, not succeeded" in told.lines["queue"]["said"]


# What could not be told, and what was not understood


def test_where_nobody_listens_nothing_can_be_told(smoke: Smoke, tmp_path: Path) -> None:
    told = smoke(way=":443:127.0.0.1:1")
    assert (told.code, told.steps) == (3, {"health": "unknown"})
    assert smoke(way=f"unix:{tmp_path}/none").code == 3


def test_where_nobody_answers_it_ends_in_time(smoke: Smoke) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        began = time.monotonic()
        told = smoke("--seconds", "2", way=f":443:127.0.0.1:{silent.getsockname()[1]}")
    assert told.code == 3
    assert time.monotonic() - began < 5


def test_a_certificate_that_does_not_hold_is_a_failure_and_gets_no_password(
    smoke: Smoke, portal: Portal
) -> None:
    told = smoke(way=f":443:127.0.0.1:{portal.port}")
    assert told.code == 1
    assert "certificate" in told.lines["health"]["said"]
    assert "passed" not in told.steps.values()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["http://portal.example.com"], "takes an address such as https://portal.example.com"),
        ([URL, "--connect-to", "nowhere"], "--connect-to takes"),
        ([URL, "--connect-to", "unix:/a", "--connect-to", "unix:/b"], "takes one unix:/PATH"),
        ([URL, "--skip", "breakfast"], "invalid choice"),
        ([URL, "--ca-file", "/nonexistent"], "cannot be read"),
    ],
)
def test_a_call_that_is_not_understood_says_why(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert reason in capsys.readouterr().err


def test_without_an_account_it_names_the_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SMOKE_EMAIL")
    monkeypatch.delenv("SMOKE_PASSWORD")
    with pytest.raises(SystemExit):
        main([URL])
    assert "SMOKE_EMAIL and SMOKE_PASSWORD must be set" in capsys.readouterr().err


def test_a_session_that_others_may_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "session.json"
    path.write_text("{}")
    path.chmod(0o644)
    with pytest.raises(SystemExit):
        main([URL, "--connect-to", ":443:127.0.0.1:1", "--session", str(path)])
    assert f"chmod 600 {path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("4f2c91a", "4f2c91a", True),
        ("4f2c91a", "4f2c91a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6", True),
        ("4f2c91a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6", "4f2c91a", True),
        ("4f2c9", "4f2c91a", False),
        ("v41", "v4", False),
        ("4f2c91a", "4f2c91b", False),
    ],
)
def test_a_commit_may_be_cut_short_but_not_to_nothing(one: str, other: str, *, same: bool) -> None:
    assert is_same(one, other) is same
