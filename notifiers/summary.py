"""The words where one message stands for many: the digest of a place, the notice that a rule floods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifiers.message import LANGUAGES, plain
from rules.grade import Grade

# Places, ids and hazards by name: a digest is to fit into a few messages.
SHOWN = 5
_COLOUR = {
    "zh": {Grade.BLUE: "蓝色", Grade.YELLOW: "黄色", Grade.ORANGE: "橙色", Grade.RED: "红色"},
    "en": {Grade.BLUE: "blue", Grade.YELLOW: "yellow", Grade.ORANGE: "orange", Grade.RED: "red"},
}
_OTHERS = {"zh": "其他", "en": "others"}
_MORE = {"zh": "等", "en": " and more"}
_COMMA = {"zh": "、", "en": ", "}

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """An incident in a digest: what it is called, where, how grave it is told to be, of how many warnings.

    `title` is empty where it is one of the many others. `fresh` if the recipient hears of it for the first
    time; `over` if it has ended meanwhile.
    """

    incident: str
    title: Names
    place: Names
    grade: Grade | None
    warnings: int
    fresh: bool
    over: bool


def fresh_warnings(items: Iterable[Item]) -> int:
    """How many warnings a digest tells its recipient of for the first time."""
    return sum(item.warnings for item in items if item.fresh)


def digest_text(digest: str, place: Names, items: Sequence[Item], local: datetime) -> dict[str, str]:
    """Counts by hazard and grade, the first places and ids, and who has the whole list."""
    return {language: plain(_digest(digest, place, items, local, language)) for language in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Requested:
    """An incident that waits for somebody: for a release, or to be taken over."""

    incident: str
    grade: Grade
    release: bool


def requests_text(digest: str, who: str, requests: Sequence[Requested], local: datetime) -> dict[str, str]:
    """How many incidents wait for whom and for what, the gravest ids, and who has the whole list."""
    count = len({request.incident for request in requests})
    release = sum(request.release for request in requests)
    takeover, highest = len(requests) - release, max(request.grade for request in requests)
    zh = [*([f"待接手{takeover}起"] if takeover else []), *([f"待审批{release}起"] if release else [])]
    en = [
        *([f"{takeover} to be taken over"] if takeover else []),
        *([f"{release} to be released"] if release else []),
    ]
    ids = [request.incident for request in requests]
    return {
        "zh": plain(
            f"待办汇总：{_when(local, 'zh')}。{count}起事件等待{who}处理：{'、'.join(zh)}；"
            f"最高{_COLOUR['zh'][highest]}。编号{_some(ids, 'zh')}。全部清单请询值班室：{digest}"
        ),
        "en": plain(
            f"REQUESTS: {_when(local, 'en')}. {count} incidents wait for {who}: {', '.join(en)};"
            f" the highest {_COLOUR['en'][highest]}. Ids {_some(ids, 'en')}. Ask the duty room for {digest}"
        ),
    }


@dataclass(frozen=True, slots=True)
class Flood:
    """What a notice says: the rule's id and title, the highest grade among `warnings` told here only.

    `over` once it has ended and none of them is open and untold.
    """

    id: str
    rule: str
    title: Names
    grade: Grade
    warnings: int
    over: bool


def notice_text(flood: Flood, local: datetime) -> dict[str, str]:
    """That a rule raises more than anybody can read, and that its warnings are told by this alone."""
    title = {language: _name(flood.title, language, flood.rule) for language in LANGUAGES}
    zh, en = _COLOUR["zh"][flood.grade], _COLOUR["en"][flood.grade]
    when_zh, when_en = _when(local, "zh"), _when(local, "en")
    if flood.over:
        return {
            "zh": plain(
                f"规则刷屏结束：{title['zh']}，{when_zh}。期间合并{flood.warnings}条预警，最高{zh}；"
                f"已全部解除或放行。编号{flood.id}"
            ),
            "en": plain(
                f"Rule floods no longer: {title['en']}, {when_en}. {flood.warnings} warnings were collapsed,"
                f" the highest {en}; each has cleared or was let out. Id {flood.id}"
            ),
        }
    return {
        "zh": plain(
            f"规则刷屏：{title['zh']}（{flood.rule}），{when_zh}。{flood.warnings}条预警仅以此条合并通知，"
            f"最高{zh}。请核实是真实险情还是规则有误；"
            f"未经批准不会发布（tocsin release {flood.id}）。编号{flood.id}"
        ),
        "en": plain(
            f"Rule floods: {title['en']} ({flood.rule}), {when_en}. {flood.warnings} warnings are told by"
            f" this notice alone, the highest {en}. Check whether it is real or a wrong rule:"
            f" they go out only if an approver lets them (tocsin release {flood.id}). Id {flood.id}"
        ),
    }


def _digest(digest: str, place: Names, items: Sequence[Item], local: datetime, language: str) -> str:
    fresh = [item for item in items if item.fresh]
    changed = [item for item in items if not item.fresh and not item.over]
    over, ended = sum(i.warnings for i in fresh if i.over), sum(i.over and not i.fresh for i in items)
    where = _some([_name(item.place, language, "") for item in items], language)
    ids, count = _some([item.incident for item in items], language), fresh_warnings(items)
    head = f"{_name(place, language, '')}，{_when(local, language)}"
    if language == "zh":
        parts = [f"另有{count}条预警：{_counts(fresh, language)}"] if fresh else []
        parts += [f"其中已解除{over}条"] if over else []
        parts += [f"级别变化：{_counts(changed, language)}"] if changed else []
        parts += [f"此前发布的已解除{ended}条"] if ended else []
        return f"预警汇总：{head}。{'。'.join(parts)}。地点：{where}。编号{ids}。全部清单请询值班室：{digest}"
    parts = [f"{count} more warnings: {_counts(fresh, language)}"] if fresh else []
    parts += [f"{over} of them over already"] if over else []
    parts += [f"changed: {_counts(changed, language)}"] if changed else []
    parts += [f"{ended} told earlier are over"] if ended else []
    head = head.replace("，", ", ")
    return f"DIGEST: {head}. {'. '.join(parts)}. Places: {where}. Ids {ids}. Ask the duty room for {digest}"


def _counts(items: Iterable[Item], language: str) -> str:
    """`River stage: orange 2, yellow 15; others: blue 4`, the gravest first."""
    found: dict[str, dict[Grade | None, int]] = {}
    for item in sorted(items, key=lambda item: -(item.grade or 0)):
        of_title = found.setdefault(_name(item.title, language, _OTHERS[language]), {})
        of_title[item.grade] = of_title.get(item.grade, 0) + item.warnings
    colon, end = ("", "；") if language == "zh" else (": ", "; ")
    parts = []
    for title, grades in found.items():
        named = [
            f"{_COLOUR[language][grade]}{'' if language == 'zh' else ' '}{count}" if grade else str(count)
            for grade, count in grades.items()
        ]
        parts.append(f"{title}{colon}{_COMMA[language].join(named)}")
    return end.join(parts)


def _some(names: Iterable[str], language: str) -> str:
    distinct = list(dict.fromkeys(name for name in names if name))
    more = _MORE[language] if len(distinct) > SHOWN else ""
    return _COMMA[language].join(distinct[:SHOWN]) + more


def _name(names: Names, language: str, otherwise: str) -> str:
    return names.get(language) or next(iter(names.values()), otherwise)


def _when(local: datetime, language: str) -> str:
    return f"{local.month}月{local.day}日{local:%H:%M}" if language == "zh" else f"{local:%Y-%m-%d %H:%M}"
