"""The room of the sample resource."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "apps.clients"
