"""The room of the launch checks."""

from django.apps import AppConfig


class LaunchConfig(AppConfig):
    name = "apps.launch"
