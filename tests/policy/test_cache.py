"""What is kept of a tenant is kept under a key that carries it: nobody else touches Django's cache.

`apps/tenants/caching.py` makes such keys and refuses to make another. Django's own cache knows no
tenant, inside a request of one or not; so those who use it themselves are listed by name.
"""

import ast
import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from config.env import BASE_DIR

# What each keeps belongs to no tenant.
LISTED = {
    "apps/tenants/caching.py": "the way that all others take",
    "apps/core/cache.py": "the cache itself",
    "apps/core/familiar.py": "devices that have signed in before",
    "apps/core/limits.py": "counts of attempts",
    "apps/launch/gathering/rehearsal.py": "empty ones of its own, which end with the rehearsal",
    "apps/ops/heartbeat.py": "the worker's sign of life",
}
CACHES = (
    "django.core.cache",
    "django.middleware.cache",
    "django.views.decorators.cache.cache_page",
)
TAG = re.compile(r"{%\s*(cache\b|load\b[^%]*\bcache\b)")


def imported(source: str) -> Iterator[str]:
    """What a module imports, by full name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def keeps(source: str) -> bool:
    """Whether a module gets hold of Django's cache."""
    return any(name.startswith(CACHES) for name in imported(source))


REFUSED = [
    "from django.core.cache import cache",
    "from django.core import cache as kept",
    "from django.core.cache import caches",
    "import django.core.cache",
    "def view():\n    from django.core.cache import cache",
    "from django.views.decorators.cache import cache_page",
]
ACCEPTED = [
    "from apps.tenants.caching import remember",
    "from functools import cache",
    "from django.views.decorators.cache import never_cache",
]


@pytest.mark.parametrize("line", REFUSED)
def test_a_module_that_gets_hold_of_the_cache_is_found(line: str) -> None:
    assert keeps(line)


@pytest.mark.parametrize("line", ACCEPTED)
def test_a_module_that_does_not_is_left_alone(line: str) -> None:
    assert not keeps(line)


def test_nobody_uses_the_cache_but_through_the_tenant_or_by_name() -> None:
    sources = [path for room in ("apps", "config") for path in (BASE_DIR / room).rglob("*.py")]
    found = {str(path.relative_to(BASE_DIR)) for path in sources if keeps(path.read_text())}
    assert found - set(LISTED) == set(), "Use apps.tenants.caching.remember(tenant, …) instead"
    assert set(LISTED) - found == set(), "Take out of LISTED what uses it no more"


def test_no_page_or_part_of_one_is_kept_for_everybody() -> None:
    pages = (BASE_DIR / "templates").rglob("*.*")
    assert not [str(page) for page in pages if TAG.search(page.read_text())]
    assert not [name for name in settings.MIDDLEWARE if name.startswith(CACHES)]
    assert TAG.search("{% load i18n cache %}")
    assert TAG.search("{%cache 60 sidebar %}")
