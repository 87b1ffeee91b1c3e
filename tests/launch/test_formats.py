"""Each form of a report, read by what reads such things, with words that try to break out of it."""

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.launch.findings import Report, Status, Tier
from apps.launch.formats import FORMATS
from apps.launch.formats.as_json import list_as_json
from apps.launch.formats.text import SCREEN, Look, summary, text
from apps.launch.registry import known_checks
from tests.config.processes import ROOT
from tests.launch.reports import LONG, REPORTS, crowded, everything, nothing, offline

SCHEMA = json.loads((ROOT / "docs/launch-check.schema.json").read_text())
DOCS = "https://code.example/blob/main"
EVERY = pytest.mark.parametrize("report", [make() for make in REPORTS.values()], ids=REPORTS)


def test_the_schema_is_a_sound_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@EVERY
@pytest.mark.parametrize("docs", ["", DOCS])
def test_every_json_report_keeps_to_the_schema(report: Report, docs: str) -> None:
    document = json.loads(FORMATS["json"](report, docs))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert len(document["findings"]) == len(report.findings)
    assert sum(document["counts"].values()) == len(report.findings)


def test_the_json_list_of_checks_keeps_to_the_schema() -> None:
    document = json.loads(list_as_json(known_checks()))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert len(document["checks"]) == len(known_checks())


@pytest.mark.parametrize("field", ["verdict", "counts", "findings", "exit_code", "live"])
def test_the_schema_refuses_a_report_that_lacks_something(field: str) -> None:
    document = json.loads(FORMATS["json"](everything(), ""))
    del document[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@EVERY
@pytest.mark.parametrize("verbose", [False, True])
def test_text_fits_80_columns_and_steers_no_terminal(report: Report, verbose: bool) -> None:
    said = text(report, Look(verbose=verbose))
    lines = said.split("\n")
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith(report.verdict)


def test_the_first_line_of_a_go_says_what_was_left_out() -> None:
    first = text(offline(), Look()).split("\n")[0]
    assert first.startswith("GO, but 1 skipped (need --live URL)   0 block now")
    assert summary(offline()).startswith("GO, but 1 skipped (need --live URL): 0 block now")
    assert text(nothing(), Look()).startswith("GO   0 block now")


def test_text_tells_each_kind_of_finding_under_its_own_heading() -> None:
    said = text(everything(), Look())
    headings = re.findall(r"^  ([A-Z][A-Z :,']{4,})$", said, re.MULTILINE)
    assert headings == [
        "CRASHED: A BUG IN THE CHECK, NOT A PASS",
        "BLOCKS NOW",
        "COULD NOT BE TESTED",
        "BLOCKS UNDER TRAFFIC",
        "BLOCKS LATER",
        "ACCEPTED",
    ]
    assert "1 skipped: they need --live URL." in said
    assert "1 skipped, with nothing to judge: LC-END-002." in said


def test_in_development_a_hundred_findings_are_one_screen_with_the_worst_first() -> None:
    report = crowded()
    lines = text(report, Look()).split("\n")
    assert len(lines) <= SCREEN
    shown = [line.split()[0] for line in lines if line.startswith("  LC-")]
    ranked = [one.id for one in report.findings if one.status is Status.FAIL]
    assert len(shown) > 20
    assert shown == ranked[: len(shown)]
    assert f"  and {120 - len(shown)} more, with -v" in lines
    assert "  30 skipped: they need --live URL." in lines


def test_verbose_leaves_nothing_out() -> None:
    report = crowded()
    said = text(report, Look(verbose=True))
    for one in report.findings:
        assert f"  {one.id}  " in said
        assert one.status is not Status.FAIL or f"fingerprint {one.fingerprint}" in said


def decoded(value: str) -> str:
    """A workflow command's words, as the runner reads them (actions/runner, ActionCommand.cs)."""
    for escaped, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        value = value.replace(escaped, character)
    return value.replace("%25", "%")


def test_github_is_one_command_a_finding_that_says_it_all() -> None:
    report = everything()
    *commands, last = FORMATS["github"](report, DOCS).split("\n")
    assert last == summary(report)
    read = [re.fullmatch(r"::(\w+) title=([^:,]*)::(.*)", line) for line in commands]
    assert all(read)
    levels = {decoded(one[2]).partition(":")[0]: one[1] for one in read if one}
    assert levels == {
        "LC-END-004": "error",
        "LC-TEST-001": "error",
        f"{LONG}-005": "error",
        "LC-END-001": "error",
        "LC-TEST-002": "warning",
        "LC-TEST-003": "notice",
        "LC-TEST-004": "notice",
    }
    one = next(one for one in report.findings if one.id == "LC-TEST-001")
    said = next(found for found in read if found and found[2].startswith("LC-TEST-001"))
    assert decoded(said[2]) == f"LC-TEST-001: {one.title}"
    assert decoded(said[3]).split("\n") == [
        one.evidence,
        one.why,
        f"Fix: {one.fix}",
        f"{DOCS}/{one.docs}",
    ]


def test_markdown_is_tables_whose_cells_nothing_breaks_out_of() -> None:
    report = everything()
    tokens = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .parse(FORMATS["markdown"](report, DOCS))
    )
    asked = [one for one in report.findings if one.status not in {Status.PASS, Status.SKIPPED}]
    rows = [token for token in tokens if token.type == "tr_open"]
    headings = [token for token in tokens if token.type == "heading_open" and token.tag == "h3"]
    assert len(rows) == len(asked) + len(headings)
    assert sum(token.type == "td_open" for token in tokens) == 4 * len(asked)
    inner = [child for token in tokens for child in token.children or ()]
    tags = {child.content for child in inner if child.type == "html_inline"}
    assert tags == {"<code>", "</code>"}
    links = [child.attrs["href"] for child in inner if child.type == "link_open"]
    assert sorted(links) == sorted(f"{DOCS}/{one.docs}" for one in asked)
    shown = "".join(child.content for child in inner if child.type == "text")
    assert "<script>alert(1)</script>" in shown, "it is shown, and does nothing"
    assert "'too' | cell" in shown, "no cell is cut short"
    assert "@someone" not in "".join(outside_code(inner)), "nobody is called"


