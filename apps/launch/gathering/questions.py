"""Which questions name servers are to be asked; what an answer leads to comes after it."""

from collections.abc import Mapping

from apps.launch.facts.dns import Answer, Question, parent, upwards
from apps.launch.facts.unasked import Unasked
from apps.launch.plan import Plan
from apps.launch.readings import dmarc, spf
from apps.launch.readings.names import BELOW, hosts, mail_domains, selector_name


def wanted(
    plan: Plan, sender: str, host: str, answers: Mapping[Question, Answer | Unasked]
) -> set[Question]:
    """The questions that `answers` lacks: none once everything is asked that can be."""
    round = _Round(answers)
    names = dict.fromkeys((*hosts(plan, host), *(sub.name for sub in plan.subdomains)))
    for name in names:
        round.about_host(name)
    for domain in mail_domains(plan, sender):
        round.about_mail(domain)
    for signer in plan.mail.domains:
        for selector in signer.selectors:
            round.look(selector_name(selector, signer.name), "TXT")
    return round.missing


class _Round:
    """Reads what is known and notes what is not; what failed is not asked again."""

    def __init__(self, answers: Mapping[Question, Answer | Unasked]) -> None:
        self.answers = answers
        self.missing: set[Question] = set()

    def look(self, name: str, type: str) -> Answer:
        answer = self.answers.get((name, type))
        if answer is None:
            self.missing.add((name, type))
        return answer if isinstance(answer, Answer) else Answer()

    def about_host(self, name: str) -> None:
        aliased = [self.look(name, type).chain for type in ("A", "AAAA")]
        for type in ("MX", "TXT"):
            self.look(name, type)
        for above in upwards(name):
            self.look(above, "CAA")
        if any(aliased):
            self.look(name, "NS")
            self.look(f"{BELOW}.{name}", "SOA")
        self.about_zone(name)

    def about_zone(self, name: str) -> None:
        soa = self.look(name, "SOA")
        if soa.chain and parent(name):
            self.about_zone(parent(name))
        elif soa.zone and soa.zone != ".":
            for type in ("SOA", "NS", "DS"):
                self.look(soa.zone, type)
            self.about_exchanges(soa.zone)

    def about_exchanges(self, domain: str) -> None:
        for record in self.look(domain, "MX").records:
            exchange = record.partition(" ")[2]
            if exchange != ".":
                for type in ("A", "AAAA", "CNAME"):
                    self.look(exchange, type)

    def about_mail(self, domain: str) -> None:
        self.about_exchanges(domain)
        spf.evaluate(domain, self.look)
        found = dmarc.discover(domain, self.look)
        for reporter in found.reporters:
            dmarc.is_authorised(found, reporter, self.look)
