"""What a server answered is shown, and steers nothing."""

import pytest

from apps.launch.harmless import harmless

SAID = [
    ("plain words, ünïcode and 漢字", "plain words, ünïcode and 漢字"),
    ("two\nlines\r\n and\ttabs\u2028", "two lines and tabs"),
    ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    ("\x9b31m\x00\x7f", r"\x9b31m\x00\x7f"),
    ("a\u202eb\u2066c\u200bd\ufeff", r"a\u202eb\u2066c\u200bd\ufeff"),
    ("\udc80", r"\udc80"),
    ("x" * 2000, "x" * 600 + "…"),
]


@pytest.mark.parametrize(("given", "shown"), SAID, ids=range(len(SAID)))
def test_text_from_elsewhere_is_shown_on_one_line_and_steers_nothing(
    given: str, shown: str
) -> None:
    assert harmless(given) == shown
