"""A pytest plug-in that leaves out what is asked of every route, kind or page but the guide's own.

What is asked of the others, the suite has asked, on the same code. Used by
test_adding_a_resource.py, in the fork that it makes.
"""

import pytest

NAME = "project"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests without parameters, and of the others those with the name in them."""
    kept = [item for item in items if is_kept(item)]
    config.hook.pytest_deselected(items=[item for item in items if not is_kept(item)])
    items[:] = kept


def is_kept(item: pytest.Item) -> bool:
    return not hasattr(item, "callspec") or NAME in item.name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests had the name in their parameters."""
    passed = terminalreporter.stats.get("passed", [])
    number = sum("[" in report.nodeid and NAME in report.nodeid for report in passed)
    terminalreporter.write_line(f"{len(passed)} passed, {number} of them for projects")
