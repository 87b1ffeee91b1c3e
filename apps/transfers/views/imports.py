"""The pages of imports: upload, columns, trial, how far it is, the report, undoing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.jobs.models import Job
from apps.tenants.roles import TRANSFER
from apps.transfers.checking import importable
from apps.transfers.forms import MappingForm, UploadForm, labels
from apps.transfers.models import Import
from apps.transfers.reading import Unreadable
from apps.transfers.views.common import card, importable_or_404

PREVIEWED = 5


@access(TRANSFER, "GET", "POST")
def import_create(request: TenantRequest, slug: str, kind: str) -> HttpResponse:
    """Take a file in as a draft; nothing is added yet."""
    resource = importable_or_404(kind)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        draft = Import.take(
            tenant=request.tenant,
            by=request.user,
            resource=resource,
            upload=form.cleaned_data["file"],
            table=form.table,
        )
        return redirect(draft)
    fields = importable(resource, request.tenant)
    context = {
        "form": form,
        "resource": resource,
        "labels": [label for _, label in labels(fields)],
        "key": str(fields[resource.importer.key].label).lower(),
    }
    return render(request, "transfers/import_create.html", context)


@access(TRANSFER)
def import_detail(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """The draft's columns, its trial, or how far the import is and its report.

    To htmx, the card alone.
    """
    upload = get_object_or_404(with_jobs(request), pk=pk)
    if upload.is_draft:
        if upload.trial and "columns" not in request.GET:
            return show_trial(request, upload, upload.trial)
        return show_draft(request, upload, MappingForm(draft=upload))
    if request.htmx:
        report = {"result_url": upload.get_absolute_url(), "result_label": "See the report"}
        context = card(request, upload, upload.undoing, **report)
        return render(request, "transfers/import_card.html", context)
    resource = upload.resource
    rows = {
        "result_url": reverse(resource.list_route, args=[slug]),
        "result_label": f"Show {resource.nouns}",
    }
    context = card(request, upload, upload.undoing, **rows)
    context["may_undo"] = upload.is_undoable and upload.job.may_be_cancelled_by(request.membership)
    return render(request, "transfers/import_detail.html", context)


@access(TRANSFER, "POST")
def import_sheet_update(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Read another sheet of a draft's workbook."""
    draft = get_object_or_404(with_jobs(request), pk=pk)
    try:
        draft.choose_sheet(request.POST.get("sheet", ""))
    except (Unreadable, FileNotFoundError) as error:
        messages.error(request, str(error))
    return redirect(f"{draft.get_absolute_url()}?columns")


@access(TRANSFER, "POST")
def import_trial_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Settle what fills which field, and ask what bringing the rows in would do."""
    draft = get_object_or_404(with_jobs(request), pk=pk)
    if draft.is_draft:
        form = MappingForm(request.POST, draft=draft)
        if not form.is_valid() or not draft.is_kept:
            return show_draft(request, draft, form)
        draft.ask_to_check(**form.settled, by=request.user)
    return redirect(draft)


@access(TRANSFER, "POST")
def import_start(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Settle which column fills which field, and bring the rows in."""
    draft = get_object_or_404(with_jobs(request), pk=pk)
    if draft.is_draft:
        form = MappingForm(request.POST, draft=draft)
        if not form.is_valid() or not draft.is_kept:
            return show_draft(request, draft, form)
        draft.start(**form.settled, by=request.user)
    return redirect(draft)


@access(TRANSFER, "GET", "POST")
def import_undoing_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Undo what an import did, once the person has confirmed it: its own, or an admin any."""
    upload = get_object_or_404(with_jobs(request), pk=pk)
    if upload.job and not upload.job.may_be_cancelled_by(request.membership):
        raise PermissionDenied
    if not upload.is_undoable:
        messages.error(request, "This import cannot be undone any more.")
        return redirect(upload)
    if request.method == "POST":
        upload.ask_to_undo(by=request.user)
        return redirect(upload)
    return render(request, "transfers/import_undoing_create.html", {"transfer": upload})


@access(TRANSFER)
def import_refusals(request: TenantRequest, slug: str, pk: int) -> HttpResponseBase:
    """The refused rows with the reasons, as a file to correct and import once more."""
    upload = get_object_or_404(request.tenant.imports, pk=pk)
    try:
        content = upload.open_refusals()
    except FileNotFoundError:
        messages.error(request, "This file is not kept any more.")
        return redirect(upload)
    return FileResponse(
        content, as_attachment=True, filename="refused.csv", content_type="text/csv; charset=utf-8"
    )


def with_jobs(request: TenantRequest) -> Any:
    """The workspace's imports with what was asked of them."""
    return request.tenant.imports.select_related("job", "trial", "undoing")


def show_draft(request: TenantRequest, draft: Import, form: MappingForm) -> HttpResponse:
    """The page that asks for the columns, with the first rows to tell them by."""
    try:
        rows = draft.first_rows(PREVIEWED)
    except FileNotFoundError:
        rows = []
    context = {"transfer": draft, "form": form, "rows": rows}
    return render(request, "transfers/import_draft.html", context)


def show_trial(request: TenantRequest, draft: Import, trial: Job) -> HttpResponse:
    """How far a trial is, or what it found: with the button that does it in earnest."""
    url = draft.get_absolute_url()
    if request.htmx:
        context = card(request, draft, trial, result_url=url, result_label="See what it would do")
        return render(request, "transfers/import_trial_card.html", context)
    columns = {"result_url": f"{url}?columns", "result_label": "Back to the columns"}
    context = card(request, draft, trial, **columns)
    context["form"] = MappingForm(draft=draft)
    return render(request, "transfers/import_trial.html", context)
