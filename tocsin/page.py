"""A report as one page that needs nothing else: it opens without a network, in light and in dark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from tocsin.commands.language import Language


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table in words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(title: str, language: Language, body: Iterable[str]) -> str:
    """A document of HTML parts under `title`, which is plain text; nothing of it can run or be fetched."""
    style, title = files("tocsin").joinpath("page.css").read_text("utf-8"), escape(title)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{style}</style></head>'
        f"<body><h1>{title}</h1>{''.join(body)}</body></html>\n"
    )


def table(sheet: Sheet) -> str:
    """A table without its title."""
    head = "".join(f"<th>{escape(column)}</th>" for column in sheet.columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in sheet.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def section(sheet: Sheet) -> str:
    """A table under its title."""
    return f"<section><h2>{escape(sheet.title)}</h2>{table(sheet)}</section>"
