"""One export in a process of its own, as a worker does it: prints seconds, memory and bytes.

`job PK plain|quick SMALL` is the product's own way, with one or the other writer of workbooks,
after the job SMALL, which is not measured: a worker's process has done a job before. The other ways
write the same rows of a workspace as others would: `python-csv`, `import-export-csv`,
`import-export-xlsx`, each with the workspace's primary key and a number of rows.
"""

import csv
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import django

COLUMNS = (
    "id",
    "name",
    "email",
    "phone",
    "city",
    "status",
    "last_contact_on",
    "archived_at",
    "created_at",
    "updated_at",
)
KIND = "bench"


def peak_mib() -> float:
    """The most memory that this process ever had resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1024


def declare() -> Any:
    """Ten columns of clients, as a resource of the bench's own."""
    from apps.clients.models import Client
    from apps.transfers.registry import Resource, register

    columns = {name: name for name in COLUMNS}
    return register(Resource(kind=KIND, model=Client, list_route="client_list", columns=columns))


def by_job(pk: int) -> int:
    """Attempt the job; return how large its file is."""
    from apps.jobs.models import Job
    from apps.jobs.runner import attempt
    from apps.tenants.scope import tenant_scope

    attempt(pk)
    job = Job.objects.get(pk=pk)
    assert job.state == Job.State.SUCCEEDED, (job.error, job.traceback)
    with django.db.transaction.atomic(), tenant_scope(job.tenant):
        return int(job.tenant.exports.get(job=job).bytes)


def otherwise(way: str, tenant_id: int, rows: int) -> int:
    """Write the rows in another way; return how large the file is."""
    from apps.tenants.models import Tenant
    from apps.tenants.scope import tenant_scope

    tenant = Tenant.objects.get(pk=tenant_id)
    with django.db.transaction.atomic(), tenant_scope(tenant), TemporaryFile("w+") as target:
        with django.db.connection.cursor() as cursor:
            # Between two questions others think for longer than a request may.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        chosen = tenant.clients.order_by("pk")[:rows]
        if way == "python-csv":
            values = chosen.values_list(*COLUMNS).iterator(chunk_size=2000)
            writer = csv.writer(target)
            writer.writerow(COLUMNS)
            writer.writerows(values)
            return target.tell()
        from import_export import resources

        made = resources.modelresource_factory(
            type(tenant.clients.model()), meta_options={"fields": COLUMNS}
        )
        data = made().export(chosen)
        return len(data.csv) if way == "import-export-csv" else len(data.xlsx)


def stand_ready(writer: str, small: str) -> None:
    """Choose the writer of workbooks, and do one small job."""
    from apps.transfers import workbooks

    if writer == "plain":
        workbooks.IS_QUICK = False
    by_job(int(small))


def main(way: str, *about: str) -> None:
    django.setup()
    declare()
    if way == "job":
        stand_ready(*about[1:])
    before = peak_mib()
    begun = time.perf_counter()
    size = by_job(int(about[0])) if way == "job" else otherwise(way, *map(int, about))
    seconds = time.perf_counter() - begun
    told = {"seconds": seconds, "before": before, "peak": peak_mib(), "bytes": size}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
