"""The rehearsal of a launch that has nothing wrong."""

from apps.launch.facts.rehearsal import Rehearsal

REHEARSAL = Rehearsal(
    asked=72,
    opened=(),
    unproven={},
    pages={"/t/<slug:slug>/clients/": (8, 8), "/t/<slug:slug>/": (9, 8)},
    uncounted={},
)
