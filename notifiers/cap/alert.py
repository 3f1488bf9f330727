"""A bulletin as a CAP 1.2 document: the order of the elements is the schema's.

What is over and what was wrong are both a Cancel, as 解除 is in the national system; the note says which.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

from ingest.clock import SECOND
from notifiers.bulletin import Act, Area, Bulletin, Ring
from notifiers.cap.register import Issued
from notifiers.cap.terms import COLOURS, LANGUAGES, NAMESPACE, SEVERITY, STATUS, URGENCY, Issuer
from notifiers.message import plain
from notifiers.seal import marked
from rules.realm import Realm

_BEIJING = timezone(timedelta(hours=8))
_HEADLINE = 160  # what CAP asks a headline to stay within, for what shows no more
_NOTES = {
    Act.CLEAR: "预警解除，险情已结束。It is over: this cancels the warnings it refers to.",
    Act.CANCEL: "预警有误，予以撤销。It was wrong: this withdraws the warnings it refers to.",
}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def timed(instant: int) -> str:
    """`instant` (ms) as the national system writes it: Beijing time, whole seconds, with its offset."""
    beijing = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(_BEIJING)
    return beijing.isoformat(timespec="seconds")


def document(
    bulletin: Bulletin, issued: Issued, earlier: Sequence[Issued], issuer: Issuer, realm: Realm
) -> bytes:
    """`bulletin` under the identifier `issued`; `earlier` are out already, of its incident, oldest first."""
    alert = ET.Element("alert", {"xmlns": NAMESPACE})
    _add(alert, "identifier", issued.identifier)
    _add(alert, "sender", issued.sender)
    _add(alert, "sent", timed(bulletin.sent))
    _add(alert, "status", STATUS.get(realm, "Test"))
    _add(alert, "msgType", message_type(bulletin, earlier))
    _add(alert, "scope", "Public")
    _add(alert, "note", _note(bulletin, issuer, realm))
    _add(alert, "references", " ".join(f"{i.sender},{i.identifier},{timed(i.sent)}" for i in earlier))
    _add(alert, "incidents", _quoted(worded(bulletin.incident)))
    told: list[str] = []
    for language in LANGUAGES:
        description = worded(bulletin.text.get(language, ""))
        # Without a translation both languages have the same words; once is enough.
        if description and description not in told:
            told.append(description)
            alert.append(_Information(bulletin, issued, issuer, realm, language).element())
    ET.indent(alert)
    written: bytes = ET.tostring(alert, encoding="utf-8", xml_declaration=True)
    return written


def message_type(bulletin: Bulletin, earlier: Sequence[Issued]) -> str:
    """Alert for the first that readers see of an incident, whatever others were told of it before."""
    if bulletin.act in _NOTES:
        return "Cancel"
    return "Update" if earlier else "Alert"


def worded(text: str) -> str:
    """One line that nothing takes for markup: a space parts what would be a tag or an entity."""
    return _ENTITY.sub("& ", _TAG.sub("< ", plain(text)))


def headline(bulletin: Bulletin, language: str, realm: Realm) -> str:
    """Colour, title and place, as short as CAP wants it."""
    title, place = bulletin.title.get(language, ""), bulletin.place.get(language, "")
    colour = COLOURS[language].get(bulletin.grade) if bulletin.grade is not None else None
    if language == "zh":
        kind = {Act.CLEAR: "预警解除", Act.CANCEL: "预警撤销"}.get(bulletin.act, f"{colour or ''}预警")
        words = f"{kind}：{place}{title}"
    else:
        kind = {Act.CLEAR: "ALL CLEAR", Act.CANCEL: "WITHDRAWN"}.get(
            bulletin.act, f"{colour} warning" if colour else "Warning"
        )
        words = f"{kind}: {', '.join(part for part in (title, place) if part)}"
    whole = marked(language, worded(words), realm)
    return whole if len(whole) <= _HEADLINE else f"{whole[: _HEADLINE - 1]}…"


class _Information:
    """One language's block of a document."""

    def __init__(
        self, bulletin: Bulletin, issued: Issued, issuer: Issuer, realm: Realm, language: str
    ) -> None:
        self._bulletin, self._issued, self._issuer = bulletin, issued, issuer
        self._realm, self._language = realm, language
        self._over = bulletin.act in _NOTES
        self._hazard = issuer.hazard(bulletin.hazard)

    def element(self) -> ET.Element:
        told, info = self._bulletin, ET.Element("info")
        _add(info, "language", LANGUAGES[self._language])
        for category in self._hazard.categories:
            _add(info, "category", category)
        _add(info, "event", self._event())
        self._judgement(info)
        if self._hazard.code is not None:
            _pair(info, "eventCode", "eventType", self._hazard.code)
        _add(info, "effective", timed(told.sent))
        _add(info, "onset", timed(told.at))
        # What ends a warning need not end itself; but a warning that has ended is to be found out.
        if not self._over or told.expires // SECOND > told.sent // SECOND:
            _add(info, "expires", timed(told.expires))
        _add(info, "senderName", worded(self._issuer.name.get(self._language, "")))
        _add(info, "headline", headline(told, self._language, self._realm))
        _add(info, "description", self._marked(told.text[self._language]))
        _add(info, "instruction", self._marked(told.advice.get(self._language, "")))
        for name, value in self._parameters():
            _pair(info, "parameter", name, value)
        if told.area is not None:
            info.append(self._area(told.area))
        return info

    def _event(self) -> str:
        named = self._hazard.event.get(self._language) or self._bulletin.title.get(self._language, "")
        return worded(named) or worded(self._bulletin.hazard) or "Other"

    def _judgement(self, info: ET.Element) -> None:
        told = self._bulletin
        if self._over:
            _add(info, "responseType", "AllClear")
            # CAP's Minor is "minimal to no known threat", its Unlikely "not expected to occur".
            urgency, severity = "Past", "Minor"
            certainty = "Unlikely" if told.act is Act.CANCEL else "Observed"
        else:
            urgency = URGENCY[told.grade] if told.grade is not None else "Unknown"
            severity = SEVERITY[told.grade] if told.grade is not None else "Unknown"
            certainty = self._issuer.certainty_of(told.rule)
        _add(info, "urgency", urgency)
        _add(info, "severity", severity)
        _add(info, "certainty", certainty)

    def _marked(self, text: str) -> str:
        words = worded(text)
        return marked(self._language, words, self._realm) if words else ""

    def _parameters(self) -> Iterator[tuple[str, str]]:
        told = self._bulletin
        if told.grade is not None:
            yield "warningColour", str(told.grade)
        if told.before is not None:
            yield "previousColour", str(told.before)
        yield "openWarnings", str(told.count)
        if self._issued.second != told.sent // SECOND:
            yield "identifierTime", timed(self._issued.second * SECOND)

    def _area(self, zone: Area) -> ET.Element:
        area = ET.Element("area")
        named = zone.name.get(self._language) or self._bulletin.place.get(self._language) or zone.zone
        _add(area, "areaDesc", worded(named) or worded(zone.zone))
        # CAP has no holes: who is in one is warned too.
        for ring in zone.rings[:1]:
            _add(area, "polygon", _polygon(ring))
        if zone.code:
            _pair(area, "geocode", "GB/T 2260", worded(zone.code))
        return area


def _note(bulletin: Bulletin, issuer: Issuer, realm: Realm) -> str:
    exercise = worded(issuer.exercise)
    drill = f"演练 {exercise}。EXERCISE {exercise}." if realm is Realm.DRILL else ""
    return " ".join(part for part in (drill, _NOTES.get(bulletin.act, "")) if part)


def _polygon(ring: Ring) -> str:
    """CAP writes lat before lon."""
    return " ".join(f"{_degrees(lat)},{_degrees(lon)}" for lon, lat in ring)


def _degrees(value: float) -> str:
    """To a tenth of a metre."""
    digits = f"{round(value, 6) + 0.0:.6f}"
    return digits.rstrip("0").removesuffix(".")


def _quoted(incident: str) -> str:
    return f'"{incident}"' if " " in incident else incident


def _add(parent: ET.Element, name: str, text: str) -> None:
    """An element that would be empty is left out; one that must be there is then missed by the check."""
    if text:
        ET.SubElement(parent, name).text = text


def _pair(parent: ET.Element, name: str, key: str, value: str) -> None:
    pair = ET.SubElement(parent, name)
    _add(pair, "valueName", key)
    _add(pair, "value", value)
