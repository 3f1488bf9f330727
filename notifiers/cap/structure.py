"""The shape of a CAP 1.2 document: which elements, in which order, how often, and the listed values.

Figures from the OASIS standard of 1 July 2010. What is true of a document here is also true for its schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from notifiers.cap.defect import Defect, Limits
from notifiers.cap.terms import NAMESPACE

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_HINTS = "{http://www.w3.org/2001/XMLSchema-instance}"
_HINT_NAMES = (f"{_HINTS}schemaLocation", f"{_HINTS}noNamespaceSchemaLocation")
MANY = None


@dataclass(frozen=True, slots=True)
class _Part:
    """An element of a sequence: how often it may stand, and its own parts, None for text."""

    least: int
    most: int | None
    parts: Mapping[str, "_Part"] | None = None


_ONE, _MAYBE, _ANY, _SOME = _Part(1, 1), _Part(0, 1), _Part(0, MANY), _Part(1, MANY)
_PAIR = {"valueName": _ONE, "value": _ONE}
_PAIRS = _Part(0, MANY, _PAIR)
_RESOURCE = {
    "resourceDesc": _ONE,
    "mimeType": _ONE,
    "size": _MAYBE,
    "uri": _MAYBE,
    "derefUri": _MAYBE,
    "digest": _MAYBE,
}
_AREA = {
    "areaDesc": _ONE,
    "polygon": _ANY,
    "circle": _ANY,
    "geocode": _PAIRS,
    "altitude": _MAYBE,
    "ceiling": _MAYBE,
}
_INFO = {
    "language": _MAYBE,
    "category": _SOME,
    "event": _ONE,
    "responseType": _ANY,
    "urgency": _ONE,
    "severity": _ONE,
    "certainty": _ONE,
    "audience": _MAYBE,
    "eventCode": _PAIRS,
    "effective": _MAYBE,
    "onset": _MAYBE,
    "expires": _MAYBE,
    "senderName": _MAYBE,
    "headline": _MAYBE,
    "description": _MAYBE,
    "instruction": _MAYBE,
    "web": _MAYBE,
    "contact": _MAYBE,
    "parameter": _PAIRS,
    "resource": _Part(0, MANY, _RESOURCE),
    "area": _Part(0, MANY, _AREA),
}
_ALERT = {
    "identifier": _ONE,
    "sender": _ONE,
    "sent": _ONE,
    "status": _ONE,
    "msgType": _ONE,
    "source": _MAYBE,
    "scope": _ONE,
    "restriction": _MAYBE,
    "addresses": _MAYBE,
    "code": _ANY,
    "note": _MAYBE,
    "references": _MAYBE,
    "incidents": _MAYBE,
    "info": _Part(0, MANY, _INFO),
    _SIGNATURE: _ANY,
}
LISTED = {
    "status": "Actual Exercise System Test Draft",
    "msgType": "Alert Update Cancel Ack Error",
    "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}


def named(element: ET.Element) -> str:
    """The name without CAP's namespace; one of another keeps it."""
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def ours(alert: ET.Element) -> Iterator[ET.Element]:
    """The elements of CAP, without those of a signature."""
    return (element for element in alert.iter() if element.tag.startswith(f"{{{NAMESPACE}}}"))


def structure(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """Each element where it belongs, as often as it may stand, with nothing else beside it."""
    if alert.tag != f"{{{NAMESPACE}}}alert":
        yield Defect(named(alert), "the root is no alert of CAP 1.2", f"write <alert xmlns='{NAMESPACE}'>")
        return
    yield from _sequence(alert, "alert", _ALERT)


def listed(alert: ET.Element, _: Limits) -> Iterator[Defect]:
    """The values that CAP lists."""
    for element in ours(alert):
        values = LISTED.get(named(element), "").split()
        if values and element.text not in values:
            yield Defect(
                named(element), f"{element.text!r} is none of its values", f"one of {', '.join(values)}"
            )


def _sequence(parent: ET.Element, path: str, parts: Mapping[str, _Part]) -> Iterator[Defect]:
    yield from _bare(parent, path)
    if any((text or "").strip(" \t\r\n") for text in (parent.text, *(child.tail for child in parent))):
        yield Defect(path, "text stands between its elements", "put the text into an element")
    names = [_SIGNATURE if child.tag.startswith(_SIGNATURE) else named(child) for child in parent]
    yield from _order(names, path, parts)
    for name, part in parts.items():
        count = names.count(name)
        if count < part.least:
            yield Defect(f"{path}/{name}", "is missing", f"its place is in the order {' '.join(parts)}")
        if part.most is not None and count > part.most:
            yield Defect(f"{path}/{name}", f"stands {count} times", f"at most {part.most}")
    for child in parent:
        if (known := parts.get(named(child))) is not None:
            yield from _content(child, f"{path}/{named(child)}", known)


def _order(names: list[str], path: str, parts: Mapping[str, _Part]) -> Iterator[Defect]:
    order = list(parts)
    for name in names:
        if name not in parts:
            yield Defect(f"{path}/{name}", "is no element of CAP 1.2 here", "leave it out")
    places = [order.index(name) for name in names if name in parts]
    for before, after in pairwise(places):
        if after < before:
            yield Defect(
                f"{path}/{order[after]}",
                f"stands behind {order[before]}",
                f"the order is {' '.join(order)}",
            )


def _content(element: ET.Element, path: str, part: _Part) -> Iterator[Defect]:
    if part.parts is not None:
        yield from _sequence(element, path, part.parts)
        return
    yield from _bare(element, path)
    if len(element):
        yield Defect(path, f"holds the element {named(element[0])}", "it holds text alone")


def _bare(element: ET.Element, path: str) -> Iterator[Defect]:
    for name in element.attrib:
        if name not in _HINT_NAMES:
            yield Defect(path, f"has the attribute {name}", "CAP 1.2 has no attributes")
