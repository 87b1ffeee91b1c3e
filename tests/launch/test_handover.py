"""The handover pack: nothing in it is invented, secret, left out in silence, or markup."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from markdown_it import MarkdownIt

from apps.core.surface import routes
from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.facts.baseline import Baseline
from apps.launch.gathering import gather
from apps.launch.gathering.handover import handover
from apps.launch.gathering.health import procfile
from apps.launch.handover.as_html import as_html
from apps.launch.handover.as_markdown import INDEX, pages
from apps.launch.handover.folder import put
from apps.launch.handover.pack import pack
from apps.launch.handover.parts import Pack
from apps.launch.handover.seal import fingerprint
from apps.launch.management.commands import handover as command
from apps.launch.management.commands.handover import PAGE
from apps.launch.plan import (
    AcceptedRisk,
    Alert,
    Evidence,
    Hosting,
    Mail,
    MailDomain,
    Monitor,
    Owners,
    Plan,
    Provider,
    Redirect,
    Site,
    Subdomain,
)
from apps.launch.registry import chosen_checks, known_checks, run
from config.env import Env
from deploy.cli import parser
from tests.config.processes import ROOT
from tests.launch.fabricated import SETTINGS, SOUND, with_facts, with_plan
from tests.launch.sound.baseline import BEFORE, CURRENT
from tests.launch.sound.plan import NOW, PLAN
from tests.policy.test_docs import make_targets

PLATFORMS = ("heroku", "render", "host")
DEPLOY = re.compile(r"deploy/release|deploy/(deploy|rollback|status|smoke|backup|restore)( .*)?")
# Commands of others; each is in the reference of its program.
THEIRS = (
    "heroku config:set NAME=VALUE",
    "heroku domains",
    "heroku login",
    "heroku logs --tail",
    "heroku maintenance:off",
    "heroku maintenance:on",
    "heroku pg:backups",
    "heroku ps",
    "heroku ps:restart",
    "heroku ps:scale web=0 worker=0 beat=0",
    "heroku ps:scale web=1 worker=1 beat=1",
    "heroku releases",
    "heroku releases:rollback v42",
    "render deploys create --commit COMMIT",
    "render deploys list",
    "render login",
    "render logs",
    "render restart",
    "render ssh",
    "git push",
    "git fetch",
    "git checkout COMMIT",
    "git revert COMMIT",
    "pip install --require-hashes -r requirements.txt",
)
ASKED = re.compile(
    r"curl (--fail |--header 'Authorization: Bearer OPERATOR_TOKEN' )?https://[\w.-]+/(healthz|readyz|accounts/login/)"
    r"|dig \+(short|trace) (TXT )?[\w.-]+( @1\.1\.1\.1)?"
)
LIST = CURRENT.journeys["list"]
HOSTILE = "<script>alert(1)</script> | `rm` [x](javascript:x) *b* <!-- & \"'\n\n# Title\n```\n"


def made(facts: Facts = SOUND) -> Pack:
    report = run(facts, known_checks())
    return pack(facts, report, routes=list(routes()), processes=procfile())


def on(platform: str) -> Pack:
    hosting = replace(PLAN.hosting, platform=platform)
    return made(with_plan(hosting=hosting))


def everything(one: Pack) -> str:
    return "\n".join([*pages(one).values(), as_html(one)])


def typed(one: Pack) -> Iterator[str]:
    """Every line of the blocks of commands, without what leads into the platform."""
    for text in pages(one).values():
        for token in MarkdownIt().parse(text):
            if token.type == "fence":
                for line in token.content.splitlines():
                    yield line.removeprefix("heroku run -- ")


def is_ours(line: str) -> bool:
    """Whether a line is a command of manage.py that its own parser takes."""
    if not line.startswith("python manage.py "):
        return False
    name, *given = shlex.split(line)[2:]
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    options = command.create_parser("manage.py", name).parse_args(given)
    if name == "launch_check":
        chosen_checks(options.only)
    return True


def is_deploys(line: str) -> bool:
    """Whether a line is a verb of deploy/ that can be run, with arguments that it takes."""
    if not DEPLOY.fullmatch(line):
        return False
    path, *given = shlex.split(line)
    if path != "deploy/release":  # it is what the platforms run, and takes nothing
        parser().parse_args([path.removeprefix("deploy/"), *given])
    return os.access(ROOT / path, os.X_OK)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_command_that_is_to_be_typed_exists(platform: str) -> None:
    lines = list(typed(on(platform)))
    assert len(lines) > 40
    for line in lines:
        target = line.removeprefix("make ")
        assert (
            line in THEIRS
            or is_ours(line)
            or is_deploys(line)
            or (target != line and target in make_targets())
            or ASKED.fullmatch(line)
        ), line


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_command_that_is_mentioned_in_a_sentence_exists(platform: str) -> None:
    text = re.sub(r"```sh.*?```", "", "\n".join(pages(on(platform)).values()), flags=re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", text)
    commands = [
        one
        for one in spans
        if one.startswith(("python manage", "make ", "heroku ", "render ", "deploy/"))
    ]
    assert len(commands) > 3
    for line in commands:
        assert (
            line in THEIRS
            or is_ours(line)
            or is_deploys(line)
            or line.removeprefix("make ") in make_targets()
        )
    assert set(re.findall(r"manage\.py (\w+)", text)) <= get_commands().keys()


def test_the_processes_are_those_of_the_procfile() -> None:
    assert list(procfile()) == ["release", "web", "worker", "beat"]
    text = pages(made())["README.md"]
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, command = line.partition(": ")
        assert f"| `{name}` | `{command}` |" in text


def test_every_variable_is_listed_and_no_secret_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {one.name: f"canary-{number}" for number, one in enumerate(fields(Env))}
    settings = {
        name: f"canary-in-{name}" if isinstance(value, str) and name not in SHOWN else value
        for name, value in SETTINGS.items()
    }
    project = replace(known(SOUND.project), given=secret)
    text = everything(made(with_facts(project=project, settings=settings)))
    assert not re.search(r"canary-", text)
    for one in fields(Env):
        assert f"`{one.name}`" in text
        assert f"<code>{one.name}</code>" in text
        if one.metadata["secret"]:
            assert one.metadata["example"] not in text


SHOWN = {"ENVIRONMENT", "PLATFORM", "RELEASE", "SITE_HOST", "SITE_URL", "DEFAULT_FROM_EMAIL"}


@pytest.mark.parametrize(
    "facts", [with_facts(plan=Skipped("no plan")), with_plan(**vars(Plan(site=Site(canonical=""))))]
)
def test_what_the_plan_leaves_out_is_named(facts: Facts) -> None:
    one = made(facts)
    keys = [
        "[site] canonical",
        "[site] aliases",
        "[[subdomains]]",
        "[[redirects]]",
        *(f"[{each}] name" for each in ("registrar", "dns", "hosting")),
        *(f"[{each}] account" for each in ("registrar", "dns", "hosting", "mail")),
        *(f"[{each}] url" for each in ("registrar", "dns", "hosting")),
        "[registrar] renews",
        "[mail] provider",
        "[[mail.domains]] name",
        "[[monitors]]",
        "[[alerts]]",
        *(f"[owners] {each}" for each in ("product", "technical", "on_call", "security")),
        *(f"[evidence] {each}" for each in ("off_platform", "restore_drill", "rollback_drill")),
        "[evidence] previous_release",
    ]
    markdown, page = "\n".join(pages(one).values()), as_html(one)
    for key in keys:
        assert f"not said in launch.toml: {key}" in markdown
        assert f"not said in launch.toml: {key}" in page


def test_a_plan_that_says_all_leaves_no_gap_but_what_is_named_a_blank() -> None:
    left = set(re.findall(r"not said in launch\.toml: ([^`<]+)", everything(made())))
    assert left == {
        "[[redirects]]",
        "[dns] url",
        "[dns] renews",
        "[hosting] url",
        "[hosting] renews",
        "[registrar] url",
        "[[monitors]] link",
    }


def test_each_mail_record_has_its_row() -> None:
    text = pages(made())["README.md"]
    for record in (
        r"| pm.\_domainkey.mail.harbourside.co | TXT or CNAME (DKIM) |",
        r"| \_dmarc.mail.harbourside.co | TXT (DMARC) |",
        "| bounces.harbourside.co | TXT (SPF) |",
        "| bounces.harbourside.co | MX |",
        "| portal.harbourside.co | CAA |",
    ):
        assert record in text


def test_every_route_is_listed() -> None:
    text = as_html(made())
    shown = text.partition('id="endpoints"')[2].partition("</section>")[0]
    assert shown.count("<tr><td") == len(list(routes()))
    assert "/healthz" in shown
    assert "Nobody has said to whom" not in shown


def test_what_fails_stands_among_the_risks_with_its_next_step() -> None:
    text = pages(made(with_plan(owners=replace(PLAN.owners, on_call=""))))["README.md"]
    (row,) = (line for line in text.splitlines() if line.startswith("| LC-HAND-001 "))
    assert "It is not written down who answers for what" in row
    assert "in launch.toml" in row
    assert "No check that was run has failed." in pages(made())["README.md"]


@pytest.mark.parametrize("unmeasured", [Baseline(), Unasked("it cannot be read")])
def test_a_baseline_that_nobody_measured_is_said_with_the_command(
    unmeasured: Baseline | Unasked,
) -> None:
    text = pages(made(with_facts(baseline=unmeasured)))["README.md"]
    assert "**`not measured yet`**: `python manage.py launch_baseline --live URL" in text


def test_a_baseline_is_shown_beside_the_former_release() -> None:
    page = replace(LIST, p95_ms=184.4, queries=12, kilobytes=17.8)
    now = replace(CURRENT, measured_at=NOW, journeys={"dashboard": page})
    before = replace(BEFORE, journeys={"dashboard": replace(page, p95_ms=171.0)})
    text = pages(made(with_facts(baseline=Baseline(current=now, previous=before))))["README.md"]
    assert "On 2026-11-28, release 4f2c91a, 8 people at the same moment." in text
    assert "| dashboard | 184 ms | 171 ms | 12 | 18 kB | none |" in text


def test_a_journey_that_broke_is_shown_without_a_time() -> None:
    broken = replace(LIST, samples=0, errors=3, queries=None, kilobytes=17.8)
    first = Baseline(current=replace(CURRENT, journeys={"dashboard": broken}))
    text = pages(made(with_facts(baseline=first)))["README.md"]
    assert "| dashboard | not measured | not measured | not told | 18 kB | 3 |" in text


def filled(words: str) -> Plan:
    """A plan each of whose free texts is these words."""
    provider = Provider(name=words, account=words, url=f"https://x.example/{words}")
    return Plan(
        site=Site(canonical="portal.harbourside.co"),
        subdomains=(Subdomain(name="a.harbourside.co", purpose=words),),
        redirects=(Redirect(source=f"https://{words}", target=f"https://{words}"),),
        registrar=provider,
        dns=provider,
        hosting=Hosting(name=words, account=words, url=f"https://x.example/{words}"),
        mail=Mail(
            provider=words,
            account=words,
            domains=(MailDomain(name="mail.harbourside.co", selectors=(words,)),),
        ),
        monitors=(
            Monitor(
                name=words,
                url=f"https://{words}",
                seconds=60,
                body=words,
                watches=(words,),
                alerts=(words,),
                link=f"https://{words}",
            ),
        ),
        alerts=(Alert(name="on call", kind="phone", target=words),),
        owners=Owners(product=words, technical=words, on_call=words, security=words),
        accepted=(AcceptedRisk(id="LC-DNS-009", reason=words, owner=words, until=NOW.date()),),
    )


class Page(HTMLParser):
    """Whether every element ends, and which there are."""

    VOID = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        told = dict(attrs)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links += [told["href"] or ""] if "href" in told else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("facts", [SOUND, with_facts(plan=filled(HOSTILE))])
def test_the_page_is_sound_and_needs_nothing_else(facts: Facts) -> None:
    page = Page(as_html(made(facts)))
    assert page.open == []
    assert not {"script", "img", "link", "iframe"} & set(page.seen)
    assert len(page.ids) == len(set(page.ids)) == 17
    inner = [one.removeprefix("#") for one in page.links if one.startswith("#")]
    assert sorted(inner) == sorted(page.ids)
    assert all(one.startswith(("#", "https://")) for one in page.links)


def test_hostile_words_of_the_plan_are_words_in_markdown() -> None:
    plain = pages(made(with_facts(plan=filled("plain"))))
    attacked = pages(made(with_facts(plan=filled(HOSTILE))))
    parser = MarkdownIt("commonmark").enable("table")
    for name, text in attacked.items():
        rendered = parser.render(text)
        assert "<script" not in rendered
        assert 'javascript:x"' not in rendered
        assert not re.search(r"<(em|strong)>b<", rendered)
        headings = re.findall(r"<h\d>(.*?)</h\d>", rendered)
        assert headings == re.findall(r"<h\d>(.*?)</h\d>", parser.render(plain[name]))
        for table in re.findall(r"<table>.*?</table>", rendered, re.DOTALL):
            rows = [row.count("<t") for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
            assert len(set(rows)) == 1


def test_evidence_makes_no_pack_old() -> None:
    assert made().fingerprint == made(with_plan(evidence=Evidence(), fingerprints={})).fingerprint


def test_two_packs_of_the_same_are_equal_and_a_changed_plan_has_another_fingerprint() -> None:
    assert pages(made()) == pages(made())
    assert as_html(made()) == as_html(made())
    assert made().fingerprint != made(with_plan(owners=Owners())).fingerprint


def test_each_of_eight_pages_answers_the_same_five_questions() -> None:
    found = {name: text for name, text in pages(made()).items() if name != "README.md"}
    assert len(found) == 8
    for text in found.values():
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "How you notice",
            "Look first",
            "Mend",
            "Whom to call",
            "It is well again when",
        ]
        assert "Sam Reed" in text
        assert len(text.splitlines()) < 90


@pytest.fixture(scope="module")
def gathered() -> Facts:
    return gather()


@pytest.fixture
def gathered_once(gathered: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each run of the command the seconds in which it would be told the same."""
    monkeypatch.setattr(command, "gather", lambda request: gathered)


