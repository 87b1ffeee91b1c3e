"""Reads lists of tags, `v=DKIM1; p=...`, as DKIM and DMARC write them (RFC 6376 §3.2)."""

import re

TAG = re.compile(r"\s*([a-z][a-z0-9_]*)\s*=\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)


class BadTags(ValueError):
    """A text is no list of tags; its words say where."""


def tags(text: str) -> dict[str, str]:
    """The tags in their order, names in small letters. Raises BadTags, for a repeated one too."""
    found: dict[str, str] = {}
    for part in text.rstrip("; \t\r\n").split(";"):
        match = TAG.fullmatch(part)
        if not match:
            raise BadTags(f'"{part.strip()[:30]}" is no tag')
        name = match[1].lower()
        if name in found:
            raise BadTags(f"{name}= is there twice")
        found[name] = match[2]
    return found
