"""The launch plan's file: what is read, and that all that is wrong is told at once, by line."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from apps.launch.plan import MailDomain, Plan, Site, Subdomain
from apps.launch.plan_file import BadPlan, parse, read
from apps.launch.plan_lines import lines

START = 'site.canonical = "portal.example.com"\n\n\n'
HEAD = '[site]\ncanonical = "portal.example.com"\n'


def problems(text: str) -> list[str]:
    """What is said of a plan's text."""
    with pytest.raises(BadPlan) as refused:
        parse(text)
    return refused.value.problems


def test_the_shortest_plan_names_the_site_alone() -> None:
    assert parse(HEAD) == Plan(site=Site(canonical="portal.example.com"))


def test_tables_may_be_written_in_any_of_the_ways_of_toml() -> None:
    spread = parse(
        HEAD + '[[subdomains]]\nname = "a.example.com"\npurpose = "x"\n'
        '[mail]\n[[mail.domains]]\nname = "example.com"\nselectors = ["pm"]\n'
    )
    short = parse(
        'site.canonical = "portal.example.com"\n'
        'subdomains = [{ name = "a.example.com", purpose = "x" }]\n'
        'mail.domains = [\n  { name = "example.com", selectors = ["pm"] },\n]\n'
    )
    assert spread == short
    assert short.subdomains == (Subdomain(name="a.example.com", purpose="x"),)
    assert short.mail.domains == (MailDomain(name="example.com", selectors=("pm",)),)


def test_a_day_and_a_moment_are_both_read_as_a_moment() -> None:
    plan = parse(
        HEAD + "[evidence.backup]\nat = 2026-11-28\nby = 'Sam'\n"
        "[evidence.restore_drill]\nat = 2026-11-28T09:00:00Z\nby = 'Sam'\n"
        "[evidence.rollback_drill]\nat = 2026-11-28T09:00:00\nby = 'Sam'\n"
    )
    nine = datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert plan.evidence.backup
    assert plan.evidence.restore_drill
    assert plan.evidence.rollback_drill
    assert plan.evidence.backup.at == datetime(2026, 11, 28, tzinfo=UTC)
    assert plan.evidence.restore_drill.at == plan.evidence.rollback_drill.at == nine


def test_names_are_read_in_small_letters_without_a_last_dot() -> None:
    assert parse('site.canonical = "Portal.Example.COM."').site.canonical == "portal.example.com"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "launch.toml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert read(file).site.canonical == "portal.example.com"


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_lines() -> None:
    told = problems(
        "[site]\n"
        'canonical = "https://portal.example.com"\n'
        "cut_over = 'yes'\n"
        "\n"
        "[hosting]\n"
        'platfrom = "render"\n'
        "[[alerts]]\n"
        'name = "x"\n'
    )
    assert told == [
        "launch.toml:2: site.canonical must be a full host name, such as portal.example.com",
        "launch.toml:3: site.cut_over must be true or false",
        "launch.toml:6: hosting.platfrom is not a key here; did you mean platform?",
        'launch.toml:7: alerts[1] misses kind: kind = "phone"',
        'launch.toml:7: alerts[1] misses target: target = "Ada, +44 20 7946 0000"',
    ]


