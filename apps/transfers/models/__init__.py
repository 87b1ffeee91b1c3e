"""The rows of this room: exports and imports."""

from apps.transfers.models.exports import DOWNLOADED, EXPORTED, Export
from apps.transfers.models.imports import IMPORTED, UNDONE, Import
from apps.transfers.models.traces import ColumnMemory, ImportTrace
from apps.transfers.models.transfer import Transfer, random_stem

__all__ = [
    "DOWNLOADED",
    "EXPORTED",
    "IMPORTED",
    "UNDONE",
    "ColumnMemory",
    "Export",
    "Import",
    "ImportTrace",
    "Transfer",
    "random_stem",
]
