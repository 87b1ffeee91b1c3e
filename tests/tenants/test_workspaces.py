"""Workspaces: who may enter, and what an outsider sees."""

from django.db import connection


def test_the_suite_runs_as_a_role_that_owns_no_table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, count(*) FROM pg_tables WHERE tableowner = current_user"
        )
        assert cursor.fetchone() == ("slipway_app", 0)
