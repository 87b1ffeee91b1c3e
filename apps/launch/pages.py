"""Reads links and forms out of a page, as a browser without JavaScript sees them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

NOT_SENT = {"submit", "button", "reset", "image", "file"}
CHOSEN = {"checkbox", "radio"}


@dataclass(kw_only=True)
class Form:
    """A form that is sent by POST: where to, and what its fields hold; `files` are to be chosen."""

    action: str  # absolute
    fields: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """What can be followed and sent on the page at `url`; all addresses are absolute."""

    def __init__(self, url: str, body: str) -> None:
        super().__init__()
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._area = ""
        self.feed(body)
        self.close()

    def link(self, ending: str) -> str:
        """The first link whose path ends so, or ""."""
        return next((link for link in self.links if urlsplit(link).path.endswith(ending)), "")

    def form(self, ending: str, names: set[str]) -> Form | None:
        """The first form whose path ends so and that has these fields, if there is one."""
        return next(
            (
                form
                for form in self.forms
                if urlsplit(form.action).path.endswith(ending)
                and names <= {*form.fields, *form.files}
            ),
            None,
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(urljoin(self.url, said["href"]))
        elif tag == "form":
            self._open(said)
        elif self._form and "disabled" not in said:
            self._fill(self._form, tag, said)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._form and self._area:
            self._form.fields[self._area] += data

    def _open(self, said: dict[str, str]) -> None:
        self._form = None
        if said.get("method", "").lower() == "post":
            self._form = Form(action=urljoin(self.url, said.get("action") or self.url))
            self.forms.append(self._form)

    def _fill(self, form: Form, tag: str, said: dict[str, str]) -> None:
        name, kind = said.get("name", ""), said.get("type", "").lower()
        if tag == "option" and self._select:
            # The first one is what a browser sends if none is selected.
            if "selected" in said or self._select not in form.fields:
                form.fields[self._select] = said.get("value", "")
        elif not name:
            return
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "input" and kind == "file":
            form.files.add(name)
        elif tag == "input" and kind not in NOT_SENT:
            if kind not in CHOSEN:
                form.fields[name] = said.get("value", "")
            elif "checked" in said:
                form.fields[name] = said.get("value", "on")
