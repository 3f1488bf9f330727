"""How a rule stands, in words for a terminal, Chinese or English."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from console.overview import NAMES
from ingest.duration import format_time_left
from rules.engine.parts import Part
from rules.engine.rule_account import EVIDENCE, GradeAccount, Newest, RuleAccount
from rules.engine.verdict import FALSE, LEAST_COVERAGE, TRUE
from rules.language.quantities import measured
from tocsin.commands.language import Language
from tocsin.commands.sheet import when
from tocsin.explaining.account_words import Words
from tocsin.explaining.standing import Closest, Standing


def standing_text(stands: Standing, language: Language) -> Iterator[str]:
    """Line by line."""
    words = Words(language)
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


def _head(stands: Standing, account: RuleAccount, words: Words) -> Iterator[str]:
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
        yield from _parts(account.only_if.parts, words)


def _newest(newest: Newest, max_age: int, words: Words) -> str:
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


def _grade(grade: GradeAccount, account: RuleAccount, words: Words) -> Iterator[str]:
    yield f"{NAMES[grade.grade]}  {_state(grade, account, words)}"
    yield f"    {grade.condition.text}"
    if grade.raised is None or grade.condition.verdict != TRUE:
        yield from _parts(grade.condition.parts, words)
    for doubt in grade.doubts if grade.true or grade.raised is not None else ():
        yield f"      {words('doubtful' if doubt == EVIDENCE else 'stale')}"
    if grade.neighbours and (grade.true or grade.raised is not None):
        yield f"      {words('confirm')}: {grade.neighbours}"


def _state(grade: GradeAccount, account: RuleAccount, words: Words) -> str:
    if grade.raised is not None:
        state = words("raised").format(when(grade.raised)) + ("" if grade.auto else f", {words('review')}")
        if grade.release_left is not None:
            return f"{state}; {words('falls').format(format_time_left(grade.release_left))}"
        return f"{state}; {words('holds')}" if grade.holds and not grade.true else state
    if grade.sustain_left:
        return words("sustaining").format(format_time_left(grade.sustain_left))
    if grade.true:
        return words("not allowed") if not account.allowed else words("true")
    return words("false") if grade.condition.verdict == FALSE else words("unknown")


def _parts(parts: Sequence[Part], words: Words) -> Iterator[str]:
    """What is to be said of each; of several, which it is said of."""
    for part in parts:
        said = list(_part(part, words))
        if said and len(parts) > 1:
            yield f"     · {part.text}"
        yield from said


def _part(part: Part, words: Words) -> Iterator[str]:
    """What it lacks, and what is known of what it rests on."""
    if part.missing and part.value is not None and part.threshold is not None:
        yield f"      {_missing(part, words)}"
    if part.left:
        yield f"      {words('left').format(format_time_left(part.left))}"
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
        found = words("counting").format(members.members, members.speaking, counting)
        yield f"      {found if members.members else words('no members')}"
        for near in members.nearest:
            yield f"      {words('near')} {near.sensor}: " + "; ".join(
                _near(each, words) for each in near.parts
            )


def _near(part: Part, words: Words) -> str:
    return _missing(part, words) if part.missing and part.value is not None else part.text


def _missing(part: Part, words: Words) -> str:
    """`3.42 m of 3.5 m: 0.08 m missing`."""
    assert part.value is not None
    assert part.threshold is not None
    assert part.missing is not None
    value, threshold = shown(part.value, part.unit), shown(part.threshold, part.unit)
    by = shown(abs(part.missing), part.unit)
    key = "too much" if part.missing < 0 else "more than missing" if part.beyond else "missing"
    return words(key).format(value, threshold, by)


def _closest(closest: Closest, words: Words) -> Iterator[str]:
    what = words("reached" if closest.reached else "closest").format(when(closest.at))
    yield f"{NAMES[closest.grade.grade]}  {what}"
    yield f"    {closest.grade.condition.text}"
    yield from _parts(closest.grade.condition.parts, words)


def shown(value: Fraction, unit: str) -> str:
    """Exact as measured, rounded as calculated; a difference of temperatures in its own unit."""
    return measured(Decimal(value.numerator) / Decimal(value.denominator), unit)
