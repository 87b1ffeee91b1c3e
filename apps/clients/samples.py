"""Made-up people and clients for trying the product: always the same, at .example addresses."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from django.utils.text import slugify

# Where clients are, with the dialling code that their phone numbers begin with.
CITIES = (
    ("Aarhus", "45"),
    ("Accra", "233"),
    ("Amsterdam", "31"),
    ("Auckland", "64"),
    ("Barcelona", "34"),
    ("Bergen", "47"),
    ("Birmingham", "44"),
    ("Bologna", "39"),
    ("Bristol", "44"),
    ("Busan", "82"),
    ("Cape Town", "27"),
    ("Córdoba", "54"),
    ("Dublin", "353"),
    ("Ghent", "32"),
    ("Gothenburg", "46"),
    ("Graz", "43"),
    ("Kraków", "48"),
    ("Kyoto", "81"),
    ("Lagos", "234"),
    ("Leeds", "44"),
    ("Lisbon", "351"),
    ("London", "44"),
    ("Lyon", "33"),
    ("Melbourne", "61"),
    ("Mérida", "52"),
    ("Montréal", "1"),
    ("München", "49"),
    ("Nairobi", "254"),
    ("Porto", "351"),
    ("Rotterdam", "31"),
    ("São Paulo", "55"),
    ("Seattle", "1"),
    ("Tallinn", "372"),
    ("Valencia", "34"),
    ("Wellington", "64"),
    ("Zürich", "41"),
)

FIRST = (
    *("Aldgate", "Alder", "Amber", "Anchor", "Ashdown", "Beacon", "Birch", "Bluebell", "Bramble"),
    *("Brightwater", "Cedar", "Clearwell", "Clover", "Copper", "Coral", "Cresta", "Delta", "Dover"),
    *("Eastfield", "Elm", "Ember", "Fairway", "Fern", "Foxglove", "Garnet", "Granite", "Greenway"),
    *("Harbour", "Hawthorn", "Hazel", "Heather", "Highgate", "Holly", "Indigo", "Ivory", "Juniper"),
    *("Kestrel", "Kingsway", "Lantern", "Larch", "Laurel", "Linden", "Maple", "Marble", "Meadow"),
    *(
        "Millbrook",
        "Mistral",
        "Moss",
        "Northgate",
        "Oakwood",
        "Olive",
        "Orchard",
        "Osprey",
        "Otter",
    ),
    *("Pebble", "Pinewood", "Poplar", "Quarry", "Raven", "Redwood", "Ridgeway", "Riverside"),
    *("Rowan", "Saffron", "Sandpiper", "Silver", "Skylark", "Sparrow", "Spruce", "Sterling"),
    *("Stonebridge", "Summit", "Swift", "Thistle", "Tidewater", "Umber", "Velvet", "Violet"),
    *("Walnut", "Waterloo", "Westfield", "Wharf", "Willow", "Windmill", "Wren", "Yarrow"),
)

TRADE = (
    *("Accountants", "Advisory", "Architects", "Bakery", "Bicycles", "Books", "Brewing", "Cafés"),
    *("Catering", "Ceramics", "Clinics", "Coaching", "Design", "Dental", "Events", "Films"),
    *("Florists", "Foods", "Furniture", "Gardens", "Glass", "Hotels", "Interiors", "Joinery"),
    *("Kitchens", "Law", "Lighting", "Logistics", "Marine", "Media", "Music", "Optics"),
    *(
        "Outfitters",
        "Pharmacy",
        "Photography",
        "Physio",
        "Plumbing",
        "Press",
        "Printing",
        "Robotics",
    ),
    *("Roofing", "Schools", "Software", "Sports", "Studios", "Surveyors", "Tailors", "Textiles"),
    *("Theatre", "Tools", "Toys", "Translations", "Travel", "Veterinary", "Vintners", "Yachts"),
)

# How the name of a firm ends, with the mailbox that keeps its address apart from its namesakes'.
FORM = ((" Ltd", "hello"), (" & Co", "info"), (" Group", "team"), (" LLP", "mail"), ("", "office"))
STATUSES = ("active",) * 7 + ("lead",) * 2 + ("waiting",) * 2 + ("overdue",)

NOTES = (
    "Met them at the spring fair. They want a proposal by the end of the month.",
    "Sent the revised quote.\nThey will decide after their board meeting.",
    "Invoice is two weeks late. Called, and was told that it is on its way.",
    "Happy with the first delivery. Ask about a yearly contract in the autumn.",
    "New contact from next month on: the office manager.",
)


class Sample(NamedTuple):
    """A made-up client, as plain values. `owner` counts through the people, or is None."""

    name: str
    email: str
    phone: str
    city: str
    status: str
    owner: int | None
    last_contact_on: date | None
    days_known: int


def samples(number: int, *, domain: str, today: date) -> Iterator[Sample]:
    """Yield `number` different clients; their addresses end in `domain`.

    The same arguments give the same clients. Raises ValueError for more than there are names.
    """
    combinations = len(FIRST) * len(TRADE) * len(FORM)
    if number > combinations:
        raise ValueError(f"There are names for {combinations:,} clients only")
    random = Random(domain)  # noqa: S311  (variety, not secrecy)
    for index in random.sample(range(combinations), number):
        rest, form = divmod(index, len(FORM))
        first, trade = divmod(rest, len(TRADE))
        stem = f"{FIRST[first]} {TRADE[trade]}"
        ending, mailbox = FORM[form]
        city, code = random.choice(CITIES)
        known = int(900 * random.random() ** 2)  # most are rather new
        quiet = random.randrange(min(known, 240) + 1)
        phone = f"+{code} {random.randrange(20, 100)} 555 {random.randrange(10_000):04}"
        yield Sample(
            name=stem + ending,
            email=f"{mailbox}@{slugify(stem)}.{domain}",
            phone=phone if random.random() < 0.8 else "",
            city=city,
            status=random.choice(STATUSES),
            owner=random.choice((0, 1, 2, None, None)),
            last_contact_on=today - timedelta(days=quiet) if random.random() < 0.9 else None,
            days_known=known,
        )


COLUMNS = ("name", "email", "phone", "city", "status", "owner", "last_contact_on")

# What spreadsheets really hold: commas, quotes, other scripts, and what looks like a formula.
AWKWARD = (
    "Smith, Jones & Daughters",
    'The "Blue" Door',
    "Bäckerei Grünewald",
    "Łódź Ćwiczenia",
    "株式会社さくら",
    "北京茶馆",
    "한빛 디자인",
    "O'Connor's Yard",
    "=SUM(A1:A9) Consulting",
)


def write_csv(path: Path, *, number: int, owners: list[str]) -> None:
    """Write `number` clients for trying an import; none has the address of a seeded one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        clients = samples(number, domain="example", today=date(2026, 1, 31))
        for index, client in enumerate(clients):
            awkward = index % 1000 == 7 and index // 1000 < len(AWKWARD)
            writer.writerow(
                [
                    AWKWARD[index // 1000] if awkward else client.name,
                    client.email,
                    client.phone,
                    client.city,
                    client.status,
                    "" if client.owner is None else owners[client.owner],
                    client.last_contact_on or "",
                ]
            )
