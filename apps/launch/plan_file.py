"""Reads the launch plan's file into the dataclasses of plan.py, and says by line what is wrong."""

import re
import tomllib
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from apps.launch.plan import Plan

T = TypeVar("T")
Where = tuple[str | int, ...]  # the keys that lead to a value, and places in lists


class BadPlan(Exception):
    """The plan cannot be read; each of `problems` names file, line, key and what to write."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(path: Path) -> Plan:
    """Read a plan. Raises FileNotFoundError, and BadPlan with every problem at once."""
    return parse(path.read_text(encoding="utf-8"), path.name)


def parse(text: str, file: str = "launch.toml") -> Plan:
    """Parse a plan's text. Raises BadPlan with every problem at once."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPlan([f"{file}: {error}"]) from None
    reader = Reader(text, file)
    plan = reader.table(Plan, document, ())
    if reader.problems or plan is None:
        raise BadPlan(reader.problems)
    return plan


class Reader:
    """Turns tables into dataclasses and collects what is wrong, each with its line."""

    def __init__(self, text: str, file: str) -> None:
        self.lines, self.file = text.splitlines(), file
        self.problems: list[str] = []

    def table(self, kind: type[T], given: Any, path: Where) -> T | None:
        """Make a dataclass of a table, or note why that cannot be done."""
        if not isinstance(given, dict):
            return self.refuse(path, "must be a table")
        declared = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass
        hints, values, count = get_type_hints(kind), {}, len(self.problems)
        for key, value in given.items():
            if key not in declared:
                self.refuse((*path, key), f"is not a key here; there are {', '.join(declared)}")
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
        words = {str: "text in quotes", int: "a whole number", bool: "true or false"}
        return self.refuse(path, f"must be {words.get(hint, 'a date, such as 2026-11-28')}")

    def refuse(self, path: Where, reason: str) -> Any:
        """Note a problem, at the line of the key that it is about."""
        spelled = ""
        for step in path:
            spelled += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if spelled else step
        self.problems.append(f"{self.file}:{self.line_of(path)}: {spelled or 'the plan'} {reason}")

    def line_of(self, path: Where) -> int:
        """The line of a key, or of the nearest table around it; 1 where neither is found."""
        names = [step for step in path if isinstance(step, str)]
        number = next((step for step in path if isinstance(step, int)), 0)
        for depth in range(len(names), 0, -1):
            table = re.escape(".".join(names[:depth]))
            heads = [
                at
                for at, line in enumerate(self.lines)
                if re.match(rf"\s*\[\[?\s*{table}\s*\]", line)
            ]
            if not heads:
                continue
            start = heads[min(number, len(heads) - 1)]
            return start + 1 + self.offset(start, names[depth:])
        return 1 + self.offset(-1, names) if names else 1

    def offset(self, start: int, names: list[str]) -> int:
        """How many lines below `start` the key stands, before the next table; else 0."""
        for at, line in enumerate(self.lines[start + 1 :], 1):
            if re.match(r"\s*\[", line):
                break
            if names and re.match(rf"\s*\"?{re.escape(names[0])}\"?\s*[=.]", line):
                return at
        return 0
