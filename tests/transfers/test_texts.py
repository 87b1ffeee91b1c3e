"""That a column's quick answers are the form's own, for texts that are anything but plain."""

import random
import string
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, RegexValidator
from django.db import models

from apps.clients.models import Client
from apps.clients.transfers import ClientLine
from apps.tenants.models import Tenant
from apps.transfers.texts import Column, plain_text

NASTY = [
    *("", " ", "a", "A" * 40, "x" * 41, "x" * 100, "x" * 101, "x" * 200, "x" * 201, "x" * 1000),
    *("\0", "a\0b", "\u200b", "\u2028", "\ufeffa", "é" * 200, "🙂" * 201, "a\nb", "\ta", "=1+1"),
    *("a@b", "a@b.c", "a@b.co", "a@b..co", "a@-b.co", "a@b-.co", "a@b.c-o", "a@b.1", "a@b.co1"),
    *("a.@b.co", ".a@b.co", "a..b@b.co", "a+b@b.co", "a_b@b.co", "a-@b.co", "a--b@b.co"),
    *("a@b.co\n", "a@b.co ", "a @b.co", "a@b@c.co", '"a b"@b.co', "a@[127.0.0.1]", "a@localhost"),
    *("a" * 64 + "@b.co", "a" * 65 + "@b.co", "a@" + "b" * 63 + ".co", "a@" + "b" * 64 + ".co"),
    *("a@" + "b." * 130 + "co", "a" * 250 + "@b.co", "ä@b.co", "a@ä.co", "a@xn--4ca.co", "a@b.ß"),
    *("lead", "Lead", "LEAD", "active ", "gone", "None", "2026-01-31", "31/01/2026", "2026-02-30"),
    *("0", "-1", "1.5", "1e5", "NaN", "inf", "٣", "true", "no", "maybe"),
]


def made_up(chance: random.Random) -> str:
    """Something that looks a little like an address."""
    letters = string.ascii_letters + string.digits + "....---___+@@ äß\0\n"
    length = chance.choice([3, 8, 20, 70, 260, 330])
    return "".join(chance.choices(letters, k=length)).strip()


@pytest.fixture
def texts() -> list[str]:
    chance = random.Random(7)
    words = [text.strip() for text in NASTY]
    sizes = (9, 9, 3)
    pieces = [[made_up(chance)[:size] for size in sizes] for _ in range(2000)]
    addresses = [f"{name}@{place}.{end}" for name, place, end in pieces]
    return [*words, *(each.strip() for each in addresses), *(made_up(chance) for _ in range(2000))]


def answer(ask: Any, text: Any) -> Any:
    try:
        return ask(text)
    except ValidationError as error:
        return error.messages


@pytest.mark.parametrize("name", ["name", "email", "phone", "city", "last_contact_on"])
def test_the_answers_are_those_of_the_forms_field_and_the_models(
    name: str, acme: Tenant, texts: list[str]
) -> None:
    field: Any = ClientLine(tenant=acme).fields[name]
    stored: Any = Client._meta.get_field(name)
    column = Column(0, name, field, stored)
    for text in texts * 2:  # the second time from memory
        assert answer(column.clean, text) == answer(field.clean, text), repr(text)
        value = answer(field.clean, text)
        if not isinstance(value, list) and not (stored.blank and value in stored.empty_values):
            held = answer(lambda each: stored.clean(each, None), value)
            assert answer(column.hold, value) == held, repr(text)


def test_quick_answers_are_given_at_all(acme: Tenant) -> None:
    for name, text in (("name", "Aldgate"), ("email", "ada@b.example"), ("phone", "+44 20")):
        field = ClientLine(tenant=acme).fields[name]
        assert plain_text(field, Client._meta.get_field(name))(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "stored"),
    [
        (forms.CharField(validators=[RegexValidator("^x")]), models.CharField(max_length=9)),
        (forms.CharField(), models.CharField(max_length=9, validators=[RegexValidator("^x")])),
        (forms.CharField(), models.CharField(max_length=9, choices=[("a", "A")])),
        (forms.SlugField(), models.SlugField()),
        (forms.EmailField(), models.CharField(validators=[EmailValidator(allowlist=["x"])])),
        (type("Own", (forms.CharField,), {})(), models.CharField(max_length=9)),
        (forms.CharField(), type("Own", (models.CharField,), {"__module__": __name__})()),
        (forms.IntegerField(), models.TextField()),
    ],
)
def test_a_field_with_rules_of_its_own_is_always_asked(field: Any, stored: Any) -> None:
    assert not plain_text(field, stored)("aaa")


@pytest.mark.parametrize(
    ("text", "truth"), [("yes", True), ("No", False), ("TRUE", True), ("0", False), ("", False)]
)
def test_a_truth_is_taken_in_words(text: str, truth: bool) -> None:
    column = Column(0, "paid", forms.BooleanField(required=False), models.BooleanField())
    assert column.clean(text) is truth


def test_what_is_no_truth_is_refused() -> None:
    column = Column(0, "paid", forms.BooleanField(required=False), models.BooleanField())
    with pytest.raises(ValidationError, match="yes or no"):
        column.clean("maybe")
