"""What the tests of operations share with those of the core."""

from tests.core.conftest import log

__all__ = ["log"]
