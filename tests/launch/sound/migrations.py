"""Migrations of a launch that has nothing wrong, and the evidence that they were rehearsed."""

from datetime import UTC, datetime

from apps.launch.facts.migrations import Migrations
from apps.launch.plan import Evidence, Proof

MIGRATIONS = Migrations(conflicts=(), unwritten=(), hazards=())
PROOF = Proof(at=datetime(2026, 11, 1, tzinfo=UTC), by="Sam Reed")
REHEARSED = Evidence(rollback_drill=PROOF, previous_release=PROOF)
