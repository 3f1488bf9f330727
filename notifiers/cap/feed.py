"""The Atom feed (RFC 4287) that tells readers which documents there are, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from notifiers.cap.alert import timed
from notifiers.cap.register import Issued

MEDIA_TYPE = "application/cap+xml"
FEED = "feed.atom"
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over the entries; `url` is the address of the folder, ending in a slash."""

    url: str
    title: str
    author: str


def feed(heading: Heading, shown: Sequence[Issued], now: int) -> bytes:
    """The feed over `shown`, newest first; `now` (ms) is when it was updated if it shows nothing."""
    root = ET.Element("feed", {"xmlns": _ATOM})
    own = heading.url + FEED
    _add(root, "id", own)
    _add(root, "title", heading.title)
    _add(root, "updated", timed(shown[0].sent if shown else now))
    _add(ET.SubElement(root, "author"), "name", heading.author)
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    for issued in shown:
        root.append(_entry(heading, issued))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def file_of(issued: Issued) -> str:
    """The name of its document in the folder."""
    return f"{issued.identifier}.xml"


def _entry(heading: Heading, issued: Issued) -> ET.Element:
    entry = ET.Element("entry")
    address = heading.url + file_of(issued)
    _add(entry, "id", address)
    _add(entry, "title", issued.title)
    _add(entry, "updated", timed(issued.sent))
    _add(entry, "published", timed(issued.sent))
    ET.SubElement(entry, "link", {"rel": "alternate", "type": MEDIA_TYPE, "href": address})
    return entry


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
