"""launch_baseline whole: a portal under gunicorn on loopback is measured, stored and judged."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from apps.clients.management.commands.seed import ADMIN, OWNER, PASSWORD
from apps.launch.gathering.baseline import FILE, read, store
from apps.launch.journeys import NAMES
from apps.launch.measuring import TWO_STEPS
from dev.portal import OTHER_NAME, Portal, with_database
from tests.launch.sound.baseline import CURRENT, PAGE
from tests.world.gunicorn import free_address
from tests.world.tls import Authority
from tests.world.waiting import wait_until

pytestmark = [pytest.mark.xdist_group("portal"), pytest.mark.usefixtures("forgotten")]
Run = Callable[..., subprocess.CompletedProcess[str]]
PLAN = """
[site]
canonical = "portal.example.com"

[budgets]
html_ms = 20000
concurrency = 2
"""
# Both of which the journeys cannot do.
CHECKS = [f"LC-PERF-{number}" for number in range(101, 107)]
WITH_TWO_STEPS = f"""
from allauth.mfa.models import Authenticator
from apps.accounts.models import User
from apps.tenants.models import Tenant
admin = User.objects.get(email="{ADMIN[0]}")
Authenticator.objects.create(user=admin, type="totp", data={{"secret": "x"}})
Tenant.objects.filter(slug="contoso-services").update(requires_mfa=True)
"""
WITHOUT = f"""
from allauth.mfa.models import Authenticator
from apps.tenants.models import Tenant
Authenticator.objects.filter(user__email="{ADMIN[0]}").delete()
Tenant.objects.filter(slug="contoso-services").update(requires_mfa=False)
"""
LIVES = """
SELECT (SELECT count(*) FROM clients_client WHERE name LIKE 'baseline-%'),
       (SELECT count(*) FROM clients_client) > 100,
       (SELECT count(*) FROM django_session)
