"""Judges SQL that a migration brings along, by the words that change a table; it parses none.

What slips through words, `make check` finds with a real parser.
"""

import re
from collections.abc import Iterator

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
SPACE = re.compile(r"\s+")

WORDS = {
    "drop-table": (r"\bdrop table\b", r"\btruncate\b"),
    "drop-column": (r"\bdrop column\b",),
    "rename-table": (r"\balter table [^;]*?\brename to\b",),
    "rename-column": (r"\balter table [^;]*?\brename (?!to\b|constraint\b)",),
    "not-null": (r"\bset not null\b", r"\badd column [^;]*?\bnot null\b(?![^;,]*\bdefault\b)"),
    "change-type": (r"\balter (?:column )?\S+ (?:set data )?type\b",),
    "drop-default": (r"\bdrop default\b",),
    "add-index": (r"\bcreate (?:unique )?index (?!concurrently\b)",),
    "drop-index": (r"\bdrop index (?!concurrently\b)",),
    "add-constraint": (r"\badd constraint (?![^;]*?\b(?:not valid|using index)\b)",),
    "lock-timeout": (r"\bset (?:local |session )?lock_timeout ?(?:=|to) ?'?(?:0\b|default\b)",),
}
SAID = {
    "drop-table": "drops or empties a table",
    "drop-column": "drops a column",
    "rename-table": "renames a table",
    "rename-column": "renames a column",
    "not-null": "makes a column not null",
    "change-type": "changes a column's type",
    "drop-default": "takes a column's default",
    "add-index": "adds an index while others wait",
    "drop-index": "drops an index while others wait",
    "add-constraint": "adds a constraint and reads all rows",
    "lock-timeout": "lifts lock_timeout",
}


def raw(sql: object) -> Iterator[tuple[str, str]]:
    """What SQL does, as rule and words; it is a text or a list of texts, some with parameters."""
    text = plain(sql)
    for rule, patterns in WORDS.items():
        if any(re.search(pattern, text) for pattern in patterns):
            yield rule, f"runs SQL that {SAID[rule]}"


def plain(sql: object) -> str:
    """The SQL in small letters and on one line, without comments."""
    statements = sql if isinstance(sql, list | tuple) else [sql]
    texts = [str(each[0] if isinstance(each, list | tuple) else each) for each in statements]
    return SPACE.sub(" ", COMMENT.sub(" ", ";".join(texts))).lower()
