"""`make run`, `make test` and their servers; nothing here runs in production."""
