"""Readings and refused messages as lines: columns for people, JSON for programs."""

from datetime import datetime

import msgspec
from rich.cells import set_cell_size

from ingest.reading import Quality, Reason
from rules.transition import iso
from tocsin.commands.language import Language
from tocsin.selection import Refused, Seen

COLUMNS = {
    Language.EN: ("received", "observed", "delay", "sensor", "zone", "metric", "value", "quality"),
    Language.ZH: ("收到", "观测", "延迟", "传感器", "区域", "指标", "数值", "质量"),
}
WIDTHS = (14, 14, 9, 28, 20, 14, 16)
# As docs/rules.md names them.
QUALITY = {
    Quality.CLOCK: "时钟异常",
    Quality.LATE: "迟到",
    Quality.STALE: "过时",
    Quality.SUSPECT: "可疑",
    Quality.STEP: "突变",
    Quality.STUCK: "卡滞",
    Quality.NEIGHBOUR: "与邻站不符",
}
REASONS = {
    Reason.MALFORMED: "格式错误",
    Reason.OVERSIZED: "消息过大",
    Reason.DUPLICATE_KEY: "键重复",
    Reason.NOT_UTF8: "不是 UTF-8",
    Reason.NOT_FINITE: "不是有限数",
    Reason.IMPOSSIBLE: "不可能的数值",
    Reason.UNKNOWN_METRIC: "未知指标",
    Reason.WRONG_UNIT: "单位错误",
    Reason.UNREGISTERED: "未注册",
    Reason.WRONG_TOPIC: "主题错误",
    Reason.OTHER_REALM: "不属于本 realm",
    Reason.RETAINED: "保留消息",
    Reason.BAD_TIME: "时间错误",
}
# What a value that is alone on its line is told apart by, beside the words.
DOUBTFUL, DROPPED, PLAIN = "\x1b[33m", "\x1b[31m", "\x1b[0m"


def heading(language: Language) -> str:
    """The names of the columns, above them."""
    return _row(COLUMNS[language])


def text_line(found: Seen | Refused, language: Language) -> str:
    """One line of columns for a terminal; nothing in it that a device sent can steer the terminal."""
    if isinstance(found, Seen):
        words = quality_words(found.quality, language)
        cells = (
            _when(found.received), _when(found.observed), _delay(found.received - found.observed),
            found.sensor, found.zone, found.metric, f"{found.value:f} {found.unit}".rstrip(), words,
        )  # fmt: skip
        return _row(cells, DOUBTFUL if found.quality else "")
    refused, why = ("refused", str(found.reason))
    if language is Language.ZH:
        refused, why = "拒收", REASONS[found.reason]
    where = found.sensor or found.topic
    cells = (_when(found.received), "–", "–", where, found.zone, "–", refused, f"{why}: {found.detail}")
    return _row(cells, DROPPED)


def json_line(found: Seen | Refused) -> bytes:
    """One JSON object: instants as ISO 8601, `delay` and `period` in s, the value in its unit."""
    where = {"sensor": found.sensor, "kind": found.kind, "zone": found.zone}
    if isinstance(found, Refused):
        why = {"refused": found.reason, "detail": found.detail, "topic": found.topic}
        return msgspec.json.encode({"received": iso(found.received), **where, **why})
    told = {
        "received": iso(found.received),
        "observed": iso(found.observed),
        "delay": (found.received - found.observed) / 1000,
        **where,
        "metric": found.metric,
        "value": float(found.value),
        "unit": found.unit,
        **({"period": found.period / 1000} if found.period else {}),
        "quality": [flag.name.lower() for flag in QUALITY if flag in found.quality and flag.name],
    }
    return msgspec.json.encode(told)


def quality_words(quality: Quality, language: Language) -> str:
    """All that is known against a value."""
    if not quality:
        return "正常" if language is Language.ZH else "ok"
    flags = [flag for flag in QUALITY if flag in quality]
    if language is Language.ZH:
        return "、".join(QUALITY[flag] for flag in flags)
    return ", ".join(flag.name.lower() for flag in flags if flag.name)


def _row(cells: tuple[str, ...], style: str = "") -> str:
    *narrow, last = (visible(cell) for cell in cells)
    columns = [set_cell_size(cell, width) for cell, width in zip(narrow, WIDTHS, strict=True)]
    return " ".join([*columns, f"{style}{last}{PLAIN}" if style else last])


def visible(text: str) -> str:
    """`text` with every character that is not printed shown as one that is."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    )


def _when(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000).astimezone().strftime("%m-%d %H:%M:%S")


def _delay(ms: int) -> str:
    """To three digits or so: what is long need not be told to the second."""
    seconds = ms / 1000
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
