"""What lies where on the machine, and how releases are called."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deploy.target import Release, Stopped

NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{7}")
LONGEST_SOCKET = 107  # bytes, on Linux: unix(7)
# What the folder of a release says of itself; nothing of the product's is called so.
OWN = ".host"


@dataclass(frozen=True)
class Layout:
    """The paths below the folder of one environment."""

    folder: str

    def release(self, name: str) -> str:
        return f"{self.folder}/releases/{name}"

    def own(self, name: str, file: str) -> str:
        """A file that deploy/ put into a release."""
        return f"{self.release(name)}/{OWN}/{file}"

    def socket(self, name: str) -> str:
        """Where a release's web listens."""
        return f"{self.folder}/run/{name}.sock"

    @property
    def front(self) -> str:
        """Where nginx connects: a symlink that leads by way of `current` to the live socket."""
        return f"{self.folder}/run/web.sock"

    @property
    def current(self) -> str:
        """The symlink that says which release is live; it alone is switched."""
        return f"{self.folder}/current"

    @property
    def variables(self) -> str:
        return f"{self.folder}/shared/.env"

    @property
    def lock(self) -> str:
        return f"{self.folder}/lock"

    @property
    def environments(self) -> str:
        return f"{self.folder}/environments"


def new_name(commit: str, now: datetime) -> str:
    """A release's name, which sorts by when it was made."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{commit[:7]}"


def checked(folder: str) -> Layout:
    """The layout of a folder. Raises Stopped where its sockets' paths would be too long."""
    layout = Layout(folder)
    example = layout.socket(new_name("0" * 40, datetime.now(UTC)))
    if len(example.encode()) > LONGEST_SOCKET:
        raise Stopped(
            f"Using {folder}",
            f"a socket in it, such as {example}, is longer than {LONGEST_SOCKET} bytes",
            "name a shorter folder in [[environments]] of launch.toml",
        )
    return layout


# Lists the releases that are whole: what each says of itself, and the live one's name first.
LISTING = """
cd "$1" 2>/dev/null || exit 0
live=$(readlink current || true); echo "${live##*/}"
for about in releases/*/.host/about.json; do
    [ -f "$about" ] || continue
    name=${about#releases/}; name=${name%%/*}
    served=never; [ ! -e "releases/$name/.host/served" ] || served=served
    printf '%s %s ' "$name" "$served"; tr -d '\\n' <"$about"; echo
done
"""


def listed(text: str) -> list[Release]:
    """The releases that LISTING found, newest first."""
    live, *lines = text.splitlines() or [""]
    found = [line.split(" ", 2) for line in lines]
    return [
        one(name, served == "served", name == live, json.loads(about))
        for name, served, about in sorted(found, reverse=True)
    ]


def one(name: str, has_served: bool, is_live: bool, about: dict[str, Any]) -> Release:
    """A release, by what its folder says."""
    outcome = "live" if is_live else "served" if has_served else "never served"
    return Release(
        name=name,
        commit=about["commit"],
        at=datetime.fromisoformat(about["at"]),
        by=about["by"],
        live=is_live,
        outcome=outcome,
        can_return=has_served,
    )
