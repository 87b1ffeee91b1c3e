"""The pages that show each mail we send, made from its sample: for staff, and in development."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from apps.core.access import Plane, access
from apps.core.headers import widened
from apps.mail import catalogue, previews


@access(Plane.PLATFORM)
def letter_list(request: HttpRequest) -> HttpResponse:
    """All mails."""
    return render(request, "letters/letter_list.html", {"groups": previews.groups()})


@access(Plane.PLATFORM)
@widened(frame_src="'self'")
def letter_detail(request: HttpRequest, template: str) -> HttpResponse:
    """One mail: light, dark, narrow, as text, and its headers."""
    return render(request, "letters/letter_detail.html", {"preview": found(template)})


@access(Plane.PLATFORM)
@xframe_options_sameorigin
def letter_html(request: HttpRequest, template: str, theme: str) -> HttpResponse:
    """One mail's HTML alone, for a frame."""
    return framed(template, theme)


@access(Plane.PUBLIC)
def dev_letter_list(request: HttpRequest) -> HttpResponse:
    """All mails, where there is no staff to sign in."""
    return render(request, "dev_mail/letter_list.html", {"groups": previews.groups()})


@access(Plane.PUBLIC)
@widened(frame_src="'self'")
def dev_letter_detail(request: HttpRequest, template: str) -> HttpResponse:
    """One mail, as `letter_detail` shows it."""
    return render(request, "dev_mail/letter_detail.html", {"preview": found(template)})


@access(Plane.PUBLIC)
@xframe_options_sameorigin
def dev_letter_html(request: HttpRequest, template: str, theme: str) -> HttpResponse:
    """One mail's HTML alone, as `letter_html` gives it."""
    return framed(template, theme)


def found(template: str) -> previews.Preview:
    """The mail of that name. Raises Http404 if there is none."""
    try:
        return previews.preview(template)
    except catalogue.UnknownLetter as error:
        raise Http404 from error


def framed(template: str, theme: Any) -> HttpResponse:
    """The mail's HTML in light or dark. Raises Http404 for another theme."""
    if theme not in previews.THEMES:
        raise Http404
    return previews.framed(found(template).themed(theme))
