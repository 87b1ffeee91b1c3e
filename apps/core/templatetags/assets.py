"""The tag that writes a `<script>`, as the Content-Security-Policy wants it."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def script(context: Context, path: str, *, shared: bool = False) -> SafeString:
    """Load a script of static/, with the hash of its content and this page's nonce.

    A page that an edge keeps is `shared`: it cannot have a nonce, and loads any script of ours.
    Raises ValueError for a file that is not there.
    """
    nonce = "" if shared else format_html(' nonce="{}"', context["csp_nonce"])
    return format_html(
        '<script src="{}" integrity="{}"{} defer></script>', static(path), integrity(path), nonce
    )


def integrity(path: str) -> str:
    """The hash of a static file's content, as the `integrity` attribute takes it."""
    if hasattr(staticfiles_storage, "stored_name"):
        return of_stored(staticfiles_storage.stored_name(path))
    found = finders.find(path)
    if found is None:
        raise ValueError(f"There is no static file {path!r}")
    return hashed(Path(str(found)).read_bytes())


@cache
def of_stored(name: str) -> str:
    """The hash of a collected file; its name changes with its content, so it is read once."""
    with staticfiles_storage.open(name) as file:
        return hashed(file.read())


def hashed(content: bytes) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"
