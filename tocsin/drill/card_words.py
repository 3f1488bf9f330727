"""The words of a score card, in the two languages of its readers; English stands for itself."""

from collections.abc import Callable, Mapping

from notifiers.headline import GRADES
from rules.grade import Grade
from tocsin.commands.language import Language
from tocsin.drill.card import Text, Verdict

Words = Callable[[str], str]

_ZH: Mapping[str, str] = {
    "EXERCISE": "【演练】",
    "met": "达成",
    "early": "过早",
    "late": "超时",
    "missed": "未达成",
    "{} of {} expectations met": "达成 {} 项，共 {} 项",
    "passed": "通过",
    "not passed": "未通过",
    "{}: {}; {}": "{}：{}；{}",
    "{}; stopped: {}": "{}；提前终止：{}",
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
    "heard": "送达",
    "ack": "确认",
    "know": "已知晓",
    "Not reached at the end": "结束时仍未通知到",
    "who": "对象",
    "everybody there": "当地所有人",
    "why": "原因",
    "meant so": "演练设定",
    "yes": "是",
    "no": "否",
    "Who did what": "人员操作",
    "at": "时间",
    "did": "操作",
    "incident": "事件编号",
    "answered": "系统答复",
    "Real warnings during the drill": "演练期间的真实预警",
    "text": "内容",
    "What happened": "剧情",
    "what": "事件",
    "Messages": "报文对账",
    "Faults played": "注入的故障",
    "count": "次数",
    "after it was told": "通知后",
    "{} more are not drawn": "另有 {} 起未画出",
    "drill": "演练",
    "held": "日期",
    "false": "误报",
    "unreached": "未通知到",
    "to hear": "送达用时",
    "to ack": "确认用时",
    "in time": "按时",
    "Drills side by side: medians, and stages in time": "历次演练对比：中位数，各环节按时",
}
# By what stands in a drill file, in the outbox or in a count.
_HAPPENING_ZH: Mapping[str, str] = {
    "fire": "火灾", "nuisance": "干扰烟雾", "leakage": "漏电", "cable": "电缆过热", "arcing": "电弧",
    "sag": "电压暂降", "storm": "暴雨", "release": "气体泄漏", "tank": "储罐异常", "crowd": "人员聚集",
    "fault": "上报故障", "horns": "大喇叭", "phones": "短信网关", "inject": "导调信息",
    # How it is.
    "well": "正常", "dead": "无应答", "broken": "损坏", "busy": "繁忙", "unavailable": "不可用",
    "hang up": "断开连接", "cooking": "做饭", "steam": "水汽", "dust": "灰尘", "overfill": "满溢",
    "leak": "渗漏", "heating": "升温",
    # Which fault.
    "stuck": "卡死", "drift": "漂移", "sentinel": "哨兵值", "wrong-unit": "单位错误",
    "clock-ahead": "时钟超前", "clock-behind": "时钟滞后", "clock-steps": "时钟跳变",
    "impersonation": "冒用身份", "garbage": "乱码", "late": "迟报", "dropout": "丢失",
    "reordering": "乱序", "duplicates": "重复", "ghosts": "保留消息", "outage": "网关中断",
    "store-and-forward": "断线续传", "restamped": "重打时间戳",
}  # fmt: skip
_DEED_ZH: Mapping[str, str] = {
    "ack": "确认", "arrive": "到场", "handle": "处置", "close": "结束", "cancel": "取消",
    "release": "批准发布", "refuse": "驳回", "raise": "人工发布", "shelve": "搁置",
    "agree": "同意搁置", "unshelve": "解除搁置",
}  # fmt: skip
_REASON_ZH: Mapping[str, str] = {
    "abandoned": "无人可再呼叫", "undecided": "未获审批", "unanswered": "未按时应答", "silent": "喇叭无声",
    "missed": "未送达", "nobody": "无通知对象",
}  # fmt: skip
_COUNT_ZH: Mapping[str, str] = {
    "published": "发布", "redelivered": "重发", "journaled": "入账", "accepted": "采纳",
    "duplicates": "重复", "quarantined": "隔离", "readings": "读数", "stored": "入库",
}  # fmt: skip


def words_of(language: Language) -> Words:
    """A text of this table in a language; KeyError for one that is not in it."""
    return (lambda text: text) if language is Language.EN else (lambda text: _ZH[text])


def _terms(chinese: Mapping[str, str]) -> Callable[[str, Language], str]:
    """Names in a language; what is no name of the table, an id, stands for itself."""
    return lambda name, language: chinese.get(name, name) if language is Language.ZH else name


happening, deed, reason, hop = map(_terms, (_HAPPENING_ZH, _DEED_ZH, _REASON_ZH, _COUNT_ZH))


def graded(grade: str, language: Language) -> str:
    """The colour of a grade; '' for none."""
    return GRADES["zh"][Grade.named(grade)] if grade and language is Language.ZH else grade


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
