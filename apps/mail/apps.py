"""The room of queued mail."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"

    def ready(self) -> None:
        from apps.core.mailing import writing
        from apps.mail.subscriptions import ask_reader

        writing.connect(ask_reader, dispatch_uid="mail")
