"""How clients leave and enter as files: the columns, the rows, the rules of a line."""

from django.http import QueryDict

from apps.clients.figures import forget_figures
from apps.clients.forms import ClientFilter, ClientForm
from apps.clients.models import Client
from apps.core.keyset import in_order_of
from apps.tenants.models import Tenant
from apps.transfers.registry import Importer, Resource, Selection, register


class ClientLine(ClientForm):
    """The form's rules for a line of a file; addresses are compared by the thousand elsewhere."""

    version = None  # type: ignore[assignment]  # Django's way to leave out an inherited field


def select(tenant: Tenant, query: QueryDict) -> Selection:
    """The clients that the list shows for this query string, in its order."""
    asked = ClientFilter(query, tenant=tenant)
    rows = in_order_of(asked.clients(), query, Client.SORTS)
    return Selection(rows, is_narrow=any(asked.cleaned_data.values()))


CLIENTS = register(
    Resource(
        kind="clients",
        model=Client,
        list_route="client_list",
        columns={
            "name": "name",
            "email": "email",
            "phone": "phone",
            "city": "city",
            "status": "status",
            "owner": "owner__email",
            "last_contact_on": "last_contact_on",
            "created_at": "created_at",
        },
        select=select,
        importer=Importer(
            form=ClientLine,
            key="email",
            by={"owner": "email"},
            also={"name": ("client", "company"), "email": ("mail",), "phone": ("telephone", "tel")},
            afterwards=forget_figures,
        ),
    )
)
