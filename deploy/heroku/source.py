"""The source as Heroku takes it: a gzipped tarball whose root is the project's."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path


def archive(folder: Path) -> bytes:
    """Pack a clean checkout; the same commit makes the same bytes, whoever packs it."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if inside.parts[0] != ".git":
                packed.add(path, arcname=str(inside), recursive=False, filter=anonymous)
    return gzip.compress(plain.getvalue(), mtime=0)


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who packed it and when."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def checksum(packed: bytes) -> str:
    """The checksum in the words of the builds API."""
    return f"SHA256:{hashlib.sha256(packed).hexdigest()}"
