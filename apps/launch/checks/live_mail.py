"""LC-MAIL-1NN: whether the mail server lets the product in."""

from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check


@check(
    "LC-MAIL-101",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="The mail server lets the product in",
)
def mail_server(facts: Facts) -> Outcome:
    server = known(known(facts.web).mail_server)
    lost = "Nobody can sign up, accept an invitation or reset a password."
    if server.refusal:
        return Failed(
            title="The mail server does not talk",
            evidence=f"{server.address}: {server.refusal}",
            why=lost,
            fix="EMAIL_URL=smtp+tls://user:password@smtp.your-provider:587",
        )
    if server.certificate:
        return Failed(
            title="The mail server's certificate does not hold",
            evidence=f"{server.address}: {server.certificate}",
            why=lost,
            fix="EMAIL_URL=, with the very name that the provider gives",
        )
    if server.login:
        return Failed(
            title="The mail server does not take the login",
            evidence=f"{server.address}: {server.login}",
            why=lost,
            fix="EMAIL_URL=, with the provider's SMTP user and password",
        )
    return Passed(server.address)
