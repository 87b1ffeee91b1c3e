"""The sections on names: where each leads, and which records have to stand in DNS."""

from collections.abc import Iterator

from apps.launch.handover.parts import (
    Block,
    Code,
    Heading,
    Section,
    Span,
    Table,
    Text,
    Words,
    blank,
    marked,
    said,
    unsaid,
)
from apps.launch.plan import Plan

Row = tuple[Words, ...]
KINDS = {
    "web": "answers over HTTPS",
    "mail": "sends or takes mail",
    "elsewhere": "runs somewhere else",
}


def domain_map(plan: Plan) -> Section:
    """Every name, and every address that has moved."""
    blocks: list[Block] = [
        Table(("Name", "What it is", "What it does"), list(named(plan))),
        Heading("Redirects"),
        Text(
            marked(
                "Every alias leads to the canonical name, with the same path, and http:// to "
                "https://. The product does so for the names in `ALLOWED_HOSTS` and answers others "
                "with 400: a new alias goes into launch.toml, DNS and that variable."
            )
        ),
    ]
    if plan.redirects:
        rows = [(Code(one.source), Code(one.target)) for one in plan.redirects]
        blocks.append(Table(("Old address", "New address"), rows))
    else:
        blocks.append(Text(("Addresses that have moved: ", unsaid("[[redirects]]"))))
    if plan.site.cut_over:
        blocks.append(
            Text(marked("Names are being moved these days (`cut_over = true`): keep TTLs short."))
        )
    return Section(name="domains", title="Domain map and redirects", blocks=tuple(blocks))


def named(plan: Plan) -> Iterator[Row]:
    """A row for each name."""
    site = plan.site
    canonical = said(site.canonical, "[site] canonical")
    yield canonical, "the canonical name", "the one that customers see"
    for alias in site.aliases:
        yield alias, "an alias", ("redirects to ", canonical)
    if not site.aliases:
        yield unsaid("[site] aliases"), "an alias", ("redirects to ", canonical)
    if site.platform_host or plan.hosting.platform != "host":
        name = said(site.platform_host, "[site] platform_host")
        yield name, "the name that the platform gave", ("redirects to ", canonical)
    for sub in plan.subdomains:
        yield sub.name, sub.purpose, KINDS.get(sub.kind, sub.kind)
    if not plan.subdomains:
        yield unsaid("[[subdomains]]"), "a further name", ""


def records(plan: Plan) -> Section:
    """The records of DNS without which something stops."""
    head = ("Name", "Type", "Value", "Without it")
    return Section(
        name="records",
        title="DNS and mail records that have to stand",
        blocks=(
            Text(
                (
                    "The records are kept at ",
                    said(plan.dns.name, "[dns] name"),
                    "; the domain belongs to the account at ",
                    said(plan.registrar.name, "[registrar] name"),
                    ".",
                )
            ),
            Heading("Web"),
            Text("A domain's own name, without www or the like, takes A and AAAA, never CNAME."),
            Table(head, [*web(plan), *authorities(plan)]),
            Heading("Mail"),
            Table(head, list(mail(plan))),
            Text(
                marked(
                    "`python manage.py launch_check --only LC-DNS LC-EMAIL --live URL`, with the "
                    "product's address as URL, asks for all of them and says what is wrong."
                )
            ),
        ),
    )


def web(plan: Plan) -> Iterator[Row]:
    """The records that bring visitors here, or elsewhere."""
    for name in dict.fromkeys((plan.site.canonical, *plan.site.aliases)):
        shown = said(name, "[site] canonical")
        yield shown, "A, AAAA or CNAME", target(plan), "the name leads nowhere"
    for sub in plan.subdomains:
        if sub.kind == "web":
            yield sub.name, "A, AAAA or CNAME", target(plan), "the name leads nowhere"
        elif sub.kind == "elsewhere":
            where = blank(f"what the provider of {sub.name} shows")
            yield sub.name, "A, AAAA or CNAME", where, (sub.purpose, " is gone")


def target(plan: Plan) -> Span:
    """Where a name that the product answers has to lead."""
    if plan.hosting.platform == "heroku":
        return blank("the DNS target that `heroku domains` shows")
    if plan.hosting.platform == "render":
        return said(plan.site.platform_host, "[site] platform_host")
    return blank("the machine's addresses")


def authorities(plan: Plan) -> Iterator[Row]:
    """Who may issue certificates."""
    for name in dict.fromkeys((plan.site.canonical, *plan.site.aliases)):
        value = blank('0 issue "the authority that issues your certificates"')
        shown = said(name, "[site] canonical")
        yield shown, "CAA", value, "any authority may issue certificates for it"


def mail(plan: Plan) -> Iterator[Row]:
    """The records without which mail lands in the spam folder, or nowhere."""
    provider = plan.mail.provider or "your mail provider"
    if not plan.mail.domains:
        yield unsaid("[[mail.domains]] name"), "SPF, DKIM, DMARC, MX", "", "mail counts as forged"
    for domain in plan.mail.domains:
        envelope = plan.mail.return_path or domain.name
        yield (
            envelope,
            "TXT (SPF)",
            blank(f"v=spf1, what {provider} shows, ~all"),
            "mail counts as forged",
        )
        for selector in domain.selectors:
            yield (
                f"{selector}._domainkey.{domain.name}",
                "TXT or CNAME (DKIM)",
                blank(f"the key that {provider} shows"),
                "signatures cannot be checked",
            )
        if not domain.selectors:
            yield (
                (unsaid("[[mail.domains]] selectors"), f", ._domainkey.{domain.name}"),
                "TXT or CNAME (DKIM)",
                blank(f"the key that {provider} shows"),
                "signatures cannot be checked",
            )
        yield (
            f"_dmarc.{domain.name}",
            "TXT (DMARC)",
            blank("v=DMARC1; p=quarantine; rua=mailto: who reads the reports"),
            "anybody can write in your name",
        )
        yield (
            envelope,
            "MX",
            blank(f"10 and the host that {provider} shows"),
            "bounces and answers go nowhere",
        )
