"""Work on the transfers of all tenants: deleting what has been kept long enough."""

from django.db import transaction

from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope


def purge_expired() -> int:
    """Delete the files of exports and imports that expired, tenant by tenant; return how many.

    With them goes what imports wrote down to be undone, once it is too late for that.
    """
    count = 0
    for tenant in Tenant.objects.order_by("pk").iterator():
        with transaction.atomic(), tenant_scope(tenant):
            for transfer in [*tenant.exports.outlived(), *tenant.imports.outlived()]:
                transfer.discard()
                count += 1
            tenant.importtraces.outlived().delete()
    return count
