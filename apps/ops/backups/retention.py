"""Which backups stay: the newest of so many days, weeks and months; it deletes nothing itself."""

from collections.abc import Mapping
from datetime import datetime

# How a moment is told apart from those of another day, week or month, in UTC.
PERIODS = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}


def kept(backups: Mapping[str, datetime], keep: Mapping[str, int]) -> set[str]:
    """The names to keep of `backups`, given how many days, weeks and months count.

    A day without a backup does not count, so that a month in which none succeeded costs none.
    """
    newest_first = sorted(backups, key=lambda name: (backups[name], name), reverse=True)
    names: set[str] = set(newest_first[:1])
    for period, form in PERIODS.items():
        newest: dict[str, str] = {}
        for name in newest_first:
            newest.setdefault(backups[name].strftime(form), name)
        names.update(list(newest.values())[: keep[period]])
    return names
