"""Django's PostgreSQL engine with two of the walls: row-level security's setting, the sentinel."""
