"""What of a page can be followed and sent: the same as a browser without JavaScript finds."""

import pytest

from apps.launch.pages import Form, Page

URL = "https://portal.example.com/t/acme/clients/new/?next=1"
PAGE = """
<a href="/t/acme/">Home</a><a href="../7/file/?key=a%2Fb&amp;c=1">Download</a><a>No link</a>
<form method="get" action="/search/"><input name="q" value="x"></form>
<form METHOD="post" action="/accounts/logout/"><input type="hidden" name="token" value="1"></form>
<input name="outside" value="of any form">
<form method="post">
  <input type="hidden" name="token" value="a&quot;b">
  <input name="name" value="Harbour &amp; Co">
  <input name="blank">
  <input name="off" value="x" disabled>
  <input type="checkbox" name="ticked" checked><input type="checkbox" name="unticked">
  <input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
  <input type="file" name="file"><input type="submit" name="go" value="Go">
  <textarea name="note">One &lt;two&gt;</textarea>
  <select name="status"><option value="lead">Lead</option><option value="active" selected></select>
  <select name="owner"><option value="">Nobody</option><option value="7">Ada</option></select>
</form>
"""


@pytest.fixture
def page() -> Page:
    return Page(URL, PAGE)


def test_a_form_holds_what_a_browser_would_send(page: Page) -> None:
    assert page.form("/new/", {"name", "file"}) == Form(
        action=URL,
        fields={
            "token": 'a"b',
            "name": "Harbour & Co",
            "blank": "",
            "ticked": "on",
            "size": "l",
            "note": "One <two>",
            "status": "active",
            "owner": "",
        },
        files={"file"},
    )


def test_a_form_is_found_by_where_it_goes_and_by_its_fields(page: Page) -> None:
    found = page.form("/logout/", set())
    assert found
    assert (found.action, found.fields) == (
        "https://portal.example.com/accounts/logout/",
        {"token": "1"},
    )
    assert page.form("/logout/", {"name"}) is page.form("/search/", set()) is None


def test_a_link_is_found_by_the_end_of_its_path(page: Page) -> None:
    address = "https://portal.example.com/t/acme/clients/7/file/?key=a%2Fb&c=1"
    assert page.link("/file/") == address
    assert page.link("/elsewhere/") == ""


@pytest.mark.parametrize("junk", ["", "<form", "<<<>>>", "<form method=post><select><option", "\0"])
def test_what_is_no_page_has_nothing(junk: str) -> None:
    assert Page(URL, junk).links == []
