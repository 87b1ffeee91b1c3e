"""One import in a process of its own, as a worker does it: prints its seconds and peak memory.

`job PK SMALL` is the product's own way, after the job SMALL, which is not measured: a worker's
process has done a job before. `import-export PATH TENANT` and `import-export-bulk` bring a file in
as django-import-export does, row by row or a thousand at a time.
"""

import csv
import json
import sys
import time
from typing import Any

import django

from tests.bench.export_once import peak_mib


def by_job(pk: int) -> dict[str, Any]:
    """Attempt the job; return how it ended."""
    from apps.jobs.models import Job
    from apps.jobs.runner import attempt

    attempt(pk)
    job = Job.objects.get(pk=pk)
    return {"state": job.state, "why": job.traceback}


def with_import_export(path: str, tenant_id: int, *, in_bulk: bool) -> dict[str, Any]:
    """Bring rows in by a resource with the same rules; return how many went in."""
    import tablib
    from django.contrib.auth import get_user_model
    from import_export import fields, resources, widgets

    from apps.clients.models import Client
    from apps.tenants.models import Tenant
    from apps.tenants.scope import tenant_scope

    tenant = Tenant.objects.get(pk=tenant_id)

    class Clients(resources.ModelResource):
        owner = fields.Field("owner", "owner", widgets.ForeignKeyWidget(get_user_model(), "email"))

        class Meta:
            model = Client
            fields = ("name", "email", "phone", "city", "status", "owner", "last_contact_on")
            import_id_fields = ("email",)
            clean_model_instances = True
            skip_diff = True
            use_bulk = in_bulk
            batch_size = 1000

        def get_queryset(self) -> Any:
            return tenant.clients.all()

        def init_instance(self, row: Any = None) -> Client:
            return Client(tenant=tenant)

        def after_import(self, *args: Any, **kwargs: Any) -> None:
            """Leave the sequence alone; the application's role may not set it."""

    with django.db.transaction.atomic(), tenant_scope(tenant), open(path, encoding="utf-8") as file:
        with django.db.connection.cursor() as cursor:
            # Between two questions others think for longer than a request may.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        reader = csv.reader(file)
        headers = next(reader)
        result = Clients().import_data(tablib.Dataset(*reader, headers=headers))
        return {"added": tenant.clients.count(), "invalid": len(result.invalid_rows)}


def main(way: str, *about: str) -> None:
    django.setup()
    if way == "job":
        from apps.jobs.registry import discover

        discover()
        by_job(int(about[1]))
    idle, begun = peak_mib(), time.perf_counter()
    if way == "job":
        found = by_job(int(about[0]))
    else:
        found = with_import_export(about[0], int(about[1]), in_bulk=way.endswith("bulk"))
    seconds, peak = time.perf_counter() - begun, peak_mib()
    sys.stdout.write(json.dumps(found | {"seconds": seconds, "peak": peak, "more": peak - idle}))


if __name__ == "__main__":
    main(*sys.argv[1:])
