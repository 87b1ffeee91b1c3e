"""What the search for secrets finds in a text, and what it leaves alone."""

import pytest

from apps.launch.secrets.forms import hits

# Each in two parts, or this very file would be found.
RANDOM = "q7Rw2zX9" + "tK4mB8vN1cL6pY3d"
HEX = "9f86d081884c7d65" + "9a2feaa0c55ad015"
BASE = "Zm9vYmFyYmF6cXV4" + "c2VjcmV0a2V5MTIzNDU2Nzg5"
PLANTED = [
    ("an AWS access key", "AWS_ACCESS_KEY_ID=AKIA" + "Q3EGRTW5XNPZ7DYK", "deploy.sh"),
    ("an AWS secret", f"aws_secret_access_key = '{BASE}'", "a.py"),
    ("a GitHub token", "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", "notes.md"),
    ("a fine-grained GitHub token", "github_pat_" + "11ABCDEFG0" + RANDOM * 2, "ci.yml"),
    ("a GitLab token", "glpat-" + "x7Yz9AbCdEfGhIjKlMnO", "a.py"),
    ("a Slack token", "xoxb-" + "123456789012-1234567890123-" + RANDOM.lower(), "a.py"),
    (
        "a Slack webhook",
        "https://hooks.slack.com/services/" + "T0AB12CD3/B0EF45GH6/" + RANDOM,
        "a.md",
    ),
    ("a Stripe live key", "sk_live_" + RANDOM, "config/settings/production.py"),
    ("a restricted Stripe key", "rk_live_" + RANDOM, "a.html"),
    ("a Stripe webhook's secret", "whsec_" + RANDOM * 2, "a.py"),
    ("an RSA key", "-----BEGIN RSA " + "PRIVATE KEY-----", "deploy/key.pem"),
    ("a PKCS8 key", "-----BEGIN " + "PRIVATE KEY-----", "deploy/key.pem"),
    ("an encrypted key", "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----", "key"),
    ("an OpenSSH key", "-----BEGIN OPENSSH " + "PRIVATE KEY-----", "id_ed25519"),
    ("Django's secret key", 'SECRET_KEY = "' + "p$x1-k9@" + RANDOM + '"', "config/settings.py"),
    (
        "the key that startproject made",
        "SECRET_KEY = 'django-insecure-" + RANDOM + "'",
        "settings.py",
    ),
    ("a secret key in .env", "SECRET_KEY=" + RANDOM, ".env"),
    ("a secret key in YAML", "secret_key: " + RANDOM, "values.yml"),
    (
        "a database's address",
        "postgresql://portal:" + "x9!kd82@db.harbourside.co/portal",
        "a.py",
    ),
    ("an address by number", "postgres://portal:" + "h7gT5rf@10.0.4.17:5432/portal", "a.md"),
    ("Redis, which has no user", "rediss://:" + "u8Hn2kq@redis.harbourside.co:6379/0", "a.toml"),
    ("a mail server's address", "smtp+tls://apikey:" + "K3yyy-0f@smtp.harbourside.co:587", "x"),
    ("basic authentication", "curl https://ada:" + "lovel4ce@api.harbourside.co/v1", "run.sh"),
    ("a Sentry token", "sntrys_" + BASE + BASE, ".sentryclirc"),
    ("a Sentry user's token", "sntryu_" + HEX * 2, "ci.yml"),
    ("a SendGrid key", "SG." + RANDOM[:22] + "." + (RANDOM * 2)[:43], "a.py"),
    ("a Twilio key", "SK" + HEX, "a.py"),
    ("a Mailchimp key", HEX + "-us12", "a.py"),
    ("an npm token", "//registry.npmjs.org/:_authToken=" + "npm_" + RANDOM, ".npmrc"),
    ("a PyPI token", "pypi-AgEIcHlwaS5vcmc" + RANDOM * 3, ".pypirc"),
    ("a Google key", "AIza" + "SyB1c2D3e4F5g6H7i8J9k0L1m2N3o4P5q6R", "a.js"),
    ("Google's client secret", "GOCSPX-" + RANDOM + "abcd", "a.py"),
    ("an OpenAI key", "sk-proj-" + RANDOM * 2, "a.py"),
    ("an Anthropic key", "sk-ant-" + "api03-" + RANDOM * 2, "a.py"),
    ("a JSON web token", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + RANDOM, "a.py"),
    ("a token by its name", 'OPERATOR_TOKEN = "' + RANDOM + '"', "a.py"),
    ("a token in JSON", '"postmark_server_token": "' + HEX + '"', "a.json"),
    ("a token in an environment file", "OPERATOR_TOKEN=" + RANDOM, "production.env"),
    ("a password by its name", 'password = "Tr0ub4dor' + '&3"', "a.py"),
    ("a password in JSON", '{"db_password": "' + "hunter2hunter" + '"}', "a.json"),
    ("a password in YAML", "password: " + "s3cure-Harbour", "docker-compose.yml"),
    ("a password with a unit's look", 'PASSWORD = "' + "Berth17/quay" + '"', "a.py"),
]
INNOCENT = [
    ("a package's hash", "    --hash=sha256:" + HEX * 2 + " \\", "requirements/base.txt"),
    ("a commit", "uses: actions/checkout@" + HEX + "01234567", "ci.yml"),
    ("a migration's field", 'token_hash = models.CharField("token hash", max_length=64)', "a.py"),
    ("a picture's path", '<path d="M12.5 3.25c-.9 0-1.75.4-2.35 1.1L4.9 10.6z"/>', "a.svg"),
    ("an integrity value", '<script integrity="sha384-' + BASE + '"></script>', "a.html"),
    ("a UUID", '"id": "' + "6f1c2a34-9d8e-4b7a-8c5d-1e2f3a4b5c6d" + '"', "a.json"),
    ("a name that is read", 'SECRET_KEY = env("DJANGO_SECRET_KEY")', "settings.py"),
    ("a variable that is read", 'secret_key = os.environ["SECRET_KEY_V2"]', "settings.py"),
    ("an attribute", "SECRET_KEY = ENV.SECRET_KEY", "settings.py"),
    ("a shell's variable", "SECRET_KEY=${SECRET_KEY_2}", "run.sh"),
    ("a workflow's secret", "password: ${{ secrets.DB_PASSWORD_1 }}", "ci.yml"),
    ("an example", "SECRET_KEY=change-me-to-64-random-bytes", ".env.example"),
    ("another example", 'SECRET_KEY = "your-secret-key-1"', "README.md"),
    ("a blank", "SECRET_KEY=", ".env.example"),
    ("stars", 'password = "********"', "a.py"),
    ("an address to fill in", "postgresql://user:password@db.harbourside.co/portal", "a.md"),
    ("an address with a template", "postgresql://app:{password1}@db.harbourside.co/x", "a.py"),
    ("a reserved host", "smtp+tls://user:p4ssw0rd@smtp.example.com:587", "a.md"),
    ("loopback", "postgresql://app:s3cret1@127.0.0.1:5432/app", "a.py"),
    ("CI's database", "postgres://postgres:postgres@postgres:5432/test", "ci.yml"),
    ("a message", '"incorrect_password": "The password is wrong."', "a.py"),
    ("a form's path", '"reset_password": "apps.accounts.forms.ResetPasswordForm",', "a.py"),
    ("a rate", '"reset_password": "40/h/ip,12/h/key",', "a.py"),
    ("a name in capitals", 'TOKEN_HEADER = "X-Operator-Token"', "a.py"),
    ("an address with a port", "https://portal.harbourside.co:8443/a@b", "a.md"),
    ("an e-mail address", "mailto:ada@harbourside.co", "a.html"),
    ("a test key of Stripe", "pk_test_" + RANDOM, "a.js"),
    ("a certificate", "-----BEGIN CERTIFICATE-----", "a.pem"),
    ("a fingerprint of ours", '"SECRET_KEY" = "scrypt:3f9a1c20b5d4e687"', "launch.toml"),
    ("a public key", "-----BEGIN PUBLIC KEY-----", "a.pem"),
]


