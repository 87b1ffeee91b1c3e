"""The seed: the same people and clients however often it runs, and never in production."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.clients.management.commands import seed
from apps.tenants.models import Tenant
from config.env import BASE_DIR
from tests.conftest import Browser


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the large workspace small; how large it is makes no difference here."""
    monkeypatch.setattr(seed, "WORKSPACES", (("Northwind", 25), ("Contoso Services", 60)))


def everything() -> list[Any]:
    """All that the seed makes, in an order that does not depend on when it was made."""
    tenants = Tenant.objects.order_by("slug")
    return [
        list(User.objects.order_by("email").values_list("pk", "email", "name")),
        [list(t.memberships.order_by("pk").values_list("pk", "user", "role")) for t in tenants],
        [list(tenant.clients.order_by("pk").values_list("pk", "email")) for tenant in tenants],
        [tenant.events.count() for tenant in tenants],
        [tenant.notes.count() for tenant in tenants],
    ]


def test_a_second_run_changes_nothing(db: None, few: None) -> None:
    run()
    once = everything()
    run()
    assert everything() == once
    counts = {tenant.name: tenant.clients.count() for tenant in Tenant.objects.all()}
    assert counts == {"Northwind": 25, "Contoso Services": 60, "Elsewhere": 0}


def test_it_repairs_what_is_missing_and_leaves_what_people_did(db: None, few: None) -> None:
    run()
    northwind = Tenant.objects.get(name="Northwind")
    northwind.memberships.get(user__email="mateo@slipway.example").delete()
    northwind.clients.exclude(pk=northwind.clients.first().pk).delete()
    run()
    assert northwind.memberships.count() == 4
    assert northwind.clients.count() == 1


def test_everybody_can_sign_in_and_sees_their_workspaces(
    db: None, few: None, anonymous: Browser
) -> None:
    run()
    seen = {}
    for login in json.loads(run("--logins", "--json")):
        browser = Browser()
        given = {"login": login["email"], "password": login["password"]}
        assert browser.post("/accounts/login/", given).status_code == 302
        seen[login["role"]] = [
            browser.get(f"/t/{slug}/clients/").status_code
            for slug in ("northwind", "contoso-services", "elsewhere")
        ]
    member = [200, 200, 404]
    insiders = dict.fromkeys(["owner", "admin", "member", "viewer"], member)
    outsiders = {"stranger": [404, 404, 200], "operator": [404, 404, 404]}
    assert seen == insiders | outsiders
    assert User.objects.get(is_staff=True).email == "ops@slipway.example"


def test_the_logins_are_printed_without_touching_the_database(db: None) -> None:
    text = run("--logins")
    for word in (
        "owner",
        "ada@slipway.example",
        seed.PASSWORD,
        "Northwind",
        "stranger",
        "/operations/",
    ):
        assert word in text
    assert not User.objects.exists()


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_it_refuses_to_run_where_people_are_real(db: None, settings: Any, environment: str) -> None:
    settings.ENVIRONMENT = environment
    with pytest.raises(CommandError, match=f"in development only.*{environment}"):
        run()
    assert not User.objects.exists()


def test_the_sample_file_is_what_the_command_writes(tmp_path: Path) -> None:
    run("--csv", str(tmp_path / "clients.csv"))
    written = (tmp_path / "clients.csv").read_bytes()
    assert written == (BASE_DIR / "docs/samples/clients-10000.csv").read_bytes()
    assert len(written) < 1_000_000


def test_the_sample_file_holds_new_addresses_and_what_spreadsheets_really_hold(
    db: None, few: None
) -> None:
    run()
    with (BASE_DIR / "docs/samples/clients-10000.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["email"] for row in rows}) == 10_000
    seeded = {email for t in Tenant.objects.all() for email in t.clients.values_list("email")}
    assert not seeded & {(row["email"],) for row in rows}
    names = {row["name"] for row in rows}
    assert {"Smith, Jones & Daughters", 'The "Blue" Door', "株式会社さくら"} <= names
    assert any(name.startswith("=") for name in names)
    assert {row["owner"] for row in rows} - {""} <= set(
        User.objects.values_list("email", flat=True)
    )
