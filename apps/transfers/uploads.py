"""How much of an upload is taken in: no more than can be imported, whatever a browser sends."""

from django.core.files.uploadhandler import FileUploadHandler

from apps.transfers.reading import MAX_BYTES


class BoundedUpload(FileUploadHandler):
    """Drops what lies beyond the limit, one piece above it, so that the form still sees too much.

    It stands first in FILE_UPLOAD_HANDLERS. Without it, a file of any size would fill the disk
    before a form could refuse it.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= MAX_BYTES else None

    def file_complete(self, file_size: int) -> None:
        """Leave making the file to the handlers behind."""
