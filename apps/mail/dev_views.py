"""The pages that show development's mail; dev_urls.py says where they are mounted."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from apps.core.access import Plane, access
from apps.core.headers import widened
from apps.mail import dev_inbox, previews


@access(Plane.PUBLIC)
def mail_list(request: HttpRequest) -> HttpResponse:
    """What has arrived, the newest first."""
    letters = dev_inbox.letters(folder())
    return render(request, "dev_mail/list.html", {"letters": letters})


@access(Plane.PUBLIC)
@widened(frame_src="'self'")
def mail_detail(request: HttpRequest, key: str) -> HttpResponse:
    """One mail: its headers, its text and a frame with its HTML."""
    return render(request, "dev_mail/detail.html", {"letter": find(key)})


@access(Plane.PUBLIC)
@xframe_options_sameorigin
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part alone, for the frame."""
    return previews.framed(find(key).html)


def find(key: str) -> dev_inbox.Letter:
    """The mail with that key. Raises Http404 if there is none."""
    try:
        return dev_inbox.letter(folder(), key)
    except KeyError as error:
        raise Http404 from error


def folder() -> Path:
    """The Maildir, which development's settings alone have."""
    return settings.DEV_MAIL_DIR  # type: ignore[misc]  # the checker reads the test settings
