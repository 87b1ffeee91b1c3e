"""The base of every model that belongs to a tenant."""

from typing import Any, ClassVar

from django.db import models

from apps.tenants.guard import TenantQuerySet, refuse_to_cross


class TenantModel(models.Model):
    """A row of one tenant, reached through it: ``tenant.clients``, never ``Client.objects``.

    The related name is the model's name in lower case and an "s"; lead every index with the
    tenant, and name it in every unique constraint.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="%(class)ss", editable=False
    )

    objects: ClassVar = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row. Raises CrossTenantWrite where it would leave its tenant."""
        refuse_to_cross(self)
        super().save(*args, **kwargs)

    @classmethod
    def tenant_models(cls) -> list[type["TenantModel"]]:
        """All concrete tenant-owned models of the project."""
        found: list[type[TenantModel]] = []
        pending: list[type[Any]] = [cls]
        while pending:
            for model in pending.pop().__subclasses__():
                pending.append(model)
                if not model._meta.abstract:
                    found.append(model)
        return found
