"""The room of tenants, their members and the walls between them."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"
