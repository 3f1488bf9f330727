"""The words of a comparison, in the two languages of its readers."""

from collections.abc import Callable, Mapping

from rules.grade import Grade
from tocsin.commands.language import Language

Words = Callable[[str], str]

_GRADES: Mapping[Language, Mapping[Grade | None, str]] = {
    Language.ZH: {
        None: "无", Grade.BLUE: "蓝 Ⅳ", Grade.YELLOW: "黄 Ⅲ", Grade.ORANGE: "橙 Ⅱ", Grade.RED: "红 Ⅰ",
    },
    Language.EN: {
        None: "none", Grade.BLUE: "blue IV", Grade.YELLOW: "yellow III", Grade.ORANGE: "orange II",
        Grade.RED: "red I",
    },
}  # fmt: skip

# English stands for itself.
_ZH = {
    "Two sets of rules compared": "两套规则对比",
    "No difference": "没有差别",
    "{} of {} warnings differ": "有差别的预警：{} 条，共 {} 条",
    "more: --json": "条见 --json",
    "old": "旧",
    "new": "新",
    "difference": "差",
    "rule": "规则",
    "zone": "区域",
    "subject": "对象",
    "grade": "等级",
    "same": "相同",
    "added": "新增",
    "lost": "漏掉",
    "earlier": "提前",
    "later": "推迟",
    "stronger": "升强",
    "weaker": "减弱",
    "longer": "变长",
    "shorter": "变短",
    "disposition": "审批不同",
    "course": "过程不同",
    "By rule": "按规则",
    "By zone": "按区域",
    "Lead time: when a grade is first reached": "提前量：各等级首次达到的时刻",
    "median": "中位数",
    "largest": "最大",
    "Who would be told": "通知影响",
    "people told": "被通知人数",
    "messages": "消息条数",
    "SMS parts": "短信条数（计费）",
    "horns sounded": "喇叭播放次数",
    "only before": "仅旧规则通知",
    "only now": "仅新规则通知",
    "Warnings that differ": "有差别的预警",
    "shown, the gravest first": "条，最严重的在前",
    "more are in the tables above": "条未画出，已计入上表",
    "still open": "未解除",
    "no data": "无数据",
    "local time": "当地时间",
    "min": "分钟",
    "what": "项目",
    "how": "差别",
}


def words_of(language: Language) -> Words:
    """Each phrase in the language."""
    return (lambda phrase: _ZH.get(phrase, phrase)) if language is Language.ZH else (lambda phrase: phrase)


def grade_of(language: Language, grade: Grade | None) -> str:
    """Colour and number: nobody has to tell them by colour alone."""
    return _GRADES[language][grade]


def shift_of(ms: int, words: Words) -> str:
    """`-35 min`: earlier; with its sign always."""
    minutes = ms / 60_000
    return f"{minutes:+.0f} {words('min')}" if minutes == int(minutes) else f"{minutes:+.1f} {words('min')}"
