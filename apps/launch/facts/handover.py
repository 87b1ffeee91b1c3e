"""Facts of the handover pack that stands in docs/handover."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Fingerprints: of the plan that it was made from, None without a pack; of today's plan."""

    made_from: str | None
    current: str
