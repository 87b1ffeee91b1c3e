"""The pages of imports: upload, columns, how far it is, the report."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.tenants.roles import TRANSFER
from apps.transfers.checking import importable
from apps.transfers.forms import MappingForm, UploadForm, labels
from apps.transfers.models import Import
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
    """The draft's columns, or how far the import is and its report. To htmx, the card alone."""
    upload = get_object_or_404(request.tenant.imports.select_related("job"), pk=pk)
    if upload.is_draft:
        return show_draft(request, upload, MappingForm(draft=upload))
    if request.htmx:
        report = {"result_url": upload.get_absolute_url(), "result_label": "See the report"}
        return render(request, "transfers/import_card.html", card(request, upload, **report))
    resource = upload.resource
    rows = {
        "result_url": reverse(resource.list_route, args=[slug]),
        "result_label": f"Show {resource.nouns}",
    }
    return render(request, "transfers/import_detail.html", card(request, upload, **rows))


@access(TRANSFER, "POST")
def import_start(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Settle which column fills which field, and bring the rows in."""
    draft = get_object_or_404(request.tenant.imports, pk=pk)
    if draft.is_draft:
        form = MappingForm(request.POST, draft=draft)
        if not form.is_valid() or not draft.is_kept:
            return show_draft(request, draft, form)
        draft.start(form.mapping, by=request.user)
    return redirect(draft)


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


def show_draft(request: TenantRequest, draft: Import, form: MappingForm) -> HttpResponse:
    """The page that asks for the columns, with the first rows to tell them by."""
    try:
        rows = draft.first_rows(PREVIEWED)
    except FileNotFoundError:
        rows = []
    context = {"transfer": draft, "form": form, "rows": rows}
    return render(request, "transfers/import_draft.html", context)
