"""What imports leave behind for a while: what each wrote, to undo it, and what columns meant."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet

if TYPE_CHECKING:
    from apps.tenants.models import Tenant


class ImportTraceQuerySet(TenantQuerySet["ImportTrace"]):
    def outlived(self) -> "ImportTraceQuerySet":
        """Those by which nothing can be undone any more."""
        return self.filter(made_at__lte=timezone.now() - ImportTrace.LIFETIME)


class ImportTrace(TenantModel):
    """What one statement of an import wrote: many rows in one, so that it costs next to nothing.

    `mark` is the transaction that wrote the rows. PostgreSQL keeps it with each row until somebody
    changes the row, so that it tells which are still as the import left them.
    """

    LIFETIME: ClassVar[timedelta] = timedelta(hours=24)

    upload = models.ForeignKey("transfers.Import", on_delete=models.CASCADE, related_name="traces")
    mark = models.BigIntegerField()
    # The primary keys of what was added; of what was changed, each with its former values.
    added = models.JSONField(default=list)
    updated = models.JSONField(default=list)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = ImportTraceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "made_at"], name="transfers_trace_age"),
            models.Index(fields=["tenant", "upload"], name="transfers_trace_upload"),
        ]

    def __str__(self) -> str:
        return f"{len(self.added)} added, {len(self.updated)} updated"


class ColumnMemory(TenantModel):
    """Which field a workspace's columns filled the last time, by their headers."""

    LIMIT: ClassVar[int] = 500

    kind = models.CharField(max_length=60)
    meanings = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind"], name="transfers_memory_per_kind")
        ]

    def __str__(self) -> str:
        return f"{len(self.meanings)} columns of {self.kind}"

    @classmethod
    def of(cls, tenant: "Tenant", kind: str) -> dict[str, str]:
        """What headers meant, as `plain` writes them; "" for one that was left out."""
        memory = tenant.columnmemorys.filter(kind=kind).first()
        return memory.meanings if memory else {}

    @classmethod
    @transaction.atomic
    def keep(cls, tenant: "Tenant", kind: str, meanings: dict[str, str]) -> None:
        """Remember these too; if that is too much, some of the others are forgotten."""
        tenant.columnmemorys.bulk_create([cls(tenant=tenant, kind=kind)], ignore_conflicts=True)
        memory = tenant.columnmemorys.select_for_update().get(kind=kind)
        kept = {each: name for each, name in memory.meanings.items() if each not in meanings}
        memory.meanings = dict([*kept.items(), *meanings.items()][-cls.LIMIT :])
        memory.save(update_fields=["meanings"])
