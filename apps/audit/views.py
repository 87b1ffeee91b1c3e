"""The page of what happened in a workspace."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.audit.lines import lines
from apps.core.access import access
from apps.core.events import ACTIONS
from apps.core.http import TenantRequest
from apps.core.keyset import Sort, paginate
from apps.tenants.roles import READ

NEWEST = (Sort("newest", "pk", descending=True),)


@access(READ)
def activity_list(request: TenantRequest, slug: str) -> HttpResponse:
    """What happened, the newest first; ``?about=client`` keeps the actions of one room."""
    rooms = sorted({name.partition(".")[0] for name in ACTIONS})
    about = request.GET.get("about", "")
    events = request.tenant.events.all()
    if about in rooms:
        events = events.filter(action__startswith=f"{about}.")
    page = paginate(request, events, NEWEST)
    context = {
        "page": page,
        "lines": lines(request.tenant, page.rows),
        "about": about,
        "rooms": rooms,
    }
    return render(request, "audit/activity_list.html", context)
