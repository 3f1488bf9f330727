"""The phrases in which it is told how a rule stands."""

from tocsin.commands.language import Language
from tocsin.explaining.outside import Apart, Outside


class Words:
    """The phrases of one language."""

    def __init__(self, language: Language) -> None:
        self.zh = language is Language.ZH

    def __call__(self, key: str) -> str:
        return _PHRASES[key][0 if self.zh else 1]

    def apart(self, apart: Apart) -> str:
        chinese, english = _APART[apart.why]
        return (chinese if self.zh else english).format(apart.wanted, apart.found or self("none"))


_PHRASES = {
    "subject": ("对象", "subject"),
    "stands": ("预警在册：{}", "a warning stands: {}"),
    "quiet": ("无预警", "no warning"),
    "off": ("规则已停用", "the rule is switched off"),
    "blind": ("自 {} 起接收中断，未判断", "Tocsin is blind since {}: nothing falls due"),
    "fault": ("无法判断", "cannot be judged"),
    "shelved": ("已搁置（{} {}，{}，至 {}）：{}", "shelved ({} {}, by {}, until {}): {}"),
    "told": ("守护进程当时记录：{}，{}，{}", "as the daemon recorded it: {} since {}, {}"),
    "over": ("已解除", "over"),
    "never": (
        "在所判断的时段内未上报过此规则的指标",
        "it has reported no metric of the rule in what was judged",
    ),
    "unreported": ("未上报", "not reported"),
    "observed": ("观测", "observed"),
    "received": ("接收", "received"),
    "silent": ("失联", "silent"),
    "blocked": ("不成立：不发布", "false: nothing is raised"),
    "raised": ("自 {} 起生效", "stands since {}"),
    "review": ("待核实", "review"),
    "falls": ("{} 后可降级", "may fall in {}"),
    "holds": ("未降到回差以下，保持", "held by the margin, or because its end is not known"),
    "sustaining": ("条件成立，还须持续 {}", "true, must last {} yet"),
    "not allowed": ("条件成立，但 only_if 不成立", "true, but only_if does not let it pass"),
    "true": ("条件成立", "true"),
    "false": ("未达到", "not reached"),
    "unknown": ("无法确定", "not known"),
    "doubtful": (
        "依据存疑（可疑或粗略数据）：须人工核实",
        "the evidence is suspect or coarse: a person must look",
    ),
    "stale": ("数据到达过晚：须人工核实", "the data came too late: a person must look"),
    "confirm": ("邻站未印证", "not confirmed"),
    "missing": ("{} / {}，还差 {}", "{0} of {1}: {2} missing"),
    "more than missing": ("{} / {}，还须超过 {}", "{0} of {1}: more than {2} missing"),
    "too much": ("{} / {}，高出 {}", "{0} of {1}: {2} too much"),
    "left": ("还须持续 {}", "must last {} yet"),
    "thin": (
        "时窗仅 {} 有数据（少于 {} %）：不能判为否",
        "{} of the window is known (under {} %): false is not known",
    ),
    "quality": ("质量", "quality"),
    "silence": ("最近的数值已失效", "its newest values no longer stand"),
    "counting": ("共 {} 个传感器，{} 个有结论；计入：{}", "{} sensors, {} known; counting: {}"),
    "no members": ("这里没有传感器上报过它所看的指标", "no sensor there has ever reported what it looks at"),
    "near": ("最接近", "nearest"),
    "none": ("无", "none"),
    "reached": ("期间最早于 {} 达到", "first true in the span at {}"),
    "closest": ("期间最接近于 {}", "nearest in the span at {}"),
    "since": (
        "自 {} 起重新判断；更早开始的预警不在此列",
        "judged again from {} on: what opened before is not seen",
    ),
}
_APART = {
    Outside.WHAT: ("规则逐个判断 {0}，而它是 {1}", "the rule is for each {0}, and this is a {1}"),
    Outside.KIND: (
        "规则针对 {0} 类传感器，而它是 {1}",
        "the rule is for {0} sensors, and this is of kind {1}",
    ),
    Outside.TAG: (
        "规则只针对带标签 {0} 的传感器，而它的标签：{1}",
        "the rule is for those tagged {0}; its tags: {1}",
    ),
    Outside.ZONE: ("规则只针对 {0} 区域，而它在 {1}", "the rule is for the zone {0}, and this is in {1}"),
    Outside.EMPTY: ("{1} 没有此规则所看的传感器", "{1} has no sensor of its own that the rule looks at"),
}