WITHOUT_SITE = [
    ("", "launch.toml:1: the plan misses site: [site]"),
    ("[site]", 'launch.toml:1: site misses canonical: canonical = "portal.example.com"'),
    ("site = 3", "launch.toml:1: site must be a table"),
    ("[[site]]", "launch.toml:1: site must be a table"),
]
WITH_SITE = [
    ('"\\u001b[2J\\n" = 1', r"\x1b[2J is not a key here"),
    ("[zebra]", "there are site, subdomains, redirects"),
    ("[subdomains]", "launch.toml:4: subdomains must be a list"),
    ("subdomains = [3]", "launch.toml:4: subdomains[1] must be a table"),
    ("[mail]\nbulk = 1", "launch.toml:5: mail.bulk must be true or false"),
    ("[mail]\nprovider = 1", "launch.toml:5: mail.provider must be text in quotes"),
    ("[budgets]\nhtml_ms = '9'", "launch.toml:5: budgets.html_ms must be a whole number"),
    ("[budgets]\nhtml_ms = true", "launch.toml:5: budgets.html_ms must be a whole number"),
    ("[budgets]\nhtml_ms = 0", "launch.toml:5: budgets.html_ms must be more than 0"),
    ("[registrar]\nrenews = 'May'", "registrar.renews must be a date, such as 2026-11-28"),
    ("[registrar]\nurl = 'http://a.example'", "registrar.url must start with https://"),
    ("[hosting]\nplatform = 'moon'", "hosting.platform must be one of heroku, render, host"),
    ("[budgets.journeys]\nlist = 3", "launch.toml:5: budgets.journeys.list must be a table"),
    ("[budgets.journeys.list]\np95 = 3", "launch.toml:5: budgets.journeys.list.p95 is not a key"),
    ("[budgets.journeys.'a \"b']\np95 = 3", 'launch.toml:5: budgets.journeys.a "b.p95 is not'),
    ("[fingerprints.staging]\nX = 3", "launch.toml:5: fingerprints.staging.X must be text"),
    (
        "[mail]\ndomains = [\n {name='a.example'},\n {name='b'},\n]",
        "launch.toml:7: mail.domains[2]",
    ),
    ("mail.domains = [{name='a.example', selectors=[1]}]", "4: mail.domains[1].selectors[1] must"),
    (
        "[[mail.domains]]\nname='a.example'\n[[mail.domains]]\nname='a.example'",
        'launch.toml:7: mail.domains[2].name is "a.example", as mail.domains[1].name is already',
    ),
    (
        "subdomains = [{name='portal.example.com', purpose='x'}]",
        'subdomains[1].name is "portal.example.com", as site.canonical is already',
    ),
    (
        "[[redirects]]\nsource='https://a.b/'\ntarget='https://c.d/'\n"
        "[[redirects]]\n# again\nsource='https://a.b/'\ntarget='https://e.f/'",
        'launch.toml:9: redirects[2].source is "https://a.b/", as redirects[1].source is already',
    ),
    (
        "[[alerts]]\nname='on call'\nkind='phone'\ntarget='1'\n[[monitors]]\nname='up'\n"
        "url='https://portal.example.com/'\nseconds=60\nalerts=[\n  'on call',\n  'on-call',\n]",
        'launch.toml:14: monitors[1].alerts[2] names no alert channel: "on-call"; '
        "did you mean on call?",
    ),
]
WRONG = [*WITHOUT_SITE, *((f"{START}{text}", told) for text, told in WITH_SITE)]


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(text)), problems(text)


UNREADABLE = [
    ("[site\n", "launch.toml:1: "),
    (HEAD + "aliases = [\n", "launch.toml:3: "),
    (HEAD + HEAD, "launch.toml:3: "),
    ("a = " + "[" * 5000, "nested too deeply"),
    ("a = " + "9" * 5000, "launch.toml:1: "),
    ("a = 2026-13-45", "launch.toml:1: "),
]


@pytest.mark.parametrize(("text", "told"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_text_that_is_no_toml_is_refused_with_the_line(text: str, told: str) -> None:
    (problem,) = problems(text)
    assert told in problem
    assert "\n" not in problem


def test_a_file_that_is_not_text_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "launch.toml"
    file.write_bytes(HEAD.encode() + b"\xff")
    with pytest.raises(BadPlan, match=r"launch\.toml:3: is not UTF-8 text"):
        read(file)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="cannot be read"):
        read(tmp_path)


def test_no_file_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "launch.toml")


TRICKY = '''\
# [a] is no table here, nor is b = 1
"a b".'c.d' = """
x = 1
""" # y = 2
[ t . "u\\u0041" ] # v
k = { l = 1, m.n = [ # [z]
  '1', [2, 3],
  { o = "}" } ] }
[[s]]
d = 1979-05-27 07:32:00Z
[s.w]
f = -1.5e+3
[[s]]
q = \'\'\'it\'s
\'\'\'
[[s.r]]
x = 1
'''


def test_the_line_of_every_key_is_found_whatever_stands_around_it() -> None:
    assert lines(TRICKY) == {
        ("a b",): 2,
        ("a b", "c.d"): 2,
        ("t", "uA"): 5,
        ("t", "uA", "k"): 6,
        ("t", "uA", "k", "l"): 6,
        ("t", "uA", "k", "m"): 6,
        ("t", "uA", "k", "m", "n"): 6,
        ("t", "uA", "k", "m", "n", 0): 7,
        ("t", "uA", "k", "m", "n", 1): 7,
        ("t", "uA", "k", "m", "n", 1, 0): 7,
        ("t", "uA", "k", "m", "n", 1, 1): 7,
        ("t", "uA", "k", "m", "n", 2): 8,
        ("t", "uA", "k", "m", "n", 2, "o"): 8,
        ("s",): 9,
        ("s", 0): 9,
        ("s", 0, "d"): 10,
        ("s", 0, "w"): 11,
        ("s", 0, "w", "f"): 12,
        ("s", 1): 13,
        ("s", 1, "q"): 14,
        ("s", 1, "r"): 16,
        ("s", 1, "r", 0): 16,
        ("s", 1, "r", 0, "x"): 17,
    }


def test_a_date_of_renewal_is_a_day() -> None:
    plan = parse(HEAD + "[registrar]\nrenews = 2027-08-01\n")
    assert plan.registrar.renews == date(2027, 8, 1)
