"""What must hold of a CAP document beyond being XML, found in the document alone, whoever wrote it.

The schema passes an identifier with spaces, a polygon of words, an Update of nothing and an alert about
nothing. The rules are those of the OASIS standard and its practice. Of three this house makes more than the
standard does: an area has an outline, a language has one block, nothing is empty.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from notifiers.cap.areas import (
    bounded,
    child_text,
    circles,
    closed,
    four,
    heights,
    modest,
    numbers,
    on_globe,
    pairs,
    simple,
)
from notifiers.cap.defect import Defect, Limits, Rule
from notifiers.cap.parsing import NotXml, parse
from notifiers.cap.structure import listed, named, ours, structure
from notifiers.cap.terms import NAMESPACE

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:[0-5]\d", re.ASCII)
_TIMES = ("sent", "effective", "onset", "expires")
_WIDEST = timedelta(hours=14)
_FORBIDDEN = re.compile(r"[\s,<&]")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_ADDRESS_PART = r"[A-Za-z0-9._~:/?@!$&'()*+,;=%-]"
_ADDRESS = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:{_ADDRESS_PART}+(#{_ADDRESS_PART}*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MARKUP = re.compile(r"<[A-Za-z/!?][^<>]*>|&(#\d+|#[xX][0-9A-Fa-f]+|\w+);")
_TIME_FORM = "write 2026-11-22T08:00:00+08:00; UTC is -00:00, never Z"


def check(document: bytes, limits: Limits, rules: Sequence[Rule] | None = None) -> list[Defect]:
    """All that is wrong with `document`; `rules` are all of `RULES` unless given."""
    try:
        alert = parse(document)
    except NotXml as error:
        return [Defect("alert", f"is no XML: {error}", "write it with an XML library")]
    return [defect for rule in (RULES if rules is None else rules) for defect in rule(alert, limits)]


def identifier(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Identifiers go into references, between commas and spaces."""
    yield from _unfit(alert, "identifier")


def sender(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """So do senders."""
    yield from _unfit(alert, "sender")


def times(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Whole seconds with an offset, on a day that exists."""
    for element in ours(alert):
        if named(element) in _TIMES and _instant(element.text) is None:
            yield Defect(named(element), f"{element.text!r} is no time of CAP", _TIME_FORM)


def lasting(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """It says something when it is sent."""
    sent = _instant(child_text(alert, "sent"))
    for info in _infos(alert):
        expires = _instant(child_text(info, "expires"))
        if sent is not None and expires is not None and expires <= sent:
            yield Defect("expires", "is not later than sent", "send it while it says something")


def restricted(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A restriction belongs to a restricted alert, and to no other."""
    wanted = child_text(alert, "scope") == "Restricted"
    if wanted != (child_text(alert, "restriction") is not None):
        yield Defect(
            "restriction", "goes with the scope Restricted, and only with it", "add it or leave it out"
        )


def addressed(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A private alert says to whom."""
    if child_text(alert, "scope") == "Private" and child_text(alert, "addresses") is None:
        yield Defect("addresses", "is missing, and the scope is Private", "name the recipients")


def exercise(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Who takes part must know which exercise it is."""
    if child_text(alert, "status") == "Exercise" and child_text(alert, "note") is None:
        yield Defect("note", "is missing, and the status is Exercise", "name the exercise in it")


def referring(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """All but the first message are about others."""
    kind = child_text(alert, "msgType")
    if kind != "Alert" and not (child_text(alert, "references") or "").strip():
        yield Defect("references", f"is missing, and this is an {kind}", "list all earlier messages")


def references(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Each reference names sender, identifier and time."""
    for reference in _references(alert):
        parts = reference.split(",")
        fits = len(parts) == 3 and all(parts) and not _FORBIDDEN.search(parts[0] + parts[1])
        if not fits or _instant(parts[2]) is None:
            yield Defect("references", f"{reference!r} is no reference", "write sender,identifier,sent")


def others(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """No message is about itself."""
    own = [child_text(alert, "sender"), child_text(alert, "identifier")]
    if any(reference.split(",")[:2] == own for reference in _references(alert)):
        yield Defect("references", "names this message itself", "leave it out")


def earlier(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """No message is about a later one."""
    sent = _instant(child_text(alert, "sent"))
    for reference in _references(alert):
        then = _instant(reference.split(",")[-1])
        if sent is not None and then is not None and then > sent:
            yield Defect("references", f"{reference!r} is later than this message", "leave it out")


def informing(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A warning says what it warns of; a Cancel need not."""
    kind = child_text(alert, "msgType")
    if kind in ("Alert", "Update") and not list(_infos(alert)):
        yield Defect("info", f"is missing, and this is an {kind}", "say what it warns of")


def languages(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A language is a tag as in RFC 3066."""
    for info in _infos(alert):
        language = child_text(info, "language")
        if language is not None and not _LANGUAGE.fullmatch(language):
            yield Defect("language", f"{language!r} is no language", "write zh-CN or en-US")


def each_language_once(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """One block a language; CAP itself allows more, of other areas. Without a tag it is en-US."""
    found = [(child_text(info, "language") or "en-US").lower() for info in _infos(alert)]
    for language in sorted({name for name in found if found.count(name) > 1}):
        yield Defect("info", f"the language {language} has more than one block", "merge them")


def translated(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Blocks of two languages do not say the same words."""
    texts = [text for info in _infos(alert) if (text := child_text(info, "description"))]
    if len(set(texts)) < len(texts):
        yield Defect("description", "two blocks have the same text", "leave out what is not translated")


def saying(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Nothing is empty: what says nothing is left out, or was forgotten."""
    for element in ours(alert):
        if not len(element) and not (element.text or "").strip():
            yield Defect(named(element), "is empty", "fill it, or leave it out if it may be missing")


def plain_text(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """What people read has no markup: receivers show it as it is."""
    for element in ours(alert):
        if (found := _MARKUP.search(element.text or "")) is not None:
            yield Defect(named(element), f"{found[0]!r} is markup", "write plain text")


def linked(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """A link leads somewhere by itself."""
    for element in ours(alert):
        if named(element) in ("web", "uri") and not _absolute(element.text or ""):
            yield Defect(named(element), f"{element.text!r} is no full address", "write https://...")


RULES: tuple[Rule, ...] = (
    structure,
    listed,
    identifier,
    sender,
    times,
    lasting,
    restricted,
    addressed,
    exercise,
    referring,
    references,
    others,
    earlier,
    informing,
    languages,
    each_language_once,
    translated,
    saying,
    plain_text,
    linked,
    bounded,
    pairs,
    four,
    closed,
    simple,
    on_globe,
    modest,
    circles,
    heights,
    numbers,
)


def _unfit(alert: ET.Element, name: str) -> Iterator[Defect]:
    if (found := _FORBIDDEN.search(child_text(alert, name) or "")) is not None:
        yield Defect(name, f"has {found[0]!r} in it", "write it without spaces, commas, < and &")


def _infos(alert: ET.Element) -> Iterator[ET.Element]:
    return alert.iter(f"{{{NAMESPACE}}}info")


def _references(alert: ET.Element) -> list[str]:
    return (child_text(alert, "references") or "").split()


def _instant(text: str | None) -> datetime | None:
    if text is None or not _TIME.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
        offset = instant.utcoffset()
    except ValueError:
        return None
    return instant if offset is not None and abs(offset) <= _WIDEST else None


def _absolute(address: str) -> bool:
    if not _ADDRESS.fullmatch(address) or _BAD_ESCAPE.search(address):
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.netloc) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
