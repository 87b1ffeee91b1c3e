"""The pages of exports: what to export, how far it is, the file."""

from django.contrib import messages
from django.core.signing import BadSignature, SignatureExpired
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.tenants.roles import TRANSFER
from apps.transfers.forms import ExportForm
from apps.transfers.models import DOWNLOADED, Export
from apps.transfers.views.common import card, resource_or_404


@access(TRANSFER, "GET", "POST")
def export_create(request: TenantRequest, slug: str, kind: str) -> HttpResponse:
    """Show what would be exported, and ask for it."""
    resource = resource_or_404(kind)
    selection = resource.selected(request.tenant, request.GET)
    form = ExportForm(request.POST) if request.method == "POST" else ExportForm()
    if form.is_valid():
        export = Export.request(
            tenant=request.tenant,
            by=request.user,
            resource=resource,
            format=form.cleaned_data["format"],
            query=request.GET,
        )
        return redirect(export)
    context = {
        "form": form,
        "resource": resource,
        "what": resource.counted(selection.rows.count()),
        "is_narrow": selection.is_narrow,
    }
    return render(request, "transfers/export_create.html", context)


@access(TRANSFER)
def export_detail(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """How far the export is; in the end, the way to its file. To htmx, the card alone."""
    export = get_object_or_404(request.tenant.exports.select_related("job", "created_by"), pk=pk)
    link = export.link_for(request.user) if export.is_ready else ""
    template = "transfers/export_card.html" if request.htmx else "transfers/export_detail.html"
    return render(request, template, card(request, export, result_url=link))


@access(TRANSFER)
def export_download(request: TenantRequest, slug: str, pk: int) -> HttpResponseBase:
    """The file, to whom the link was made for; one that ran out leads back to a fresh one."""
    export = get_object_or_404(request.tenant.exports, pk=pk)
    try:
        export.check_link(request.GET.get("key", ""), request.user)
        content = export.open()
    except SignatureExpired:
        messages.info(request, "That link had run out. The one on this page is fresh.")
        return redirect(export)
    except FileNotFoundError:
        messages.error(request, "This file is not kept any more. Export again.")
        return redirect(export)
    except BadSignature as error:
        raise Http404 from error
    DOWNLOADED.record(tenant=request.tenant, by=request.user, target=export)
    return FileResponse(
        content,
        as_attachment=True,
        filename=export.filename,
        content_type=export.CONTENT_TYPES[export.format],
    )
