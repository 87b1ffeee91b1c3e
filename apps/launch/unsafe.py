"""What manage.py migration_check says: each harmful step, where it stands, and the way around."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.launch.facts.migrations import RULES, Migrations, Step
from apps.launch.gathering.released import Since

PAGE = "docs/migrations.md"
SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or that the migration accepts for a reason."""

    check: str
    rule: str
    migration: str
    file: str
    operation: str
    what: str
    recipe: str
    docs: str
    accepted: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found in how many migrations, since which commit, and despite what."""

    findings: tuple[Finding, ...]
    judged: int
    since: str = ""
    despite: str = ""

    @property
    def unsafe(self) -> list[Finding]:
        """What nothing in the migration accepts."""
        return [each for each in self.findings if not each.accepted]

    @property
    def passes(self) -> bool:
        return not self.unsafe or bool(self.despite)


def verdict(
    found: Migrations,
    limits: dict[str, str],
    *,
    since: Since | None,
    despite: str,
    second: Callable[[set[str]], list[Step]] | None = None,
) -> Verdict:
    """Judge all migrations, or those that differ from a release's; `second` is asked as well."""
    files = dict(found.files)
    names = set(files) if since is None else set(since.new)
    steps = list(found.steps) if since is None else found.among(names)
    if second is not None:
        steps += second(names)
    if since is not None:
        steps += [edited(name, found) for name in sorted(since.edited)]
    return Verdict(
        findings=(*unready(found, limits), *(finding(each, files) for each in steps)),
        judged=len(names | (since.edited if since else set())),
        since=since.commit if since else "",
        despite=despite,
    )


def edited(name: str, found: Migrations) -> Step:
    """That a migration which a release has run says something else by now."""
    return Step(
        migration=name,
        what="was edited after a release ran it",
        rule="edited",
        harm=RULES["edited"].harm,
        operation="the whole file",
        accepted=dict(found.edits).get(name, ""),
    )


def unready(found: Migrations, limits: dict[str, str]) -> Iterator[Finding]:
    """What is wrong with the migrations as a whole."""
    for app in found.conflicts:
        yield whole(
            "LC-MIG-001",
            "conflict",
            app,
            "has two last migrations",
            "python manage.py makemigrations --merge",
        )
    for name in found.unmade:
        yield whole(
            "LC-MIG-002",
            "unmade",
            name,
            "is not made: models were changed and nothing says so",
            "python manage.py makemigrations",
        )
    for name in ("lock_timeout", "statement_timeout"):
        if not limits.get(name):
            yield whole(
                "LC-MIG-006",
                "lock-timeout",
                "DATABASE_TIMEOUTS",
                f"leaves out {name}",
                "take DATABASE_TIMEOUTS out of your settings",
            )


def whole(check: str, rule: str, name: str, what: str, recipe: str) -> Finding:
    return Finding(
        check=check,
        rule=rule,
        migration=name,
        file="",
        operation="",
        what=what,
        recipe=recipe,
        docs=f"docs/checks/{check}.md",
    )


def finding(step: Step, files: dict[str, str]) -> Finding:
    rule = RULES[step.rule]
    return Finding(
        check=rule.check,
        rule=step.rule,
        migration=step.migration,
        file=files.get(step.migration, ""),
        operation=step.operation,
        what=step.what,
        recipe=rule.recipe,
        docs=f"{PAGE}#{step.rule}",
        accepted=step.accepted,
    )


def as_text(verdict: Verdict) -> str:
    """What a person reads: each finding with the place and the way around, the verdict last."""
    lines = [line for each in verdict.findings for line in paragraph(each)]
    since = f" that {verdict.since[:12]} does not have" if verdict.since else ""
    count = f"{verdict.judged} {'migration' if verdict.judged == 1 else 'migrations'}{since}"
    if not verdict.unsafe:
        return "\n".join([*lines, f"✓ {count}: safe beside the release that serves."])
    lines.append(f"✗ {count}: {len(verdict.unsafe)} unsafe.")
    if verdict.despite:
        lines.append(f"  Let through despite that: {verdict.despite}")
    else:
        lines.append('  What is meant is accepted in the migration: accepted = {"RULE": "why"}')
    return "\n".join(lines)


def paragraph(each: Finding) -> Iterator[str]:
    mark = "·" if each.accepted else "✗"
    yield f"{mark} {each.migration} {each.what} [{each.rule}]"
    if each.file:
        yield f"    where     {each.file}, {each.operation}"
    if each.accepted:
        yield f"    accepted  {each.accepted}"
    else:
        yield f"    instead   {each.recipe}"
        yield f"    recipe    {each.docs}"


def as_json(verdict: Verdict) -> str:
    """What a program reads."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "safe": not verdict.unsafe,
            "passes": verdict.passes,
            "since": verdict.since,
            "despite": verdict.despite,
            "judged": verdict.judged,
            "findings": [vars(each) for each in verdict.findings],
        },
        indent=2,
    )
