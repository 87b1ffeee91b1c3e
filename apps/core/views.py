"""Pages that belong to nobody: the landing page, the brand's colours, what robots may read."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from apps.core.access import Plane, access
from config.product import PRODUCT


@access(Plane.PUBLIC)
@cache_control(public=True, max_age=300, s_maxage=3600)
def landing(request: HttpRequest) -> HttpResponse:
    """The product's front page; it reads no session, so an edge may keep it."""
    return render(request, "landing.html")


@access(Plane.PUBLIC)
@cache_control(public=True, max_age=3600)
def brand_css(request: HttpRequest) -> HttpResponse:
    """The one colour that a fork chooses, over the style sheet's own."""
    return HttpResponse(f":root {{ --hue: {PRODUCT.hue}; }}\n", content_type="text/css")


@access(Plane.PUBLIC)
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Signed-in pages are nobody's search result.

    With NOINDEX nothing is closed here: X-Robots-Tag on every answer says that nothing is a search
    result, and a search engine that may not ask never sees it, so it lists the bare address of what
    others link to (Google Search Central, "Block Search indexing with noindex").
    """
    closed = "" if settings.NOINDEX else " /t/\nDisallow: /accounts/\nDisallow: /workspaces/"
    return HttpResponse(f"User-agent: *\nDisallow:{closed}\n", content_type="text/plain")
