"""A file is written whole or not at all."""

from pathlib import Path

import pytest

from apps.launch.files import write


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "report"
    file.write_text("older and longer")
    write(file, "new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_is_left_alone_and_no_draft_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    folder.mkdir()
    with pytest.raises(OSError, match="irectory"):
        write(folder, "new")
    assert list(tmp_path.iterdir()) == [folder]
