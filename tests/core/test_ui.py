"""The tags and filters of the look, and how the house draws a form."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from apps.core.templatetags.ui import ICONS, ago, icon, in_words, initials, nav_link, tone
from apps.jobs.models import Job

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
TEMPLATES = Path(settings.BASE_DIR) / "templates"


class ClientForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the invoice.")
    city = forms.CharField(label="City", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], widget=forms.RadioSelect)
    news = forms.BooleanField(label="Send news", required=False)
    token = forms.CharField(widget=forms.HiddenInput)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=5), "in a moment"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(minutes=-59), "59 minutes ago"),
        (timedelta(hours=-2), "2 hours ago"),
        (timedelta(hours=-13), "yesterday"),
        (timedelta(days=-3), "3 days ago"),
        (timedelta(days=-20), "20 February"),
        (timedelta(days=-400), "5 February 2025"),
        (timedelta(hours=5), "in 5 hours"),
        (timedelta(days=1), "tomorrow"),
        (timedelta(days=3), "in 3 days"),
    ],
)
def test_a_moment_is_said_as_people_say_it(distance: timedelta, words: str) -> None:
    assert in_words(NOON + distance, NOON) == words


def test_shortly_after_midnight_an_hour_ago_is_not_yesterday() -> None:
    midnight = NOON.replace(hour=0, minute=30)
    assert in_words(midnight - timedelta(hours=1), midnight) == "1 hour ago"


def test_a_moment_keeps_its_exact_time_in_the_page() -> None:
    said = ago(timezone.now() - timedelta(hours=1))
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT[\d:]+\+00:00" title=".+ UTC">', said)
    assert ago(None) == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Okafor", "AO"),
        ("Ada Maria Okafor", "AO"),
        ("northwind", "N"),
        ("ada@northwind.example", "A"),
        ("Fjord & Fell", "FF"),
        ("", "?"),
        (None, "?"),
    ],
)
def test_a_name_becomes_one_or_two_letters(name: str | None, letters: str) -> None:
    assert initials(name) == letters


def test_the_same_name_always_has_the_same_colour() -> None:
    assert tone("Ada Okafor") == tone("Ada Okafor")
    assert {tone(f"Person {number}") for number in range(60)} == {f"tone-{n}" for n in range(1, 7)}


def test_an_icon_decorates_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in icon("plus")
    assert 'role="img" aria-label="&lt;Private&gt;"' in icon("lock", label="<Private>")


def test_an_unknown_icon_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(TemplateSyntaxError, match="archive"):
        icon("no-such-icon")


def test_every_icon_that_a_template_names_was_drawn() -> None:
    used = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert used
    assert used <= ICONS.keys()


def nav(route: str, rooms: str, here: str) -> dict[str, object]:
    request = RequestFactory().get("/")
    request.resolver_match = SimpleNamespace(url_name=here)  # type: ignore[assignment]  # enough
    return nav_link(Context({"request": request}), route, "Label", "dashboard", rooms)


def test_the_sidebar_marks_the_room_that_one_is_in() -> None:
    assert nav("workspace_list", "workspace", here="workspace_create")["current"] is True
    assert nav("workspace_list", "workspace", here="profile")["current"] is False


def test_the_sidebar_leaves_out_a_room_that_a_fork_removed() -> None:
    gone = nav("no_such_route", "", here="profile")
    assert gone["url"] == ""
    assert render_to_string("components/nav_link.html", gone).strip() == ""


def test_a_field_is_tied_to_its_label_its_hint_and_its_error() -> None:
    page = str(ClientForm({"kind": "a", "token": "t"}))
    assert '<label for="id_name">' in page
    assert 'id="id_name_helptext"' in page
    assert 'id="id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_name_helptext id_name_error"' in page


def test_the_summary_of_errors_leads_to_each_field() -> None:
    form = ClientForm({})
    form.add_error(None, "Somebody else changed this.")
    page = str(form)
    assert page.index("There is a problem") < page.index('<label for="id_name">')
    assert '<a href="#id_name">Name: This field is required.</a>' in page
    assert '<a href="#id_kind_0">Kind: This field is required.</a>' in page
    assert "<li>Somebody else changed this.</li>" in page


def test_a_form_without_errors_shows_no_summary_and_marks_what_is_optional() -> None:
    page = str(ClientForm())
    assert "There is a problem" not in page
    assert page.count("(optional)") == 1
    assert page.count('name="token"') == 1


def test_radio_buttons_are_one_group_with_a_legend() -> None:
    page = str(ClientForm()["kind"].as_field_group())
    assert re.search(r"<fieldset[^>]*>\s*<legend>\s*Kind", page)


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500", "503"])
def test_an_error_page_needs_only_the_product_and_the_request_id(code: str) -> None:
    page = render_to_string(
        f"errors/{code}.html",
        {"product": SimpleNamespace(name="P", support_email="help@p.example"), "request_id": "r42"},
    )
    assert "help@p.example" in page
    assert page.count("r42") == 2


def test_the_job_card_asks_again_while_the_job_runs_and_rests_when_it_ended() -> None:
    now = timezone.now()
    job = Job(pk=7, title="Import", state="running", done=5, total=10, created_at=now)
    context = {"job": job, "poll_url": "/jobs/7/", "cancel_url": "/jobs/7/cancellation/"}
    running = render_to_string("components/job.html", context)
    assert 'hx-get="/jobs/7/?heard=50"' in running
    assert 'value="50"' in running
    assert "/jobs/7/cancellation/" in running

    job.state = "succeeded"
    ended = render_to_string("components/job.html", {**context, "result_url": "/file/"})
    assert "hx-get" not in ended
    assert "cancellation" not in ended
    assert 'href="/file/"' in ended


def test_templates_have_the_tags_without_loading_them() -> None:
    assert "<svg" in Template('{% icon "plus" %}').render(Context())
