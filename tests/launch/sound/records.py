"""The tables and lists of a launch that has nothing wrong."""

from apps.launch.facts.records import Listed, Records, Tables

BY_NAME = Listed(
    table="clients_client", column="name_key", declared="Client.SORTS name", indexed=True
)
TABLES = Tables(
    rows={"clients_client": 48_000, "clients_note": 9_000},
    listed=(BY_NAME,),
    invalid=(),
    unled=(),
)
RECORDS = Records(lists=2, endless={}, tables=TABLES)
