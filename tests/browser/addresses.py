"""An address for each page of a workspace, with an object wherever one is named.

Run as a module with a portal's environment, it makes a workspace of Ada's and prints them as JSON.
"""

import json
import subprocess
import sys

from dev.portal import ROOT, Portal

OWNER = "ada@slipway.example"


def addresses(portal: Portal) -> dict[str, str]:
    """The paths by the name of their route."""
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env=portal.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def make() -> dict[str, str]:
    """Make the workspace, somebody in it and the objects; return the paths."""
    from django.urls import reverse

    from apps.accounts.models import User
    from apps.core.surface import TENANT_PREFIX, routes
    from apps.tenants.models import Tenant
    from apps.tenants.roles import Role
    from tests.policy.samples import own_url

    owner = User.objects.get(email=OWNER)
    tenant = Tenant.objects.found(name="Samples", owner=owner)
    subject = User.objects.create_user("subject@samples.example", name="Subject")
    tenant.memberships.create(user=subject, role=Role.VIEWER)
    named = [each for each in routes() if "<slug:slug>" in each.path]
    return {
        each.name: own_url(each, tenant, by=owner)
        if each.path.startswith(TENANT_PREFIX)
        else reverse(each.name, args=[tenant.slug])
        for each in named
    }


if __name__ == "__main__":
    import django

    django.setup()
    from django.db import transaction

    from apps.tenants.scope import Scope, entered

    with entered(Scope(platform=True)), transaction.atomic():
        print(json.dumps(make()))  # noqa: T201  (what the caller reads)
