"""Facts of the health checks and of the files that tell a platform what to run."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Health:
    """What the code and the platforms' files say of health; nothing of it goes over the network.

    `planes` has the declared access by path, such as "public", or "" where a route declares none;
    a path that is missing leads nowhere. `queries` counts what liveness asked the database.
    `asked` names what readiness asks. `procfile` has the command by process, `formation` how many
    of each app.json starts; both are empty where there is no such file. `render_path` is
    render.yaml's healthCheckPath, "" where it has none, None where there is no such file.
    """

    planes: Mapping[str, str]
    queries: int | Unasked
    asked: tuple[str, ...]
    procfile: Mapping[str, str]
    formation: Mapping[str, int]
    render_path: str | None
