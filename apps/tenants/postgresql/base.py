"""The engine (settings.DATABASES): it tells each transaction its scope, and asks each statement."""

from typing import Any

from django.db.backends.postgresql import base

from apps.tenants.scope import OUTSIDE, SETTING, current_scope, parameters
from apps.tenants.sentinel import refuse_outside


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin in the scope of the code that began them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(refuse_outside)

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # no stub
        scope = current_scope()
        if not autocommit and scope != OUTSIDE:
            with self.wrap_database_errors:
                self.connection.execute(SETTING, parameters(scope))

    def chunked_cursor(self) -> Any:
        """Leave rows on the server inside a transaction alone, and fetch them all at once outside.

        Between two transactions a pooler may lead to another connection, without the cursor.
        """
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()
