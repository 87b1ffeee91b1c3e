"""How a task carries its tenant: from the scope that asks for it, in the message, to the worker.

Whatever is published passes through the app's `send_task`, and whatever runs through the task's
`__call__`. These two are asked, instead of each way of calling a task.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.utils.functional import maybe_list
from django.db import transaction

from apps.core.celery import PlatformTask
from apps.tenants.scope import NoTenant, current_tenant, tenant_scope

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

HEADER = "tenant"
# What a worker publishes when a task has ended, long after whoever asked has left the scope.
FOLLOWERS = ("link", "link_error", "chain")

log = structlog.get_logger("slipway.tasks")


class TenantTask(DjangoTask):
    """What `@shared_task` makes: work for one tenant, in its scope and in one transaction."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run for the tenant that the message names; called as a function, for the caller's.

        Raises NoTenant, and the body does not run, where no tenant is named or it is gone.
        """
        request = self.request
        if request.called_directly or request.get("entered"):
            with working_for(self.tenant_of_scope()):
                return super().__call__(*args, **kwargs)
        request.entered = True  # from here on, whoever calls it is its own body
        tenant = self.tenant_of_scope() if request.is_eager else self.tenant_of_message()
        with working_for(tenant):
            return self.run(*args, **kwargs)

    def apply(self, *args: Any, **options: Any) -> Any:
        """Run here and now. Raises NoTenant at once, where Celery would keep it in the result."""
        self.tenant_of_scope()
        return super().apply(*args, **options)

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """Publish once the transaction is committed."""
        self.apply_async_on_commit(args, kwargs)

    def apply_async_on_commit(self, *args: Any, **options: Any) -> None:
        """Publish once the transaction is committed, for the tenant whose scope it is now."""
        tenant = self.tenant_of_scope()
        headers = {HEADER: tenant.pk, **(options.pop("headers", None) or {})} if tenant else None
        super().apply_async_on_commit(*args, headers=headers, **options)

    def tenant_of_scope(self) -> "Tenant | None":
        """The tenant of the scope. Raises NoTenant outside of one."""
        tenant = current_tenant()
        if tenant is None and needs_tenant(self):
            raise refusal(self.name)
        return tenant

    def tenant_of_message(self) -> "Tenant | None":
        """The tenant that the worker's message names. Raises NoTenant, and logs it as an error."""
        from apps.tenants.models import Tenant

        named = self.request.get(HEADER)
        tenant = Tenant.objects.filter(pk=named).first() if isinstance(named, int) else None
        if tenant is None and (named is not None or needs_tenant(self)):
            reason = f"names tenant {named}, which is gone" if named else "names no tenant"
            log.error("task.refused", task=self.name, reason=f"The message {reason}.")
            raise NoTenant(f"The message that asks for the task {self.name} {reason}.")
        return tenant


class TenantCelery(Celery):
    """A Celery app whose tasks carry their tenant."""

    task_cls = TenantTask

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Publish a task with the tenant in its headers, and in those of what is to follow it.

        The tenant is the scope's, or the one in `headers`: a retry, or a link of a chain, that a
        worker publishes. Raises NoTenant before anything leaves.
        """
        tenant, headers = current_tenant(), options.get("headers") or {}
        named = headers.get(HEADER) or (tenant.pk if tenant else None)
        if named is None and needs_tenant(self.task_named(name)):
            raise refusal(name)
        if named is not None:
            options["headers"] = {**headers, HEADER: named}
            for role in FOLLOWERS:
                if followers := maybe_list(options.get(role)):
                    options[role] = [carrying(signature, named) for signature in followers]
            if options.get("chord"):
                options["chord"] = carrying(options["chord"], named)
        return super().send_task(name, *args, **options)

    def task_named(self, name: str) -> Any:
        """The task of that name, or None if no app of ours has it."""
        if name not in self.tasks:
            self.loader.import_default_modules()
        return self.tasks.get(name)


def needs_tenant(task: Any) -> bool:
    """Whether `task` is refused without a tenant: all are, but for Celery's own and the platform's.

    Celery's own do no more than call or publish others, each of which is asked for itself.
    """
    own = type(task).__module__.startswith("celery.")
    return not own and not isinstance(task, PlatformTask)


def refusal(name: str) -> NoTenant:
    return NoTenant(
        f"The task {name} was asked for outside every tenant. Ask for it inside "
        "tenant_scope(tenant), or mark it @platform_task if it works for none."
    )


def carrying(signature: Any, tenant_id: int) -> dict[str, Any]:
    """The signature of a task that is published later, with the tenant in its headers."""
    options = signature.get("options") or {}
    headers = {HEADER: tenant_id, **(options.get("headers") or {})}
    return {**signature, "options": {**options, "headers": headers}}


@contextmanager
def working_for(tenant: "Tenant | None") -> Iterator[None]:
    """Open the tenant's scope and, inside it, a transaction, as a request has them."""
    if tenant is None:
        yield
        return
    with (
        structlog.contextvars.bound_contextvars(tenant=tenant.pk),
        tenant_scope(tenant),
        transaction.atomic(),
    ):
        yield