@pytest.mark.usefixtures("gathered_once")
@pytest.mark.parametrize(("form", "count"), [("markdown", 9), ("html", 1), ("both", 10)])
def test_the_command_writes_the_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, count: int
) -> None:
    folder = tmp_path / "deep" / "handover"
    call_command("handover", output=folder, format=form)
    assert len(list(folder.iterdir())) == count
    assert (folder / PAGE).exists() == (form != "markdown")
    assert f"wrote {count} files" in capsys.readouterr().out


@pytest.mark.usefixtures("gathered_once")
def test_what_people_changed_or_wrote_is_kept_until_they_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        call_command("handover", output=tmp_path, format="markdown")

    run()
    run()  # its own files, it replaces
    (tmp_path / "notes.md").write_text("ours")
    index, mail = tmp_path / INDEX, tmp_path / "if-mail-breaks.md"
    sound = index.read_text()
    index.write_text(sound.replace("Domain map", "Names"))
    mail.write_text("Ring Ada.\n")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(CommandError, match=r"README\.md, if-mail-breaks\.md") as error:
        run()
    assert error.value.returncode == 2
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    call_command("handover", output=tmp_path, format="markdown", replace=True)
    assert index.read_text() == sound
    assert (tmp_path / "notes.md").read_text() == "ours"


