"""How any room tells what happened, in dotted past-tense actions; the audit room writes it down.

The rooms below audit cannot import it, so they announce and it listens. A listener's failure is
the announcer's: what cannot be recorded is not done.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.dispatch import Signal

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Tenant

happened = Signal()
crossed = Signal()
ACTIONS: dict[str, "Action"] = {}


@dataclass(frozen=True)
class Action:
    """A kind of event: its dotted name and what it says after the actor's name."""

    name: str
    says: str

    def record(
        self,
        *,
        tenant: "Tenant",
        by: "User | None",
        target: Model | None = None,
        **details: Any,
    ) -> None:
        """Announce that `by` did this to `target` in `tenant`; `by` is None for the system itself.

        `details` are JSON values, without secrets: they are kept and shown.
        """
        happened.send(
            sender=Action, action=self, tenant=tenant, by=by, target=target, details=details
        )


def action(name: str, says: str) -> Action:
    """Declare an action, such as ``action("client.archived", "archived {target}")``.

    `says` may use ``{target}`` and any detail by name. Raises ValueError if the name is taken.
    """
    if name in ACTIONS:
        raise ValueError(f"The action {name} is declared twice")
    ACTIONS[name] = Action(name, says)
    return ACTIONS[name]
