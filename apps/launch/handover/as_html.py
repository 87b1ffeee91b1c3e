"""A handover pack as one page that needs nothing else: to print and to put into a folder."""

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.launch.handover.parts import (
    Block,
    Code,
    Gap,
    Heading,
    Link,
    Pack,
    Points,
    Section,
    Span,
    Steps,
    Table,
    Text,
    Words,
    spans,
)
from apps.launch.harmless import harmless


def as_html(pack: Pack) -> str:
    """The page; every text in it is escaped."""
    return render_to_string(
        "launch/handover.html",
        {
            "title": f"Handover of {pack.product}",
            "description": f"What somebody needs who takes over {pack.product}.",
            "pack": pack,
            "sections": list(map(shown, pack.sections)),
            "breakages": list(map(shown, pack.breakages)),
        },
    )


def shown(section: Section) -> dict[str, object]:
    """A section as the template takes it."""
    return {
        "name": section.name,
        "title": section.title,
        "body": format_html_join("\n", "{}", ((block(one),) for one in section.blocks)),
    }


def block(one: Block) -> SafeString:
    match one:
        case Heading(text):
            return format_html("<h3>{}</h3>", text)
        case Text(words):
            return format_html("<p>{}</p>", written(words))
        case Points(items):
            return format_html("<ul>{}</ul>", each("<li>{}</li>", items))
        case Table():
            return table(one)
        case Steps(items):
            steps = ((written(step.words), commands(step.commands)) for step in items)
            return format_html("<ol>{}</ol>", format_html_join("", "<li>{}{}</li>", steps))


def table(one: Table) -> SafeString:
    """A table whose cells know their column's name, since narrow screens stack them.

    What a cell says is one element, so that it stays together beside that name.
    """
    rows = (
        (
            format_html_join(
                "",
                '<td data-label="{}"><div>{}</div></td>',
                ((head, written(cell)) for head, cell in zip(one.head, row, strict=True)),
            ),
        )
        for row in one.rows
    )
    return format_html(
        '<table class="of-{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        len(one.head),
        each('<th scope="col">{}</th>', one.head),
        format_html_join("", "<tr>{}</tr>", rows),
    )


def commands(typed: tuple[str, ...]) -> SafeString:
    if not typed:
        return SafeString()
    return format_html("<pre><code>{}</code></pre>", "\n".join(map(harmless, typed)))


def each(form: str, items: tuple[Words, ...]) -> SafeString:
    return format_html_join("", form, ((written(one),) for one in items))


def written(words: Words) -> SafeString:
    return format_html_join("", "{}", ((span(one),) for one in spans(words)))


def span(one: Span) -> SafeString | str:
    match one:
        case Code(text):
            return format_html("<code>{}</code>", text)
        case Gap(text):
            return format_html("<mark>{}</mark>", text)
        case Link(address) if address.startswith("https://"):
            return format_html('<a href="{}" rel="noreferrer">{}</a>', address, address)
        case Link(address):
            return address
        case str():
            return one
