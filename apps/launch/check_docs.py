"""The table of checks in docs/checks/README.md, made from their declarations."""

from apps.launch.markdown import table
from apps.launch.registry import INDEX, known_checks
from config.env import BASE_DIR

START = "<!-- Made by `manage.py env_docs --write` from the checks themselves. -->"
END = "<!-- Here the made part ends. -->"


def checks_page() -> str:
    """The page, its table made anew between two comments; the rest is written by hand."""
    page = (BASE_DIR / INDEX).read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    rows = [
        (f"[{one.id}]({one.id}.md)", one.tier.value, one.title)
        for one in known_checks()
        if one.is_ours
    ]
    made = "\n".join(table(("Check", "Blocks", "True when it passes"), rows))
    return f"{before}{START}\n\n{made}\n\n{END}{after}"
