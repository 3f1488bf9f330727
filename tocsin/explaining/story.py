"""The whole of one warning: what the outbox holds, and from the journal the readings that led to it."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ingest.finding import ConfigurationError
from ingest.journal import JournalUnavailable
from notifiers.contacts_file import read_contacts
from notifiers.outbox.dossier import Dossier
from rules.engine.explaining import slots_of
from rules.engine.view import quality_names
from rules.rule import Rule
from rules.transition import Transition
from tocsin.bundle import Bundle
from tocsin.judge import Basis, Judge, Judged
from tocsin.recorded import JournalRecord, NothingRecorded, Period, Rerun, reach
from tocsin.settings import read_files

# So many readings are shown before each line, of so many lines.
MOST_READINGS, MOST_LINES = 12, 20


@dataclass(frozen=True, slots=True)
class Reported:
    """One value as it arrived: `observed` by its device's and `received` by our clock, ms.

    `quality`: what decoding and the checks of it found; `late` behind the newest; `stale` long on its way.
    """

    sensor: str
    metric: str
    value: Decimal
    unit: str
    observed: int
    received: int
    quality: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Led:
    """What led to the line of that ordinal: the newest readings, and how many more were looked at.

    `blind`: the stretches of that time (since, until, ms) in which nothing could arrive.
    """

    ordinal: int
    readings: Sequence[Reported]
    earlier: int
    blind: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Story:
    """`led` is empty, and `unread` says why, where the journal has nothing of it.

    `rule` and the names of the `place` as they were when the warning was first raised; None and none where no
    rule raised it. `names` of people by id.
    """

    dossier: Dossier
    rule: Rule | None
    led: Sequence[Led]
    unread: str
    place: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]


def story(dossier: Dossier, open_record: Callable[[], JournalRecord], load: Callable[[str], Basis]) -> Story:
    """Of one warning; without its journal, what the outbox holds."""
    lines = [told.line for told in dossier.lines]
    if not lines:
        return Story(dossier, None, (), "", {}, {})
    try:
        record = open_record()
    except JournalUnavailable as error:
        return Story(dossier, None, (), str(error), {}, {})
    try:
        names = _names(record.bundles.load(record.bundle(None)))
        return _read(dossier, lines, record, load, names)
    finally:
        record.close()


def _read(
    dossier: Dossier,
    lines: Sequence[Transition],
    record: JournalRecord,
    load: Callable[[str], Basis],
    names: Mapping[str, Mapping[str, str]],
) -> Story:
    try:
        first, _ = record.span()
        basis = load(record.bundle(max(lines[0].at, first)))
        rule = next((each for each in basis.rules if each.id == lines[0].rule), None)
        zone = basis.registry.zones.get(basis.registry.place(lines[0].subject) or "")
        place = {} if zone is None else zone.name
        if rule is None:
            return Story(dossier, None, (), "no rule raised it", place, names)
        shown = [line for line in lines[-MOST_LINES:] if line.at >= first]
        return Story(dossier, rule, [_led(line, record, load) for line in shown], "", place, names)
    except (NothingRecorded, ConfigurationError) as error:
        return Story(dossier, None, (), str(error), {}, names)


def _led(line: Transition, record: JournalRecord, load: Callable[[str], Basis]) -> Led:
    """The readings that the rule looked back on; of a place those of the sensors that count."""

    def alone(bundle: str) -> Basis:
        basis = load(bundle)
        return replace(basis, rules=tuple(rule for rule in basis.rules if rule.id == line.rule))

    seen_by_it = reach(alone(record.bundle(line.at)).rules)
    rerun = Rerun(record, alone, Period(line.at - seen_by_it, line.at))
    found: deque[Reported] = deque(maxlen=MOST_READINGS)
    seen = 0
    newest: dict[int, int] = {}
    for judged in rerun:
        for reading in _of_subject(judged, rerun.judge, line, newest):
            found.append(reading)
            seen += 1
    blind = {period for board in rerun.judge.engine.boards for period in board.blind}
    return Led(line.ordinal, tuple(found), seen - len(found), sorted(blind))


def _of_subject(judged: Judged, judge: Judge, line: Transition, newest: dict[int, int]) -> Iterator[Reported]:
    if judged.block is None:
        return
    basis, readings = judge.basis, judged.block.readings
    try:
        slots = slots_of(judge.engine, basis.registry, line.rule, line.subject)
    except KeyError:
        # Under the bundle of this entry there was no such rule, or it was not for the subject.
        return
    if counting := line.evidence.get("members"):
        slots = slots & {basis.registry.slots.get(each) for each in counting}
    [rule] = basis.rules
    for k, slot in enumerate(readings.slot.tolist()):
        if slot not in slots:
            continue
        observed, received = int(readings.observed[k]), judged.received
        notes = _notes(judge, slot, int(readings.column[k]), (observed, int(readings.quality[k])))
        late = {"late"} if observed < newest.get(slot, observed) else set()
        stale = {"stale"} if received - observed > rule.max_age else set()
        newest[slot] = max(newest.get(slot, observed), observed)
        metric = basis.kinds.columns[int(readings.column[k])]
        value = int(readings.value[k]) * Fraction(metric.resolution)
        yield Reported(
            sensor=basis.registry.sensors[slot].id,
            metric=metric.name,
            value=Decimal(value.numerator) / Decimal(value.denominator),
            unit=metric.unit,
            observed=observed,
            received=received,
            quality=tuple(sorted(notes | late | stale)),
        )


def _notes(judge: Judge, slot: int, column: int, told: tuple[int, int]) -> set[str]:
    """The flags of a reading, with those that the checks gave it while it is the newest of its metric."""
    observed, flags = told
    kind = judge.basis.registry.sensors[slot].kind
    board = next(board for board in judge.engine.boards if board.kind.name == kind)
    own = slot - judge.basis.registry.ranges[kind].start
    if column in board.columns and int(board.columns[column].stamp[own]) == observed:
        flags |= int(board.columns[column].flags[own])
    return quality_names(flags)


def _names(bundle: Bundle) -> Mapping[str, Mapping[str, str]]:
    """What the people are called; nothing from contacts that this version cannot read."""
    files = read_files(bundle.main, bundle.texts[bundle.main])
    contacts = None if files is None else read_contacts(files.contacts, bundle.texts[files.contacts])[0]
    return {} if contacts is None else {person.id: person.name for person in contacts.people.values()}
