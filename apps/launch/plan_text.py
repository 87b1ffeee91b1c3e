"""Writes a launch plan as the text of launch.toml: what is said, and all else as comments."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from apps.launch.plan import Plan

HEAD = """\
# The launch plan. `python manage.py launch_check` judges the launch by it; docs/launch-plan.md
# explains every key. It holds no secret: keep it in the repository.
# A line that begins with # is an example: take the # away and fill it in.
"""
SAMPLE = "list"  # how a table that founders name themselves is called in an example


def plan_text(plan: Plan) -> str:
    """The text of a plan, which reads back as the same plan."""
    return HEAD + "\n".join(room("", Plan, plan)) + "\n"


def part(hint: Any) -> tuple[str, Any] | None:
    """How a key holds tables ("table", "list" or "map") and of which kind; None if it does not."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return part(arguments[0])
    if is_dataclass(hint):
        return "table", hint
    if origin is tuple and is_dataclass(arguments[0]):
        return "list", arguments[0]
    if origin is Mapping:
        return "map", arguments[1]
    return None


def parts(kind: type) -> Iterator[tuple["Field[Any]", str, type]]:
    """The keys of a table that hold tables, with how and of which kind."""
    hints = get_type_hints(kind)
    for one in fields(kind):
        if found := part(hints[one.name]):
            yield one, *found


def keys(kind: type) -> list["Field[Any]"]:
    """The keys of a table that hold values."""
    hints = get_type_hints(kind)
    return [one for one in fields(kind) if not part(hints[one.name])]


def sentence(one: "Field[Any]", kind: type) -> str:
    """What a table is for."""
    own = one.metadata.get("purpose")
    return str(own or (kind.__doc__ or "").partition("\n")[0])


def room(path: str, kind: type, value: Any) -> Iterator[str]:
    """The tables inside a table."""
    for one, shape, inner in parts(kind):
        name = f"{path}.{one.name}" if path else one.name
        held = getattr(value, one.name, None)
        yield ""
        if is_dataclass(inner):
            yield f"# {sentence(one, inner)}"
            yield from tables(name, shape, inner, held)
        else:
            yield from values(name, held or {})


def tables(name: str, shape: str, kind: type, held: Any) -> Iterator[str]:
    """The tables that a key holds, or an example of one."""
    if shape == "list":
        for each in held or (None,):
            yield from table(f"[[{name}]]", kind, each)
    elif shape == "map":
        for key, each in (held or {SAMPLE: None}).items():
            yield from table(f"[{name}.{quoted(key)}]", kind, each)
    else:
        yield from table(f"[{name}]", kind, held)
        yield from room(name, kind, held)


def table(head: str, kind: type, value: Any) -> Iterator[str]:
    """One table: a key that is not said is a comment, and so is all of it if `value` is None."""
    own = keys(kind)
    if not own:
        return
    is_said = value is not None and any(is_said_of(one, value) for one in own)
    yield head if is_said else f"# {head}"
    for one in own:
        if is_said and is_said_of(one, value):
            yield f"{one.name} = {toml(getattr(value, one.name))}"
        else:
            yield f"# {one.name} = {one.metadata['example']}  # {one.metadata['purpose']}"


def values(name: str, held: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A map of maps of words, which programs write."""
    for key, inner in held.items():
        yield f"[{name}.{quoted(key)}]"
        yield from (f"{quoted(each)} = {toml(said)}" for each, said in inner.items())


def is_said_of(one: "Field[Any]", value: Any) -> bool:
    """Whether a key is written: where it says something, a default that says something included."""
    said = getattr(value, one.name)
    return bool(said != one.default or said)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # TOML's escapes are JSON's, and it refuses one character more.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)


def quoted(key: str) -> str:
    """A key, in quotes where it needs them."""
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else toml(key)
