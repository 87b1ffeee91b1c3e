"""What an import takes beside COPY with SQL validation, saves row by row, django-import-export."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median_low
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.clients.forms import members_of
from apps.clients.models import Client, Status
from apps.clients.transfers import CLIENTS, ClientLine
from apps.core.owner import as_owner
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.transfers import reading as limits
from apps.transfers.models import Import
from apps.transfers.reading import inspect
from tests.bench.test_exports import comparison, environment
from tests.transfers.conftest import files, owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
__all__ = ["comparison", "files", "owner"]
ROOT = Path(__file__).parents[2]
FIELDS = ["name", "email", "phone", "city", "status", "owner", "last_contact_on"]
ROWS, SAVED, BESIDE, ROUNDS = 100_000, 5_000, 2_000, 3
CITIES = ["London", "Köln", "Łódź", "São Paulo", "東京"]
BAD = "email !~ '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$' OR length(name) NOT BETWEEN 1 AND 200"
RULES = f"""
    {BAD} OR length(phone) > 40 OR length(city) > 100
    OR status NOT IN ('lead', 'active', 'waiting', 'overdue')
    OR last_contact_on !~ '^\\d{{4}}-\\d{{2}}-\\d{{2}}$'
"""


def lines(rows: int, owner: str) -> Iterator[str]:
    """A CSV in which each hundredth row has a bad address or a bad date, in turn."""
    yield ",".join(FIELDS) + "\n"
    for n in range(rows):
        email = "not-an-address" if n % 200 == 7 else f"client{n}@example.com"
        day = "31.31.2026" if n % 200 == 107 else f"2026-01-{n % 28 + 1:02}"
        yield f'"Client, {n} Ltd",{email},+44 20 {n:08},{CITIES[n % 5]},active,{owner},{day}\n'


@pytest.fixture
def made(tmp_path: Path, owner: Any) -> Callable[[int], Path]:
    def make(rows: int) -> Path:
        path = tmp_path / f"{rows}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines(rows, owner.email))
        return path

    return make


def clear(tenant: Tenant) -> None:
    """Leave the table as empty as it was for the road before."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE clients_client CASCADE")


def copy_with_sql(path: Path, tenant: Tenant) -> float:
    """COPY into a staging table, rules in SQL, INSERT … SELECT: the yardstick."""
    begun = time.perf_counter()
    with transaction.atomic(), tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # as a job's, which may take minutes
        columns = ", ".join(f"{name} text" for name in FIELDS)
        cursor.execute(f"CREATE TEMP TABLE stage (line bigserial, {columns}) ON COMMIT DROP")
        into = f"COPY stage ({', '.join(FIELDS)}) FROM STDIN WITH (FORMAT csv, HEADER)"
        with path.open("rb") as source, cursor.cursor.copy(into) as copy:
            while piece := source.read(1 << 16):
                copy.write(piece)
        cursor.execute(
            f"CREATE TEMP TABLE bad ON COMMIT DROP AS SELECT line FROM stage WHERE {RULES}"
        )
        cursor.execute("ANALYZE bad")
        cursor.execute(
            "INSERT INTO clients_client (tenant_id, name, email, phone, city, status, owner_id,"
            " last_contact_on, created_at, updated_at)"
            " SELECT %s, s.name, s.email, s.phone, s.city, s.status, u.id,"
            " s.last_contact_on::date, now(), now() FROM stage s"
            " LEFT JOIN accounts_user u ON lower(u.email) = lower(s.owner)"
            " WHERE NOT EXISTS (SELECT FROM bad WHERE bad.line = s.line)",
            [tenant.pk],
        )
    return time.perf_counter() - begun


def saved_row_by_row(path: Path, tenant: Tenant, owner: Any, rows: int) -> float:
    """Plain checks and Client.save() in one transaction, the fastest way to save row by row."""
    begun = time.perf_counter()
    with transaction.atomic(), tenant_scope(tenant), path.open(encoding="utf-8") as source:
        for row in islice(csv.DictReader(source), rows):
            try:
                validate_email(row["email"])
                day = date.fromisoformat(row.pop("last_contact_on"))
            except (ValidationError, ValueError):
                continue
            assert row["status"] in Status.values
            del row["owner"]
            Client(tenant=tenant, owner=owner, last_contact_on=day, **row).save()
    return time.perf_counter() - begun


def saved_by_the_form(path: Path, tenant: Tenant, rows: int) -> float:
    """The same rules, as one writes them with Django: a form for each row, which saves it."""
    begun = time.perf_counter()
    with transaction.atomic(), tenant_scope(tenant), path.open(encoding="utf-8") as source:
        owners = {user.email.lower(): user.pk for user in members_of(tenant)}
        for row in islice(csv.DictReader(source), rows):
            form = ClientLine(row | {"owner": owners.get(row["owner"].lower(), "?")}, tenant=tenant)
            if not form.is_valid():
                continue
            with suppress(IntegrityError), transaction.atomic():  # an address that is there already
                form.save()
    return time.perf_counter() - begun


