"""The rows of this room: exports and imports."""

from apps.transfers.models.exports import DOWNLOADED, EXPORTED, Export
from apps.transfers.models.imports import IMPORTED, Import
from apps.transfers.models.transfer import Transfer, random_stem

__all__ = [
    "DOWNLOADED",
    "EXPORTED",
    "IMPORTED",
    "Export",
    "Import",
    "Transfer",
    "random_stem",
]
