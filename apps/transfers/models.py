"""Exports and imports: what was asked for, its job, its files, and how long these are kept."""

import secrets
from datetime import timedelta
from io import SEEK_END
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core import signing
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from apps.core import events
from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet
from apps.transfers.exporting import written
from apps.transfers.importing import loaded
from apps.transfers.reading import Row, Table, reading
from apps.transfers.registry import Resource, Selection, resource_of

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Tenant

EXPORTED = events.action("export.created", "exported {what} to {target}")
DOWNLOADED = events.action("export.downloaded", "downloaded {target}")
IMPORTED = events.action("import.finished", "imported {what} from {target}")

Binary = IO[bytes]  # a name of its own, since an export has a field called bytes


def random_stem() -> str:
    return secrets.token_hex(16)


class TransferQuerySet(TenantQuerySet[Any]):
    def outlived(self) -> "TransferQuerySet":
        """Those whose files are kept no longer."""
        return self.filter(expires_at__lte=timezone.now()).exclude(stem="")


class ImportQuerySet(TransferQuerySet):
    def drafts(self) -> "ImportQuerySet":
        """Those whose columns nobody has settled yet, the newest first."""
        return self.filter(job=None, expires_at__gt=timezone.now()).order_by("-pk")


class Transfer(TenantModel):
    """What exports and imports share: rows of one kind, and files under the tenant for a while."""

    LIFETIME: ClassVar[timedelta] = timedelta(days=7)
    FOLDER: ClassVar[str]

    kind = models.CharField(max_length=60)
    # The files' unguessable name. It is known before the first byte is written, so that whatever a
    # killed worker left can be found; blank once the files are deleted.
    stem = models.CharField(max_length=32, default=random_stem, editable=False)
    file = models.FileField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)

    objects: ClassVar[Any] = TransferQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def resource(self) -> Resource:
        """Of what these are the rows."""
        return resource_of(self.kind)

    @property
    def is_kept(self) -> bool:
        """Whether its files are still there."""
        return bool(self.stem) and self.expires_at > timezone.now()

    def path(self, ending: str) -> str:
        """Where in the storage a file of this transfer lies."""
        return f"t/{self.tenant_id}/{self.FOLDER}/{self.stem}{ending}"

    def keep(self, content: Binary, ending: str, *, run: Run) -> str:
        """Store a file for this attempt of the job and return its path; nothing stays on failure.

        Each attempt writes to a place of its own, so that one which has lost its lease can never
        touch the file of the one that took over; what earlier attempts left is deleted.
        """
        for attempt in range(1, run.job.attempts):
            default_storage.delete(self.path(f"-{attempt}{ending}"))
        path = self.path(f"-{run.job.attempts}{ending}")
        run.on_failure(default_storage.delete, path)
        content.seek(0)
        return default_storage.save(path, File(content))

    def opened(self, file: models.fields.files.FieldFile) -> Binary:
        """One of the files, to read. Raises FileNotFoundError once it is not kept any more."""
        if not (file and self.is_kept):
            raise FileNotFoundError(f"{self} is not kept any more")
        return file.open("rb")

    def paths(self) -> list[str]:
        """Every file that can be there."""
        raise NotImplementedError

    def discard(self) -> None:
        """Delete the files, those included that a killed worker left."""
        for path in self.paths():
            default_storage.delete(path)
        self.stem = self.file.name = ""
        self.save(update_fields=["stem", "file"])


