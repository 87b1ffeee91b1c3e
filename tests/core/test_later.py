"""Views that are imported when they are called: each is there."""

import pytest
from django.test import RequestFactory

from apps.core.later import itself, later
from apps.core.surface import Route, routes

LATE = [route for route in routes() if hasattr(route.view, "later")]


@pytest.mark.parametrize("route", LATE, ids=lambda route: route.name)
def test_each_view_that_is_imported_later_is_there(route: Route) -> None:
    view = itself(route.view)
    assert callable(view)
    assert not hasattr(view, "later")


def test_calling_it_calls_the_view_and_says_of_itself_what_the_view_would() -> None:
    view = later("apps.core.views.landing")
    assert (view.__module__, view.__name__) == ("apps.core.views", "landing")
    with pytest.raises(ImportError, match="nowhere"):
        later("apps.core.views.nowhere")(RequestFactory().get("/"))
