"""The room of what knows no tenant."""

import gc

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import checks  # noqa: F401  (registers the access check)

        # What is here by now stays as long as the process: the collector need not look at it again,
        # and a worker that is forked from here shares it unwritten (Python's advice at gc.freeze).
        gc.freeze()
        gc.enable()