def once(files: Path, *arguments: Any, python: Path | str = sys.executable) -> dict[str, Any]:
    """One import in a process of its own."""
    command = [str(python), "-m", "tests.bench.import_once", *map(str, arguments)]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment(files), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def asked(path: Path, tenant: Tenant, by: Any, **how: Any) -> Import:
    """An import of the file that waits for a worker."""
    with path.open("rb") as source:
        table = inspect(source, path.name)
        with transaction.atomic(), tenant_scope(tenant):
            draft = Import.take(
                tenant=tenant, by=by, resource=CLIENTS, upload=File(source, path.name), table=table
            )
            draft.start(FIELDS, by=by, **how)
    return draft


def imported(
    path: Path, tenant: Tenant, by: Any, files: Path, **how: Any
) -> tuple[Import, dict[str, Any]]:
    """Our import, by the job's own way, after one of a single row, in a workspace of its own."""
    with transaction.atomic():
        other = Tenant.objects.found(name="Other", owner=by)
    single = path.with_name("single.csv")
    single.write_text("".join(lines(1, by.email)), encoding="utf-8")
    small, draft = asked(single, other, by), asked(path, tenant, by, **how)
    found = once(files, "job", draft.job_id, small.job_id)
    assert found["state"] == "succeeded", found["why"]
    with transaction.atomic(), tenant_scope(tenant):
        draft.refresh_from_db()
    return draft, found


Say = Callable[[list[tuple[str, float, Any]]], None]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print the figures, each with its ratio to the first."""

    def say(table: list[tuple[str, float, Any]]) -> None:
        with capsys.disabled():
            for name, seconds, ours in table:
                memory = f"{ours['peak']:.0f} MiB, {ours['more']:.0f} above idle" if ours else ""
                print(f"\n{name:<44} {seconds:7.2f} s {seconds / table[0][1]:6.2f}  {memory}")

    return say


def fresh(tenant: Tenant, road: Callable[[], Any]) -> Any:
    """What a road comes to that begins with an empty table."""
    clear(tenant)
    return road()


def test_an_import_beside_other_roads(
    acme: Tenant, owner: User, files: Path, made: Callable[[int], Path], said: Say
) -> None:
    path, good = made(ROWS), ROWS * 99 // 100
    base, ours, updating = [], [], []
    for _ in range(ROUNDS):  # in turn, so that what the machine does meanwhile meets all of them
        base.append(fresh(acme, lambda: copy_with_sql(path, acme)))
        each, seen = fresh(acme, lambda: imported(path, acme, owner, files))
        assert (each.added, each.refused) == (good, ROWS - good)
        ours.append(seen)
        again, seen = imported(path, acme, owner, files, mode="update")
        assert (again.unchanged, again.refused) == (good, ROWS - good)
        updating.append(seen)
    lean = fresh(acme, lambda: saved_row_by_row(path, acme, owner, SAVED)) * ROWS / SAVED
    form = fresh(acme, lambda: saved_by_the_form(path, acme, SAVED)) * ROWS / SAVED
    baseline = median_low(base)
    took, again_took = (median_low(each["seconds"] for each in way) for way in (ours, updating))
    said(
        [
            ("COPY to staging, SQL validation", baseline, None),
            ("import", took, ours[0]),
            ("import of the same file again, updating", again_took, updating[0]),
            (f"saves, checks by hand, by {SAVED:,} rows", lean, None),
            (f"saves, a form for each, by {SAVED:,} rows", form, None),
        ]
    )
    assert took <= 4 * baseline
    assert took * 10 <= form
    assert max(each["more"] for each in (*ours, *updating)) <= 80


def test_beside_django_import_export(
    *,
    acme: Tenant,
    owner: User,
    files: Path,
    comparison: Path,
    made: Callable[[int], Path],
    said: Say,
) -> None:
    path, good = made(BESIDE), BESIDE * 99 // 100
    each, ours = fresh(acme, lambda: imported(path, acme, owner, files))
    assert each.added == good
    seen = {"import": ours}
    for way in ("import-export", "import-export-bulk"):
        clear(acme)
        seen[f"django-{way}"] = once(files, way, path, acme.pk, python=comparison)
        assert seen[f"django-{way}"]["added"] == good
    said([(f"{BESIDE:,} rows, {name}", each["seconds"], each) for name, each in seen.items()])


def test_ten_times_the_rows_take_the_same_memory(
    *,
    acme: Tenant,
    owner: Any,
    files: Path,
    made: Callable[[int], Path],
    said: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 1 << 30)  # so many rows come by no form
    clear(acme)
    _, once = imported(made(ROWS), acme, owner, files)
    clear(acme)
    _, tenfold = imported(made(10 * ROWS), acme, owner, files)
    said(
        [
            (f"{ROWS:,} rows", once["seconds"], once),
            (f"{10 * ROWS:,} rows", tenfold["seconds"], tenfold),
        ]
    )
    assert tenfold["more"] <= min(80, once["more"] + 8)
