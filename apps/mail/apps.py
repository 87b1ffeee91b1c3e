"""The room of queued mail."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"
