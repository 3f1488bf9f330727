"""The words of a score card, in the two languages of its readers; English stands for itself."""

from collections.abc import Callable, Mapping

from tocsin.commands.language import Language
from tocsin.drill.card import Text, Verdict

Words = Callable[[str], str]

_ZH: Mapping[str, str] = {
    "Score card of a drill": "演练评分表",
    "EXERCISE": "【演练】",
    "met": "达成",
    "early": "过早",
    "late": "超时",
    "missed": "未达成",
    "{} of {} expectations met": "{} 项达成，共 {} 项",
    "passed": "通过",
    "not passed": "未通过",
    "stopped": "提前终止",
    "played {} of {}": "进行 {}，计划 {}",
    "speed": "倍速",
    "What was expected": "预期与结果",
    "expected": "预期",
    "due": "时限",
    "came": "实际",
    "result": "结果",
    "detail": "说明",
    "How long it took": "各环节用时",
    "warning": "预警",
    "place": "地点",
    "grade": "等级",
    "raised": "发布",
    "delivered": "送达",
    "acknowledged": "确认",
    "arrived": "到场",
    "handled": "处置",
    "recipients": "已知晓",
    "Not reached at the end": "结束时仍未通知到",
    "who": "对象",
    "why": "原因",
    "meant so": "演练设定",
    "yes": "是",
    "no": "否",
    "Who did what": "人员操作",
    "at": "时间",
    "did": "操作",
    "answered": "系统答复",
    "REAL": "真实",
    "Real warnings during the drill": "演练期间的真实预警",
    "text": "内容",
    "What happened": "剧情",
    "what": "事件",
    "Messages": "报文对账",
    "Faults played": "注入的故障",
    "count": "次数",
    "after the time of telling": "自发布起",
    "none": "无",
    "drill": "演练",
    "held": "日期",
    "expectations": "预期",
    "false": "误报",
    "unreached": "未通知到",
    "median time to deliver": "送达用时中位数",
    "median time to acknowledge": "确认用时中位数",
    "in time: acknowledged, arrived, handled": "按时：确认、到场、处置",
    "Drills side by side": "历次演练对比",
}


def words_of(language: Language) -> Words:
    """A text of this table in a language; KeyError for one that is not in it."""
    return (lambda text: text) if language is Language.EN else (lambda text: _ZH[text])


def told(text: Text, language: Language) -> str:
    """A text by language, in another where it has not this one."""
    return text.get(str(language)) or next(iter(text.values()), "")


def verdict_of(verdict: Verdict, language: Language) -> str:
    """With a sign, for whoever does not see colours."""
    sign = "✓" if verdict is Verdict.MET else "✗"
    return f"{sign} {words_of(language)(str(verdict))}"


def clock(ms: int | None) -> str:
    """A time after the start: `1:05:30`, and `–` for what never was."""
    if ms is None:
        return "–"
    minutes, seconds = divmod(abs(ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if ms < 0 else ''}{hours}:{minutes:02}:{seconds:02}"
