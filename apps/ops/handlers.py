"""The jobs of this room; they are found by this module's name."""

from apps.ops.round_trips import make_round_trip

__all__ = ["make_round_trip"]
