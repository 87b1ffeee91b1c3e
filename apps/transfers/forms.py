"""The forms of transfers: the format of an export, the file of an import, the columns of a file."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from apps.tenants.models import Tenant
from apps.transfers.checking import importable, is_needed
from apps.transfers.texts import plain
from apps.transfers.models import Export, Import
from apps.transfers.reading import MAX_BYTES, MAX_ROWS, Table, Unreadable, inspect
from apps.transfers.registry import Resource

class ExportForm(forms.Form):
    """Which kind of file."""

    HINTS = {
        Export.Format.CSV: "CSV, for any spreadsheet and for other programs",
        Export.Format.XLSX: "Excel workbook (.xlsx)",
        Export.Format.JSONL: "JSON lines (.jsonl), an object to a line, for programs",
    }

    format = forms.ChoiceField(
        label="Kind of file",
        choices=list(HINTS.items()),
        initial=Export.Format.CSV,
        widget=forms.RadioSelect,
    )


class UploadForm(forms.Form):
    """The file to import. A valid one is known as a `table`."""

    table: Table

    file = forms.FileField(
        label="CSV file",
        help_text=f"At most {MAX_BYTES // 1024**2} MB and {MAX_ROWS:,} rows. "
        "The first row names the columns.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={"empty": "The file is empty."},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.table = inspect(file, file.name or "")
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        return file


class MappingForm(forms.Form):
    """Which field each column of a file fills; at first, the one that its name means."""

    def __init__(self, data: Any = None, *, draft: Import) -> None:
        super().__init__(data)
        self.draft = draft
        self.importable = importable(draft.resource, draft.tenant)
        choices = [("", "Leave out"), *((name, label) for name, label in labels(self.importable))]
        guesses = guess(draft.resource, self.importable, draft.headers)
        for at, (header, guessed) in enumerate(zip(draft.headers, guesses, strict=True)):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=header, choices=choices, required=False, initial=guessed
            )

    @property
    def columns(self) -> list[forms.BoundField]:
        return list(self)

    @property
    def mapping(self) -> list[str]:
        """The chosen fields in the order of the columns, once the form is valid."""
        return [self.cleaned_data[name] for name in self.fields]

    @property
    def missing(self) -> list[str]:
        """The labels of the required fields that no column fills, by choice or by guess."""
        filled = {bound.value() for bound in self.columns}
        return [
            label
            for name, label in labels(self.importable)
            if name not in filled and is_needed(self.draft.resource, name, self.importable[name])
        ]

    @property
    def missing_sentence(self) -> str:
        """What to do about those."""
        names = " and ".join(f"“{label}”" for label in self.missing)
        return f"Choose the column that holds {names}."

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for name, field in list(self.cleaned_data.items()):
            if field and field in chosen:
                other = self.fields[chosen[field]].label
                self.add_error(name, f"The column “{other}” fills this already.")
            chosen.setdefault(field, name)
        if self.missing:
            raise forms.ValidationError(self.missing_sentence)
        return self.cleaned_data


def labels(fields: dict[str, forms.Field]) -> list[tuple[str, str]]:
    return [(name, str(field.label or name)) for name, field in fields.items()]


def guess(resource: Resource, fields: dict[str, forms.Field], headers: list[str]) -> list[str]:
    """The field that each header means by its name; "" for none, and for a second one."""
    means: dict[str, str] = {}
    for column, source in resource.columns.items():
        if isinstance(source, str) and (name := source.split("__")[0]) in fields:
            means[plain(column)] = name
    for name, label in labels(fields):
        for word in (name, label, *resource.importer.also.get(name, ())):
            means.setdefault(plain(word), name)
    guesses: list[str] = []
    for header in headers:
        name = means.get(plain(header), "")
        guesses.append("" if name in guesses else name)
    return guesses
