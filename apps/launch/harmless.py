"""Makes text from elsewhere harmless: a server's answer must not steer a terminal or a reader."""

import unicodedata

MOST = 600  # characters of one sentence that are shown


def harmless(text: str, most: int = MOST) -> str:
    """One line of `text`: white space as blanks, control and format characters spelled out.

    Escape sequences move cursors and forge lines; the format characters of bidirectional text
    (Unicode TR36, 2.5) show words in another order than they are.
    """
    line = "".join(map(spelled, " ".join(text.split())))
    return line if len(line) <= most else f"{line[:most]}…"


def spelled(character: str) -> str:
    """A character as it may be printed."""
    if unicodedata.category(character).startswith("C"):
        return character.encode("unicode_escape").decode("ascii")
    return character
