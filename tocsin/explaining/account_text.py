"""How a rule stands, in words for a terminal, Chinese or English."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from console.overview import NAMES
from ingest.duration import format_duration
from rules.engine.parts import Part
from rules.engine.rule_account import EVIDENCE, GradeAccount, Newest, RuleAccount
from rules.engine.verdict import FALSE, LEAST_COVERAGE, TRUE
from rules.language.quantities import measured
from tocsin.commands.language import Language
from tocsin.commands.sheet import when
from tocsin.explaining.outside import Apart, Outside
from tocsin.explaining.standing import Closest, Standing


def standing_text(stands: Standing, language: Language) -> Iterator[str]:
    """Line by line."""
    words = _Words(language)
    rule = stands.rule
    title = rule.title.get(str(language)) or rule.id
    yield f"{title}（{rule.id}）" if words.zh else f"{title} ({rule.id})"
    yield f"  {words('subject')} {stands.subject}  {when(stands.at)}  {rule.file}:{rule.line}"
    if stands.apart is not None:
        yield f"  {words.apart(stands.apart)}"
        return
    assert stands.account is not None
    yield from _head(stands, stands.account, words)
    for grade in stands.account.grades:
        yield from _grade(grade, stands.account, words)
    for closest in stands.closest:
        yield from _closest(closest, words)
    yield words("since").format(when(stands.since))


def _head(stands: Standing, account: RuleAccount, words: "_Words") -> Iterator[str]:
    top = account.warning.grade if account.warning else None
    state = words("stands").format(NAMES[top]) if top else words("quiet")
    yield f"  {state}" + (f"  {account.warning.id}" if account.warning else "")
    if account.off:
        yield f"  {words('off')}: {account.off}"
    if account.blind is not None:
        yield f"  {words('blind').format(when(account.blind))}"
    for fault in account.faults:
        yield f"  {words('fault')}: {fault}"
    for shelf in stands.shelves:
        hidden = shelf.scope, shelf.name, shelf.user, when(shelf.until), shelf.reason
        yield f"  {words('shelved').format(*hidden)}"
    if stands.told is not None:
        after = words("over") if stands.told.after is None else NAMES[stands.told.after]
        yield f"  {words('told').format(after, when(stands.told.at), stands.told.warning)}"
    if account.newest and all(newest.value is None for newest in account.newest):
        yield f"  {words('never')}"
    for newest in account.newest:
        yield f"  {_newest(newest, account.rule.max_age, words)}"
    if account.only_if is not None:
        blocked = "" if account.allowed else f"  {words('blocked')}"
        yield f"  only_if: {account.only_if.text}{blocked}"
        for part in account.only_if.parts:
            yield from _part(part, words)


def _newest(newest: Newest, max_age: int, words: "_Words") -> str:
    if newest.value is None or newest.observed is None or newest.received is None:
        return f"{newest.metric}: {words('unreported')}"
    lag = newest.received - newest.observed
    notes = [
        *newest.quality,
        *(["stale"] if lag > max_age else []),
        *([words("silent")] if newest.silent else []),
    ]
    text = f"{newest.metric} {shown(newest.value, newest.unit)}  {words('observed')} {when(newest.observed)}"
    text += f"  {words('received')} {when(newest.received)}"
    return text + (f"  [{', '.join(notes)}]" if notes else "")


def _grade(grade: GradeAccount, account: RuleAccount, words: "_Words") -> Iterator[str]:
    yield f"{NAMES[grade.grade]}  {_state(grade, account, words)}"
    yield f"    {grade.condition.text}"
    if grade.raised is None or grade.condition.verdict != TRUE:
        for part in grade.condition.parts:
            yield from _part(part, words)
    for doubt in grade.doubts if grade.true or grade.raised is not None else ():
        yield f"      {words('doubtful' if doubt == EVIDENCE else 'stale')}"
    if grade.neighbours and (grade.true or grade.raised is not None):
        yield f"      {words('confirm')}: {grade.neighbours}"


def _state(grade: GradeAccount, account: RuleAccount, words: "_Words") -> str:
    if grade.raised is not None:
        state = words("raised").format(when(grade.raised)) + ("" if grade.auto else f", {words('review')}")
        if grade.release_left is not None:
            return f"{state}; {words('falls').format(format_duration(grade.release_left))}"
        return f"{state}; {words('holds')}" if grade.holds and not grade.true else state
    if grade.sustain_left:
        return words("sustaining").format(format_duration(grade.sustain_left))
    if grade.true:
        return words("not allowed") if not account.allowed else words("true")
    return words("false") if grade.condition.verdict == FALSE else words("unknown")


def _part(part: Part, words: "_Words") -> Iterator[str]:
    """What it lacks, and what is known of what it rests on."""
    if part.missing and part.value is not None and part.threshold is not None:
        yield f"      {_missing(part, words)}"
    if part.left:
        yield f"      {words('left').format(format_duration(part.left))}"
    if part.covered is not None and part.width and 100 * part.covered < LEAST_COVERAGE * part.width:
        known = f"{100 * part.covered / part.width:.0f} %"
        yield f"      {words('thin').format(known, LEAST_COVERAGE)}"
    if part.quality:
        yield f"      {words('quality')}: {', '.join(part.quality)}"
    if part.silent:
        yield f"      {words('silence')}"
    if part.members is not None:
        members = part.members
        counting = ", ".join(members.counting) or words("none")
        yield f"      {words('counting').format(members.members, members.speaking, counting)}"
        for near in members.nearest:
            yield f"      {words('near')} {near.sensor}: " + "; ".join(
                _near(each, words) for each in near.parts
            )


def _near(part: Part, words: "_Words") -> str:
    return _missing(part, words) if part.missing and part.value is not None else part.text


def _missing(part: Part, words: "_Words") -> str:
    """`3.42 m of 3.5 m: 0.08 m missing`."""
    assert part.value is not None
    assert part.threshold is not None
    assert part.missing is not None
    value, threshold = shown(part.value, part.unit), shown(part.threshold, part.unit)
    by = shown(abs(part.missing), part.unit)
    key = "too much" if part.missing < 0 else "more than missing" if part.beyond else "missing"
    return words(key).format(value, threshold, by)


def _closest(closest: Closest, words: "_Words") -> Iterator[str]:
    what = words("reached" if closest.reached else "closest").format(when(closest.at))
    yield f"{NAMES[closest.grade.grade]}  {what}"
    yield f"    {closest.grade.condition.text}"
    for part in closest.grade.condition.parts:
        yield from _part(part, words)


def shown(value: Fraction, unit: str) -> str:
    """Exact as measured, rounded as calculated; a difference of temperatures in its own unit."""
    return measured(Decimal(value.numerator) / Decimal(value.denominator), unit)


class _Words:
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
    "never": ("该传感器从未上报过此规则的指标", "it has never reported a metric of the rule"),
    "unreported": ("从未上报", "never reported"),
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
