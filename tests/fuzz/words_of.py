"""The words of each target's language: what a mutation puts in to get past the first look.

Files of `words/`, one word a line, with Python's backslash escapes.
"""

from pathlib import Path

WORDS = Path(__file__).parent / "words"
LANGUAGES: dict[str, tuple[str, ...]] = {
    "native": ("json",),
    "senml": ("json", "senml"),
    "topic": ("topic",),
    "mqtt": ("mqtt",),
    "rules": ("yaml", "conditions", "rules"),
    "table": ("csv", "table"),
    "condition": ("conditions",),
    "readings": ("csv", "readings"),
    "readings_gz": ("readings_gz",),
    "sensors": ("csv", "yaml", "sensors"),
    "zones": ("json", "zones"),
    "settings": ("yaml", "settings"),
    "kinds": ("yaml", "kinds"),
    "people": ("yaml", "people"),
    "routes": ("yaml", "routes"),
}


def words_of(target: str) -> list[bytes]:
    """The words of the target's languages."""
    lines = (line for name in LANGUAGES[target] for line in (WORDS / name).read_text().splitlines())
    return [line.encode().decode("unicode_escape").encode("latin-1") for line in lines]