class Export(Transfer):
    """Rows on their way into a file that can be downloaded."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"

    FOLDER = "exports"
    LINK_SECONDS: ClassVar[int] = 300
    CONTENT_TYPES: ClassVar[dict[str, str]] = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="as_export")
    format = models.CharField(max_length=4, choices=Format.choices)
    query = models.TextField(blank=True)
    rows = models.PositiveIntegerField(null=True)
    bytes = models.PositiveBigIntegerField(null=True)

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
        return self.resource.select(self.tenant, QueryDict(self.query))

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
        with written(self, run) as content:
            self.bytes = content.seek(0, SEEK_END)
            self.file.name = self.keep(content, f".{self.format}", run=run)
        self.expires_at = timezone.now() + self.LIFETIME
        self.save(update_fields=["file", "rows", "bytes", "expires_at"])
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


class Import(Transfer):
    """Rows on their way in from an uploaded file: a draft until its columns are settled."""

    FOLDER = "imports"
    SHOWN_PROBLEMS: ClassVar[int] = 50

    job = models.OneToOneField(Job, null=True, on_delete=models.CASCADE, related_name="as_import")
    filename = models.CharField(max_length=255)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    headers = models.JSONField(default=list)
    rows = models.PositiveIntegerField()
    # Which field each column fills, in the order of the columns; "" for one that is left out.
    mapping = models.JSONField(default=list)
    added = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    refusals = models.FileField(max_length=200, blank=True)

    objects: ClassVar[Any] = ImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "expires_at"], name="transfers_import_expiry")]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("import_detail", args=[self.tenant.slug, self.pk])

    @classmethod
    @transaction.atomic
    def take(
        cls, *, tenant: "Tenant", by: "User", resource: Resource, upload: File, table: Table
    ) -> "Import":
        """Keep an uploaded file, read as `table` says, as a draft."""
        draft = cls(
            tenant=tenant,
            kind=resource.kind,
            filename=(upload.name or "upload.csv")[-255:],
            encoding=table.encoding,
            delimiter=table.delimiter,
            headers=table.headers,
            rows=table.rows,
            created_by=by,
            expires_at=timezone.now() + cls.LIFETIME,
        )
        upload.seek(0)
        draft.file.name = default_storage.save(draft.path(".csv"), upload)
        try:
            draft.save()
        except BaseException:
            default_storage.delete(draft.file.name)
            raise
        return draft

    @property
    def is_draft(self) -> bool:
        return self.job is None

    @property
    def counted_rows(self) -> str:
        return f"{self.rows:,} row{'' if self.rows == 1 else 's'}"

    @property
    def summary(self) -> str:
        """What came of it, for the card and the list."""
        if self.job is None or self.job.state != Job.State.SUCCEEDED:
            return self.job.explanation if self.job else ""
        return f"{self.added:,} added, {self.refused:,} refused"

    @property
    def table(self) -> Table:
        """How its file is to be read."""
        return Table(self.encoding, self.delimiter, self.headers, self.rows)

    def first_rows(self, number: int) -> list[Row]:
        """The first rows of the file. Raises FileNotFoundError once it is not kept any more."""
        with self.opened(self.file) as source, reading(source, self.table) as rows:
            return list(islice(rows, number))

    def open_refusals(self) -> Binary:
        """The refused rows as a CSV, to read. Raises FileNotFoundError where there is none."""
        return self.opened(self.refusals)

    @transaction.atomic
    def start(self, mapping: list[str], *, by: "User") -> bool:
        """Settle the columns and ask for the job. False if somebody has done so already."""
        draft = self.tenant.imports.select_for_update().get(pk=self.pk)
        if draft.job_id is not None:
            return False
        self.mapping = mapping
        title = f"Import of {self.filename}"
        self.job = Job.ask("transfers.import", tenant=self.tenant, by=by, title=title)
        self.save(update_fields=["mapping", "job"])
        return True

    def paths(self) -> list[str]:
        attempts = range(1, (self.job.attempts if self.job else 0) + 1)
        return [
            self.path(".csv"),
            *(self.path(f"-{attempt}.refused.csv") for attempt in attempts),
        ]

    def discard(self) -> None:
        self.problems, self.refusals.name = [], ""
        self.save(update_fields=["problems", "refusals"])
        super().discard()

    def bring_in(self, run: Run) -> None:
        """Add the good rows and keep the others with the reasons. Raises JobRefused for neither."""
        with loaded(self, run) as refused:
            if self.refused:
                self.refusals.name = self.keep(refused, ".refused.csv", run=run)
        self.save(update_fields=["added", "refused", "problems", "refusals"])
        what = self.resource.counted(self.added)
        IMPORTED.record(tenant=self.tenant, by=run.job.requested_by, target=self, what=what)
