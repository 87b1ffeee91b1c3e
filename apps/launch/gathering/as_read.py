"""Facts that are asked for as somebody reads them: who asks for one check waits for no other's."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Self

from apps.launch.facts import Facts
from apps.launch.findings import Finding

Questions = Mapping[str, Callable[["AsRead"], Any]]


class AsRead(Facts):
    """Facts of which some are known, and each other is asked for once, when it is first read."""

    def __init__(self, questions: Questions, **known: Any) -> None:
        """Take a question for each fact that is not `known`; it may read the facts it rests on."""
        # Facts are frozen; these are, too, but for what has not been asked yet.
        self.__dict__.update(known, questions=questions)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self.questions:
            raise AttributeError(name)
        answer = self.__dict__[name] = self.questions[name](self)
        return answer

    def with_findings(self, findings: tuple[Finding, ...]) -> Self:
        known = {name: value for name, value in vars(self).items() if name != "questions"}
        return type(self)(self.questions, **known | {"findings": findings})

    def all(self) -> Facts:
        """Ask all that has not been read yet, in the order of the questions."""
        for name in self.questions:
            getattr(self, name)
        return Facts(**{one.name: getattr(self, one.name) for one in fields(Facts)})
