"""A fact that is not there, and why; every check knows by it that it cannot tell."""

from typing import TypeVar

T = TypeVar("T")


class Unasked(Exception):
    """A fact that could not be had; its words say why. What rests on it is unknown."""


class Skipped(Unasked):
    """A fact that nobody asked for; its words say what is missing, such as --live."""


def known(fact: T | Unasked) -> T:
    """The fact itself. Raises Unasked, which makes the check unknown, where it could not be had."""
    if isinstance(fact, Unasked):
        raise fact
    return fact
