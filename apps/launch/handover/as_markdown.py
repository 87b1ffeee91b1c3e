"""A handover pack as Markdown: an index, and a page for each thing that may break."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from apps.launch.formats.as_markdown import code as code_in_html
from apps.launch.handover.parts import (
    Block,
    Code,
    Gap,
    Heading,
    Link,
    Pack,
    Points,
    Section,
    Span,
    Steps,
    Table,
    Text,
    Words,
    said,
    spans,
)
from apps.launch.harmless import harmless

INDEX = "README.md"
# What begins or ends something in CommonMark, GitHub's tables or HTML, inside a line.
SPECIAL = r"\`*_{}[]<>#|~&!"


def pages(pack: Pack) -> dict[str, str]:
    """The files of the pack, by name."""
    return {
        INDEX: index(pack),
        **{f"{one.name}.md": breakage(one, pack) for one in pack.breakages},
    }


def index(pack: Pack) -> str:
    """The page with everything that is not for a bad day."""
    lines = [
        f"# Handover of {plain(pack.product)}",
        "",
        made(pack),
        "",
        f"What is marked like **{code('this')}** nobody has said yet.",
        "",
        "If something breaks:",
        "",
        *(f"- [{one.title}]({one.name}.md)" for one in pack.breakages),
    ]
    for number, one in enumerate(pack.sections, 1):
        lines += ["", f"## {number}. {one.title}", *blocks(one, 3)]
    return joined(lines)


def breakage(one: Section, pack: Pack) -> str:
    """A page for a bad day."""
    lines = [f"# {one.title}", "", f"[The whole handover]({INDEX}). {made(pack)}"]
    return joined([*lines, *blocks(one, 2)])


def joined(lines: Iterable[str]) -> str:
    """The lines with one empty line, not two, where a block of commands ends a list."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def made(pack: Pack) -> str:
    """What the pack was made from, and when."""
    site = span(said(pack.site, "[site] canonical"))
    return f"Made on {pack.made} for {site}, release {plain(pack.release)}."


def blocks(section: Section, level: int) -> Iterator[str]:
    for block in section.blocks:
        yield ""
        yield from lines(block, level)


def lines(block: Block, level: int) -> Iterator[str]:
    """One block; every text in it is escaped."""
    match block:
        case Heading(text):
            yield f"{'#' * level} {plain(text)}"
        case Text(words):
            yield written(words)
        case Points(items):
            yield from (f"- {written(one)}" for one in items)
        case Table(head, rows):
            yield f"| {' | '.join(head)} |"
            yield f"| {' | '.join('---' for _ in head)} |"
            yield from (f"| {' | '.join(map(written, row))} |" for row in rows)
        case Steps(items):
            for number, one in enumerate(items, 1):
                yield f"{number}. {written(one.words)}"
                if one.commands:
                    yield from ("", "   ```sh")
                    yield from (f"   {harmless(command)}" for command in one.commands)
                    yield from ("   ```", "")


def written(words: Words) -> str:
    return "".join(map(span, spans(words)))


def span(one: Span) -> str:
    match one:
        case Code(text):
            return code(text)
        case Gap(text):
            return f"**{code(text)}**"
        case Link(address):
            return f"<{quote(harmless(address), safe=SAFE)}>"
        case str():
            # Blanks at its edges part it from its neighbours.
            left = " " if one[:1].isspace() else ""
            right = " " if one[-1:].isspace() and one.strip() else ""
            return f"{left}{plain(one)}{right}"


SAFE = ":/?#@$&()+,;=%~-._"


def plain(text: str) -> str:
    """Text in one line, of which nothing is taken for markup."""
    return "".join(f"\\{each}" if each in SPECIAL else each for each in harmless(text))


def code(text: str) -> str:
    """Text as code; in HTML where it holds what would end a code span or a cell."""
    text = harmless(text)
    return f"`{text}`" if text and not set(text) & set("`|<>&\\") else code_in_html(text)
