"""An export: what was asked for, its job, and the file that can be downloaded for a while."""

from datetime import timedelta
from io import SEEK_END
from typing import TYPE_CHECKING, Any, ClassVar

from django.core import signing
from django.db import models, transaction
from django.db.models import Q
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from apps.core import events
from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.transfers.exporting import written
from apps.transfers.models.transfer import Binary, Transfer, TransferQuerySet, random_stem
from apps.transfers.registry import Resource, Selection

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Tenant

EXPORTED = events.action("export.created", "exported {what} to {target}")
DOWNLOADED = events.action("export.downloaded", "downloaded {target}")


class ExportQuerySet(TransferQuerySet):
    def outlived(self) -> "ExportQuerySet":
        """Those whose files are kept no longer, and those whose job ended an hour ago in vain.

        Of the latter nothing is left but what a killed worker left.
        """
        vain = Q(
            job__state__in=[Job.State.FAILED, Job.State.DEAD, Job.State.CANCELLED],
            job__finished_at__lte=timezone.now() - timedelta(hours=1),
        )
        return self.filter(Q(expires_at__lte=timezone.now()) | vain).exclude(stem="")


class Export(Transfer):
    """Rows on their way into a file that can be downloaded."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        JSONL = "jsonl", "JSON lines"

    FOLDER = "exports"
    LINK_SECONDS: ClassVar[int] = 300
    CONTENT_TYPES: ClassVar[dict[str, str]] = {
        "csv": "text/csv; charset=utf-8",
        "jsonl": "application/x-ndjson",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="as_export")
    format = models.CharField(max_length=10, choices=Format.choices)
    query = models.TextField(blank=True)
    rows = models.PositiveIntegerField(null=True)
    bytes = models.PositiveBigIntegerField(null=True)

    objects: ClassVar[Any] = ExportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "expires_at"], name="transfers_export_expiry")]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("export_detail", args=[self.tenant.slug, self.pk])

    @classmethod
    @transaction.atomic
    def request(
        cls, *, tenant: "Tenant", by: "User", resource: Resource, format: str, query: QueryDict
    ) -> "Export":
        """Write down the export together with the job that makes it."""
        title = f"Export of {resource.nouns}"
        return cls.objects.create(
            tenant=tenant,
            kind=resource.kind,
            format=format,
            query=query.urlencode(),
            job=Job.ask("transfers.export", tenant=tenant, by=by, title=title),
            created_by=by,
            expires_at=timezone.now() + cls.LIFETIME,
        )

    @property
    def selection(self) -> Selection:
        """The rows that it holds, or is going to hold."""
        return self.resource.selected(self.tenant, QueryDict(self.query))

    @property
    def filename(self) -> str:
        """What the file is called at the person's end."""
        return f"{self.kind}-{self.created_at:%Y-%m-%d}.{self.format}"

    @property
    def summary(self) -> str:
        """What came of it, for the card and the list."""
        if self.job.state != Job.State.SUCCEEDED:
            return self.job.explanation
        kept = filesizeformat(self.bytes or 0) if self.is_kept else "the file is not kept any more"
        return f"{self.resource.counted(self.rows or 0)}, {kept}"

    @property
    def is_ready(self) -> bool:
        """Whether there is a file to download."""
        return bool(self.file) and self.is_kept

    def paths(self) -> list[str]:
        attempts = range(1, self.job.attempts + 1)
        return [self.path(f"-{attempt}.{self.format}") for attempt in attempts]

    def make(self, run: Run) -> None:
        """Write and keep the file. Raises JobRefused where its format cannot hold the rows."""
        self.stem = self.stem or random_stem()  # the job was asked for again, long after it failed
        with written(self, run) as content:
            self.bytes = content.seek(0, SEEK_END)
            self.file.name = self.keep(content, f".{self.format}", run=run)
        self.expires_at = timezone.now() + self.LIFETIME
        self.save(update_fields=["stem", "file", "rows", "bytes", "expires_at"])
        what = self.resource.counted(self.rows or 0)
        EXPORTED.record(tenant=self.tenant, by=run.job.requested_by, target=self, what=what)

    def open(self) -> Binary:
        """The file, to read. Raises FileNotFoundError while or once there is none."""
        return self.opened(self.file)

    def link_for(self, user: "User") -> str:
        """An address that downloads the file, for this person and for five minutes."""
        key = signing.dumps([self.tenant_id, self.pk, user.pk], salt="transfers.export.download")
        return reverse("export_download", args=[self.tenant.slug, self.pk]) + f"?key={key}"

    def check_link(self, key: str, user: "User") -> None:
        """Raise signing.BadSignature unless `link_for` made `key` for this export and person.

        For one that was made too long ago that is its subclass SignatureExpired.
        """
        made_for = signing.loads(key, salt="transfers.export.download", max_age=self.LINK_SECONDS)
        if made_for != [self.tenant_id, self.pk, user.pk]:
            raise signing.BadSignature("The link is for another file or person")
