"""Looks at the handover pack in docs/handover, and at the plan that it would be made from now."""

from pathlib import Path

from apps.launch.facts.handover import Handover
from apps.launch.facts.unasked import Unasked, known
from apps.launch.handover.folder import FOLDER, made_from
from apps.launch.handover.seal import fingerprint
from apps.launch.plan import Plan


def handover(plan: Plan | Unasked, folder: Path = FOLDER) -> Handover:
    """Fingerprint both. Raises Unasked without a plan, OSError for a pack that cannot be read."""
    return Handover(current=fingerprint(known(plan)), made_from=made_from(folder))
