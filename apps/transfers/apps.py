"""The room of exports and imports."""

from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "apps.transfers"
