"""What rows say for certain: told by the column, without a form that is asked row by row.

Only where nothing but Django's own fields has a say. Any other row, and any value that is not
certain, is the checker's, who asks the form: what stands here makes an import faster and decides
nothing.
"""

from typing import Any, cast

from django.db import connection, models
from django.db.models import Model
from django.db.models.signals import post_init, pre_init
from django.forms import ModelForm

from apps.transfers.reading import Row
from apps.transfers.texts import UNSURE, Column

Said = tuple[Any, ...]


class Certain:
    """Tells what the columns of a file say, as it would stand in the database."""

    def __init__(
        self, form: ModelForm, columns: list[Column], found: dict[str, dict[str, Any]]
    ) -> None:
        """`columns` fill the form's fields; `found` holds the rows that lookups found, by name."""
        self.columns, self.found = columns, found
        self.is_possible = is_told_by_the_column(form, columns)

    def say(self, rows: list[Row]) -> list[Said]:
        """What each row says, in the order of the columns; UNSURE is in it if one has to ask."""
        if not self.is_possible:
            return [(UNSURE,)] * len(rows)
        texts = list(zip(*(row.values for row in rows), strict=False))  # some have too many values
        answers = [
            self.answers(column, [text.strip() for text in texts[column.at]])
            for column in self.columns
        ]
        return list(zip(*answers, strict=True))

    def answers(self, column: Column, texts: list[str]) -> list[Any]:
        if not column.is_lookup:
            return column.sure(texts)
        named = {text: self.named(column, text) for text in set(texts)}
        return [named[text] for text in texts]

    def named(self, column: Column, text: str) -> Any:
        """What refers to the row that a text names."""
        if not text:
            return UNSURE if column.field.required else column.by_default()
        row, stored = self.found[column.name].get(text.lower()), cast(Any, column.stored)
        if row is None:
            return UNSURE
        return stored.get_db_prep_save(getattr(row, stored.target_field.attname), connection)


def is_told_by_the_column(form: ModelForm, columns: list[Column]) -> bool:
    """Whether nothing but the fields of these columns has a say about a row."""
    return (
        type(form).clean is ModelForm.clean
        and not any(hasattr(form, f"clean_{column.name}") for column in columns)
        and not any(isinstance(column.stored, models.FileField) for column in columns)
        and is_made_of_its_fields(type(form.instance))
    )


def is_made_of_its_fields(model: type[Model]) -> bool:
    """Whether nothing but its fields, all of them Django's, decides what stands in a new row."""
    return (
        model.clean is Model.clean
        and model.__init__ is Model.__init__
        and model.__setattr__ is Model.__setattr__
        and not any(signal.has_listeners(model) for signal in (pre_init, post_init))
        and all(type(each).__module__.startswith("django.") for each in model._meta.concrete_fields)
    )
