"""Views that are imported when somebody first calls them, and not with the URLconf.

Each process that writes a link reads the whole URLconf, so what its views import is in the memory
of each worker and in the start of each command. What passkeys and providers need is 19 MiB.
"""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from apps.core.access import View


def later(name: str) -> View:
    """The view of that dotted name; calling it raises ImportError if there is none.

    What decorators left on the view, such as `csrf_exempt`, Django does not see: put them around.
    """

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = import_string(name)(request, *args, **kwargs)
        return answer

    view.__module__, _, view.__name__ = name.rpartition(".")
    view.later = name  # type: ignore[attr-defined]  # read by `itself`; decorators pass it on
    return view


def itself(view: View) -> View:
    """The view that `later` stands for, imported, whatever is around it; any other as it is."""
    name = getattr(view, "later", None)
    return import_string(name) if name else view
