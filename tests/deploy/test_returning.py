"""Which release a rollback takes, and when the schema forbids it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.returning import chosen, lost
from deploy.target import Release, Stopped


def release(hour: int, *, live: bool = False, can_return: bool = True) -> Release:
    at = datetime(2026, 11, 28, hour, tzinfo=UTC)
    commit = f"{hour:02}" * 20
    return Release(name=f"at-{hour}", commit=commit, at=at, live=live, can_return=can_return)


RELEASES = [release(15), release(14, live=True), release(13, can_return=False), release(12)]


def test_the_newest_that_served_before_the_live_one_is_taken() -> None:
    assert chosen(RELEASES, "")[1].name == "at-12"


@pytest.mark.parametrize("name", ["at-15", "15151"])
def test_a_release_is_named_by_its_name_or_its_commit(name: str) -> None:
    assert chosen(RELEASES, name)[1].name == "at-15"


@pytest.mark.parametrize("name", ["at-13", "at-14", "at-11"])
def test_one_that_never_served_or_is_live_or_unknown_is_refused(name: str) -> None:
    with pytest.raises(Stopped, match=r"there are: at-15 \(1515151\), at-12 \(1212121\)"):
        chosen(RELEASES, name)


def test_before_the_second_release_there_is_no_way_back() -> None:
    with pytest.raises(Stopped, match="no release is live"):
        chosen([], "")
    with pytest.raises(Stopped, match="none before at-14; there are: none"):
        chosen([RELEASES[1]], "")


def migration(name: str, breaks: list[str] | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "applied": True, "replaces": [], "breaks": breaks, **more}


FILES = ["apps/clients/migrations/0001_initial.py", "apps/clients/models.py"]
DROPS = migration("clients.0002_drop", ["drops client.email"])


def test_a_schema_that_only_grew_forbids_nothing() -> None:
    applied = [migration("clients.0001_initial", []), migration("clients.0002_more", [])]
    assert lost(applied, FILES) == ""


def test_what_was_taken_away_since_is_named() -> None:
    assert lost([DROPS], FILES) == "clients.0002_drop drops client.email"


def test_what_the_older_code_knows_of_or_was_not_applied_forbids_nothing() -> None:
    assert lost([DROPS], [*FILES, "apps/clients/migrations/0002_drop.py"]) == ""
    assert lost([{**DROPS, "applied": False}], FILES) == ""
    assert lost([{**DROPS, "replaces": ["clients.0001_initial"]}], FILES) == ""


def test_a_migration_that_no_code_can_read_forbids_it() -> None:
    unread = migration("clients.0003_unread", None)
    assert lost([unread], FILES) == "clients.0003_unread is in no code that can be asked"
    assert lost([unread, DROPS], FILES).endswith("; clients.0002_drop drops client.email")
