"""How a column of a file fills a field: text becomes the value that the form's own field makes.

The form decides. What is answered here without asking it is only what it is certain to take: plain
text within the limits, and text that it was asked about before.
"""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import connection, models

REMEMBERED = 10_000  # answers for each column, so that memory has an end
UNSURE = object()  # the answer where the form has to be asked
UNCHANGING = (str, int, float, bool, Decimal, date, time, timedelta, UUID, type(None))
# Addresses that Django's validator takes for certain: fewer than it takes, told apart faster.
PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]{1,63}\.)+[A-Za-z]{2,63}"
)
NOT_TELLING = re.compile(r"[\W_]+")
TRUE, FALSE = {"yes", "y", "true", "t", "on", "1"}, {"no", "n", "false", "f", "off", "0"}


class Answers(dict[str, Any]):
    """What texts come to, each asked for once; forgotten when they grow too many."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        super().__init__()
        self.ask = ask

    def __missing__(self, text: str) -> Any:
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = answer = self.ask(text)
        return answer


class Column:
    """One column of the file and the field that it fills."""

    def __init__(self, at: int, name: str, field: forms.Field, stored: models.Field) -> None:
        """The column stands at place `at`; `field` is the form's, `stored` the model's."""
        self.at, self.name, self.field, self.stored = at, name, field, stored
        self.is_lookup = isinstance(field, forms.ModelChoiceField)
        self.words = words_of(field)
        self.takes = plain_text(field, stored)
        self._cleaned: dict[str, Any] = {}
        self._held: dict[Any, Any] = {}
        self._kept = Answers(self.kept)

    def sure(self, texts: list[str]) -> list[Any]:
        """What the database is to keep for each of these texts; UNSURE for what is none."""
        takes, kept = self.takes, self._kept
        return [text if text and takes(text) else kept[text] for text in texts]

    def kept(self, text: str) -> Any:
        """What the database is to keep for a text that a new row says; UNSURE for what is none."""
        if not text and self.field.required and self.stored.has_default():
            return self.by_default()
        try:
            value = self.hold(self.clean(text))
        except ValidationError:
            return UNSURE
        if not isinstance(value, UNCHANGING):
            return UNSURE
        return self.stored.get_db_prep_save(value, connection)

    def by_default(self) -> Any:
        """What the database is to keep for a new row that says nothing."""
        # What a callable gives may be another value for each row.
        if self.stored.has_default() and callable(self.stored.default):
            return UNSURE
        return self.stored.get_db_prep_save(self.stored.get_default(), connection)

    def clean(self, text: str) -> Any:
        """The value that the form's field makes of this text. Raises ValidationError."""
        if text and self.takes(text):
            return text
        if text in self._cleaned:
            return self._cleaned[text]
        value = self.field.clean(self.in_the_forms_words(text))
        if len(self._cleaned) < REMEMBERED and isinstance(value, UNCHANGING):
            self._cleaned[text] = value
        return value

    def in_the_forms_words(self, text: str) -> str:
        """A choice by its label, or a truth in words, as the form writes it."""
        if isinstance(self.field, forms.BooleanField) and text:
            if text.casefold() not in self.words:
                raise ValidationError("Enter yes or no.")
            return self.words[text.casefold()]
        return self.words.get(text.casefold(), text)

    def hold(self, value: Any) -> Any:
        """The value as the model's field takes it. Raises ValidationError.

        As Model.clean_fields does: what may be blank and is, is not asked about.
        """
        if type(value) is str and value and self.takes(value):
            return value
        if self.stored.is_relation or (self.stored.blank and value in self.stored.empty_values):
            return value
        kind = (type(value), value) if isinstance(value, UNCHANGING) else None
        if kind in self._held:
            return self._held[kind]
        held = self.stored.clean(value, None)
        if kind and len(self._held) < REMEMBERED:
            self._held[kind] = held
        return held


def words_of(field: forms.Field) -> dict[str, str]:
    """What people write for a choice or a truth, in small letters, and what the form calls it."""
    if isinstance(field, forms.BooleanField):
        return {**dict.fromkeys(TRUE, "true"), **dict.fromkeys(FALSE, "false")}
    if isinstance(field, forms.ModelChoiceField) or not isinstance(field, forms.ChoiceField):
        return {}
    choices: Any = field.choices
    pairs = [(str(value), str(label)) for value, label in choices]
    return {
        **{label.casefold(): value for value, label in pairs},
        **{value.casefold(): value for value, _ in pairs},
    }


def plain_text(field: forms.Field, stored: models.Field) -> Callable[[str], bool]:
    """What tells text that the form's and the model's field are certain to take as it is.

    Only of Django's own fields is that known, and only if their validators are Django's own too;
    for any other field nothing is certain, and the field is asked.
    """
    known = type(field) in FORM_FIELDS and type(stored) in MODEL_FIELDS and not stored.choices
    rules = [*field.validators, *stored.validators]
    if not (known and all(is_bound(rule) or is_email(rule) for rule in rules)):
        return lambda text: False
    longest = min((rule.limit_value for rule in rules if type(rule) is MAX), default=1 << 31)
    shortest = max((rule.limit_value for rule in rules if type(rule) is MIN), default=0)
    if any(is_email(rule) for rule in rules):
        longest = min(longest, 320)  # the validator's own, by RFC 3696
        return lambda text: (
            shortest <= len(text) <= longest and PLAIN_EMAIL.fullmatch(text) is not None
        )
    return lambda text: shortest <= len(text) <= longest and "\0" not in text


FORM_FIELDS = (forms.CharField, forms.EmailField)
MODEL_FIELDS = (models.CharField, models.TextField, models.EmailField)
MAX, MIN = validators.MaxLengthValidator, validators.MinLengthValidator


def is_bound(rule: Any) -> bool:
    """Whether this is one of Django's rules about length, with a known limit, or about NULs."""
    if type(rule) in (MAX, MIN):
        return isinstance(rule.limit_value, int)
    return type(rule) is validators.ProhibitNullCharactersValidator


def is_email(rule: Any) -> bool:
    """Whether this is Django's rule for addresses as Django ships it."""
    return type(rule) is validators.EmailValidator and rule == validators.validate_email


def plain(name: str) -> str:
    """A name without case, spaces and punctuation: "E-mail" and "email" are one."""
    return NOT_TELLING.sub("", name).casefold()
