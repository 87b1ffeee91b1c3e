"""Django's admin: mounted as it comes it reaches no tenant's row, by the recipe staff reach all."""

import re
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as project
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.urls import path
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.audit.models import Crossing
from apps.clients.models import Client, Note
from apps.tenants.guard import UnscopedQuery
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from config import urls
from config.env import BASE_DIR
from tests.conftest import Browser

RECIPE = re.search(
    r"### Django's admin.*?```python\n(.*?)```",
    (BASE_DIR / "docs/tenancy.md").read_text(),
    re.DOTALL,
)


@pytest.fixture(scope="module")
def installed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The admin is installed, and its table there, as long as these tests run."""
    admin = "django.contrib.admin.apps.SimpleAdminConfig"
    with override_settings(INSTALLED_APPS=[*project.INSTALLED_APPS, admin]):
        with django_db_blocker.unblock():
            call_command("migrate", "admin", verbosity=0)
        yield
        with django_db_blocker.unblock():
            call_command("migrate", "admin", "zero", verbosity=0)


@pytest.fixture
def mounted(installed: None, settings: Any) -> ModuleType:
    """The product's routes, with an admin as it comes under naive/, and the recipe's."""
    from django.contrib import admin

    assert RECIPE
    recipe: dict[str, Any] = {}
    exec(RECIPE[1], recipe)
    naive = admin.AdminSite("naive")
    naive.register(Client, search_fields=["name"], ordering=["name"])
    naive.register(Note, autocomplete_fields=["client"])
    staff: admin.AdminSite = recipe["site"]
    staff.register(Note, autocomplete_fields=["client"])
    module = ModuleType("tests.tenants.admin_urls")
    module.__dict__.update(vars(urls))
    module.__dict__["urlpatterns"] = [
        path("naive/", naive.urls),
        path(str(recipe["urlpatterns"][0].pattern), staff.urls),
        *urls.urlpatterns,
    ]
    settings.ROOT_URLCONF = module
    return module


@pytest.fixture
def staff(make_user: Callable[..., User], sign_in: Callable[[User], Browser]) -> Browser:
    """Somebody of the company that runs the product, who may do everything in its admin."""
    person = make_user("staff@slipway.example")
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    return sign_in(person)


@pytest.fixture
def rows(acme: Tenant, globex: Tenant) -> Any:
    """A client of each tenant, one with a note."""
    ours, theirs = (each.clients.create(name=f"Client of {each}") for each in (acme, globex))
    return SimpleNamespace(ours=ours, theirs=theirs, note=ours.add_note(by=None, body="Called."))


PAGES: dict[str, Callable[[Browser, str, Any], Any]] = {
    "the list": lambda browser, at, rows: browser.get(f"{at}clients/client/"),
    "a search": lambda browser, at, rows: browser.get(f"{at}clients/client/?q=client"),
    "a row": lambda browser, at, rows: browser.get(f"{at}clients/client/{rows.theirs.pk}/change/"),
    "a row that refers to another": lambda browser, at, rows: browser.get(
        f"{at}clients/note/{rows.note.pk}/change/"
    ),
    "the choices of a field": lambda browser, at, rows: browser.get(
        f"{at}autocomplete/?app_label=clients&model_name=note&field_name=client&term=client"
    ),
    "a change": lambda browser, at, rows: browser.post(
        f"{at}clients/client/{rows.theirs.pk}/change/", {"name": "Changed", "status": "lead"}
    ),
    "a history": lambda browser, at, rows: browser.get(
        f"{at}clients/client/{rows.theirs.pk}/history/"
    ),
    "a deletion": lambda browser, at, rows: browser.post(
        f"{at}clients/client/{rows.theirs.pk}/delete/", {"post": "yes"}
    ),
    "a deletion of several": lambda browser, at, rows: browser.post(
        f"{at}clients/client/",
        {"action": "delete_selected", "_selected_action": [rows.theirs.pk], "post": "yes"},
    ),
}


@pytest.mark.parametrize("page", PAGES)
def test_mounted_as_it_comes_it_reaches_nothing(
    page: str, mounted: ModuleType, staff: Browser, rows: Any
) -> None:
    with transaction.atomic(), pytest.raises(UnscopedQuery):
        PAGES[page](staff, "/naive/", rows)
    rows.theirs.refresh_from_db()
    assert rows.theirs.name == "Client of Globex"


@pytest.mark.parametrize("page", PAGES)
def test_by_the_recipe_staff_reach_every_tenants_rows_and_it_is_written_down(
    page: str, mounted: ModuleType, staff: Browser, rows: Any
) -> None:
    answer = PAGES[page](staff, "/staff/", rows)
    assert answer.status_code in {200, 302}, page
    if page in {"the list", "a search", "a row"}:
        assert "Client of Globex" in answer.content.decode()
    if page == "the choices of a field":
        assert len(answer.json()["results"]) == 2
    crossing = Crossing.objects.latest("pk")
    assert f"staff@slipway.example: {answer.request['REQUEST_METHOD']} /staff/" in crossing.reason
    left = {client.name for client in Client.objects.all()} - {"Client of Acme"}
    assert left == {"a change": {"Changed"}}.get(
        page, set() if "deletion" in page else {"Client of Globex"}
    )


def test_by_the_recipe_nobody_but_staff_finds_it(
    mounted: ModuleType, rows: Any, acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    with tenant_scope(acme):
        owner = acme.memberships.get().user
    for page, ask in PAGES.items():
        assert ask(sign_in(owner), "/staff/", rows).status_code == 404, page
        assert ask(Browser(), "/staff/", rows).status_code == 302, page
    assert not Crossing.objects.exists()


@pytest.mark.django_db
def test_the_start_up_check_refuses_the_admin_as_it_comes_and_passes_the_recipe(
    mounted: ModuleType,
) -> None:
    refused = {str(found.msg) for found in run_checks() if str(found.id).startswith("slipway.")}
    assert any("/naive/" in message for message in refused)
    assert not any("/staff/" in message for message in refused)
