"""How the rows of a file become rows of the tenant: held against the form's rules in bulk.

A thousand at a time, so that neither memory nor the number of queries grows with each row. What
is wrong with a row is kept with it; a good row goes in.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Field
from django.db.models.functions import Lower

from apps.jobs.runner import JobRefused, Run
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.transfers.formulas import guard
from apps.transfers.reading import Row, Table, Unreadable, reading
from apps.transfers.registry import Resource

if TYPE_CHECKING:
    from apps.transfers.models import Import

BATCH = 1000
REPORT_COLUMNS = ("Row", "Reason")
SHOWN_LENGTH = 200


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row: in which column, if it is about one, and why."""

    column: str
    value: str
    reason: str


@dataclass
class Candidate:
    """A row on its way in: what it says, and what became of it."""

    row: Row
    problems: list[Problem]
    key: str = ""
    made: TenantModel | None = None


class Checker:
    """Holds rows against a resource's form, asking the database once for every thousand."""

    def __init__(
        self, resource: Resource, tenant: Tenant, *, headers: list[str], mapping: list[str]
    ) -> None:
        """Columns called `headers` fill the fields named by `mapping`; "" leaves a column out."""
        self.resource, self.tenant, self.headers = resource, tenant, headers
        self.importer = resource.importer
        self.form = self.importer.form(tenant=tenant)
        self.columns = {name: at for at, name in enumerate(mapping) if name}
        self.fields = {name: self.form.fields[name] for name in self.columns}
        self.choices = {
            name: by_label(field)
            for name, field in self.fields.items()
            if isinstance(field, forms.ChoiceField)
            and not isinstance(field, forms.ModelChoiceField)
        }
        self.found: dict[str, dict[str, Any]] = {name: {} for name in self.lookups()}
        # Relations are looked up, and what no column fills is the model's own to set.
        self.unchecked = {
            field.name
            for field in resource.model._meta.fields
            if field.name not in self.fields or field.is_relation
        }

    def lookups(self) -> dict[str, forms.ModelChoiceField]:
        """The columns that choose another row."""
        return {
            name: field
            for name, field in self.fields.items()
            if isinstance(field, forms.ModelChoiceField)
        }

    def check(self, rows: list[Row]) -> list[Candidate]:
        """Say of each row what it would make, or what is wrong with it."""
        self.look_up(rows)
        candidates = [self.candidate(row) for row in rows]
        self.compare_keys([each for each in candidates if not each.problems and each.key])
        return candidates

    def look_up(self, rows: list[Row]) -> None:
        """Find the other rows that these name, those at least that no row before them named."""
        for name, field in self.lookups().items():
            known, at, by = self.found[name], self.columns[name], self.importer.by[name]
            assert field.queryset is not None
            named = {row.values[at].strip().lower() for row in rows} - known.keys() - {""}
            known.update(dict.fromkeys(named))
            if named:
                rows_named = field.queryset.annotate(named=Lower(by)).filter(named__in=named)
                known.update({row.named: row for row in rows_named})

    def candidate(self, row: Row) -> Candidate:
        """Hold one row against the form's fields, then its own rules, then the model's."""
        if len(row.values) > len(self.headers):
            many = f"has {len(row.values)} values, but there are {len(self.headers)} columns"
            return Candidate(row, [Problem("", "", f"The row {many}.")])
        self.form.errors.clear()
        self.form.cleaned_data = {}
        for name, field in self.fields.items():
            try:
                self.clean(name, field, row.values[self.columns[name]])
            except ValidationError as error:
                self.form.add_error(name, error)
        try:
            cleaned = self.form.clean()
        except ValidationError as error:
            self.form.add_error(None, error)
        else:
            self.form.cleaned_data = self.form.cleaned_data if cleaned is None else cleaned
        made = None if self.form.errors else self.made()
        key = str(self.form.cleaned_data.get(self.importer.key) or "").lower()
        return Candidate(row, self.problems(row), key, made)

    def made(self) -> TenantModel:
        """What the cleaned values make, held against the model's own rules."""
        made = self.resource.model(tenant=self.tenant, **self.form.cleaned_data)
        try:
            made.clean_fields(exclude=self.unchecked)
            made.clean()
        except ValidationError as error:
            self.form.add_error(None, error)
        return made

    def clean(self, name: str, field: forms.Field, value: str) -> None:
        """Clean one value into the form's `cleaned_data`. Raises ValidationError."""
        value = value.strip()
        if not value and field.required and self.model_field(name).has_default():
            return
        if name in self.choices:
            value = self.choices[name].get(value.casefold(), value)
        if name not in self.found:
            self.form.cleaned_data[name] = field.clean(value)
        elif value:
            self.form.cleaned_data[name] = self.found[name][value.lower()]
            if self.form.cleaned_data[name] is None:
                raise ValidationError("was not found in this workspace")
        elif field.required:
            raise ValidationError(field.error_messages["required"], code="required")
        if own_rule := getattr(self.form, f"clean_{name}", None):
            self.form.cleaned_data[name] = own_rule()

    def model_field(self, name: str) -> Field:
        field: Field = self.resource.model._meta.get_field(name)  # type: ignore[assignment]  # a form's field is a concrete one
        return field

    def problems(self, row: Row) -> list[Problem]:
        """What the form found, column by column."""
        found = []
        for name, reasons in self.form.errors.items():
            for reason in reasons:
                if name == NON_FIELD_ERRORS:
                    found.append(Problem("", "", str(reason)))
                else:
                    found.append(self.problem(row, name, str(reason)))
        return found

    def problem(self, row: Row, name: str, reason: str) -> Problem:
        """Something that is wrong with the value for a field."""
        at = self.columns.get(name)
        if at is None:
            return Problem("", "", f"{self.form.fields[name].label}: {reason}")
        return Problem(self.headers[at], row.values[at], reason)

    def compare_keys(self, candidates: list[Candidate]) -> None:
        """Refuse what is there already, in the workspace or further up in these rows."""
        name = self.importer.key
        existing = set(
            self.resource.of(self.tenant)
            .annotate(lower_key=Lower(name))
            .filter(lower_key__in={each.key for each in candidates})
            .values_list("lower_key", flat=True)
        )
        first: dict[str, int] = {}
        for each in candidates:
            if each.key in existing:
                reason = f"is already {self.resource.a_noun}"
            elif each.key in first:
                reason = f"stands in row {first[each.key]} as well"
            else:
                first[each.key] = each.row.number
                continue
            each.problems.append(self.problem(each.row, name, reason))


