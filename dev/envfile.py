"""The `.env` file that `make run` writes, so that `manage.py` works in another terminal meanwhile.

A person's own lines are kept as they are, and they win: what one of them names is not written.
"""

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

BEGIN = "# >>> kept by `make run`, which rewrites what stands between these two lines"
END = "# <<< end of what `make run` keeps"
BLOCK = re.compile(rf"^{re.escape(BEGIN)}$.*?^{re.escape(END)}$\n?", re.MULTILINE | re.DOTALL)


def own_text(path: Path) -> str:
    """What a person's `.env` says outside the lines that `make run` keeps."""
    return BLOCK.sub("", path.read_text(encoding="utf-8")) if path.exists() else ""


def own_values(path: Path) -> dict[str, str]:
    """The variables that a person's `.env` sets by itself."""
    return {k: v or "" for k, v in dotenv_values(stream=io.StringIO(own_text(path))).items()}


def write(path: Path, *, once: Mapping[str, str], kept: Mapping[str, str]) -> None:
    """Rewrite the lines that `make run` keeps, and add what of `once` is nowhere set yet."""
    own = own_values(path)
    text = own_text(path)
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{name}={quote(value)}\n" for name, value in once.items() if name not in own)
    lines = [f"{name}={quote(value)}" for name, value in kept.items() if name not in own]
    text += "\n".join([BEGIN, *lines, END]) + "\n"
    unfinished = path.with_name(".env.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def quote(value: str) -> str:
    """Write a value so that python-dotenv reads it back."""
    if re.fullmatch(r"[\w./:@%+=,-]*", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
