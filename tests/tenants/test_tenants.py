"""The tenant itself: founding, its address, its name."""

from collections.abc import Callable

import pytest

from apps.accounts.models import User
from apps.audit.models import Event
from apps.tenants.models import Tenant
from apps.tenants.models.tenant import RESERVED_SLUGS
from apps.tenants.roles import Role
from apps.tenants.scope import current_tenant
from tests.tenants.conftest import while_another


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.com")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Aldgate Interiors", "aldgate-interiors"),
        ("  Café  Zürich & Söhne  ", "cafe-zurich-sohne"),
        ("snake_case_ltd", "snake-case-ltd"),
        ("--//--", "workspace"),
        ("日本", "workspace"),
        ("x" * 80, "x" * 40),
        ("y" * 39 + " z", "y" * 39),
    ],
)
def test_the_address_is_made_from_the_name(name: str, slug: str, ada: User) -> None:
    tenant = Tenant.objects.found(name=name, owner=ada)
    assert tenant.slug == slug
    tenant.full_clean()


def test_a_name_that_is_taken_gets_a_number(ada: User) -> None:
    slugs = [Tenant.objects.found(name="Acme", owner=ada).slug for _ in range(10)]
    assert slugs[:9] == ["acme", *(f"acme-{number}" for number in range(2, 10))]
    assert slugs[9].startswith("acme-")
    assert len(slugs[9]) == len("acme-") + 8


@pytest.mark.parametrize("name", sorted(RESERVED_SLUGS))
def test_a_reserved_address_is_given_to_nobody(name: str, ada: User) -> None:
    assert Tenant.objects.found(name=name, owner=ada).slug == f"{name}-2"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_take_the_same_name_at_once_both_get_a_workspace(
    make_user: Callable[..., User],
) -> None:
    ada, ben = make_user("ada@example.com"), make_user("ben@example.com")
    second = while_another(
        lambda: Tenant.objects.found(name="Acme", owner=ada),
        lambda: Tenant.objects.found(name="Acme", owner=ben),
    )
    assert isinstance(second, Tenant), second
    assert second.slug == "acme-2"
    assert second.memberships.get().user == ben


def test_whoever_founds_a_workspace_owns_it_and_it_is_written_down(ada: User) -> None:
    tenant = Tenant.objects.found(name="Acme", owner=ada)
    assert tenant.memberships.get().as_role is Role.OWNER
    assert [str(event) for event in tenant.events.all()] == ["Ada created the workspace"]
    assert current_tenant() is None


def test_a_rename_keeps_the_address_and_is_written_down(acme: Tenant, ada: User) -> None:
    acme.rename("Acme Ltd", by=ada)
    acme.refresh_from_db()
    assert (acme.name, acme.slug) == ("Acme Ltd", "acme")
    assert acme.events.latest("pk").sentence == "renamed the workspace from Acme to Acme Ltd"


def test_a_rename_to_the_same_name_is_no_event(acme: Tenant, ada: User) -> None:
    before = Event.objects.filter(tenant=acme).count()
    acme.rename("Acme", by=ada)
    assert acme.events.count() == before
