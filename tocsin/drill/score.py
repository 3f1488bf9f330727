"""What was expected of a drill against what came of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.registry import Registry
from notifiers.bulletin import Act as Announced
from notifiers.contacts import HORNS, Person
from notifiers.headline import GRADES
from notifiers.outbox.work import Stage
from rules.grade import Grade
from tocsin.commands.language import Language
from tocsin.configuration import Configuration
from tocsin.drill.card import Item, Text, Verdict
from tocsin.drill.card_words import deed as in_words
from tocsin.drill.drill_file import (
    DrillFile,
    ExpectedDeed,
    ExpectedHandling,
    ExpectedTelling,
    ExpectedWarning,
)
from tocsin.drill.performance import Hearing, Performance, Rise

_TELLS = frozenset({Announced.ALERT, Announced.UPDATE, Announced.DIGEST, Announced.REQUEST})
STAGES_ZH = {Stage.ACKNOWLEDGED: "确认", Stage.ARRIVED: "到场", Stage.HANDLED: "处置"}


@dataclass(frozen=True, slots=True)
class Scoring:
    """Expectations of a drill file over what a configuration made of its storyline."""

    file: DrillFile
    configuration: Configuration
    performance: Performance

    def items(self) -> Iterator[Item]:
        """One for each expectation, in the order of the file."""
        expect = self.file.expect
        yield from map(self._warning, expect.warnings)
        yield from map(self._told, expect.told)
        for handling in expect.handling:
            yield from self._handling(handling)
        yield from map(self._deed, expect.deeds)
        yield from map(self._unreached, expect.unreached)
        if expect.no_other:
            yield self._no_other()

    def others(self) -> list[Rise]:
        """Warnings of forbidden grades that no expectation names: false ones."""
        forbidden = {grade_named(name) for name in self.file.expect.no_other}
        wanted = self.file.expect.warnings
        return [
            rise
            for rise in self.performance.rises
            if rise.grade in forbidden and not any(self._is_of(rise, each) for each in wanted)
        ]

    def _is_of(self, rise: Rise, wanted: ExpectedWarning) -> bool:
        return rise.rule == wanted.rule and self._within(rise.zone, wanted.zone)

    def _warning(self, wanted: ExpectedWarning) -> Item:
        grade = grade_named(wanted.grade)
        came = [r.at for r in self.performance.rises if self._is_of(r, wanted) and r.grade >= grade]
        at = self._after(min(came, default=None))
        verdict = _verdict(at, wanted.by)
        if at is not None and at < wanted.since:
            verdict = Verdict.EARLY
        rule, place = self._title(wanted.rule), self._place(wanted.zone)
        what = {
            "zh": f"{rule['zh']}：{place['zh']}{zh(wanted.grade)}",
            "en": f"{rule['en']}: {wanted.grade} in {place['en']}",
        }
        return Item(kind="warnings", what=what, due=wanted.by, came=at, verdict=verdict)

    def _told(self, wanted: ExpectedTelling) -> Item:
        grade = grade_named(wanted.grade)
        told = [*self._hearings(wanted, grade)]
        first = {who: _first_heard(who, told) for who in self._everybody(wanted)}
        never = sorted(who for who, at in first.items() if at is None)
        known = [at for at in first.values() if at is not None]
        last = None if never or not known else self._after(max(known))
        names, place = ", ".join(wanted.who), self._place(wanted.zone)
        what = {
            "zh": f"{names} 收到{place['zh']}{zh(wanted.grade)}预警",
            "en": f"{names} know of {wanted.grade} in {place['en']}",
        }
        verdict = _verdict(last, wanted.by)
        return Item(
            kind="told", what=what, due=wanted.by, came=last, verdict=verdict, detail=", ".join(never)
        )

    def _hearings(self, wanted: ExpectedTelling | ExpectedHandling, grade: Grade) -> Iterator[Hearing]:
        """What tells of this grade or more, of the hazard that is meant or any."""
        for hearing in self.performance.hearings:
            strong = hearing.grade is not None and hearing.grade >= grade
            of_it = wanted.hazard in (None, hearing.hazard) and self._within(hearing.zone, wanted.zone)
            if strong and of_it and hearing.act in _TELLS:
                yield hearing

    def _everybody(self, wanted: ExpectedTelling) -> list[str]:
        """Who is meant: for horns those of the zone, for a roster whoever is on duty when it is due."""
        by = self.performance.began + wanted.by
        found: list[str] = []
        for name in wanted.who:
            named = self.configuration.contacts.named(name)
            if name == HORNS:
                found += self._registry.zones[wanted.zone].horns
            elif named is None:
                found.append(name)
            else:
                found += [
                    p.id for each in named for p in ((each,) if isinstance(each, Person) else each.on(by))
                ]
        return found

    def _handling(self, wanted: ExpectedHandling) -> Iterator[Item]:
        """Of each stage, the slowest of the incidents that are meant."""
        grade = grade_named(wanted.grade)
        told: dict[str, int] = {}
        for hearing in self._hearings(wanted, grade):
            # Who is asked to release it is not told to go.
            if hearing.act is not Announced.REQUEST:
                told[hearing.incident] = min(hearing.created, told.get(hearing.incident, hearing.created))
        for stage in Stage:
            limit: int | None = getattr(wanted, stage)
            if limit is not None:
                took = [self._took(incident, stage, grade, at) for incident, at in told.items()]
                slowest = None if not took or None in took else max(t for t in took if t is not None)
                place = self._place(wanted.zone)
                what = {
                    "zh": f"{place['zh']}{zh(wanted.grade)}预警：{STAGES_ZH[stage]}用时",
                    "en": f"{wanted.grade} in {place['en']}: {stage} after",
                }
                yield Item(
                    kind="handling", what=what, due=limit, came=slowest, verdict=_verdict(slowest, limit)
                )

    def _took(self, incident: str, stage: Stage, grade: Grade, since: int) -> int | None:
        """A stage that was reached while less was announced was not of this grade."""
        found = [r for r in self.performance.stages if (r.incident, r.stage) == (incident, stage)]
        return min((max(r.at - since, 0) for r in found if r.grade >= grade), default=None)

    def _deed(self, wanted: ExpectedDeed) -> Item:
        did = [d.at for d in self.performance.deeds if (d.by, d.does) == (wanted.who, wanted.does) and d.done]
        at = self._after(min(did, default=None))
        what = {
            "zh": f"{wanted.who} {in_words(wanted.does, Language.ZH)}",
            "en": f"{wanted.who}: {wanted.does}",
        }
        return Item(kind="deeds", what=what, due=wanted.by, came=at, verdict=_verdict(at, wanted.by))

    def _unreached(self, who: str) -> Item:
        known = who in {missing.who for missing in self.performance.unreached}
        what = {"zh": f"系统指出 {who} 未通知到", "en": f"{who} is listed as unreached"}
        verdict = Verdict.MET if known else Verdict.MISSED
        return Item(kind="unreached", what=what, came=None, verdict=verdict)

    def _no_other(self) -> Item:
        grades, others = self.file.expect.no_other, self.others()
        what = {
            "zh": f"没有其他{'、'.join(zh(g) for g in grades)}预警",
            "en": f"no other {' or '.join(grades)} warning",
        }
        at = self._after(min((rise.at for rise in others), default=None))
        said = ", ".join(f"{r.rule} {r.subject} {r.grade}" for r in others)
        verdict = Verdict.MISSED if others else Verdict.MET
        return Item(kind="no_other", what=what, came=at, verdict=verdict, detail=said)

    @property
    def _registry(self) -> Registry:
        return self.configuration.basis.registry

    def _within(self, zone: str, area: str) -> bool:
        return zone == area or (zone in self._registry.zones and area in self._registry.ancestry(zone))

    def _after(self, instant: int | None) -> int | None:
        return None if instant is None else instant - self.performance.began

    def _place(self, zone: str) -> Text:
        return named(self._registry, zone)

    def _title(self, rule: str) -> Text:
        return title(self.configuration, rule)


def grade_named(name: str) -> Grade:
    """As a drill file writes it."""
    return Grade[name.upper()]


def zh(grade: str) -> str:
    """Its colour in Chinese."""
    return GRADES["zh"][grade_named(grade)]


def named(registry: Registry, zone: str) -> Text:
    """A zone by its names; its id where it has none."""
    known = registry.zones.get(zone)
    return {"zh": zone, "en": zone} | ({} if known is None else dict(known.name))


def title(configuration: Configuration, rule: str) -> Text:
    """What a rule is called."""
    found: Sequence[Text] = [dict(r.title) for r in configuration.basis.rules if r.id == rule]
    return {"zh": rule, "en": rule} | (found[0] if found else {})


def _verdict(came: int | None, due: int) -> Verdict:
    if came is None:
        return Verdict.MISSED
    return Verdict.MET if came <= due else Verdict.LATE


def _first_heard(who: str, hearings: Iterable[Hearing]) -> int | None:
    heard = [h.heard for h in hearings if h.recipient == who and h.heard is not None]
    return min(heard, default=None)
