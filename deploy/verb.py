"""What the verbs that change something have in common: where, with what rights, and by whom."""

import getpass
from dataclasses import dataclass

from apps.launch.plan import Environment
from config.env import Operator
from deploy.checkout import Git
from deploy.steps import Steps
from deploy.target import Target


@dataclass
class Verb:
    """A verb that is carried out once, on one environment; `despite` is why gates are opened."""

    environment: Environment
    operator: Operator
    target: Target
    git: Git
    steps: Steps
    despite: str = ""

    @property
    def who(self) -> str:
        """Who ships: as GitHub Actions says it, else as git does, else the machine's user."""
        return (
            self.operator.GITHUB_ACTOR or self.git.ask("config", "user.name") or getpass.getuser()
        )
