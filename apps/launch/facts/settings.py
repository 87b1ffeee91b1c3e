"""The settings in force, as the checks read them."""

from typing import Any

from apps.launch.facts.unasked import Unasked


class Settings(dict[str, Any]):
    """Settings by name. A fork may have taken one out: whatever rests on it is then unknown."""

    def __missing__(self, name: str) -> Any:
        raise Unasked(f"there is no setting {name}")
