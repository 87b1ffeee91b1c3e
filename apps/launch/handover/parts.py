"""What a handover pack is made of: sections of blocks of words; how they look, others decide."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """What is typed or stands in a file."""

    text: str


@dataclass(frozen=True)
class Gap:
    """What nobody has said yet; it is shown so that it is not forgotten."""

    text: str


@dataclass(frozen=True)
class Link:
    """An address that begins with https://, or a page of the pack."""

    address: str
    text: str = ""


Span = str | Code | Gap | Link
Words = Span | tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """What comes next, inside a section."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: Words


@dataclass(frozen=True)
class Points:
    """Things of which the order does not matter."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells; a row has as many as the head."""

    head: tuple[str, ...]
    rows: Sequence[tuple[Words, ...]]


@dataclass(frozen=True)
class Step:
    """Something to do, and the commands that do it."""

    words: Words
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Steps:
    """Things to do one after the other."""

    items: tuple[Step, ...]


Block = Heading | Text | Points | Table | Steps


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section; `name` is its anchor, and the file's name of one that is a page by itself."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """The whole: `made` is a day, `fingerprint` that of the plan that it was made from."""

    site: str
    product: str
    made: str
    release: str
    fingerprint: str
    sections: tuple[Section, ...]
    breakages: tuple[Section, ...]


def unsaid(key: str) -> Gap:
    """What the launch plan leaves out, by the key that would say it."""
    return Gap(f"not said in launch.toml: {key}")


def blank(what: str) -> Gap:
    """What the plan has no key for and somebody has to fill in."""
    return Gap(f"to fill in: {what}")


def said(text: str, key: str) -> Span:
    """What the plan says, or that it does not."""
    return text if text.strip() else unsaid(key)


def spans(words: Words) -> tuple[Span, ...]:
    """The spans of words, one or several."""
    return words if isinstance(words, tuple) else (words,)


def marked(text: str) -> tuple[Span, ...]:
    """Our own words, in which backticks mark code."""
    pieces = enumerate(text.split("`"))
    return tuple(Code(piece) if place % 2 else piece for place, piece in pieces if piece)
