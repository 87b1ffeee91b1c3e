"""What keeps a spreadsheet from running a cell: text that begins like a formula gets an apostrophe.

The rule is OWASP's on CSV injection, with the full-width forms that some spreadsheets fold into
the plain ones. It can be taken back: text that already is such an apostrophe before a formula gets
one more, so that `unguard(guard(text)) == text` for every text, and a file that was exported,
imported and exported again stays the same.
"""

import re

from django.db.models import CharField, Expression, Value
from django.db.models.expressions import Case, When
from django.db.models.functions import Concat, NullIf, Ord
from django.db.models.lookups import Exact, In, Regex

APOSTROPHE = "'"
STARTS = "=+@\t\r＝＋－＠-"  # noqa: RUF001  # the full-width forms are the point
DANGEROUS = re.compile(f"^{APOSTROPHE}*[{STARTS}]")
GUARDED = re.compile(f"^{APOSTROPHE}+[{STARTS}]")


def guard(text: str) -> str:
    """Text as a spreadsheet may open it."""
    return APOSTROPHE + text if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """The text that was guarded; other text stays as it is."""
    return text[1:] if GUARDED.match(text) else text


def guarded(text: Expression) -> Expression:
    """The same rule in SQL; empty text becomes NULL, which a CSV writes as nothing.

    The first letter alone judges nearly all values, at a third of what the pattern costs.
    """
    suspect = In(Ord(text), [ord(letter) for letter in APOSTROPHE + STARTS])
    told = ~Exact(Ord(text), ord(APOSTROPHE)) | Regex(text, Value(DANGEROUS.pattern))
    dangerous = suspect & told
    return Case(
        When(dangerous, then=Concat(Value(APOSTROPHE), text)),
        default=NullIf(text, Value("")),
        output_field=CharField(),
    )
