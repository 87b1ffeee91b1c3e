"""The formula guard: what it changes, that it can be taken back, and that SQL agrees."""

import pytest
from django.db.models import CharField, Value
from django.db.models.functions import Cast

from apps.tenants.models import Tenant
from apps.transfers.formulas import guard, guarded, unguard

DANGEROUS = [
    "=1+1",
    '=HYPERLINK("https://evil.example","Click")',
    "+44 20 7946 0000",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",  # noqa: RUF001  # full-width
    "＋1",  # noqa: RUF001  # full-width
    "－1",  # noqa: RUF001  # full-width
    "＠a",  # noqa: RUF001  # full-width
    "=multi\nline",
    "'=already guarded",
    "''+twice",
]
HARMLESS = [
    "Acme",
    "O'Brien",
    "'tis",
    "1=1",
    "a@b.example",
    " =1",
    "%",
    "株式会社",
    "'",
    "''",
    "a\n=1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert guard(text) == unguard(text) == text


@pytest.mark.parametrize("text", [*DANGEROUS, *HARMLESS, ""])
def test_the_guard_can_be_taken_back(text: str) -> None:
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", [*DANGEROUS, *HARMLESS])
def test_the_database_guards_alike(text: str, acme: Tenant) -> None:
    column = guarded(Cast(Value(text), CharField()))
    rows = type(acme)._default_manager.filter(pk=acme.pk).annotate(shown=column)
    assert rows.values_list("shown", flat=True).get() == guard(text)


def test_the_database_writes_empty_text_as_nothing(acme: Tenant) -> None:
    rows = type(acme)._default_manager.filter(pk=acme.pk).annotate(shown=guarded(Value("")))
    assert rows.values_list("shown", flat=True).get() is None
