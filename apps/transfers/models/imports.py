"""An import: a draft until its columns are settled, then a job and what came of each row."""

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from apps.core import events
from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.transfers.importing import loaded
from apps.transfers.models.transfer import Binary, Transfer, TransferQuerySet
from apps.transfers.reading import Row, Table, reading
from apps.transfers.registry import Resource

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Tenant

IMPORTED = events.action("import.finished", "imported {what} from {target}")


class ImportQuerySet(TransferQuerySet):
    def drafts(self) -> "ImportQuerySet":
        """Those whose columns nobody has settled yet, the newest first."""
        return self.filter(job=None, expires_at__gt=timezone.now()).order_by("-pk")


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
