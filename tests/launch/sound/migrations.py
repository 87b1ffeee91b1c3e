"""Migrations of which the harmful ones have long run."""

from apps.launch.facts.migrations import Harm, Migrations, Step

MIGRATIONS = Migrations(
    steps=(Step(migration="clients.0001_initial", what="drops it all", harm=Harm.BREAKS),),
    conflicts=(),
    unmade=(),
)