def outside_code(inner: Iterable[Token]) -> Iterator[str]:
    """The words in which GitHub looks for names of people."""
    in_code = False
    for child in inner:
        if child.type == "html_inline":
            in_code = child.content == "<code>"
        elif not in_code:
            yield child.content


def test_markdown_without_an_address_for_docs_has_no_dead_links() -> None:
    assert "](" not in FORMATS["markdown"](everything(), "")


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def test_html_is_one_page_that_runs_and_loads_nothing() -> None:
    report = everything()
    page = Page(FORMATS["html"](report, DOCS))
    assert not {"script", "img", "link", "iframe", "form", "object"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    addresses = {value for name, value in page.attributes if name in {"href", "src"}}
    assert addresses <= {f"{DOCS}/{one.docs}" for one in report.findings}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert page.tags.count("article") == 7
    for one in report.findings:
        assert one.id in page.words
    assert "<script>alert(1)</script>" in page.words, "it is shown, and does nothing"


def sarif(report: Report, docs: str = DOCS) -> dict[str, Any]:
    document = json.loads(FORMATS["sarif"](report, docs))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return dict(run)


def test_sarif_has_a_rule_for_every_result_and_a_place_for_each() -> None:
    run = sarif(everything())
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert {result["level"] for result in run["results"]} == {"error", "warning", "note"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert re.fullmatch(r"[0-9a-f]{8}", result["partialFingerprints"]["launchCheck/v1"])
        assert 0 <= result["rank"] <= 100
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uriBaseId"] == "SRCROOT"
    for rule in rules:
        assert rule["helpUri"].startswith(f"{DOCS}/docs/checks/")
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["shortDescription"]["text"]
    suppressed = [result["ruleId"] for result in run["results"] if result["suppressions"]]
    assert suppressed == ["LC-TEST-004"]


def test_sarif_tells_what_could_not_be_told_as_notifications() -> None:
    (invocation,) = sarif(everything())["invocations"]
    assert invocation["executionSuccessful"] is False
    told = {n["associatedRule"]["id"]: n for n in invocation["toolExecutionNotifications"]}
    assert set(told) == {"LC-END-001", "LC-END-004"}
    assert told["LC-END-004"]["message"]["text"].startswith("crash: RuntimeError at reports.py:")


def test_sarif_without_an_address_for_docs_leads_to_the_pages_here() -> None:
    rules = sarif(everything(), docs="")["tool"]["driver"]["rules"]
    assert all(rule["helpUri"].startswith("file:///") for rule in rules)


@EVERY
def test_a_program_and_a_person_are_told_the_same(report: Report) -> None:
    verdict = json.loads(FORMATS["json"](report, ""))["verdict"]
    assert text(report, Look()).startswith(verdict)
    assert f"launch_check: {verdict}" in FORMATS["markdown"](report, "")
    assert f"<title>{verdict}: " in FORMATS["html"](report, "")
    assert sarif(report)["properties"]["verdict"] == verdict
    assert FORMATS["github"](report, "").split("\n")[-1].startswith(verdict)


def test_a_live_run_that_left_a_blocker_out_is_inconclusive() -> None:
    report = REPORTS["live"]()
    left_out = {one.id for one in report.untested if one.tier is Tier.NOW}
    assert left_out == {"LC-END-001", "LC-END-003"}
