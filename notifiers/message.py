"""What people read and hear: the words of an announcement, and what they cost as an SMS.

Order of the parts, as public warnings have it: colour and type, place, time; what; what to do; id.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ingest.registry import Sensor, Zone
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Transition

LANGUAGES = ("zh", "en")

_GRADE_ZH = {
    Grade.BLUE: "蓝色预警（Ⅳ级）",
    Grade.YELLOW: "黄色预警（Ⅲ级）",
    Grade.ORANGE: "橙色预警（Ⅱ级）",
    Grade.RED: "红色预警（Ⅰ级）",
}
_GRADE_EN = {
    Grade.BLUE: "BLUE warning (level IV)",
    Grade.YELLOW: "YELLOW warning (level III)",
    Grade.ORANGE: "ORANGE warning (level II)",
    Grade.RED: "RED warning (level I)",
}

_FALSE = " ✗"
# Alternatives that are all told, whether they hold or not.
FEW = 3
# What is said in place of it: after a downgrade, and as one part of a condition that holds.
_NO_LONGER = {"zh": "已不成立，解除前保持", "en": "no longer, held until released"}
_NOT_MET = {"zh": "未达到", "en": "not met"}

# The default alphabet of GSM 03.38, without its escape; the extension costs two septets a character.
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True)
class Told:
    """A line, and the change of its incident that it leads: from what was told before to `grade`.

    `incident` is the number people are given, `count` how many warnings are open in it.
    """

    line: Transition
    grade: Grade | None
    before: Grade | None
    incident: str
    count: int = 1

    @property
    def direction(self) -> int:
        """1 for an upgrade, -1 for a downgrade, 0 for what is told first."""
        if self.before is None or self.grade is None:
            return 0
        return (self.grade > self.before) - (self.grade < self.before)


@dataclass(frozen=True, slots=True)
class Words:
    """Each part by language; `text` is the whole."""

    title: dict[str, str]
    place: dict[str, str]
    evidence: dict[str, str]
    advice: dict[str, str]
    text: dict[str, str]


def compose(
    told: Told, rule: Rule | None, sensor: Sensor | None, zones: Sequence[Zone], zone_of_time: tzinfo
) -> Words:
    """The words in each of `LANGUAGES`, one line each, without signature and without the mark of a drill.

    `zones` is the place and what lies above it, nearest first. A rule or sensor that is no longer
    registered is named by its id.
    """
    local = datetime.fromtimestamp(told.line.at / 1000, zone_of_time)
    within = _within(told.line, sensor, zones)
    words = Words(
        title={language: plain(_title(told.line, rule, language)) for language in LANGUAGES},
        place={"zh": plain(_place_zh(within, zones)), "en": plain(_place_en(within, zones))},
        evidence={language: plain(_evidence(told, language)) for language in LANGUAGES},
        advice={language: plain(_advice(told, rule, language)) for language in LANGUAGES},
        text={},
    )
    words.text["zh"] = plain(_chinese(told, words, local))
    words.text["en"] = plain(_english(told, words, local))
    return words


def plain(text: str) -> str:
    """`text` on one line: control, format and private characters go, runs of white space become one space."""
    if text.isprintable():
        # None of those characters is; a storm's words are worth not asking of each.
        return " ".join(text.split())
    kept = ("" if unicodedata.category(c)[0] == "C" and not c.isspace() else c for c in text)
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class Segments:
    """How many parts an SMS takes in `encoding` (`GSM-7` or `UCS-2`)."""

    encoding: str
    count: int


def segments(text: str) -> Segments:
    """The parts of an SMS: 160 septets or 70 UTF-16 units in one, 153 or 67 in each of several."""
    if all(c in _GSM_BASIC or c in _GSM_EXTENSION for c in text):
        return Segments("GSM-7", _parts([2 if c in _GSM_EXTENSION else 1 for c in text], 160, 153))
    return Segments("UCS-2", _parts([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67))


def _parts(sizes: list[int], alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1
    # An escape sequence or a surrogate pair is never torn apart, so parts may end one unit early.
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


def _chinese(told: Told, words: Words, local: datetime) -> str:
    when = f"{local.month}月{local.day}日{local:%H:%M}"
    head = f"{words.title['zh']}，{words.place['zh']}，{when}"
    if told.grade is None:
        return f"预警解除：{head}。此前为{_before(told, _GRADE_ZH, '预警')}。编号{told.incident}"
    change = {1: "升级为", -1: "降级为", 0: ""}[told.direction]
    more = f"，共{told.count}处" if told.count > 1 else ""
    advice = _sentence(words.advice["zh"], "。")
    evidence = _sentence(words.evidence["zh"], "。")
    return f"{change}{_GRADE_ZH[told.grade]}：{head}{more}。{evidence}{advice}编号{told.incident}"


def _english(told: Told, words: Words, local: datetime) -> str:
    head = f"{words.title['en']}, {words.place['en']}, {local:%Y-%m-%d %H:%M}"
    if told.grade is None:
        return f"ALL CLEAR: {head}. Was: {_before(told, _GRADE_EN, 'warning')}. Id {told.incident}"
    change = {1: "Upgraded to ", -1: "Downgraded to ", 0: ""}[told.direction]
    more = f", {told.count} warnings" if told.count > 1 else ""
    evidence = _sentence(words.evidence["en"], ". ")
    advice = _sentence(words.advice["en"], " ")
    return f"{change}{_GRADE_EN[told.grade]}: {head}{more}. {evidence}{advice}Id {told.incident}"


def _place_zh(within: str, zones: Sequence[Zone]) -> str:
    return "".join(_named(zone.name, "zh", zone.id) for zone in reversed(zones)) + within


def _place_en(within: str, zones: Sequence[Zone]) -> str:
    names = [*(_named(zone.name, "en", zone.id) for zone in zones), within]
    return ", ".join(name for name in names if name)


def _within(t: Transition, sensor: Sensor | None, zones: Sequence[Zone]) -> str:
    """The sensor or gateway by its id; nothing for a zone, which is named already."""
    if sensor is None and zones and zones[0].id == t.subject:
        return ""
    return t.subject


def _before(told: Told, names: Mapping[Grade, str], otherwise: str) -> str:
    return otherwise if told.before is None else names[told.before]


def _title(t: Transition, rule: Rule | None, language: str) -> str:
    return t.rule if rule is None else _named(rule.title, language, rule.id)


def _advice(told: Told, rule: Rule | None, language: str) -> str:
    return "" if rule is None or told.direction < 0 else rule.advice.get(language, "")


def alternatives(condition: str) -> list[str]:
    """The parts of a condition in words that are joined by `or`, outside of all parentheses."""
    parts, depth = [""], 0
    for word in condition.split(" "):
        if word == "or" and depth == 0:
            parts.append("")
            continue
        depth += word.count("(") - word.count(")")
        parts[-1] += f" {word}" if parts[-1] else word
    return parts


def _evidence(told: Told, language: str) -> str:
    """The condition with its values, without the verdict marks: one of them would turn GSM-7 into UCS-2.

    Of many alternatives without those that are plainly false: of fifteen gases, those that leak. What a
    person raised is in the person's own words.
    """
    evidence = told.line.evidence
    text = str(evidence.get("words", {}).get(language) or evidence.get("text", ""))
    parts = alternatives(text)
    if len(parts) > FEW and told.direction >= 0:
        text = " or ".join([part for part in parts if not _is_false(part)] or parts)
    false = _NO_LONGER if told.direction < 0 else _NOT_MET
    return text.replace(_FALSE, f" ({false[language]})").replace(" ✓", "")


def _is_false(part: str) -> bool:
    """Of one comparison alone: what several come to does not stand in the text."""
    return part.endswith(_FALSE) and part.count(" ✓") + part.count(_FALSE) == 1 and part[:4] != "not "


def _named(names: Mapping[str, str], language: str, otherwise: str) -> str:
    return names.get(language) or next(iter(names.values()), otherwise)


def _sentence(text: str, end: str) -> str:
    stripped = text.strip()
    if not stripped:
        return ""
    return stripped + (end.lstrip("。.") if stripped[-1] in "。.!！" else end)
