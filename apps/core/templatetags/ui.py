"""Tags and filters for the look: icons, times, initials, navigation; none reads the database."""

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.template import TemplateSyntaxError
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

TONES = 6
HIDDEN = SafeString('aria-hidden="true"')

# Drawn on a grid of 24 with strokes of 1.8, which app.css sets. Each is one path.
ICONS = {
    "activity": "M12 7.5V12l3 2M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z",
    "archive": "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4",
    "back": "M19 12H5m6-6-6 6 6 6",
    "building": "M5 20V4h9v16M14 9h5v11M3 20h18M8 8h3M8 12h3M8 16h3",
    "calendar": "M4 6h16v14H4zM4 10.5h16M8 3.5V7M16 3.5V7",
    "check": "m5 12.5 4.5 4.5L19 7.5",
    "chevron-down": "m7 10 5 5 5-5",
    "chevron-right": "m10 7 5 5-5 5",
    "chevrons": "m8 9.5 4-4 4 4M8 14.5l4 4 4-4",
    "clients": "M12.5 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0ZM3 20c0-3.3 2.7-6 6-6s6 2.7 6 6"
    "M16 5a3.5 3.5 0 0 1 0 6.5M17 14.5c2.4.7 4 2.9 4 5.5",
    "close": "M6 6l12 12M18 6 6 18",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "dashboard": "M4 13h7V4H4zM13 20h7V4h-7zM4 20h7v-4H4z",
    "delete": "M4 7h16M9.5 7V4h5v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
    "download": "M4 17v3h16v-3M12 4v11m0 0-4-4m4 4 4-4",
    "edit": "m4 20 .8-4.2L16 4.6 19.4 8 8.2 19.2zM13.5 7l3.4 3.4",
    "error": "M12 7.5V13M12 16.5h.01M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7z",
    "eye": "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"
    "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z",
    "file": "M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5M9 13h6M9 16.5h6",
    "forward": "M5 12h14m-6-6 6 6-6 6",
    "info": "M12 11v5.5M12 7.5h.01M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0Z",
    "jobs": "m12 4 8 4-8 4-8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
    "key": "M12 8.5a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM11 11.5l8.5 8.5M16 16.5l2-2",
    "lock": "M5.5 11h13v9h-13zM8 11V8a4 4 0 0 1 8 0v3M12 14.5v2",
    "mail": "M3.5 5.5h17v13h-17zM4 6.5l8 6.5 8-6.5",
    "members": "M12 3.5 19.5 6v6c0 4.5-3 7.2-7.5 8.5C7.5 19.2 4.5 16.5 4.5 12V6z"
    "M14 10a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM8.5 16c.6-1.7 1.9-2.5 3.5-2.5s2.9.8 3.5 2.5",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "more": "M5.5 12h.01M12 12h.01M18.5 12h.01",
    "note": "M4 4.5h16v12h-8.5L7 20v-3.5H4zM8 9h8M8 12.5h5",
    "person": "M15.5 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0ZM5 20c0-3.6 3-6 7-6s7 2.4 7 6",
    "plus": "M12 5v14M5 12h14",
    "restore": "M4.5 5v5h5M5 9.8A7.7 7.7 0 1 1 4.3 13",
    "search": "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0ZM15.3 15.3 20 20",
    "settings": "M4 7h9M17 7h3M4 17h3M11 17h9M17 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z"
    "M11 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z",
    "sign-out": "M10 4H5v16h5M14 8l4 4-4 4M18 12H9.5",
    "sort-down": "M12 5v14m0 0-5-5m5 5 5-5",
    "sort-up": "M12 19V5m0 0-5 5m5-5 5 5",
    "transfer": "M8 4v13m0 0-3.5-3.5M8 17l3.5-3.5M16 20V7m0 0-3.5 3.5M16 7l3.5 3.5",
    "upload": "M4 17v3h16v-3M12 15V4m0 0L8 8m4-4 4 4",
    "warning": "M12 9.5V14M12 17h.01M12 3.5 21.5 20h-19z",
}


@register.inclusion_tag("components/environment.html")
def environment() -> dict[str, str]:
    """Draw the banner that says which environment this is; production has none.

    It asks the settings alone, since error pages are drawn with next to nothing at hand.
    """
    return {"shown_as": settings.SHOWN_AS}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon; with `label` it is read out, without it only decorates.

    Raises TemplateSyntaxError for a name that was never drawn.
    """
    if name not in ICONS:
        known = ", ".join(sorted(ICONS))
        raise TemplateSyntaxError(f"No icon is called {name!r}. There are: {known}.")
    spoken = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" focusable="false" {}><path d="{}"/></svg>',
        spoken,
        ICONS[name],
    )


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """A moment as people say it, in a `<time>` that holds it exactly; None gives nothing."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{date_format(local, 'j F Y, H:i')} {local.tzname()}",
        in_words(local, timezone.localtime(timezone.now())),
    )


def in_words(at: datetime, now: datetime) -> str:
    """Say `at` as seen from `now`: "2 hours ago", "yesterday", "in 3 days", "12 March"."""
    distance = abs(now - at)
    days = abs((now.date() - at.date()).days)
    if distance < timedelta(minutes=1):
        return "just now" if at <= now else "in a moment"
    if distance < timedelta(hours=1):
        span = counted(int(distance.total_seconds() // 60), "minute")
    elif days == 0 or distance < timedelta(hours=6):
        span = counted(int(distance.total_seconds() // 3600), "hour")
    elif days == 1:
        return "yesterday" if at < now else "tomorrow"
    elif days < 7:
        span = counted(days, "day")
    else:
        return date_format(at, "j F" if at.year == now.year else "j F Y")
    return f"{span} ago" if at < now else f"in {span}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 hour", "2 hours"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@register.filter
def initials(name: object) -> str:
    """One or two letters for a name: "Ada Okafor" is AO, "northwind" is N."""
    words = [word for word in str(name or "").split("@")[0].split() if word[0].isalnum()]
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper() or "?"


@register.filter
def tone(name: object) -> str:
    """The class of one of the avatar colours, always the same for the same name."""
    return f"tone-{crc32(str(name).encode()) % TONES + 1}"


@register.filter
def job_tone(state: str) -> str:
    """The colour of a job's badge by its state."""
    tones = {"running": "", "succeeded": "good", "failed": "bad", "dead": "bad"}
    return tones.get(state, "muted")


@register.filter
def deployment_tone(outcome: str) -> str:
    """The colour of a deployment's badge by how it ended."""
    return {"running": "", "live": "good", "failed": "bad"}.get(outcome, "warn")


@register.filter
def lasting(span: timedelta) -> str:
    """How long something took, as people say it: "48 s", "3 min 20 s"."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    words = f"{seconds}\N{NO-BREAK SPACE}s"
    return f"{minutes}\N{NO-BREAK SPACE}min {words}" if minutes else words


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(
    context: Context, route: str, label: str, icon_name: str, rooms: str = ""
) -> dict[str, Any]:
    """One line of the sidebar, marked as current on every route of its `rooms`.

    A route's room is its name up to the first underscore. A route that does not exist leaves the
    line out, so that a fork which removes a room has no dead link.
    """
    request = context["request"]
    tenant = getattr(request, "tenant", None)
    match = getattr(request, "resolver_match", None)
    here = (match.url_name if match else None) or ""
    try:
        url = reverse(route, args=[tenant.slug] if tenant else [])
    except NoReverseMatch:
        url = ""
    current = here == route or here.split("_")[0] in rooms.split()
    return {"url": url, "label": label, "icon_name": icon_name, "current": current}
