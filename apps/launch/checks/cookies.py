"""LC-HEAD, cookies and origins: who may read and send what a browser keeps for the product."""

from apps.launch.checks.seen import answers, faults
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Unasked, known
from apps.launch.facts.web import APP, LANDING, LOGIN, MISSING, Answer, Cookie
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

SEEN_ON = (LOGIN, LANDING, APP, MISSING)


def own_cookies(facts: Facts, answer: Answer) -> list[Cookie]:
    """The session's and the CSRF cookies among those that an answer sets, whatever their names.

    An edge sets cookies of its own, which say nothing of who is signed in.
    """
    named = {facts.settings["SESSION_COOKIE_NAME"], facts.settings["CSRF_COOKIE_NAME"]}
    return [
        cookie
        for cookie in answer.cookies
        if cookie.name in named or any(word in cookie.name.lower() for word in ("sess", "csrf"))
    ]


def weakness(cookie: Cookie) -> str:
    """What a cookie lacks."""
    weak = []
    if not cookie.secure:
        weak.append("no Secure")
    if not cookie.http_only:
        weak.append("no HttpOnly")
    if cookie.same_site not in {"Lax", "Strict"}:
        weak.append(f"SameSite={cookie.same_site}" if cookie.same_site else "no SameSite")
    if cookie.domain:
        weak.append(f"Domain={cookie.domain}")
    return f"{cookie.name} has {listed(weak)}" if weak else ""


def seen(facts: Facts) -> list[Cookie]:
    """The cookies that were set. Raises Unasked if there was none to judge."""
    faults(answers(facts, LOGIN), lambda answer: "")
    cookies = [
        cookie
        for _, answer in answers(facts, *SEEN_ON)
        if isinstance(answer, Answer)
        for cookie in own_cookies(facts, answer)
    ]
    if not cookies:
        raise Unasked("the sign-in page set no cookie")
    return cookies


@check(
    "LC-HEAD-012",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Session and CSRF cookies arrive with all their guards",
)
def guarded(facts: Facts) -> Outcome:
    cookies = seen(facts)
    weak = list(dict.fromkeys(filter(None, map(weakness, cookies))))
    if not weak:
        return Passed(listed(sorted({cookie.name for cookie in cookies})))
    return Failed(
        title="A cookie arrives without its guards",
        evidence=listed(weak, 2),
        why="Whoever gets the cookie is signed in as its owner.",
        fix="leave cookies as production.py sets them, at the edge too",
    )


@check(
    "LC-HEAD-013",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Cookies are bound to the host by their names",
)
def bound(facts: Facts) -> Outcome:
    loose = sorted({each.name for each in seen(facts) if not each.name.startswith("__Host-")})
    if not loose:
        return Passed("all carry __Host-")
    return Failed(
        title="A neighbouring subdomain can plant cookies, as seen on the wire",
        evidence=f"without __Host-: {listed(loose)}",
        why="A hole in a blog on your domain becomes one in the portal.",
        fix="name them __Host-…, as in production.py",
    )


@check(
    "LC-HEAD-014",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No foreign origin may read answers",
)
def origins(facts: Facts) -> Outcome:
    asked = known(facts.web).origins
    found = faults(
        ((f"{path} for {origin}", answer) for (path, origin), answer in asked.items()), allowance
    )
    if not found:
        return Passed(f"{len(asked)} tried")
    with_cookies = [each for each in found if each.endswith("with cookies")]
    return Failed(
        tier=Tier.NOW if with_cookies else Tier.TRAFFIC,
        title="Other sites may read what customers see"
        if with_cookies
        else "Other sites may read answers",
        evidence=listed(with_cookies or found, 2),
        why="A page that a customer visits elsewhere reads their data here.",
        fix="TRUSTED_ORIGINS=https://an.exact.host",
    )


def allowance(answer: Answer) -> str:
    """What a foreign origin was allowed; a public file for all, without cookies, is none."""
    allowed = answer.header("access-control-allow-origin")
    credentials = answer.header("access-control-allow-credentials").lower() == "true"
    if not allowed or allowed == f"https://{host_of(answer)}":
        return ""
    return f"allows {allowed} {'with cookies' if credentials else 'without cookies'}"


def host_of(answer: Answer) -> str:
    return answer.url.split("/")[2]