def test_a_run_that_fails_leaves_the_former_pack_whole(tmp_path: Path) -> None:
    put(tmp_path, {INDEX: "former\n", "a.md": "former\n"}, "0" * 12)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(FileNotFoundError):
        put(tmp_path, {INDEX: "new\n", "a.md": "new\n", "no folder/b.md": "new\n"}, "1" * 12)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_pack_tells_from_which_plan_it_was_made(tmp_path: Path) -> None:
    assert handover(PLAN, tmp_path).made_from is None
    put(tmp_path, {INDEX: "text\n"}, fingerprint(PLAN))
    found = handover(PLAN, tmp_path)
    assert found.made_from == found.current == fingerprint(PLAN)
    changed = replace(PLAN, owners=Owners())
    assert handover(changed, tmp_path).current != found.current
    (tmp_path / INDEX).write_text("Somebody's own.\n")
    assert handover(PLAN, tmp_path).made_from is None
    with pytest.raises(Skipped):
        handover(Skipped("no plan"), tmp_path)


def test_what_cannot_be_read_or_written_is_a_wrong_call(tmp_path: Path) -> None:
    bad = tmp_path / "launch.toml"
    bad.write_text("[site]\nnonsense = 1\n")
    (tmp_path / "file").write_text("")
    for options in (
        {"plan": bad, "output": tmp_path},
        {"plan": tmp_path / "none.toml", "output": tmp_path},
        {"output": tmp_path / "file"},
    ):
        with pytest.raises(CommandError) as error:
            call_command("handover", **options)
        assert error.value.returncode == 2
