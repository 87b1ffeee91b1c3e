"""The search of a folder as a process of its own: ``python -m apps.launch.secrets FOLDER``.

It prints an object in JSON: for each part a list of leaks, or why there is none.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from apps.launch.facts.unasked import Skipped, Unasked
from apps.launch.secrets.search import PARTS, leaks


def told(root: Path, part: str) -> dict[str, Any]:
    """What one part of the search found."""
    try:
        return {"leaks": [asdict(one) for one in leaks(root, part)]}
    except Skipped as reason:
        return {"skipped": str(reason)}
    except Unasked as reason:
        return {"unasked": str(reason)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.stdout.write(json.dumps({part: told(folder, part) for part in PARTS}))
