"""A fact that is not there, and why; every check knows by it that it cannot tell."""

from typing import TypeVar

T = TypeVar("T")


class Unasked(Exception):
    """A fact that could not be had; its words say why. What rests on it is unknown."""


class Skipped(Unasked):
    """A fact that nobody asked for; its words say why.

    `needs` is what has to be given for it to be asked, such as --live. Without it there is nothing
    to judge: a plan without redirects has none that could be wrong.
    """

    def __init__(self, words: str, needs: str = "") -> None:
        super().__init__(words)
        self.needs = needs


def known(fact: T | Unasked) -> T:
    """The fact itself. Raises Unasked, which makes the check unknown, where it could not be had."""
    if isinstance(fact, Unasked):
        raise fact
    return fact
