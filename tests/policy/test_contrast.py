"""The style sheet's colours: every text on every ground it meets is readable, whatever the hue."""

import re
from math import cos, radians, sin
from pathlib import Path

import pytest

SHEET = Path(__file__).parents[2] / "static" / "css" / "app.css"
TOKEN = re.compile(r"--([a-z-]+): light-dark\((.+?)\);")
OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) (var\(--[a-z]+\)|[\d.]+)\)")
COLOUR = re.compile(r"#fff\b|oklch\([\d.]+ [\d.]+ (?:var\(--[a-z]+\)|[\d.]+)\)")

GROUNDS = ["page", "card", "raised", "hover"]
# WCAG 2.2 AA asks 4.5 of text (1.4.3) and 3 of what one must see to use a page (1.4.11).
TEXT, PART = 4.5, 3.0
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "ink-soft", "accent", "bad") for ground in GROUNDS],
    *[(ink, f"{name}-soft", TEXT) for name in ("accent", "good", "warn", "bad")
      for ink in ("ink", name)],
    ("ink-soft", "accent-soft", TEXT),
    ("accent-strong", "accent-soft", TEXT),
    ("accent-strong", "page", TEXT),
    ("bad-strong", "bad-soft", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad", TEXT),
    ("on-bad", "bad-strong", TEXT),
    ("tone-ink", "tone-soft", TEXT),
    ("edge", "page", PART),
    ("edge", "card", PART),
    ("accent", "line", PART),
]  # fmt: skip


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """WCAG's relative luminance of an OKLCH colour, clipped to sRGB as browsers clip it."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def luminance_of(colour: str, hue: int) -> float:
    if colour == "#fff":
        return 1.0
    found = OKLCH.fullmatch(colour)
    assert found, f"This test cannot read the colour {colour!r}"
    lightness, chroma, own = found.groups()
    return luminance(float(lightness), float(chroma), hue if "var" in own else float(own))


def contrast(first: float, second: float) -> float:
    high, low = max(first, second), min(first, second)
    return (high + 0.05) / (low + 0.05)


def tokens() -> dict[str, tuple[str, ...]]:
    """Each colour of the sheet with its light and its dark value."""
    found = TOKEN.findall(SHEET.read_text(encoding="utf-8"))
    return {name: tuple(COLOUR.findall(values)) for name, values in found}


@pytest.mark.parametrize(("theme", "name"), [(0, "light"), (1, "dark")])
def test_every_text_can_be_read_on_every_ground_in_every_hue(theme: int, name: str) -> None:
    colours = tokens()
    poor = [
        f"--{ink} on --{ground} at hue {hue}: {seen:.2f} of {least} ({name})"
        for ink, ground, least in PAIRS
        for hue in range(0, 360, 5)
        if (
            seen := contrast(
                luminance_of(colours[ink][theme], hue), luminance_of(colours[ground][theme], hue)
            )
        )
        < least
    ]
    assert not poor, "\n".join(poor[:20])


def test_every_colour_has_a_light_and_a_dark_value() -> None:
    colours = tokens()
    assert len(colours) > 20
    assert {name for name, pair in colours.items() if len(pair) != 2} == set()


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast(luminance(1, 0, 0), luminance(0, 0, 0)) == pytest.approx(21, abs=0.01)


def test_pure_red_has_the_luminance_that_wcag_gives_it() -> None:
    assert luminance(0.62796, 0.25768, 29.234) == pytest.approx(0.2126, abs=0.002)
