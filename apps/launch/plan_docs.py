"""The page docs/launch-plan.md, made from the declarations in plan.py."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, is_dataclass
from typing import Any

from apps.launch.markdown import table
from apps.launch.plan import Plan
from apps.launch.plan_text import keys, parts, sentence

INTRODUCTION = """\
# The launch plan

<!-- Made by `manage.py env_docs --write`: change apps/launch/plan.py or plan_docs.py instead. -->

`launch.toml` stands in the project's folder and says what no program can find out: which names are
yours, who sends your mail, who is called at night, when a restore was last rehearsed, which risks
you accept. `python manage.py launch_init` asks for the most important of it and writes the file,
with everything else in it as comments. It holds no secret: keep it in the repository.

`launch_check` tells every problem of the file at once, each with its line, and ends with 2. Only a
key that is required must be there; what is left out stays unjudged, or is found by a check.
"""


def plan_page() -> str:
    """The page."""
    return INTRODUCTION + "\n".join(room("", Plan)) + "\n"


def room(path: str, kind: type) -> Iterator[str]:
    """The sections on the tables inside a table."""
    for one, shape, inner in parts(kind):
        name = f"{path}.{one.name}" if path else one.name
        head = {"list": f"[[{name}]]", "table": f"[{name}]", "map": f"[{name}.NAME]"}[shape]
        if not is_dataclass(inner):
            yield from ("", f"## `{head}`", "", one.metadata.get("purpose", MAP))
            continue
        if own := keys(inner):
            often = " It may stand any number of times." if shape != "table" else ""
            yield from ("", f"## `{head}`", "", f"{sentence(one, inner)}{often}", "")
            yield from table(("Key", "What for", "Without it", "Example"), list(map(row, own)))
        yield from room(name, inner)


MAP = "What programs compare from one run to the next; they say themselves how to write it."


def row(one: "Field[Any]") -> tuple[str, ...]:
    """The row on one key."""
    about = one.metadata
    return f"`{one.name}`", about["purpose"], without(one), f"`{about['example']}`"


def without(one: "Field[Any]") -> str:
    """What holds where a key is left out."""
    if one.default is MISSING:
        return "required"
    if isinstance(one.default, bool):
        return f"`{str(one.default).lower()}`"
    return f"`{one.default}`" if one.default else "not said"
