"""Writes nginx's site for an environment: `python -m deploy.host.nginx --environment NAME`."""

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from apps.launch.plan import Environment
from deploy import places
from deploy.host.layout import checked
from deploy.target import Stopped

TEMPLATE = Path(__file__).with_name("nginx.conf")
# docs/operations.md, "Behind a proxy" and "What is taken in".
PROXY = """\
    client_max_body_size 25m;
    location / {{
        proxy_pass http://slipway_{name};
        proxy_http_version 1.1;
        proxy_set_header Connection close;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        # A little longer than gunicorn lets a request take.
        proxy_read_timeout 30s;
    }}"""


def site(environment: Environment) -> str:
    """The site's configuration, with TLS and what the product has to be told of a request."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=environment.name,
        host=urlsplit(environment.url).hostname,
        front=checked(environment.folder).front,
        proxy=PROXY.format(name=environment.name),
    )


def main() -> int:
    """Print the site; 1 where launch.toml does not say enough."""
    options = argparse.ArgumentParser(prog="python -m deploy.host.nginx", description=__doc__)
    options.add_argument("--environment", default="production", metavar="NAME")
    options.add_argument("--plan", type=Path, default=places.ROOT / "launch.toml", metavar="FILE")
    given = options.parse_args()
    try:
        print(site(places.environment(given.environment, places.plan(given.plan))))
    except Stopped as stopped:
        print(f"✗ {stopped.what}: {stopped.why}\n  {stopped.way_back}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