"""


@pytest.fixture(scope="module")
def portal(named_portal: Portal) -> Iterator[Portal]:
    named_portal.manage("shell", "--verbosity", "0", "--command", WITH_TWO_STEPS)
    yield named_portal
    named_portal.manage("shell", "--verbosity", "0", "--command", WITHOUT)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "launch.toml"
    path.write_text(PLAN)
    return path


@pytest.fixture
def start(portal: Portal, plan: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Start a command of manage.py for this plan, in the portal's environment."""

    def begin(*words: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *words, "--plan", str(plan)],
            cwd=portal.root,
            env={**portal.environment(), "SLIPWAY_BASELINE_PASSWORD": PASSWORD, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture
def words(portal: Portal) -> list[str]:
    """The command as it goes well; what comes after it wins."""
    return [
        *("launch_baseline", "--live", f"https://{OTHER_NAME}"),
        *("--connect-to", f":443:127.0.0.1:{portal.port}"),
        *("--ca-file", str(portal.folder / "root.pem")),
        *("--email", OWNER[0], "--workspace", "northwind"),
    ]


@pytest.fixture
def baseline(start: Callable[..., "subprocess.Popen[str]"], words: list[str]) -> Run:
    """Run the command against the portal."""

    def run(*more: str, **variables: str) -> subprocess.CompletedProcess[str]:
        process = start(*words, *more, **variables)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


@pytest.fixture
def judged(start: Callable[..., "subprocess.Popen[str]"]) -> Callable[[], set[tuple[str, str]]]:
    """What launch_check says of the stored baseline: statuses and titles."""

    def judge() -> set[tuple[str, str]]:
        out, err = start("launch_check", "--only", *CHECKS, "--json").communicate(timeout=60)
        assert out, err
        return {(one["status"], one["title"]) for one in json.loads(out)["findings"]}

    return judge


@contextmanager
def owner(portal: Portal) -> Iterator[psycopg.Connection[Any]]:
    """The owner of the tables."""
    url = portal.servers.get("DATABASE_OWNER_URL") or portal.servers["DATABASE_URL"]
    with psycopg.connect(with_database(url, portal.database), autocommit=True) as connection:
        yield connection


def lives(portal: Portal) -> tuple[Any, ...]:
    """How many records bear the mark, whether the others are there, and how many are signed in."""
    with owner(portal) as connection:
        found = connection.execute(LIVES).fetchone()
    assert found
    return found


def test_every_journey_is_measured_stored_and_judged_and_nothing_is_left(
    portal: Portal, plan: Path, baseline: Run, judged: Callable[[], set[tuple[str, str]]]
) -> None:
    before = lives(portal)
    assert before[:2] == (0, True)
    done = baseline("--samples", "4")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "The records are deleted." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    stored = read(plan.with_name(FILE)).current
    assert stored
    assert (stored.release, stored.concurrency, tuple(stored.journeys)) == ("loopback", 2, NAMES)
    samples = [one.samples for one in stored.journeys.values()]
    assert samples == [6, 6, 4, 4, 4, 12, 3, 3]
    for name, one in stored.journeys.items():
        assert (one.errors, one.ended) == (0, ""), name
        assert 0 < one.p50_ms <= one.p95_ms, name
        assert one.queries, name
        assert one.kilobytes > 1, name
    assert lives(portal) == before
    found = judged()
    assert len(found) == len(CHECKS)
    assert {title for status, title in found if status != "pass"} == {
        "No journey is more than 20 % worse than before"  # skipped, since there is none before it
    }


def test_what_breaks_costs_too_much_or_has_got_worse_is_told_and_found(
    portal: Portal, plan: Path, baseline: Run, judged: Callable[[], set[tuple[str, str]]]
) -> None:
    plan.write_text(f"{PLAN}\n[budgets.journeys]\nsearch.p95_ms = 1\ndashboard.queries = 5\n")
    lean = {"list": replace(PAGE, queries=4, p95_ms=60_000.0, kilobytes=1000.0)}
    store(plan.with_name(FILE), replace(CURRENT, release="90ab12c", concurrency=2, journeys=lean))
    with owner(portal) as connection:
        connection.execute("ALTER TABLE transfers_export RENAME TO elsewhere")
        try:
            done = baseline("--samples", "2")
        finally:
            connection.execute("ALTER TABLE elsewhere RENAME TO transfers_export")
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "2 went wrong: /t/northwind/exports/new/clients/ answered 500" in said
    assert "over its budget: 7 queries of 5" in said
    assert re.search(r"over its budget: p95 \d+ ms of 1 ", said)
    assert "more than 20 % worse than release 90ab12c: 7 queries after 4" in said
    assert {title for status, title in judged() if status == "fail"} == {
        "The journey dashboard is over its budget",
        "The journey search is over its budget",
        "The journey list is more than 20 % worse than before",
        "The journey export failed",
    }
    stored = read(plan.with_name(FILE)).current
    assert stored
    assert {name for name, one in stored.journeys.items() if one.errors} == {"export"}
    assert stored.journeys["import"].samples == 2


def test_without_the_key_all_but_the_queries_is_measured(plan: Path, baseline: Run) -> None:
    done = baseline("--samples", "1", SECRET_KEY="another-key-" * 6)
    assert done.returncode == 0
    assert "Queries were not counted" in done.stdout
    stored = read(plan.with_name(FILE)).current
    assert stored
    assert {one.queries for one in stored.journeys.values()} == {None}


def test_whoever_interrupts_it_keeps_the_old_baseline(
    portal: Portal, plan: Path, words: list[str], start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    path = plan.with_name(FILE)
    store(path, CURRENT)
    before, seen = path.read_text(), portal.log().count('"route": "client_create"')
    process = start(*words, "--samples", "20")
    wait_until(lambda: portal.log().count('"route": "client_create"') > seen + 3, "it walks")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Interrupted. Nothing is stored. Records that bear the mark baseline-" in err
    assert path.read_text() == before


@pytest.fixture
def refusal(plan: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the command says as it refuses, and with which exit; nothing is stored."""

    def refuse(*more: str, password: str = PASSWORD) -> str:
        monkeypatch.setenv("SLIPWAY_BASELINE_PASSWORD", password)
        with pytest.raises(CommandError) as refused:
            call_command(*words, "--plan", str(plan), *more)
        assert not plan.with_name(FILE).exists()
        return f"{refused.value.returncode}: {refused.value}"

    return refuse


def test_a_wrong_password_is_told(refusal: Callable[..., str]) -> None:
    assert refusal(password="wrong").startswith("3: The product does not take this e-mail address")


def test_no_password_is_told(refusal: Callable[..., str]) -> None:
    assert refusal(password="").startswith("2: The password comes from SLIPWAY_BASELINE_PASSWORD")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--workspace", "nowhere"], "3: There is no workspace nowhere that this account is"),
        (["--email", ADMIN[0]], f"3: {TWO_STEPS} this account has it switched on."),
        (["--workspace", "contoso-services"], f"3: {TWO_STEPS} the workspace wants it of"),
        (["--workspace", "a/b"], "2: --workspace takes the name that stands in its address"),
        (["--live", "http://localhost"], "2: --live takes an address such as https://"),
        (["--plan", "/nowhere.toml"], "2: --plan: there is no file /nowhere.toml"),
    ],
)
def test_what_cannot_be_measured_is_told(
    refusal: Callable[..., str], more: list[str], said: str
) -> None:
    assert refusal(*more).startswith(said)


def test_a_product_that_is_not_reached_is_told(refusal: Callable[..., str]) -> None:
    nobody = f":443:127.0.0.1:{free_address()[1]}"
    assert refusal("--connect-to", nobody) == (
        f"3: The product is not there: {OTHER_NAME} is not reached: Connection refused.\n"
        "Nothing is stored."
    )


def test_nobody_is_told_the_password_whose_certificate_does_not_hold(
    refusal: Callable[..., str], portal: Portal, tmp_path: Path
) -> None:
    other = Authority("Somebody").write(tmp_path / "other.pem")
    seen = portal.log().count("\n")
    said = refusal("--ca-file", str(other))
    assert said.startswith(f"3: The product is not there: {OTHER_NAME} did not answer: ")
    assert "http.request" not in "".join(portal.log().splitlines()[seen:])


def test_too_many_sign_ins_are_told(refusal: Callable[..., str]) -> None:
    for _ in range(5):
        refusal(password="wrong")
    said = refusal()
    assert re.match(
        r"3: The product takes no more sign-ins for now: a limit was met, to be tried again in "
        r"\d+ s\.",
        said,
    )


def test_a_baseline_that_cannot_be_read_is_no_ground_to_measure(
    plan: Path, words: list[str]
) -> None:
    plan.with_name(FILE).write_text("{")
    with pytest.raises(CommandError, match="Move it away; nothing was measured") as refused:
        call_command(*words, "--plan", str(plan))
    assert refused.value.returncode == 2
    assert plan.with_name(FILE).read_text() == "{"


def test_a_dry_run_signs_in_and_measures_nothing(
    plan: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SLIPWAY_BASELINE_PASSWORD", PASSWORD)
    call_command(*words, "--plan", str(plan), "--dry-run")
    said = capsys.readouterr().out
    assert "Release loopback lets you in. 2 people would walk there at once:" in said
    assert re.search(r"record create +20 times", said)
    assert not plan.with_name(FILE).exists()