@pytest.mark.parametrize(("what", "line", "path"), PLANTED, ids=[row[0] for row in PLANTED])
def test_a_secret_is_found_in_its_line(what: str, line: str, path: str) -> None:
    found = hits(f"first\n\n    {line}\nlast\n", path)
    assert {hit.line for hit in found} == {3}


@pytest.mark.parametrize(("what", "line", "path"), INNOCENT, ids=[row[0] for row in INNOCENT])
def test_what_is_no_secret_is_left_alone(what: str, line: str, path: str) -> None:
    assert hits(f"first\n    {line}\nlast\n", path) == []


def test_a_hit_does_not_show_its_value() -> None:
    (hit,) = hits(f'password = "{RANDOM}"', "a.py")
    assert RANDOM in hit.value
    assert RANDOM not in repr(hit)


def test_two_kinds_in_one_line_are_two_hits() -> None:
    line = f"token = '{RANDOM}'; url = 'https://ada:lovel4ce@api.harbourside.co'"
    assert {hit.kind for hit in hits(line, "a.py")} == {
        "Secret by its Name",
        "Password in an Address",
    }


@pytest.mark.parametrize("line", ["x" * 100_000, "password " * 5_000, "://a:" * 5_000])
def test_a_long_line_takes_no_time(line: str) -> None:
    assert hits(line, "a.py") == []
