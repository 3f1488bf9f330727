"""The phrases in which a warning's story is told."""

from tocsin.commands.language import Language


class Words:
    """The phrases of one language."""

    def __init__(self, language: Language) -> None:
        self.language = str(language)
        self._at = 0 if language is Language.ZH else 1

    def __call__(self, key: str) -> str:
        return _PHRASES[key][self._at]

    def columns(self, section: str) -> list[str]:
        """The heads of a table's columns."""
        return _COLUMNS[section][self._at].split("|")

    def routed(self, how: str) -> str:
        """What became of a line."""
        return _ROUTED[how][self._at]


_PHRASES = {
    "head": ("预警 {}，事件 {}，共 {} 条预警", "warning {}, incident {} of {} warnings"),
    "unrouted": ("尚未归入", "none yet"),
    "review": ("待核实", "review"),
    "observed": ("观测", "observed"),
    "coverage": ("时窗有数据", "of the window known"),
    "quality": ("质量", "quality"),
    "confirm": ("邻站未印证", "not confirmed"),
    "members": ("计入的传感器", "sensors that count"),
    "routed": ("发布", "told"),
    "blind": ("接收中断：{} 至 {}", "blind from {} to {}: nothing could arrive"),
    "readings": ("导致此变化的读数", "the readings that led to it"),
    "earlier": ("（更早另有 {} 条）", " (and {} earlier)"),
    "unread": ("没有读数：{}", "no readings: {}"),
    "others": ("同一事件的其他预警", "other warnings of the incident"),
    "cancelled": ("已取消：{}", "cancelled: {}"),
    "flood": (
        "规则 {} 自 {} 泛滥（结束：{}），由通知 {} 统一告知",
        "the rule {} floods since {} (over: {}); its notice {} tells of it",
    ),
    "capped": ("，自身只告知到 {}", "; it is told by itself up to {} only"),
    "shelves": ("搁置与维护", "shelved"),
    "digests": ("汇总", "digests"),
    "proposals": ("待放行与决定", "what waited for a person"),
    "bulletins": ("发布内容", "bulletins"),
    "deliveries": ("送达", "deliveries"),
    "stages": ("处置", "work"),
    "deadlines": ("时限", "deadlines"),
    "actions": ("人员操作", "what people did"),
    "unreached": ("未达", "unreached"),
    "audit": ("审计记录", "audit"),
    "done": ("完成", "done"),
    "refused": ("被拒绝", "REFUSED"),
}
_COLUMNS = {
    "readings": ("传感器|数值|观测|接收|质量", "sensor|value|observed|received|quality"),
    "others": ("预警|规则|对象|等级|自", "warning|rule|subject|grade|since"),
    "shelves": ("编号|对象|原因|操作人|自|至", "shelf|what|reason|by|since|until"),
    "digests": ("汇总|收件人|渠道|地点|到期|发出", "digest|to|over|place|due|sent"),
    "proposals": ("序号|等级|状态|决定人|时间|原因", "no.|grade|state|by|at|reason"),
    "bulletins": ("序号|类型|等级|时间|作者", "no.|act|grade|at|author"),
    "deliveries": (
        "序号|收件人|渠道|地址|依据|时间|状态|更新|次数|回执|备用|升级|请求",
        "no.|to|over|address|why|at|state|since|attempts|receipt|otherwise|escalation|asks",
    ),
    "stages": ("时间|阶段|人员|备注", "at|stage|by|note"),
    "deadlines": ("阶段|时限|超时", "stage|due|late since"),
    "actions": ("时间|人员|途径|操作|结果|答复", "at|who|over|what||answer"),
    "unreached": ("原因|对象|自|情况", "why|who|since|what is known"),
    "audit": ("序号|时间|事项|人员|内容", "record|at|what|by|facts"),
}
_ROUTED = {
    "": ("等待处理", "waits to be routed"),
    "told": ("已通知", "it told somebody something new"),
    "passed": ("无新内容可通知", "there was nobody to tell anything new"),
    "review": ("等待人员放行", "it waits for a person"),
    "shelved": ("已搁置，不通知", "it is shelved, and told to nobody"),
    "flooding": ("规则泛滥，合并通知", "its rule floods: one notice tells of it"),
    "nobody": ("没有路由指定任何人", "no route names anybody"),
}
