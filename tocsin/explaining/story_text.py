"""A warning's story in sections for a terminal, in order of time within each."""

import json
from typing import Any

import msgspec
import typer

from notifiers.contacts import masked
from notifiers.outbox.dossier import Did, Sent, Told
from rules.grade import Grade
from rules.language.quantities import measured
from rules.transition import Disposition
from tocsin.commands.language import Language
from tocsin.commands.sheet import Cell, grade, show, when
from tocsin.explaining.sentence import sentence
from tocsin.explaining.story import Led, Reported, Story


def tell_story(story: Story, language: Language) -> None:
    """Print it all."""
    words = _Words(language)
    of = story.dossier
    typer.echo(sentence(story, language))
    incident = of.incident.id if of.incident else words("unrouted")
    typer.echo(words("head").format(of.warning, incident, len(of.others) + bool(of.lines)))
    led = {each.ordinal: each for each in story.led}
    for told in of.lines:
        _tell_line(told, led.get(told.line.ordinal), words)
    if story.unread:
        typer.echo(words("unread").format(story.unread))
    _show(
        words, "others", [(o.warning, o.rule, o.subject, _grade(o.grade), when(o.since)) for o in of.others]
    )
    _tell_suppression(story, words)
    _show(
        words,
        "bulletins",
        [
            (str(b.revision), str(b.act), _grade(b.grade), when(b.sent), issued.author or "Tocsin")
            for issued in of.bulletins
            for b in [issued.bulletin]
        ],
    )
    _show(words, "deliveries", [_delivery(sent) for sent in of.deliveries])
    _show(words, "stages", [(when(s.at), s.stage, _name(story, s.user, words), s.note) for s in of.stages])
    _show(words, "deadlines", [(d.stage, when(d.due), when(d.missed)) for d in of.deadlines])
    _show(words, "actions", [_did(story, did, words) for did in of.actions])
    _show(words, "unreached", [(str(u.why), u.who or "*", when(u.since), u.detail) for u in of.unreached])
    _show(words, "audit", [(str(r.sequence), when(r.at), r.what, r.user, _facts(r.facts)) for r in of.audit])


def _tell_line(told: Told, led: Led | None, words: "_Words") -> None:
    line, evidence = told.line, told.line.evidence
    before, after = (_plain(each) for each in (line.before, line.after))
    review = f"  {words('review')}" if line.disposition is Disposition.REVIEW else ""
    typer.echo(f"{when(line.at)}  {before} → {after}  {line.reason}{review}")
    typer.echo(f"    {evidence.get('text', '')}")
    rests = [f"{words('observed')} {when(evidence.get('observed'))}"]
    if (coverage := evidence.get("coverage")) is not None:
        rests.append(f"{words('coverage')} {coverage:.0%}")
    if evidence.get("quality"):
        rests.append(f"{words('quality')}: {', '.join(evidence['quality'])}")
    rests += [
        f"{words(key)}: {_listed(evidence[key])}" for key in ("confirm", "members") if evidence.get(key)
    ]
    typer.echo(f"    {'; '.join(rests)}")
    typer.echo(f"    {words('routed')}: {words.routed(told.routed)}")
    if led is None or not led.readings:
        return
    earlier = words("earlier").format(led.earlier) if led.earlier else ""
    rows = [
        (r.sensor, _value(r), when(r.observed), when(r.received), ", ".join(r.quality)) for r in led.readings
    ]
    typer.echo(f"    {words('readings')}{earlier}")
    show("", words.columns("readings"), rows)


def _value(reading: Reported) -> str:
    return f"{reading.metric} {measured(reading.value, reading.unit)}"


def _tell_suppression(story: Story, words: "_Words") -> None:
    of = story.dossier
    if of.incident is not None and of.incident.cancelled:
        typer.echo(words("cancelled").format(of.incident.cancelled))
    if of.collapsed is not None:
        found = of.collapsed
        capped = words("capped").format(_plain(found.capped)) if found.capped else ""
        typer.echo(
            words("flood").format(found.rule, when(found.since), when(found.over), found.notice) + capped
        )
    _show(
        words,
        "shelves",
        [
            (str(s.id), f"{s.scope} {s.name}", s.reason, s.user, when(s.since), when(s.ended or s.until))
            for s in of.shelves
        ],
    )
    _show(
        words,
        "digests",
        [(d.digest, d.recipient, d.channel, d.place or "–", when(d.due), when(d.sent)) for d in of.digests],
    )
    _show(
        words,
        "proposals",
        [
            (
                *(str(p.revision), _grade(p.grade), str(p.state), _name(story, p.decided_by, words)),
                *(when(p.decided_at), p.reason),
            )
            for p in of.proposals
        ],
    )


def _delivery(sent: Sent) -> tuple[Cell, ...]:
    progress, delivery = sent.progress, sent.progress.delivery
    to = delivery.address if delivery.address == delivery.recipient else masked(delivery.address)
    instead = ", ".join(f"{channel} {recipient}" for channel, recipient in sent.instead)
    state = str(progress.state) + (f" ({progress.detail})" if progress.detail else "")
    return (
        *(str(delivery.revision), delivery.recipient, delivery.channel, to, progress.why),
        *(when(delivery.created), state, when(progress.updated), str(delivery.attempt)),
        *(progress.provider_id, instead, str(sent.step) if sent.step else "", "?" if sent.asks else ""),
    )


def _did(story: Story, did: Did, words: "_Words") -> tuple[Cell, ...]:
    action = msgspec.to_builtins(did.action)
    done = words("done") if did.done else words("refused")
    return when(did.at), _name(story, did.user, words), did.via, str(action.pop("type")), done, did.said


def _name(story: Story, user: str, words: "_Words") -> str:
    name = story.names.get(user, {}).get(words.language)
    return f"{name} ({user})" if name and name != user else user


def _grade(of: Grade | None) -> Cell:
    return grade(None if of is None else str(of))


def _plain(of: Grade | None) -> str:
    return str(_grade(of))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _facts(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _show(words: "_Words", section: str, rows: list[tuple[Cell, ...]]) -> None:
    """A section; where there is nothing, nothing."""
    if rows:
        typer.echo(f"\n{words(section)}")
        show("", words.columns(section), rows)


class _Words:
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
