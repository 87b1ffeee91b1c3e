"""A workspace that requires two-step sign-in of its members."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.core.surface import TENANT_PREFIX, Route, routes
from apps.tenants.models import Membership, Refused, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.policy.samples import own_url
from tests.policy.test_access import METHODS, files, named

__all__ = ["files"]
SignIn = Callable[[User], Browser]
REQUIRE, RELEASE = "/t/acme/settings/two-step/", "/t/acme/settings/two-step/delete/"
NEEDED = "/workspaces/acme/two-step/"
TENANT_ROUTES = [route for route in routes() if route.path.startswith(TENANT_PREFIX)]


def give_factor(user: User, kind: str = "totp") -> None:
    Authenticator.objects.create(user=user, type=kind, data={})


@pytest.fixture
def owner(acme: Tenant) -> User:
    """Acme's, who has a second factor."""
    user = acme.memberships.get().user
    give_factor(user)
    return user


@pytest.fixture
def member(acme: Tenant, join: Callable[..., Membership]) -> User:
    """Somebody in Acme who has none."""
    return join(acme, Role.MEMBER, name="Mia").user


@pytest.fixture
def strict(acme: Tenant, owner: User) -> Tenant:
    """Acme, which requires it."""
    acme.require_mfa(by=owner)
    return acme


# Switching it on and off


def test_an_admin_requires_it_after_seeing_who_has_none(
    acme: Tenant, owner: User, member: User, join: Callable[..., Membership], sign_in: SignIn
) -> None:
    give_factor(join(acme, Role.VIEWER, name="Vic").user, "webauthn")
    only_codes = join(acme, Role.VIEWER, name="Rae").user
    give_factor(only_codes, "recovery_codes")
    page = sign_in(owner).get(REQUIRE).content.decode()
    assert "2 of 4 members without it" in page
    assert member.email in page
    assert only_codes.email in page
    assert "vic@acme.example" not in page
    response = sign_in(owner).post(REQUIRE, follow=True)
    assert "Two-step sign-in is required now." in response.content.decode()
    acme.refresh_from_db()
    assert acme.requires_mfa
    event = acme.events.latest("pk")
    assert (event.action, event.actor) == ("workspace.mfa_required", owner)


def test_whoever_has_none_themselves_cannot_require_it(acme: Tenant, sign_in: SignIn) -> None:
    owner = acme.memberships.get().user
    browser = sign_in(owner)
    page = browser.get(REQUIRE).content.decode()
    assert "Require it<" not in page
    assert f'href="{reverse("mfa_index")}"' in page
    response = browser.post(REQUIRE, follow=True)
    assert "Set up two-step sign-in for yourself first." in response.content.decode()
    acme.refresh_from_db()
    assert not acme.requires_mfa
    with pytest.raises(Refused):
        acme.require_mfa(by=owner)


def test_a_look_changes_nothing(acme: Tenant, owner: User, sign_in: SignIn) -> None:
    sign_in(owner).get(REQUIRE)
    acme.refresh_from_db()
    assert not acme.requires_mfa


def test_the_settings_tell_who_is_still_kept_out(
    strict: Tenant, owner: User, member: User, sign_in: SignIn
) -> None:
    page = sign_in(owner).get("/t/acme/settings/").content.decode()
    assert ">Required<" in page
    assert "1 of 2 members without it" in page
    assert member.email in page


def test_it_is_made_optional_again(
    strict: Tenant, owner: User, member: User, sign_in: SignIn
) -> None:
    assert sign_in(owner).get(RELEASE).status_code == 200
    sign_in(owner).post(RELEASE)
    strict.refresh_from_db()
    assert not strict.requires_mfa
    assert strict.events.latest("pk").action == "workspace.mfa_optional"
    assert sign_in(member).get("/t/acme/").status_code == 200


@pytest.mark.parametrize("path", [REQUIRE, RELEASE])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_owners_and_admins_decide(
    path: str, role: Role, as_role: Callable[[Role], Browser]
) -> None:
    assert as_role(role).post(path).status_code == 403


