"""What exports and imports share: rows of one kind, their files, and how long these are kept."""

import secrets
from datetime import timedelta
from typing import IO, Any, ClassVar

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from apps.jobs.runner import Run
from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet
from apps.transfers.registry import Resource, resource_of

Binary = IO[bytes]  # a name of its own, since an export has a field called bytes


def random_stem() -> str:
    return secrets.token_hex(16)


class Movable(File):
    """A file with a name, which a storage on the same disk moves and need not copy."""

    def temporary_file_path(self) -> str:
        """Where it lies, as Django's storages ask an upload."""
        return str(self.name)


class TransferQuerySet(TenantQuerySet[Any]):
    def outlived(self) -> "TransferQuerySet":
        """Those whose files are kept no longer."""
        return self.filter(expires_at__lte=timezone.now()).exclude(stem="")


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
        named = isinstance(content.name, str)
        return default_storage.save(path, Movable(content) if named else File(content))

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
