"""What a row of a file would make: held against the form's rules, a thousand rows at a time.

Nothing is written here. The database is asked once for each thousand, whatever they say.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Field, Model
from django.db.models.functions import Lower

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.transfers.certain import Certain, Said
from apps.transfers.reading import Row
from apps.transfers.registry import Resource
from apps.transfers.staging import Found, Line, Staging
from apps.transfers.texts import REMEMBERED, UNSURE, Column


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row: in which column, if it is about one, and why."""

    column: str
    value: str
    reason: str


@dataclass
class Candidate:
    """A row on its way in: what it says, what it would make, and what is wrong with it.

    `changed` names the fields in which it differs from `existing`, the row that it would update.
    """

    row: Row
    key: str = ""
    existing: TenantModel | None = None
    made: Any = None
    changed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.problems

    @property
    def says_nothing_new(self) -> bool:
        """Whether what it would update is like that already."""
        return self.is_good and self.existing is not None and not self.changed


@dataclass
class Checked:
    """What came of some rows: good ones as they are to wait, others one by one, and a number."""

    lines: list[Line] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    unchanged: int = 0


class Checker:
    """Holds rows against a resource's form, and finds those that are there already."""

    def __init__(
        self,
        resource: Resource,
        tenant: Tenant,
        *,
        headers: list[str],
        mapping: list[str],
        updating: bool,
        staging: Staging,
    ) -> None:
        """Columns called `headers` fill the fields named by `mapping`; "" leaves a column out.

        A row whose key is there already is refused, or, where `updating`, changes what is there.
        """
        self.resource, self.tenant, self.headers = resource, tenant, headers
        self.updating, self.staging = updating, staging
        self.importer = resource.importer
        self.form = self.importer.form(tenant=tenant)
        self.columns = {
            name: Column(at, name, self.form.fields[name], self.model_field(name))
            for at, name in enumerate(mapping)
            if name
        }
        self.lookups = {name: each for name, each in self.columns.items() if each.is_lookup}
        self.found: dict[str, dict[str, Any]] = {name: {} for name in self.lookups}
        self.key_column = self.columns.get(self.importer.key)
        self.key_place = [*self.columns, self.importer.key].index(self.importer.key)
        self.own_rules = {
            name: getattr(self.form, f"clean_{name}")
            for name in self.columns
            if hasattr(self.form, f"clean_{name}")
        }
        self.rest = [
            name
            for name, asked in importable(resource, tenant).items()
            if name not in self.columns and is_needed(resource, name, asked)
        ]
        self.model_has_rules = resource.model.clean is not Model.clean
        self.certain = Certain(self.form, list(self.columns.values()), self.found)
        if self.certain.is_possible:  # else nobody knows what a blank record's fields would do
            staging.set_defaults()

    def model_field(self, name: str) -> Field:
        stored: Field = self.resource.model._meta.get_field(name)  # type: ignore[assignment]  # a form's field is a concrete one
        return stored

    def check(self, rows: list[Row]) -> Checked:
        """Say of each row what it would make, or what is wrong with it."""
        self.look_up(rows)
        told = self.certain.say(rows)
        keys = [self.key_of(row, said) for row, said in zip(rows, told, strict=True)]
        found = self.staging.find(set(keys) - {""})
        stored = self.stored(found) if self.updating else {}
        times, checked = Counter(keys), Checked()
        for row, key, said in zip(rows, keys, told, strict=True):
            there = found.get(key)
            if UNSURE in said or len(row.values) > len(self.headers) or (key and times[key] > 1):
                checked.candidates.append(Candidate(row, key))
            elif there is None and not self.rest:
                checked.lines.append(self.staging.line(said, key, row.number))
            elif there and there.only and stored.get(there.only) == said:
                checked.unchanged += 1
            else:
                checked.candidates.append(Candidate(row, key))
        self.judge_all(checked.candidates, found)
        return checked

    def judge_all(self, candidates: list[Candidate], found: dict[str, Found]) -> None:
        """Ask the form about rows one by one, and compare them with what has their keys."""
        theirs = {each.key: found[each.key] for each in candidates if each.key in found}
        existing = self.fetch(theirs) if self.updating else {}
        first: dict[str, int] = {}
        for each in candidates:
            there = found.get(each.key)
            if there and there.only is not None:
                each.existing = existing.get(there.only)
            self.judge(each)
            if each.is_good and each.key:
                self.compare(each, there, first)

    def look_up(self, rows: list[Row]) -> None:
        """Find the other rows that these name, those at least that are not known any more."""
        for name, column in self.lookups.items():
            known, by = self.found[name], self.importer.by[name]
            choice: Any = column.field
            if len(known) > REMEMBERED:
                known.clear()
            named = {row.values[column.at].strip().lower() for row in rows} - known.keys() - {""}
            known.update(dict.fromkeys(named))
            if named:
                rows_named = choice.queryset.annotate(named=Lower(by)).filter(named__in=named)
                known.update({row.named: row for row in rows_named})

    def key_of(self, row: Row, said: Said) -> str:
        """What tells the row's record from others, in small letters; "" for nothing that could."""
        column = self.key_column
        if column is None:
            return ""
        if UNSURE not in said:
            return str(said[self.key_place] or "").lower()
        self.begin()
        try:
            self.clean(column, row.values[column.at])
        except ValidationError:
            return ""
        return str(self.form.cleaned_data.get(column.name) or "").lower()

    def stored(self, found: dict[str, Found]) -> dict[Any, Said]:
        """What the columns' fields hold in the records of these keys, each by its primary key."""
        pks = [there.only for there in found.values() if there.only]
        names = [column.stored.attname for column in self.columns.values()]
        rows = self.resource.of(self.tenant).filter(pk__in=pks).values_list("pk", *names)
        return {pk: tuple(values) for pk, *values in rows} if pks else {}

    def fetch(self, found: dict[str, Found]) -> dict[Any, TenantModel]:
        """The records of these keys, each by its primary key."""
        pks = [there.only for there in found.values() if there.only]
        rows = self.resource.of(self.tenant)
        if self.lookups:  # without names it would follow every relation
            rows = rows.select_related(*self.lookups)
        return rows.in_bulk(pks) if pks else {}

    def begin(self) -> None:
        """Make the form forget the row before."""
        self.form.errors.clear()
        self.form.cleaned_data = {}

    def judge(self, each: Candidate) -> None:
        """Hold one row against the form's fields, then its own rules, then the model's."""
        row = each.row
        if len(row.values) > len(self.headers):
            many = f"has {len(row.values)} values, but there are {len(self.headers)} columns"
            each.problems.append(Problem("", "", f"The row {many}."))
            return
        self.begin()
        for name, column in self.columns.items():
            text = row.values[column.at].strip()
            try:
                if each.existing and not text:
                    self.form.cleaned_data[name] = getattr(each.existing, name)
                else:
                    self.clean(column, text)
            except ValidationError as error:
                self.form.add_error(name, error)
        try:
            cleaned = self.form.clean()
        except ValidationError as error:
            self.form.add_error(None, error)
        else:
            self.form.cleaned_data = self.form.cleaned_data if cleaned is None else cleaned
        if not self.form.errors:
            self.make(each)
        if self.form.errors:
            each.problems = self.problems(row)

    def clean(self, column: Column, text: str) -> None:
        """Clean one value into the form's `cleaned_data`. Raises ValidationError."""
        name, text = column.name, text.strip()
        if not text and column.field.required and column.stored.has_default():
            return
        if not column.is_lookup:
            self.form.cleaned_data[name] = column.clean(text)
        elif text:
            self.form.cleaned_data[name] = self.found[name][text.lower()]
            if self.form.cleaned_data[name] is None:
                raise ValidationError("was not found in this workspace")
        elif column.field.required:
            raise ValidationError(column.field.error_messages["required"], code="required")
        if own_rule := self.own_rules.get(name):
            self.form.cleaned_data[name] = own_rule()

    def make(self, each: Candidate) -> None:
        """Make the row's record, or change the existing one, held against the model's own rules."""
        cleaned = self.form.cleaned_data
        for name in self.columns.keys() & cleaned.keys():
            try:
                cleaned[name] = self.columns[name].hold(cleaned[name])
            except ValidationError as error:
                self.form.add_error(name, error)
                return
        if each.existing:
            each.made = each.existing
            self.change(each)
        else:
            self.demand_the_rest()
            each.made = self.resource.model(tenant_id=self.tenant.pk, **cleaned)
        if self.model_has_rules:
            each.made.tenant = self.tenant
            try:
                each.made.clean()
            except ValidationError as error:
                self.form.add_error(None, error)

    def change(self, each: Candidate) -> None:
        """Set what the row says on the record that is there, and note what that changes."""
        for name in self.columns.keys() & self.form.cleaned_data.keys():
            value = self.form.cleaned_data[name]
            if getattr(each.made, name) != value:
                setattr(each.made, name, value)
                each.changed.append(name)

    def demand_the_rest(self) -> None:
        """Refuse a new record for lack of what no column fills; an update can do without."""
        for name in self.rest:
            self.form.add_error(name, self.form.fields[name].error_messages["required"])

    def compare(self, each: Candidate, there: Found | None, first: dict[str, int]) -> None:
        """Refuse what stands in the file further up, or is there and is not to be changed."""
        if there and there.line:
            reason = f"stands in row {there.line} as well"
        elif there and len(there.pks) > 1:
            reason = f"fits {len(there.pks)} {self.resource.nouns}"
        elif there and not each.existing:
            reason = f"is already {self.resource.a_noun}"
        elif (line := first.setdefault(each.key, each.row.number)) != each.row.number:
            reason = f"stands in row {line} as well"
        else:
            return
        each.problems.append(self.problem(each.row, self.importer.key, reason))

    def problems(self, row: Row) -> list[Problem]:
        """What the form found, column by column."""
        return [
            Problem("", "", str(reason))
            if name == NON_FIELD_ERRORS
            else self.problem(row, name, str(reason))
            for name, reasons in self.form.errors.items()
            for reason in reasons
        ]

    def problem(self, row: Row, name: str, reason: str) -> Problem:
        """Something that is wrong with the value for a field."""
        if column := self.columns.get(name):
            return Problem(self.headers[column.at], row.values[column.at], reason)
        return Problem("", "", f"{self.form.fields[name].label}: {reason}")


def importable(resource: Resource, tenant: Tenant) -> dict[str, forms.Field]:
    """The fields that a file may fill: those of the form which are the model's own."""
    stored = {each.name for each in resource.model._meta.fields}
    form = resource.importer.form(tenant=tenant)
    return {name: each for name, each in form.fields.items() if name in stored}


def is_needed(resource: Resource, name: str, field: forms.Field) -> bool:
    """Whether a row is nothing without it: required, and the model has no value of its own."""
    stored: Any = resource.model._meta.get_field(name)
    return field.required and not stored.has_default()
