"""What every page does that asks a verb for something which a rule may forbid."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from apps.tenants.models import Refused


def carry_out(request: HttpRequest, verb: Callable[[], None], *, done: str) -> None:
    """Call `verb`; tell the person that it is done, or why a rule forbids it."""
    try:
        verb()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
