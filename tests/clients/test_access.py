"""Who may do what with a client; and that another workspace's is not there at all."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from apps.clients.models import Client
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

Make = Callable[..., Client]
AsRole = Callable[[Role], Browser]
EDIT = {"name": "Changed", "status": "lead"}


class Verb(NamedTuple):
    """What can be asked: method, path behind /t/acme/clients/, form, and the least role."""

    method: str
    path: str
    sent: dict[str, str]
    least: Role


VERBS = [
    Verb("GET", "", {}, Role.VIEWER),
    Verb("GET", "{pk}/", {}, Role.VIEWER),
    Verb("GET", "new/", {}, Role.MEMBER),
    Verb("POST", "new/", EDIT, Role.MEMBER),
    Verb("GET", "{pk}/edit/", {}, Role.MEMBER),
    Verb("POST", "{pk}/edit/", EDIT, Role.MEMBER),
    Verb("POST", "{pk}/archival/", {}, Role.MEMBER),
    Verb("POST", "{pk}/archival/delete/", {}, Role.MEMBER),
    Verb("POST", "archivals/", {"client": "{pk}", "confirmed": "yes"}, Role.MEMBER),
    Verb("POST", "{pk}/notes/", {"body": "They called."}, Role.MEMBER),
    Verb("GET", "{pk}/delete/", {}, Role.ADMIN),
    Verb("POST", "{pk}/delete/", {}, Role.ADMIN),
]
ON_ONE = [verb for verb in VERBS if verb.path.startswith("{pk}")]


def ask(browser: Browser, verb: Verb, pk: int) -> tuple[int, str]:
    """Send a request; return the status and the body without its request ID."""
    sent = {name: value.format(pk=pk) for name, value in verb.sent.items()}
    url = f"/t/acme/clients/{verb.path.format(pk=pk)}"
    response = browser.post(url, sent) if verb.method == "POST" else browser.get(url)
    return response.status_code, response.content.decode().replace(response["X-Request-ID"], "ID")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_each_verb_is_open_from_its_role_upwards(
    acme: Tenant, as_role: AsRole, make_client: Make, role: Role, verb: Verb
) -> None:
    client = make_client()
    before = acme.events.count()
    status, _body = ask(as_role(role), verb, client.pk)
    if role.covers(verb.least):
        assert status in {200, 302}
    else:
        assert status == 403
        assert acme.events.count() == before
        assert acme.clients.get().updated_at == client.updated_at


@pytest.mark.parametrize("verb", ON_ONE, ids=str)
def test_another_workspaces_client_answers_as_one_that_never_was(
    globex: Tenant, as_role: AsRole, make_client: Make, verb: Verb
) -> None:
    owner = as_role(Role.OWNER)
    foreign = make_client(tenant=globex)
    answer = ask(owner, verb, foreign.pk)
    assert answer[0] == 404
    assert answer == ask(owner, verb, 999_999_999)
    assert answer == ask(owner, verb, 10**30)
    unchanged = globex.clients.get()
    assert (unchanged.updated_at, unchanged.notes.count()) == (foreign.updated_at, 0)


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_a_stranger_meets_a_page_that_is_not_there(
    acme: Tenant,
    globex: Tenant,
    sign_in: Callable[..., Browser],
    make_client: Make,
    verb: Verb,
) -> None:
    client = make_client()
    stranger = sign_in(globex.memberships.get().user)
    assert ask(stranger, verb, client.pk)[0] == 404
    assert acme.clients.get().updated_at == client.updated_at


@pytest.mark.parametrize("role", Role)
def test_the_page_offers_what_the_role_may_do(
    as_role: AsRole, make_client: Make, role: Role
) -> None:
    page = as_role(role).get(make_client().get_absolute_url()).content.decode()
    for path in ("edit/", "archival/", "notes/"):
        assert (path in page) is role.covers(Role.MEMBER)
    assert ("delete/" in page) is role.covers(Role.ADMIN)
