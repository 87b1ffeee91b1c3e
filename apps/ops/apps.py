"""The room of those who run the product."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "apps.ops"
