"""The suite's own Observatory gives the points that the published scoring does."""

import pytest

from tests.world.observatory import FOREIGN, Answer, Visit, judge, score

HARDENED = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Set-Cookie": "sessionid=1; Secure; HttpOnly; SameSite=Lax",
}
STRICT = {"Content-Security-Policy": "default-src 'self'; object-src 'none'"}
BEST = {
    "Content-Security-Policy": "default-src 'none'; script-src 'nonce-abc'; style-src 'self'",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CHECKED = '<script src="/a.js" integrity="sha384-x" nonce="abc"></script>'


def seen(*parts: dict[str, str], body: str = "", host: str = "app.example") -> Visit:
    """A visit to a page with these headers; "" takes one out."""
    headers = {name: value for part in parts for name, value in part.items()}
    page = Answer(200, [(name, value) for name, value in headers.items() if value], body)
    return Visit(host, page)


def points(visit: Visit) -> int:
    return score(judge(visit))


def test_it_gives_what_the_published_one_gave() -> None:
    assert points(seen(HARDENED)) == 75
    assert points(seen(HARDENED, STRICT)) == 130
    assert points(seen(HARDENED, STRICT, {"Strict-Transport-Security": "max-age=3600"})) == 120
    loose = {"Set-Cookie": "sessionid=1; HttpOnly; SameSite=Lax"}
    assert points(seen(HARDENED, STRICT, loose)) == 115


def test_the_most_is_165_and_takes_a_host_that_browsers_know() -> None:
    assert points(seen(HARDENED, BEST, body=CHECKED)) == 160
    assert points(seen(HARDENED, BEST, body=CHECKED, host="app.example.dev")) == 165


def test_nothing_at_all_fails() -> None:
    results = judge(seen())
    assert score(results) == 100 - 25 - 20 - 5 - 20
    assert {one.test for one in results if not one.passed} == {
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
    }


@pytest.mark.parametrize(
    ("policy", "gained", "passed"),
    [
        ("default-src 'none'", 10, True),
        ("default-src 'none'; script-src 'nonce-a' 'unsafe-inline'", 10, True),
        ("default-src 'none'; script-src 'nonce-a' 'strict-dynamic' https:", 10, True),
        ("default-src 'self'", 5, True),
        ("default-src 'none'; style-src 'unsafe-inline'", 0, True),
        ("default-src 'none'; img-src http:", -10, True),
        ("default-src 'self'; script-src 'self' 'unsafe-eval'", -10, False),
        ("default-src 'none'; script-src 'unsafe-inline'", -20, False),
        ("default-src 'none'; script-src data:", -20, False),
        ("script-src 'self'", -20, False),
        ("default-src 'none'; connect-src http://a.example", -20, False),
        ("default-src 'none'; script-src 'strict-dynamic'", -25, False),
        ("", -25, False),
    ],
)
def test_a_policy_is_worth_what_it_keeps_out(policy: str, gained: int, passed: bool) -> None:
    result = judge(seen(HARDENED, {"Content-Security-Policy": policy}))[0]
    assert (result.points, result.passed) == (gained, passed)


@pytest.mark.parametrize(
    ("cookie", "gained"),
    [
        ("__Host-csrf=1; Secure; SameSite=Lax", 5),
        ("theme=dark; Secure", 0),
        ("theme=dark; SameSite=Lax", -5),
        ("session=1; HttpOnly; SameSite=Lax", -10),
        ("csrftoken=1; Secure", -20),
        ("theme=dark; SameSite=None", -20),
        ("session=1; Secure; SameSite=Lax", -30),
    ],
)
def test_a_cookie_is_worth_as_much_as_its_flags(cookie: str, gained: int) -> None:
    result = judge(seen(HARDENED, {"Set-Cookie": cookie}))[1]
    assert (result.points, result.passed) == (gained, gained >= 0)


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (None, 0),
        (Answer(301, [("Location", "https://app.example/")]), 0),
        (Answer(301, [("Location", "https://www.app.example/")]), -5),
        (Answer(301, [("Location", "http://app.example/home")]), -10),
        (Answer(200, []), -20),
    ],
)
def test_plain_http_has_to_lead_to_https(answer: Answer | None, lost: int) -> None:
    visit = Visit("app.example", Answer(200, []), plain=answer)
    assert judge(visit)[3].points == lost


def test_an_origin_that_is_reflected_with_cookies_costs_most() -> None:
    open_to_all = [
        ("Access-Control-Allow-Origin", FOREIGN),
        ("Access-Control-Allow-Credentials", "true"),
    ]
    visit = Visit("app.example", Answer(200, []), preflight=Answer(200, open_to_all))
    assert judge(visit)[2].points == -50


@pytest.mark.parametrize(
    ("script", "gained"),
    [
        ("", 0),
        ('<script src="/a.js"></script>', 0),
        ('<script src="/a.js" integrity="sha384-x"></script>', 5),
        ('<script src="https://cdn.example/a.js"></script>', -5),
        ('<script src="http://cdn.example/a.js" integrity="sha384-x"></script>', -20),
        ('<script src="http://cdn.example/a.js"></script>', -50),
    ],
)
def test_a_script_is_worth_its_hash(script: str, gained: int) -> None:
    assert judge(seen(HARDENED, body=script))[6].points == gained
