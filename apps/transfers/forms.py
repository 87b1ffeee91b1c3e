"""The forms of transfers: the format of an export, the file of an import, the columns of a file."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from apps.transfers.checking import importable, is_needed
from apps.transfers.models import ColumnMemory, Export, Import
from apps.transfers.reading import MAX_BYTES, MAX_ROWS, Table, Unreadable, inspect
from apps.transfers.registry import Resource
from apps.transfers.texts import plain


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
        label="CSV file or Excel workbook",
        help_text=f"At most {MAX_BYTES // 1024**2} MB and {MAX_ROWS:,} rows. "
        "The first row names the columns.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
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
    """Which field each column fills, at first the one that it filled last or that its name means.

    With it, what becomes of rows that are there already, and of the good ones if others are bad.
    """

    WHATEVER_IS_GOOD = {
        "": "Import the good rows; the others come back as a file",
        "all": "Import nothing until every row is good",
    }

    mode = forms.ChoiceField(
        label="Rows that may be there already", required=False, widget=forms.RadioSelect
    )
    strictness = forms.ChoiceField(
        label="If some rows are refused",
        required=False,
        choices=list(WHATEVER_IS_GOOD.items()),
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, draft: Import) -> None:
        super().__init__(data)
        self.draft = draft
        self.importable = importable(draft.resource, draft.tenant)
        self.key = draft.resource.importer.key
        mode: Any = self.fields["mode"]
        strictness = self.fields["strictness"]
        mode.choices, mode.initial = Import.Mode.choices, draft.mode
        mode.help_text = (
            f"They are known by “{self.importable[self.key].label}”. An update touches only what "
            "the columns of the file fill; a blank cell leaves what is there."
        )
        strictness.initial = "all" if draft.is_all_or_nothing else ""
        choices = [("", "Leave out"), *((name, label) for name, label in labels(self.importable))]
        known = draft.mapping or self.remembered()
        for at, (header, name) in enumerate(zip(draft.headers, known, strict=True)):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=header, choices=choices, required=False, initial=name
            )

    def remembered(self) -> list[str]:
        """What the columns were the last time in this workspace, or what their names mean."""
        draft = self.draft
        memory = ColumnMemory.of(draft.tenant, draft.kind)
        return guess(draft.resource, self.importable, draft.headers, memory)

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("column_")]

    @property
    def settled(self) -> dict[str, Any]:
        """What was chosen, once the form is valid: the fields in the order of the columns first."""
        return {
            "mapping": [self.cleaned_data[column.name] for column in self.columns],
            "mode": self.cleaned_data["mode"] or Import.Mode.CREATE,
            "is_all_or_nothing": self.cleaned_data["strictness"] == "all",
        }

    @property
    def missing(self) -> list[str]:
        """The labels of the needed fields that no column fills, by choice or by guess.

        Whoever updates needs what tells the rows apart; each new row is asked for the rest.
        """
        filled = {bound.value() for bound in self.columns}
        return [
            label
            for name, label in labels(self.importable)
            if name not in filled and self.needs(name)
        ]

    def needs(self, name: str) -> bool:
        if self["mode"].value() == Import.Mode.UPDATE:
            return name == self.key
        return is_needed(self.draft.resource, name, self.importable[name])

    @property
    def missing_sentence(self) -> str:
        """What to do about those."""
        names = " and ".join(f"“{label}”" for label in self.missing)
        return f"Choose the column that holds {names}."

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for name in [column.name for column in self.columns]:
            field = self.cleaned_data.get(name)
            if field and field in chosen:
                other = self.fields[chosen[field]].label
                self.add_error(name, f"The column “{other}” fills this already.")
            elif field:
                chosen[field] = name
        if self.missing:
            raise forms.ValidationError(self.missing_sentence)
        return self.cleaned_data


def labels(fields: dict[str, forms.Field]) -> list[tuple[str, str]]:
    return [(name, str(field.label or name)) for name, field in fields.items()]


def guess(
    resource: Resource,
    fields: dict[str, forms.Field],
    headers: list[str],
    memory: dict[str, str] | None = None,
) -> list[str]:
    """The field that each header means, by memory or by its name; "" for none, or a second one."""
    means = {header: name for header, name in (memory or {}).items() if name in {"", *fields}}
    for column, source in resource.columns.items():
        if isinstance(source, str) and (name := source.split("__")[0]) in fields:
            means.setdefault(plain(column), name)
    for name, label in labels(fields):
        for word in (name, label, *resource.importer.also.get(name, ())):
            means.setdefault(plain(word), name)
    guesses: list[str] = []
    for header in headers:
        name = means.get(plain(header), "")
        guesses.append("" if name in guesses else name)
    return guesses
