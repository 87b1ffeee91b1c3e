"""Reads the launch plan's file into the dataclasses of plan.py, and says by line what is wrong."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from apps.launch.harmless import harmless
from apps.launch.plan import Plan
from apps.launch.plan_lines import Path as Where
from apps.launch.plan_lines import lines

T = TypeVar("T")
WORDS = {str: "text in quotes", int: "a whole number", bool: "true or false"}


class BadPlan(Exception):
    """The plan cannot be read; each of `problems` names file, line, key and what to write."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(path: Path) -> Plan:
    """Read a plan. Raises FileNotFoundError, and BadPlan with every problem at once."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path.name)
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadPlan([f"{path.name}:{line}: is not UTF-8 text"]) from None
    except OSError as error:
        raise BadPlan([f"{path.name}: cannot be read: {error.strerror}"]) from None


def parse(text: str, file: str = "launch.toml") -> Plan:
    """Parse a plan's text. Raises BadPlan with every problem at once."""
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise BadPlan([f"{file}: is nested too deeply"]) from None
    except ValueError as error:  # a number that is too long for Python is one, too
        raise BadPlan([harmless(f"{file}:{line_of(error, text)}: {error}")]) from None
    reader = Reader(text, file)
    plan = reader.table(Plan, document, ())
    if plan is not None:
        for path, reason in contradictions(plan):
            reader.refuse(path, reason)
    if reader.problems or plan is None:
        raise BadPlan([problem for _, problem in sorted(reader.problems)])
    return plan


def line_of(error: ValueError, text: str) -> int:
    """The line that tomllib names; the last where it names the document's end."""
    named = re.search(r"at line (\d+)", str(error))
    return int(named[1]) if named else max(1, len(text.splitlines()))


def contradictions(plan: Plan) -> Iterator[tuple[Where, str]]:
    """What each part of a plan may say by itself and both together may not."""
    yield from twice({("site", "canonical"): plan.site.canonical} | names(plan))
    for room in ("environments", "monitors", "alerts"):
        yield from twice({(room, n, "name"): one.name for n, one in enumerate(getattr(plan, room))})
    yield from twice(
        {("mail", "domains", n, "name"): one.name for n, one in enumerate(plan.mail.domains)}
    )
    yield from twice(
        {("redirects", n, "source"): one.source for n, one in enumerate(plan.redirects)}
    )
    channels = {one.name for one in plan.alerts}
    for number, monitor in enumerate(plan.monitors):
        for place, name in enumerate(monitor.alerts):
            if name not in channels:
                hint = did_you_mean(name, channels)
                yield (
                    ("monitors", number, "alerts", place),
                    f'names no alert channel: "{name}"{hint}',
                )


def names(plan: Plan) -> dict[Where, str]:
    """The names beside the canonical one, by where they stand."""
    return {
        **{("site", "aliases", n): name for n, name in enumerate(plan.site.aliases)},
        **{("subdomains", n, "name"): one.name for n, one in enumerate(plan.subdomains)},
    }


def twice(values: dict[Where, str]) -> Iterator[tuple[Where, str]]:
    """The places whose value stands at an earlier place already."""
    first: dict[str, Where] = {}
    for path, value in values.items():
        if value in first:
            yield path, f'is "{value}", as {spelled(first[value])} is already'
        first.setdefault(value, path)


def did_you_mean(word: str, known: "dict[str, Any] | set[str]") -> str:
    """A hint at the word that was probably meant, or all of them."""
    close = get_close_matches(word, sorted(known), 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(known)}" if known else "; there are none"


def spelled(path: Where) -> str:
    """A path as it is said: monitors[2].name."""
    said = ""
    for step in path:
        said += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if said else step
    return said or "the plan"


class Reader:
    """Turns tables into dataclasses and collects what is wrong, each with its line."""

    def __init__(self, text: str, file: str) -> None:
        self.lines, self.file = lines(text), file
        self.problems: list[tuple[int, str]] = []  # each with its line

    def table(self, kind: type[T], given: Any, path: Where) -> T | None:
        """Make a dataclass of a table, or note why that cannot be done."""
        if not isinstance(given, dict):
            return self.refuse(path, "must be a table")
        declared = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass
        hints, values, count = get_type_hints(kind), {}, len(self.problems)
        for key, value in given.items():
            if key not in declared:
                self.refuse((*path, key), f"is not a key here{did_you_mean(key, declared)}")
                continue
            values[key] = self.value(declared[key], hints[key], value, (*path, key))
        for name, one in declared.items():
            needed = one.default is MISSING and one.default_factory is MISSING
            if needed and name not in given:
                example = one.metadata.get("example")
                hint = f": {name} = {example}" if example else f": [{name}]"
                self.refuse(path, f"misses {name}{hint}")
        return kind(**values) if len(self.problems) == count else None

    def value(self, declared: "Field[Any]", hint: Any, given: Any, path: Where) -> Any:
        """Read one value by its annotation, then by its own parser."""
        count = len(self.problems)
        value = self.typed(hint, given, path)
        own = declared.metadata.get("parse")
        if own is None or len(self.problems) > count:
            return value
        try:
            return own(value)
        except ValueError as reason:
            return self.refuse(path, str(reason))

    def typed(  # one return for each kind of type
        self, hint: Any, given: Any, path: Where
    ) -> Any:
        """Read a value by a type: text, number, date, table, list or map of these."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is UnionType:
            return self.typed(arguments[0], given, path)
        if is_dataclass(hint):
            return self.table(hint, given, path)  # type: ignore[arg-type]  # a class
        if origin is None:
            return self.plain(hint, given, path)
        if not isinstance(given, list if origin is tuple else dict):
            return self.refuse(path, "must be a list" if origin is tuple else "must be a table")
        if origin is tuple:
            return tuple(self.typed(arguments[0], each, (*path, n)) for n, each in enumerate(given))
        return {
            key: self.typed(arguments[1], each, (*path, key)) for key, each in dict(given).items()
        }

    def plain(self, hint: type, given: Any, path: Where) -> Any:
        """Read text, a number, a date; a moment may be written as a day."""
        if hint is datetime and isinstance(given, date):
            if not isinstance(given, datetime):
                return datetime(given.year, given.month, given.day, tzinfo=UTC)
            return given if given.tzinfo else given.replace(tzinfo=UTC)
        if type(given) is hint:
            return given
        return self.refuse(path, f"must be {WORDS.get(hint, 'a date, such as 2026-11-28')}")

    def refuse(self, path: Where, reason: str) -> Any:
        """Note a problem, at the line of the key that it is about, or of what is around it."""
        around = (path[:depth] for depth in range(len(path), 0, -1))
        line = next((self.lines[each] for each in around if each in self.lines), 1)
        self.problems.append((line, harmless(f"{self.file}:{line}: {spelled(path)} {reason}")))
