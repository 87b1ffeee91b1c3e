"""An import: a draft until its columns are settled, then a job and what came of each row."""

from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Func, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from apps.core import events
from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.transfers.importing import worked
from apps.transfers.models.traces import ColumnMemory, ImportTrace
from apps.transfers.models.transfer import Binary, Transfer, TransferQuerySet
from apps.transfers.reading import Row, Table, inspect, reading
from apps.transfers.registry import Resource
from apps.transfers.texts import plain
from apps.transfers.undoing import undo

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Tenant

UNDONE = events.action("import.undone", "undid the import of {target}: {what}")
IMPORTED = events.action("import.finished", "imported {what} from {target}")


class ImportQuerySet(TransferQuerySet):
    def drafts(self) -> "ImportQuerySet":
        """Those whose columns nobody has settled yet, the newest first."""
        return self.filter(job=None, expires_at__gt=timezone.now()).order_by("-pk")


class Import(Transfer):
    """Rows on their way in from an uploaded file: a draft until its columns are settled."""

    FOLDER = "imports"
    SHOWN_PROBLEMS: ClassVar[int] = 50
    TALLY: ClassVar[tuple[str, ...]] = ("rows", "added", "updated", "unchanged", "refused")

    class Mode(models.TextChoices):
        CREATE = "create", "Add new ones; refuse those that are there already"
        UPDATE = "update", "Add new ones; update those that are there already"

    # A trial says what the import would do; the job does it; another one undoes it.
    trial = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="as_trial")
    job = models.OneToOneField(Job, null=True, on_delete=models.CASCADE, related_name="as_import")
    undoing = models.OneToOneField(
        Job, null=True, on_delete=models.SET_NULL, related_name="as_undoing"
    )
    filename = models.CharField(max_length=255)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    # Of a workbook: the sheet that is read, and all that could be.
    sheet = models.CharField(max_length=255, blank=True, default="", db_default="")
    sheets = models.JSONField(default=list, db_default=[])
    headers = models.JSONField(default=list)
    rows = models.PositiveIntegerField()
    # Which field each column fills, in the order of the columns; "" for one that is left out.
    mapping = models.JSONField(default=list)
    mode = models.CharField(
        max_length=10, choices=Mode.choices, default=Mode.CREATE, db_default=Mode.CREATE
    )
    is_all_or_nothing = models.BooleanField(default=False, db_default=False)
    added = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0, db_default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    refusals = models.FileField(max_length=200, blank=True)
    # What an undoing came to: how many were deleted, restored, and left alone for which reason.
    undone = models.JSONField(default=dict, db_default={})

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
            sheet=table.sheet,
            sheets=list(table.sheets),
            created_by=by,
            expires_at=timezone.now() + cls.LIFETIME,
        )
        upload.seek(0)
        draft.file.name = default_storage.save(draft.path(draft.ending), upload)
        try:
            draft.save()
        except BaseException:
            default_storage.delete(draft.file.name)
            raise
        return draft

    @property
    def ending(self) -> str:
        """How the uploaded file's name ends."""
        return ".xlsx" if self.sheet else ".csv"

    @property
    def is_draft(self) -> bool:
        return self.job is None

    @property
    def is_being_checked(self) -> bool:
        return self.trial is not None and self.trial.is_active

    @property
    def is_checked(self) -> bool:
        """Whether a trial has said what it would do."""
        return self.trial is not None and self.trial.state == Job.State.SUCCEEDED

    @property
    def is_updating(self) -> bool:
        return self.mode == self.Mode.UPDATE

    @property
    def is_held_back(self) -> bool:
        """Whether rows are refused and all or none are wanted."""
        return self.is_all_or_nothing and self.refused > 0

    @property
    def undoable_until(self) -> datetime | None:
        """Until when what it did can be undone; None where it has done nothing."""
        if not (self.job and self.job.state == Job.State.SUCCEEDED and self.job.finished_at):
            return None
        return self.job.finished_at + ImportTrace.LIFETIME if self.added + self.updated else None

    @property
    def is_undoable(self) -> bool:
        """Whether it can be undone now: done, not too long ago, and not undone or about to be."""
        until = self.undoable_until
        is_busy = self.undoing is not None and self.undoing.is_active
        return until is not None and until > timezone.now() and not is_busy and not self.undone

    @property
    def counted_rows(self) -> str:
        about = "about " if self.sheet and not self.is_checked else ""
        return f"{about}{self.rows:,} row{'' if self.rows == 1 else 's'}"

    @property
    def tally(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.TALLY if name != "rows"}

    @property
    def summary(self) -> str:
        """What came of it, for the card and the list."""
        if self.job is None or self.job.state != Job.State.SUCCEEDED:
            return self.job.explanation if self.job else ""
        if self.undone:
            return f"Undone: {self.undone_summary}"
        if self.is_held_back:
            return f"Nothing was imported: {self.refused:,} of {self.rows:,} rows are refused"
        return self.counts

    @property
    def counts(self) -> str:
        """The tally in words: "12 added, 3 updated, 1 refused"."""
        return ", ".join(
            f"{getattr(self, name):,} {name}"
            for name in ("added", "updated", "unchanged", "refused")
            if name in {"added", "refused"}
            or getattr(self, name)
            or (name == "updated" and self.is_updating)
        )

    @property
    def consequence_of_undoing(self) -> str:
        """What a confirmation says."""
        does = f"It deletes {self.resource.counted(self.added)} that it added"
        if self.updated:
            restored = self.resource.counted(self.updated)
            does += f", and gives {restored} the former values back"
        return f"{does}. What somebody has changed or used since is left alone."

    @property
    def undone_summary(self) -> str:
        """What undoing came to: "12 deleted, 3 restored, 1 left alone"."""
        left = sum(self.undone.get("left", {}).values())
        counts = [f"{self.undone.get(name, 0):,} {name}" for name in ("deleted", "restored")]
        return ", ".join([*counts, *([f"{left:,} left alone"] if left else [])])

    @property
    def table(self) -> Table:
        """How its file is to be read."""
        return Table(
            self.encoding, self.delimiter, self.headers, self.rows, self.sheet, tuple(self.sheets)
        )

    def first_rows(self, number: int) -> list[Row]:
        """The first rows of the file. Raises FileNotFoundError once it is not kept any more."""
        with self.opened(self.file) as source, reading(source, self.table) as rows:
            return list(islice(rows, number))

    def open_refusals(self) -> Binary:
        """The refused rows as a CSV, to read. Raises FileNotFoundError where there is none."""
        return self.opened(self.refusals)

    @transaction.atomic
    def choose_sheet(self, sheet: str) -> None:
        """Read another sheet of the workbook. Raises Unreadable, FileNotFoundError."""
        draft = self.tenant.imports.select_for_update().get(pk=self.pk)
        if not draft.is_draft or draft.is_being_checked:
            return
        with self.opened(self.file) as source:
            table = inspect(source, self.filename, sheet)
        self.headers, self.rows, self.sheet = table.headers, table.rows, table.sheet
        self.mapping, self.trial = [], None
        self.save(update_fields=["headers", "rows", "sheet", "mapping", "trial"])

    def settle(self, mapping: list[str], mode: str, is_all_or_nothing: bool) -> list[str]:
        """Note what the columns fill, for the next file like this too; return what to save."""
        self.mapping, self.mode, self.is_all_or_nothing = mapping, mode, is_all_or_nothing
        meant = dict(zip(map(plain, self.headers), mapping, strict=True))
        ColumnMemory.keep(self.tenant, self.kind, meant)
        return ["mapping", "mode", "is_all_or_nothing"]

    @transaction.atomic
    def ask_to_check(
        self,
        mapping: list[str],
        *,
        by: "User",
        mode: str = Mode.CREATE,
        is_all_or_nothing: bool = False,
    ) -> bool:
        """Settle the columns and ask for a trial. False if one runs, or the import was started."""
        draft = self.tenant.imports.select_for_update().get(pk=self.pk)
        if draft.job_id is not None or draft.is_being_checked:
            return False
        for path in draft.trial_paths():
            transaction.on_commit(partial(default_storage.delete, path))
        title = f"Check of {self.filename}"
        self.trial = Job.ask("transfers.trial", tenant=self.tenant, by=by, title=title)
        self.save(update_fields=["trial", *self.settle(mapping, mode, is_all_or_nothing)])
        return True

    @transaction.atomic
    def start(
        self,
        mapping: list[str],
        *,
        by: "User",
        mode: str = Mode.CREATE,
        is_all_or_nothing: bool = False,
    ) -> bool:
        """Settle the columns and ask for the job. False if somebody has done so already."""
        draft = self.tenant.imports.select_for_update().get(pk=self.pk)
        if draft.job_id is not None:
            return False
        if draft.is_being_checked:
            draft.trial.cancel(by=by)
        title = f"Import of {self.filename}"
        self.job = Job.ask("transfers.import", tenant=self.tenant, by=by, title=title)
        self.save(update_fields=["job", *self.settle(mapping, mode, is_all_or_nothing)])
        return True

    @transaction.atomic
    def ask_to_undo(self, *, by: "User") -> bool:
        """Ask for the job that undoes it. False if it cannot be undone, or is being undone."""
        stored = self.tenant.imports.select_for_update().get(pk=self.pk)
        if not stored.is_undoable:
            return False
        title = f"Undoing of the import of {self.filename}"
        self.undoing = Job.ask("transfers.undo", tenant=self.tenant, by=by, title=title)
        self.save(update_fields=["undoing"])
        return True

    def trial_paths(self) -> list[str]:
        attempts = range(1, (self.trial.attempts if self.trial else 0) + 1)
        return [self.path(f"-{attempt}.trial.csv") for attempt in attempts]

    def paths(self) -> list[str]:
        attempts = range(1, (self.job.attempts if self.job else 0) + 1)
        return [
            self.path(self.ending),
            *self.trial_paths(),
            *(self.path(f"-{attempt}.refused.csv") for attempt in attempts),
        ]

    def discard(self) -> None:
        self.problems, self.refusals.name = [], ""
        self.save(update_fields=["problems", "refusals"])
        super().discard()

    def try_out(self, run: Run) -> None:
        """Say what bringing it in would do, and write nothing else. Raises JobRefused."""
        with worked(self, run, trial=True) as refused:
            self.refusals.name = self.keep(refused, ".trial.csv", run=run) if self.refused else ""
        self.save(update_fields=[*self.TALLY, "problems", "refusals"])
        run.job.result = self.tally

    def bring_in(self, run: Run) -> None:
        """Bring in the good rows and keep the others with the reasons. Raises JobRefused."""
        with worked(self, run, trial=False) as refused:
            self.refusals.name = self.keep(refused, ".refused.csv", run=run) if self.refused else ""
        self.save(update_fields=[*self.TALLY, "problems", "refusals"])
        run.job.result = self.tally
        if not self.is_held_back:
            what = self.resource.counted(self.added)
            what += f" ({self.updated:,} more updated)" if self.updated else ""
            IMPORTED.record(
                tenant=self.tenant, by=run.job.requested_by, target=self, what=what, **self.tally
            )

    def trace(self, mark: int, **rows: list[Any]) -> None:
        """Remember what a statement wrote, to undo it."""
        self.traces.create(tenant=self.tenant, mark=mark, **rows)

    def written(self) -> tuple[int, int]:
        """How many rows were added and updated, by what is remembered of it."""
        number = models.IntegerField()
        counts = {
            name: Coalesce(Sum(Func(name, function="jsonb_array_length", output_field=number)), 0)
            for name in ("added", "updated")
        }
        sums = self.traces.aggregate(**counts)
        return sums["added"], sums["updated"]

    def undo(self, run: Run) -> None:
        """Delete what was added, restore what was changed, and say what was left alone."""
        self.undone = undo(self, run)
        self.save(update_fields=["undone"])
        run.job.result = self.undone
        UNDONE.record(
            tenant=self.tenant, by=run.job.requested_by, target=self, what=self.undone_summary
        )