def by_label(field: forms.ChoiceField) -> dict[str, str]:
    """A choice's value by its value or its label, whatever their case."""
    choices: Any = field.choices
    pairs = [(str(value), str(label)) for value, label in choices]
    return {
        **{label.casefold(): value for value, label in pairs},
        **{value.casefold(): value for value, _ in pairs},
    }


def store(candidates: list[Candidate], resource: Resource) -> None:
    """Insert what the candidates made. A rule that only the database knows refuses a single row."""
    good = [each for each in candidates if not each.problems]
    rows: Any = resource.model._default_manager
    try:
        with transaction.atomic():
            rows.bulk_create([each.made for each in good])
        return
    except IntegrityError:
        pass  # somebody added one of them meanwhile: find out which
    for each in good:
        try:
            with transaction.atomic():
                rows.bulk_create([each.made])
        except IntegrityError:
            reason = f"Something like it was added meanwhile: is it already {resource.a_noun}?"
            each.problems.append(Problem("", "", reason))


class Refusals:
    """A CSV of the refused rows: their number, what they said, and why they did not go in."""

    def __init__(self, target: IO[bytes], table: Table, mapping: list[str]) -> None:
        """Write to `target`. What an earlier refusal added to the columns is not repeated."""
        self.text = io.TextIOWrapper(target, encoding="utf-8", newline="")
        self.writer = csv.writer(self.text, lineterminator="\n")
        self.kept = [
            at
            for at, header in enumerate(table.headers)
            if header not in REPORT_COLUMNS or mapping[at]
        ]
        row, reason = REPORT_COLUMNS
        self.write(row, [table.headers[at] for at in self.kept], reason)

    def add(self, each: Candidate) -> None:
        values = [each.row.values[at] for at in self.kept]
        reasons = [f"{about.column}: {about.reason}".removeprefix(": ") for about in each.problems]
        self.write(str(each.row.number), values, "; ".join(reasons))

    def write(self, row: str, values: list[str], reason: str) -> None:
        self.writer.writerow([row, *map(guard, values), guard(reason)])

    def close(self) -> None:
        """Hand the text over to the file below, which stays open."""
        self.text.detach()


@contextmanager
def loaded(each: "Import", run: Run) -> Iterator[IO[bytes]]:
    """Bring in the file's good rows, count them, and give the refused ones as a file for a while.

    Raises JobRefused if the file is gone or cannot be read any more.
    """
    tenant, resource, table = each.tenant, each.resource, each.table
    checker = Checker(resource, tenant, headers=table.headers, mapping=each.mapping)
    each.added, each.refused, each.problems = 0, 0, []
    run.progress(0, table.rows)
    with TemporaryFile() as content:
        refusals = Refusals(content, table, each.mapping)
        try:
            with each.opened(each.file) as source, reading(source, table) as rows:
                while batch := list(islice(rows, BATCH)):
                    candidates = checker.check(batch)
                    store(candidates, resource)
                    count(each, candidates, refusals)
                    run.progress(each.added + each.refused, table.rows)
        except FileNotFoundError as error:
            raise JobRefused("The uploaded file is gone. Upload it again.") from error
        except Unreadable as error:
            raise JobRefused(str(error)) from error
        finally:
            refusals.close()
        resource.importer.afterwards(tenant)
        yield content


def count(each: "Import", candidates: list[Candidate], refusals: Refusals) -> None:
    """Keep the tally, the refused rows, and the first problems for the report."""
    for candidate in candidates:
        if not candidate.problems:
            each.added += 1
            continue
        each.refused += 1
        refusals.add(candidate)
        for problem in candidate.problems[: each.SHOWN_PROBLEMS - len(each.problems)]:
            each.problems.append(
                {
                    "row": candidate.row.number,
                    "column": problem.column,
                    "value": problem.value[:SHOWN_LENGTH],
                    "reason": problem.reason,
                }
            )
