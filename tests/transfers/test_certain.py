"""That rows which are told by the column become what the form would have made of them."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.signals import post_init

from apps.accounts.models import User
from apps.clients.models import Client
from apps.clients.transfers import ClientLine
from apps.tenants.models import Tenant
from apps.transfers import certain, checking, importing
from apps.transfers.certain import is_made_of_its_fields, is_told_by_the_column
from apps.transfers.models import Import
from apps.transfers.staging import has_one_for_each
from apps.transfers.texts import UNSURE, Column
from tests.transfers.conftest import add_client
from tests.transfers.test_texts import NASTY

BringIn = Callable[..., Import]
FIELDS = ["name", "email", "phone", "city", "status", "owner", "last_contact_on"]
SHOWN = [*FIELDS[:5], "owner_id", "last_contact_on", "archived_at"]


def file_of(rows: int, owner: User) -> str:
    """Rows of which many are good, with what is nasty in any column of the others."""
    chance = random.Random(11)
    texts = [text.replace("\0", "").replace('"', '""') for text in NASTY]
    usual: dict[str, list[str]] = {
        "name": ["Aldgate", " Bow ", "Łódź & Co", "'=1"],
        "phone": ["+44 20", ""],
        "city": ["London", ""],
        "status": ["lead", "Active", "WAITING", ""],
        "owner": [owner.email, owner.email.upper(), "", "nobody@example.com"],
        "last_contact_on": ["2026-01-31", "31/01/2026", "", "2026-02-30"],
    }
    lines = [",".join(FIELDS)]
    for n in range(rows):
        usual["email"] = [f"c{n}@example.com", f"C{n // 3}@Example.com", ""]
        values = [
            chance.choice(texts) if chance.random() < 0.05 else chance.choice(usual[name])
            for name in FIELDS
        ]
        lines.append(",".join(f'"{value}"' for value in [*values, *["more"] * (n % 50 == 49)]))
    return "\n".join(lines) + "\n"


def outcome(each: Import, tenant: Tenant) -> Any:
    """All that came of an import: the tally, each refused row, and what stands in the records."""
    with each.open_refusals() as file:
        refused = file.read()
    tally = {name: getattr(each, name) for name in Import.TALLY}
    return tally, each.problems, refused, list(tenant.clients.order_by("pk").values_list(*SHOWN))


@pytest.mark.parametrize("mode", ["create", "update"])
@pytest.mark.parametrize("size", [1000, 7])
def test_an_import_comes_to_the_same_as_one_in_which_the_form_is_asked_about_each_row(
    *,
    mode: str,
    size: int,
    acme: Tenant,
    owner: User,
    bring_in: BringIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "BATCH", size)
    content, seen = file_of(400, owner), []
    for by_column in (True, False):
        acme.clients.all().delete()
        for n in range(0, 100, 2):
            add_client(acme, "Aldgate", email=f"c{n}@example.com", status="active")
        monkeypatch.setattr(certain, "is_told_by_the_column", lambda *_, told=by_column: told)
        seen.append(outcome(bring_in(content, mode=mode), acme))
        again = bring_in(content, mode="update")
        seen[-1] = (seen[-1], outcome(again, acme))
    assert seen[0] == seen[1]
    (tally, *_), _ = seen[0]
    assert tally["added"] > 100
    assert tally["refused"] > 50


def test_names_that_were_forgotten_are_looked_up_anew(
    acme: Tenant, bring_in: BringIn, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    monkeypatch.setattr(checking, "REMEMBERED", 1)
    names = [owner.email, "a@example.com", "b@example.com", owner.email, "c@example.com"]
    each = bring_in(
        "name,owner\n" + "".join(f"Client {n},{name}\n" for n, name in enumerate(names))
    )
    assert (each.added, each.refused) == (2, 3)
    assert set(acme.clients.values_list("owner", flat=True)) == {owner.pk}


def columns_of(form: forms.ModelForm) -> list[Column]:
    stored: Any = Client._meta.get_field
    return [Column(0, name, form.fields[name], stored(name)) for name in FIELDS]


class OwnColumn(ClientLine):
    def clean_city(self) -> str:
        return str(self.cleaned_data["city"]).title()


class OwnRow(ClientLine):
    def clean(self) -> Any:
        return self.cleaned_data


@pytest.mark.parametrize(
    ("form", "told"), [(ClientLine, True), (OwnColumn, False), (OwnRow, False)]
)
def test_a_form_with_rules_of_its_own_is_asked_about_each_row(
    form: Any, told: bool, acme: Tenant
) -> None:
    made = form(tenant=acme)
    assert is_told_by_the_column(made, columns_of(made)) is told


class Shouted(models.CharField):
    """A field that keeps something else than what it is given."""


class Plain(models.Model):
    name = models.CharField(max_length=9)

    class Meta:
        abstract = True


class Ruled(Plain):
    class Meta:
        abstract = True

    def clean(self) -> None:
        raise ValidationError("No")


class Initiated(Plain):
    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class Fielded(Plain):
    loud = Shouted(max_length=9, default="")

    class Meta:
        abstract = True


@pytest.mark.parametrize("model", [Ruled, Initiated, Fielded])
def test_a_model_with_rules_of_its_own_is_asked_about_each_row(model: type[models.Model]) -> None:
    assert is_made_of_its_fields(Plain)
    assert not is_made_of_its_fields(model)


def test_who_listens_to_records_being_made_hears_of_each() -> None:
    def hear(**kwargs: Any) -> None: ...

    post_init.connect(hear, sender=Plain)
    try:
        assert not is_made_of_its_fields(Plain)
    finally:
        post_init.disconnect(hear, sender=Plain)


def test_what_may_differ_from_row_to_row_is_no_answer_for_a_column() -> None:
    stored: Any = models.CharField(max_length=9, default=lambda: "x")
    created_at: Any = Client._meta.get_field("created_at")
    assert Column(0, "city", forms.CharField(), stored).sure(["", "a"]) == [UNSURE, "a"]
    assert has_one_for_each(stored)
    assert not has_one_for_each(models.CharField(max_length=9))
    assert not has_one_for_each(created_at)
