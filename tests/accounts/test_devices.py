"""A browser's own words about itself, in words for people."""

import pytest

from apps.accounts.devices import describe


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("(Windows NT 10.0; Win64) Chrome/139.0.0.0 Safari/537.36", "Chrome on Windows"),
        ("(Windows NT 10.0) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0", "Edge on Windows"),
        ("(X11; Linux x86_64) Chrome/139.0.0.0 Safari/537.36 OPR/120.0.0.0", "Opera on Linux"),
        ("(Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("(iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("(iPad; CPU OS 18_5 like Mac OS X) FxiOS/140.0 Safari/605.1.15", "Firefox on iPad"),
        ("(iPhone; CPU iPhone OS 18_5) CriOS/139.0 Safari/604.1", "Chrome on iPhone"),
        (
            "(Linux; Android 15) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("(X11; CrOS x86_64 14541.0.0) Chrome/139.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        ("(X11; Linux x86_64) HeadlessChrome/139.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "A Python program"),
        ("SomethingNew/1.0 (Windows NT 12)", "A browser on Windows"),
        ("", "An unknown browser"),
        ("<script>alert(1)</script>", "An unknown browser"),
        ("x" * 500 + " Firefox/140.0 Linux", "An unknown browser"),
    ],
)
def test_a_browser_is_named_in_plain_words(user_agent: str, words: str) -> None:
    assert describe(user_agent) == words
