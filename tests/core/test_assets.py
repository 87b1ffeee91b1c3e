"""The tag that writes a script: its hash is that of what is served, its nonce the page's."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template import Context, Template

from config.settings import production
from tests.conftest import Browser

TAG = re.compile(r'<script src="([^"]+)" integrity="sha384-([^"]+)"(?: nonce="([^"]+)")? defer>')


def write(tag: str, **context: Any) -> tuple[str, str, str | None]:
    """The address, the hash and the nonce of a script that a template loads."""
    html = Template("{% load assets %}{% script " + tag + " %}").render(Context(context))
    found = TAG.match(html)
    assert found, html
    return found[1], found[2], found[3]


def hash_of(url: str) -> str:
    """The hash of what a browser gets at this address."""
    answer: Any = Browser().get(url)
    assert answer.status_code == 200
    return base64.b64encode(hashlib.sha384(answer.getvalue()).digest()).decode()


@pytest.mark.parametrize("path", ["js/site.js", "account/js/onload.js"])
def test_the_hash_is_that_of_the_file(path: str) -> None:
    url, told, nonce = write(f'"{path}"', csp_nonce="abc")
    assert url == f"/static/{path}"
    assert told == hash_of(url)
    assert nonce == "abc"


def test_the_hash_is_that_of_the_collected_file(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = production.STORAGES
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", interactive=False, verbosity=0)
    url, told, _ = write('"js/site.js"', csp_nonce="abc")
    assert re.fullmatch(r"/static/js/site\.[0-9a-f]{12}\.js", url)
    assert told == hash_of(url)


def test_a_page_that_is_the_same_for_everybody_reads_no_nonce() -> None:
    assert write('"js/site.js" shared=True')[2] is None


def test_a_page_without_a_nonce_cannot_load_a_script_of_its_own() -> None:
    with pytest.raises(KeyError, match="csp_nonce"):
        write('"js/site.js"')


def test_a_script_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"js/nowhere\.js"):
        write('"js/nowhere.js"', csp_nonce="abc")
