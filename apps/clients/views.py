"""The pages of clients. What may be done stands in the decorators, how it is done on the model."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.audit.lines import lines_about
from apps.clients.forms import ClientChoice, ClientFilter, ClientForm, NoteForm
from apps.clients.models import Client
from apps.clients.services import archive_clients
from apps.core.access import access
from apps.core.http import TenantRequest
from apps.core.keyset import Sort, paginate
from apps.core.templatetags.ui import counted
from apps.tenants.roles import DELETE, READ, WRITE


@access(READ)
def client_list(request: TenantRequest, slug: str) -> HttpResponse:
    """The clients, searched, filtered, sorted and in pages."""
    asked = ClientFilter(request.GET, tenant=request.tenant)
    page = paginate(request, asked.clients().for_list(), Client.SORTS)
    return render(request, "clients/client_list.html", {"asked": asked, "page": page})


@access(WRITE, "GET", "POST")
def client_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Add a client."""
    form = ClientForm(request.POST or None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid() and form.store(by=request.user):
        messages.success(request, f"{form.instance} is added.")
        return redirect(form.instance)
    return render(request, "clients/client_create.html", {"form": form})


@access(READ)
def client_detail(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Everything about one client."""
    client = get_object_or_404(request.tenant.clients.for_list(), pk=pk)
    return show(request, client, NoteForm())


@access(WRITE, "GET", "POST")
def client_update(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Edit a client."""
    client = get_object_or_404(request.tenant.clients, pk=pk)
    form = ClientForm(request.POST or None, instance=client, tenant=request.tenant)
    if request.method == "POST" and form.is_valid() and form.store(by=request.user):
        messages.success(request, f"{client} is saved.")
        return redirect(client)
    return render(request, "clients/client_update.html", {"form": form, "client": client})


@access(DELETE, "GET", "POST")
def client_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Delete a client, once the person has read what goes with it."""
    client = get_object_or_404(request.tenant.clients, pk=pk)
    if request.method == "POST":
        client.remove(by=request.user)
        messages.success(request, f"{client} is deleted.")
        return redirect("client_list", slug)
    notes = client.notes.count()
    goes = f"With it {'goes' if notes == 1 else 'go'} {counted(notes, 'note')}. " if notes else ""
    context = {"client": client, "consequence": f"{goes}This cannot be undone."}
    return render(request, "clients/client_delete.html", context)


@access(WRITE, "POST")
def archival_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Archive a client."""
    client = get_object_or_404(request.tenant.clients, pk=pk)
    client.archive(by=request.user)
    messages.success(request, f"{client} is archived.")
    return redirect(client)


@access(WRITE, "POST")
def archival_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Restore an archived client."""
    client = get_object_or_404(request.tenant.clients, pk=pk)
    client.restore(by=request.user)
    messages.success(request, f"{client} is back in the list.")
    return redirect(client)


@access(WRITE, "POST")
def client_bulk_archival_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Archive the clients that were ticked in the list, once the person has confirmed it."""
    choice = ClientChoice(request.POST, tenant=request.tenant)
    back = f"{reverse('client_list', args=[slug])}?{request.GET.urlencode()}"
    if not choice.is_valid():
        messages.error(request, " ".join(map(str, choice.errors["client"])))
        return redirect(back)
    clients = choice.cleaned_data["client"]
    if not choice.cleaned_data["confirmed"]:
        context = {"clients": clients, "back": back}
        return render(request, "clients/client_bulk_archival.html", context)
    archive_clients(clients=clients, by=request.user)
    messages.success(request, f"Archived: {len(clients)}.")
    return redirect(back)


@access(WRITE, "POST")
def note_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Write a note about a client."""
    client = get_object_or_404(request.tenant.clients.for_list(), pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return show(request, client, form)
    client.add_note(by=request.user, body=form.cleaned_data["body"])
    messages.success(request, "The note is added.")
    return redirect(client)


def show(request: TenantRequest, client: Client, form: NoteForm) -> HttpResponse:
    """The page of one client, with its notes and what was done with it, the newest first."""
    newest = (Sort("newest", "pk", descending=True),)
    context = {
        "client": client,
        "form": form,
        "notes": paginate(request, client.notes.select_related("author"), newest, size=10),
        "lines": lines_about(client),
    }
    return render(request, "clients/client_detail.html", context)
