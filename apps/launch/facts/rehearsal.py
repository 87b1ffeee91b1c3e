"""Facts of a rehearsal with two made-up workspaces: what crossed, and what each page asked for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What an owner of the one workspace was answered; all of it was undone.

    `asked` counts the requests for what belongs to the other workspace; `opened` has those that
    were not answered with 404, as "GET /t/<slug:slug>/clients/<int:pk>/: 200". `unproven` says, by
    a route's path, why its 404 proves nothing.

    `pages` has how many queries each page took with 2 and with 20 rows of everything, by its path;
    `uncounted` says, by path or table, why one could not be counted or filled.
    """

    asked: int
    opened: tuple[str, ...]
    unproven: Mapping[str, str]
    pages: Mapping[str, tuple[int, int]]
    uncounted: Mapping[str, str]
