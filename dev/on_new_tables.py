"""A pytest plugin that makes a suite's test database as a copy of one that is migrated already.

`dev.previous` copies it beside another release's suite, whose own `dev` it must not meet; so it
stands alone. The release's `migrate` then finds everything done, as it does after a rollback.
"""

import os
from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the database to copy to Django, which makes the suite's from it."""
    from django.db import connection

    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ["MIGRATED_DATABASE"]
    empty = connection.ops.sql_flush

    def and_what_refers_to_them(*args: Any, **options: Any) -> Any:
        """Between tests, empty tables that the release does not know too: they may refer to its."""
        return empty(*args, **{**options, "allow_cascade": True})

    # Django keeps a copy of all rows for tests of a kind that reads every model's table at once:
    # what is gone is better found by the tests that need it, one by one.
    connection.creation.serialize_db_to_string = str  # type: ignore[method-assign]
    connection.ops.sql_flush = and_what_refers_to_them  # type: ignore[method-assign]
