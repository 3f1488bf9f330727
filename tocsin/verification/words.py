"""What tables of warnings and events are headed with, in Chinese and English; figures as people read them."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from statistics import median

from tocsin.commands.language import Language
from tocsin.verification.figures import Figures
from tocsin.verification.pairing import Contingency, Pairing

NONE = "–"
CHINESE: dict[str, str] = {
    "threshold": "阈值",
    "warnings": "预警次数",
    "a month": "每月次数",
    "most of one": "单一对象最多",
    "median duration": "持续时间中位数",
    "time open": "预警时间占比",
    "hits": "命中",
    "misses": "漏报",
    "false alarms": "空报",
    "hit rate": "命中率",
    "false alarm ratio": "空报率",
    "CSI": "临界成功指数",
    "median lead": "提前量中位数",
    "least lead": "最短提前量",
    "refused": "不予采用",
    "in force": "现行",
    "best": "最佳",
    "rule": "规则",
    "hazard": "灾种",
    "zone": "区域",
    "place": "地点",
    "grade": "级别",
    "begin": "开始",
    "end": "结束",
    "called for": "应发级别",
    "closest": "最接近的级别",
    "any": "任意",
    "none": "无",
    "still open": "未解除",
    "evacuation": "转移所需时间",
    "too short": "提前量不足",
    "By rule": "按规则",
    "By hazard and zone": "按灾种和区域",
    "Missed or too weak": "漏报或级别偏低",
    "False alarms": "空报",
    "Judged": "研判时段",
    "events": "事件",
    "lead of at most": "提前不超过",
    "nothing is written": "未写入任何内容",
    "What would be written": "将写入",
    "the threshold in force is the best of these": "现行阈值在其中最佳",
    "stands at": "位于",
    "no value told of an event: none is better than another": "没有一个取值命中事件：无从比较优劣",
    "without --events none is better than another": "未给出 --events：无从比较优劣",
    "no sensor that the rule looks at reported in this time": "该时段内，规则所涉及的传感器没有任何上报",
    "short record: a month is more than was recorded": "记录较短：不足一个月",
}


def in_words(text: str, language: Language) -> str:
    """A text of CHINESE in the language that is spoken."""
    return CHINESE[text] if language is Language.ZH else text


def sentence(text: str, language: Language) -> str:
    """Own words with the punctuation of the language."""
    if language is Language.EN:
        return text
    text = f"{text[:-1]}：" if text.endswith(":") else text
    for narrow, wide in ((": ", "："), (", ", "，"), ("; ", "；"), (" (", "（"), (")", "）")):
        text = text.replace(narrow, wide)
    return text


def lasting(ms: float | None, language: Language) -> str:
    """A duration, or a lead time that may be negative, in days, hours and minutes; the rest is cut off."""
    if ms is None:
        return NONE
    minutes = int(abs(ms) // 60_000)
    sizes = (("d", "天", minutes // 1440), ("h", "小时", minutes // 60 % 24), ("min", "分", minutes % 60))
    zh = language is Language.ZH
    parts = [f"{number} {chinese if zh else english}" for english, chinese, number in sizes if number]
    return ("-" if ms < 0 and parts else "") + (" ".join(parts) or ("0 分" if zh else "0 min"))


def percent(share: float | None) -> str:
    """A share of 1 in percent, to the tenth."""
    return NONE if share is None else f"{share * 100:.1f} %"


def instant(ms: int, zone: tzinfo) -> str:
    """To the minute, in local time."""
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M")


COUNTED = ("warnings", "a month", "most of one", "median duration", "time open")
PAIRED = (
    "hits", "misses", "false alarms", "hit rate", "false alarm ratio", "CSI", "median lead", "least lead"
)  # fmt: skip


def counted(of: Figures, language: Language) -> list[str]:
    """The cells under COUNTED."""
    lasted = lasting(of.lasted, language)
    return [str(of.alarms), f"{of.per_month:.1f}", str(of.most), lasted, percent(of.open_share)]


def paired(of: Pairing, language: Language) -> list[str]:
    """The cells under PAIRED."""
    return paired_counts(of.contingency, of.leads, language)


def paired_counts(counts: Contingency, leads: Sequence[int], language: Language) -> list[str]:
    """The same; `leads` in ms."""
    index = NONE if counts.success_index is None else f"{counts.success_index:.2f}"
    return [
        str(counts.hits),
        str(counts.misses),
        str(counts.false_alarms),
        percent(counts.hit_rate),
        percent(counts.false_alarm_ratio),
        index,
        lasting(median(leads) if leads else None, language),
        lasting(min(leads, default=None), language),
    ]
