"""The few words that stand for a bulletin where its text does not fit: a subject, a parameter of an SMS."""

from notifiers.bulletin import Act, Bulletin
from notifiers.message import plain
from rules.grade import Grade

GRADES = {
    "zh": {Grade.BLUE: "蓝色", Grade.YELLOW: "黄色", Grade.ORANGE: "橙色", Grade.RED: "红色"},
    "en": {Grade.BLUE: "BLUE", Grade.YELLOW: "YELLOW", Grade.ORANGE: "ORANGE", Grade.RED: "RED"},
}
_ENDS = frozenset({Act.CLEAR, Act.CANCEL})
_ACTS = {
    "zh": {
        Act.ALERT: "{}预警",
        Act.UPDATE: "{}预警更新",
        Act.CLEAR: "{}预警解除",
        Act.CANCEL: "{}预警取消",
        Act.DIGEST: "{}预警汇总",
        Act.REQUEST: "{}预警待处理",
    },
    "en": {
        Act.ALERT: "{} warning",
        Act.UPDATE: "{} warning, update",
        Act.CLEAR: "{} warning over",
        Act.CANCEL: "{} warning cancelled",
        Act.DIGEST: "{} warnings, summed up",
        Act.REQUEST: "{} warning needs you",
    },
}


def grade_of(bulletin: Bulletin, language: str) -> str:
    """The colour in one word; of what has ended, the one it had; empty where there is none."""
    before = bulletin.act in _ENDS
    grade = (bulletin.before or bulletin.grade) if before else (bulletin.grade or bulletin.before)
    return "" if grade is None else GRADES[language][grade]


def headline(bulletin: Bulletin, language: str) -> str:
    """Grade and act, title, place, on one line."""
    act = _ACTS[language][bulletin.act].format(grade_of(bulletin, language)).strip()
    what = [name[language] for name in (bulletin.title, bulletin.place) if name.get(language)]
    colon, comma = ("：", "，") if language == "zh" else (": ", ", ")
    return plain(colon.join([act, *([comma.join(what)] if what else [])]))
