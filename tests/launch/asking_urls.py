"""A URLconf whose liveness asks the database, as it must not."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.core.access import Plane, access


@access(Plane.PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok")


urlpatterns = [path("healthz", healthz)]
