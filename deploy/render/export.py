"""A logical backup of the database, which Render makes and keeps itself."""

from deploy.render.api import Thing
from deploy.rest import Api, ApiError, until

LONGEST = 3_600.0


def export(api: Api, database: str, every: float) -> str:
    """Have a database exported, wait until it can be downloaded, and return the export's ID.

    Render answers 202 without saying which export it is, so it is the one that was not there
    before. Its address is a secret for as long as it works, and is told to nobody.
    """
    path = f"/postgres/{database}/export"
    before = {one["id"] for one in api.get(path).body}
    api.post(path)

    def look() -> Thing | None:
        new = [one for one in api.get(path).body if one["id"] not in before and one.get("url")]
        return dict(new[0]) if new else None

    made = until(look, wait=api.wait, every=every, at_most=LONGEST)
    if made is None:
        raise ApiError(
            f"The export of {database} is not there after {LONGEST / 60:.0f} minutes. See the "
            "database's recovery page in Render's dashboard."
        )
    return str(made["id"])