def test_doing_it_twice_is_told_once(acme: Tenant, owner: User) -> None:
    for _ in range(2):
        acme.require_mfa(by=owner)
    assert acme.events.filter(action="workspace.mfa_required").count() == 1


# What it keeps closed


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_nothing_of_the_workspace_opens_to_a_member_without(
    route: Route, strict: Tenant, owner: User, sign_in: SignIn, join: Callable[..., Membership]
) -> None:
    """By no method, and not by htmx; nor is anything done."""
    join(strict, Role.VIEWER, name="Subject")
    without = join(strict, Role.ADMIN).user
    browser = sign_in(without)
    url = own_url(route, strict, by=owner)
    before = strict.events.count()
    for method in METHODS:
        response: Any = browser.generic(method, url)
        assert (response.status_code, response.headers["Location"]) == (302, NEEDED), method
        swapped: Any = browser.generic(method, url, headers={"HX-Request": "true"})
        assert (swapped.headers["HX-Redirect"], swapped.content) == (NEEDED, b""), method
    assert strict.events.count() == before


def test_a_path_that_leads_nowhere_opens_nothing_either(
    strict: Tenant, member: User, sign_in: SignIn
) -> None:
    assert sign_in(member).get("/t/acme/no/such/page/").headers["Location"] == NEEDED


def test_the_page_says_why_and_leads_to_the_setting_up(
    strict: Tenant, member: User, sign_in: SignIn
) -> None:
    page = sign_in(member).get(NEEDED).content.decode()
    assert "This workspace asks for two-step sign-in" in page
    assert "Acme" in page
    assert f'href="{reverse("mfa_index")}"' in page


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_whoever_has_a_second_factor_comes_in(
    kind: str, strict: Tenant, member: User, sign_in: SignIn
) -> None:
    give_factor(member, kind)
    assert sign_in(member).get("/t/acme/").status_code == 200
    assert sign_in(member).get(NEEDED).headers["Location"] == "/t/acme/"


def test_recovery_codes_alone_are_no_second_factor(
    strict: Tenant, member: User, sign_in: SignIn
) -> None:
    give_factor(member, "recovery_codes")
    assert sign_in(member).get("/t/acme/").headers["Location"] == NEEDED


def test_whoever_gives_theirs_up_is_out_at_the_next_request(
    strict: Tenant, owner: User, sign_in: SignIn
) -> None:
    browser = sign_in(owner)
    assert browser.get("/t/acme/").status_code == 200
    Authenticator.objects.all().delete()
    assert browser.get("/t/acme/").headers["Location"] == NEEDED


def test_another_workspace_of_the_same_person_stays_open(
    strict: Tenant, member: User, globex: Tenant, sign_in: SignIn
) -> None:
    globex.memberships.create(user=member, role=Role.VIEWER)
    assert sign_in(member).get("/t/globex/").status_code == 200


@pytest.mark.parametrize("method", METHODS)
def test_an_outsider_cannot_tell_that_a_workspace_requires_it(
    method: str, strict: Tenant, globex: Tenant, sign_in: SignIn
) -> None:
    browser = sign_in(globex.memberships.get().user)
    seen = []
    for slug in ("acme", "never-was"):
        for path in (f"/t/{slug}/", f"/workspaces/{slug}/two-step/"):
            response: Any = browser.generic(method, path)
            mark = response.headers["X-Request-ID"]
            body = re.sub(r'nonce="[^"]+"', "", response.content.decode().replace(mark, ""))
            seen.append((path.replace(slug, ""), response.status_code, body))
    assert seen[:2] == seen[2:]
    assert seen[0][1] == 404


def test_a_workspace_that_does_not_require_it_asks_no_question_more(
    acme: Tenant, member: User, sign_in: SignIn
) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert sign_in(member).get("/t/acme/members/").status_code == 200
    assert "mfa_authenticator" not in str(queries.captured_queries)


def test_the_release_before_can_go_on_while_the_column_is_there(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_tenant (name, slug, created_at) VALUES ('Old', 'old', now())"
        )
    assert not Tenant.objects.get(slug="old").requires_mfa


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", "tenants", check=True, dry_run=True, verbosity=0)
