"""Files in an S3-compatible bucket: django-storages, held to constant memory and to no leftovers.

Only production's settings name it, and only where FILES_URL does: a worker on another machine than
`web` shares no folder with it.
"""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

MIB = 1024 * 1024
PART = 8 * MIB  # a bucket takes 10,000 parts of a file


class BucketStorage(S3Storage):
    """A bucket with private files, reached with the key that it was given and no other."""

    def __init__(self, **options: Any) -> None:
        """Take what S3Storage takes; `location` is the prefix below which files lie."""
        quick = {"total_max_attempts": 4, "mode": "standard"}
        super().__init__(
            **options,
            default_acl=None,
            # One part at a time is in memory on the way out, and a megabyte on the way in.
            transfer_config=TransferConfig(
                multipart_threshold=PART, multipart_chunksize=PART, use_threads=False
            ),
            max_memory_size=MIB,
            client_config=Config(
                signature_version="s3v4",
                connect_timeout=10,
                read_timeout=60,
                retries=quick,
                # The checksums that newer clients add are not known to every compatible store.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    @property
    def bucket(self) -> Any:
        """The bucket, for this thread: the library's own is made once and shared by all."""
        return self.connection.Bucket(self.bucket_name)

    def delete(self, name: str) -> None:
        """Delete the file, and the parts that a killed process sent of it."""
        super().delete(name)
        key, client = self._normalize_name(name), self.connection.meta.client
        found = client.list_multipart_uploads(Bucket=self.bucket_name, Prefix=key)
        for upload in found.get("Uploads", []):
            client.abort_multipart_upload(
                Bucket=self.bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
            )
