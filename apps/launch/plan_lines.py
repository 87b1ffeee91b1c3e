"""Finds the line of each key of a TOML text that is known to be sound; tomllib tells none."""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]  # the keys that lead to a value, and places in lists

TOKEN = re.compile(
    r"""
      (?P<skip>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<text>\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<sign>[\[\]{},=.])
    | (?P<bare>[^\s\[\]{},=.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def lines(text: str) -> dict[Path, int]:
    """The line of each key, table and item of a list, by the path that leads to it.

    The text has to be TOML that tomllib has read: what is not is skipped, not refused.
    """
    return Scanner(text).scan()


class Scanner:
    """Walks over the tokens once and notes where each key stands."""

    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.at = 0
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}  # how many tables each array of tables has so far

    def scan(self) -> dict[Path, int]:
        """Read the text, a table's head or a key a turn."""
        table: Path = ()
        while self.kind() != "end":
            if self.kind() == "newline":
                self.at += 1
            elif self.sign("["):
                table = self.head()
            else:
                self.entry(table)
        return self.found

    def head(self) -> Path:
        """Read [a.b] or [[a.b]]; return the path of what follows."""
        line, is_array = self.line(), self.take("[") and self.take("[")
        path: Path = ()
        keys = self.keys()
        for key in keys[:-1]:
            path = self.inside((*path, key))
        path = (*path, keys[-1])
        while self.take("]"):
            pass
        if is_array:
            self.found.setdefault(path, line)
            number = self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, number)
        self.found.setdefault(path, line)
        return path

    def inside(self, path: Path) -> Path:
        """Where a key below this path belongs: in the last table, if it is an array of them."""
        return (*path, self.counts[path]) if path in self.counts else path

    def entry(self, table: Path) -> None:
        """Read `a.b = value`."""
        line, path = self.line(), table
        for key in self.keys():
            path = (*path, key)
            self.found.setdefault(path, line)
        if not self.take("="):
            self.at += 1
        self.value(path)

    def keys(self) -> list[str]:
        """Read a key, dotted or not."""
        keys = [self.key()]
        while self.take("."):
            keys.append(self.key())
        return keys

    def key(self) -> str:
        kind, text, _ = self.tokens[self.at]
        self.at += kind != "end"
        return unquoted(text) if kind == "text" else text

    def value(self, path: Path) -> None:
        """Read a value; lists and inline tables note their own keys."""
        if self.take("["):
            self.items(path)
        elif self.take("{"):
            while not self.closed("}"):
                self.entry(path)
        else:
            while self.kind() in {"text", "bare"} or self.sign("."):
                self.at += 1

    def items(self, path: Path) -> None:
        """Read the items of a list."""
        number = 0
        while not self.closed("]"):
            self.found.setdefault((*path, number), self.line())
            self.value((*path, number))
            number += 1

    def closed(self, sign: str) -> bool:
        """Pass what separates items; say whether the list or table ends here."""
        while self.kind() == "newline" or self.sign(","):
            self.at += 1
        return self.take(sign) or self.kind() == "end"

    def kind(self) -> str:
        return self.tokens[self.at][0]

    def line(self) -> int:
        return self.tokens[self.at][2]

    def sign(self, sign: str) -> bool:
        return self.tokens[self.at][:2] == ("sign", sign)

    def take(self, sign: str) -> bool:
        """Pass a sign if it stands here."""
        is_here = self.sign(sign)
        self.at += is_here
        return is_here


def tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """The kind, text and line of each token; "end" is the last."""
    line = 1
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip":
            yield str(match.lastgroup), match[0], line
        line += match[0].count("\n")
    yield "end", "", line


def unquoted(text: str) -> str:
    """The key that stands in quotes."""
    if text.startswith("'"):
        return text[1:-1]

    def character(found: "re.Match[str]") -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else SHORT.get(found[3], found[3])

    return ESCAPE.sub(character, text[1:-1])
