"""Who the product is: the one place that a fork edits to put its name on every page and mail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """Names, addresses and colours, all strings but the hue (an OKLCH hue angle, 0 to 360)."""

    name: str
    tagline: str
    description: str
    legal_name: str
    support_email: str
    hue: int
    # Mail clients know no OKLCH, so the accent is written once more as the hex of that hue.
    accent: str


PRODUCT = Product(
    name="Slipway",
    tagline="The client portal that is ready when you are",
    description="Keep clients, notes and files in one calm place, shared with the right people.",
    legal_name="Slipway Example Ltd",
    support_email="support@slipway.example",
    hue=252,
    accent="#0061be",
)
