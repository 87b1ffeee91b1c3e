"""A report in each of the forms that people and programs read; none of them decides anything."""

from collections.abc import Callable

from apps.launch.findings import Report
from apps.launch.formats.as_html import as_html
from apps.launch.formats.as_json import as_json
from apps.launch.formats.as_markdown import as_markdown
from apps.launch.formats.github import github
from apps.launch.formats.sarif import sarif

# Beside text, which is for a terminal. Each takes the report and where the pages in docs/ are read.
FORMATS: dict[str, Callable[[Report, str], str]] = {
    "json": as_json,
    "sarif": sarif,
    "github": github,
    "markdown": as_markdown,
    "html": as_html,
}
