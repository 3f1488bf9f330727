"""What is built beforehand changes nothing of what is judged, and a change of the rules loses no reading."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from weakref import ref

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE
from ingest.journal import Entry, EntryKind
from rules.engine.groups.unchanged import GONE
from tests.tocsin.scripted import batch
from tests.tocsin.test_judge import (
    KNOWN,
    OLD,
    STRICT_RULES,
    STRICTER,
    Step,
    journal,
    judge,
    lines,
    load,
    steps,
)
from tests.tocsin.test_judging import Post, opened
from tests.tocsin.village import KINDS, RULES, SENSORS, START, basis, block, bundle, report
from tocsin.bundle import Applied, Bundle
from tocsin.judge import Basis, Judge
from tocsin.successor import Successor

RACES = 1000
# Other sensors, another resolution: nothing is where it was.
ELSEWHERE = basis(
    bundle(
        rules=STRICT_RULES,
        others={
            "sensors.csv": SENSORS.replace("river-2", "brook-2"),
            "kinds.yaml": KINDS.replace("resolution: 0.01", "resolution: 0.1"),
        },
    )
)
ZONE_RULE = """\
  - id: zone
    title: {zh: 村, en: Zone}
    hazard: flood
    for_each: zone
    grades:
      yellow: sensors(stage >= 1.5 m, within=30min) >= 1
      orange: sensors(sustained(stage >= 2 m, 5min)) >= 2
      red: sensors(age(stage) >= 20min) >= 2
    release: {after: 20min}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
"""
ZONED = basis(bundle(rules=RULES + ZONE_RULE))
ZONED_STRICTER = basis(bundle(rules=STRICT_RULES + ZONE_RULE))
# The same for each gateway, and sensors that come and go: at one gateway, and before all others.
GATEWAY_RULE = ZONE_RULE.replace("id: zone", "id: gateway").replace("for_each: zone", "for_each: gateway")
WIRED = SENSORS.replace("river-3,stage,village,,,", "river-3,stage,village,,,far").replace(
    "village,,,,,warning", "village,,,near,,warning"
)
ROOMS = basis(bundle(rules=RULES + GATEWAY_RULE, others={"sensors.csv": WIRED}))
FEWER = basis(
    bundle(
        rules=RULES + GATEWAY_RULE,
        others={
            "sensors.csv": WIRED.replace("rain-1,rain,village,,,,,\n", "") + "river-4,stage,village,,,far,,\n"
        },
    )
)
ALL = {of.bundle: of for of in (ZONED, ZONED_STRICTER, ROOMS, FEWER)} | KNOWN | {ELSEWHERE.bundle: ELSEWHERE}


@settings(max_examples=25, deadline=None)
@given(steps, st.data())
def test_a_judge_that_expected_the_bundle_comes_to_the_same_bytes_as_one_that_did_not(
    given_steps: list[Step], data: st.DataObject
) -> None:
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    other = data.draw(st.sampled_from([STRICTER, ELSEWHERE]), label="other")
    entries = [_by(entry, other) for entry in entries]
    plain, expecting = Judge(OLD, ALL.__getitem__), Judge(OLD, ALL.__getitem__)
    early = data.draw(st.integers(0, len(entries) - 1), label="built after")

    found = []
    for number, entry in enumerate(entries):
        found += lines(expecting.take(entry).transitions)
        if number == early:
            expecting.expect(Successor.of(expecting.basis, expecting.engine, other))

    assert found == [each for entry in entries for each in lines(plain.take(entry).transitions)]
    assert _state(expecting) == _state(plain)


def _by(entry: Entry, other: Basis) -> Entry:
    """With that bundle in the place of the journal's own."""
    data = other.bundle.encode() if entry.kind is EntryKind.BUNDLE else entry.data
    return Entry(entry.sequence, entry.received, entry.kind, entry.count, data)


def _state(of: Judge) -> dict[str, bytes]:
    """All of it, byte for byte."""
    _, bundle_, state = of.snapshot()
    found = {name: v if isinstance(v, bytes) else v.tobytes() for name, v in state.items()}
    return found | {"bundle": bundle_.encode()}


@settings(max_examples=60, deadline=None)
@given(steps, st.data())
def test_what_is_handed_over_whole_where_only_a_rule_differs_is_what_would_be_judged_anew(
    given_steps: list[Step], data: st.DataObject
) -> None:
    """A rule over the zone that stays as it is, beside one over sensors that does not."""
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    entries = [_by(entry, ZONED_STRICTER) for entry in entries]
    whole, anew = (Judge(ZONED, ALL.__getitem__) for _ in range(2))
    built = Successor.of(ZONED, whole.engine, ZONED_STRICTER)
    whole.expect(built)
    other = Successor.of(ZONED, anew.engine, ZONED_STRICTER)
    anew.expect(replace(other, in_engine=replace(other.in_engine, places={})))

    assert built.in_engine.places["zone"].whole
    for entry in entries:
        assert lines(whole.take(entry).transitions) == lines(anew.take(entry).transitions)
    end = entries[-1].received + 3 * HOUR
    assert lines(whole.tick(end)) == lines(anew.tick(end))
    assert whole.warnings() == anew.warnings()


@settings(max_examples=60, deadline=None)
@given(steps, st.data())
def test_places_without_another_sensor_go_on_as_if_they_were_judged_anew(
    given_steps: list[Step], data: st.DataObject
) -> None:
    """A sensor comes at one gateway, and one goes that was before them all: every slot is another."""
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    entries = [_by(entry, FEWER) for entry in entries]
    kept, anew = (Judge(ROOMS, ALL.__getitem__) for _ in range(2))
    built, other = (Successor.of(ROOMS, of.engine, FEWER) for of in (kept, anew))
    kept.expect(built)
    anew.expect(replace(other, in_engine=replace(other.in_engine, places={})))

    assert built.in_engine.places["gateway"].before.tolist() == [GONE, 1]
    for entry in entries:
        assert lines(kept.take(entry).transitions) == lines(anew.take(entry).transitions)
    end = entries[-1].received + 3 * HOUR
    assert lines(kept.tick(end)) == lines(anew.tick(end))
    assert kept.warnings() == anew.warnings()


def test_a_gateway_that_waits_for_ages_waits_on_though_its_sensors_have_other_slots() -> None:
    by = Judge(ROOMS, ALL.__getitem__)
    by.take(block(1, START, [report(f"river-{n}", START, 1.0) for n in (1, 2)]))

    by.take(Entry(2, START + MINUTE, EntryKind.BUNDLE, 0, FEWER.bundle.encode()))
    found = by.tick(START + 30 * MINUTE)

    assert [(t.subject, str(t.after), t.at - START) for t in found if t.rule == "gateway"] == [
        ("near", "red", 20 * MINUTE)
    ]


def test_a_sensor_that_reports_otherwise_is_another_though_its_name_is_the_same() -> None:
    slower = basis(
        bundle(
            rules=RULES + GATEWAY_RULE, others={"sensors.csv": WIRED.replace(",near,,", ",near,20min,", 1)}
        )
    )

    assert Successor.of(ROOMS, Judge(ROOMS, ALL.__getitem__).engine, slower).in_engine.places[
        "gateway"
    ].before.tolist() == [0, GONE]


def test_a_judge_that_was_replaced_goes_without_the_garbage_collector() -> None:
    by = Judge(OLD, ALL.__getitem__)
    by.take(block(1, START, [report("river-1", START, 4.5)]))
    before = [ref(by.engine), ref(by.screen), ref(by.quality)]

    by.take(Entry(2, START, EntryKind.BUNDLE, 0, ELSEWHERE.bundle.encode()))

    assert [each() for each in before] == [None, None, None]


def test_whoever_built_beforehand_is_left_what_was_replaced() -> None:
    by = Judge(OLD, ALL.__getitem__)
    built = Successor.of(OLD, by.engine, ELSEWHERE)
    by.expect(built)
    engine = by.engine

    by.take(Entry(1, START, EntryKind.BUNDLE, 0, ELSEWHERE.bundle.encode()))

    assert engine in built.remains


def test_an_age_that_a_place_at_rest_waits_for_is_awaited_on_behind_the_change() -> None:
    by = Judge(ZONED, ALL.__getitem__)
    by.take(block(1, START, [report(f"river-{n}", START, 1.0) for n in (1, 2, 3)]))

    by.take(Entry(2, START + MINUTE, EntryKind.BUNDLE, 0, ZONED_STRICTER.bundle.encode()))
    found = by.tick(START + 30 * MINUTE)

    assert [(t.rule, str(t.after), t.at - START) for t in found] == [("zone", "red", 20 * MINUTE)]


def test_what_was_built_for_another_bundle_is_not_used() -> None:
    by = judge()
    by.expect(Successor.of(OLD, by.engine, ELSEWHERE))

    by.take(Entry(1, START, EntryKind.BUNDLE, 0, STRICTER.bundle.encode()))

    assert by.basis is STRICTER


async def test_a_thousand_changes_amid_readings_lose_none_and_judge_none_twice(tmp_path: Path) -> None:
    chance = random.Random(1)
    async with opened(tmp_path) as post:
        post.storage.bundles.save(bundle())
        post.storage.bundles.save(STRICT)
        sending = asyncio.create_task(_send(post, chance))
        for number in range(RACES):
            await _apply(post, STRICTER if number % 2 == 0 else OLD)
        await sending
        async with asyncio.timeout(60):
            while post.judging.done < post.intake.handed or post.intake.messages < RACES:
                await asyncio.sleep(0.001)
        live, screen = await post.lines(), post.judging.judge.screen
        entries = [*_all(post)]
        faults, acked = await post.faults(), len(post.session.acked)

    again = Judge(OLD, load)
    assert [each for entry in entries for each in lines(again.take(entry).transitions)] == live != []
    assert (screen.accepted, screen.duplicates, screen.quarantined) == (RACES, 0, 0)
    assert (acked, faults) == (RACES, [])
    kinds = [entry.kind for entry in entries]
    assert (kinds.count(EntryKind.MQTT), kinds.count(EntryKind.BUNDLE)) == (RACES, RACES + 1)


STRICT = Bundle("tocsin.yaml", {**bundle().texts, "rules/all.yaml": STRICT_RULES.replace("20 mm", "5 mm")})


async def _send(post: Post, chance: random.Random) -> None:
    """One reading a batch, each at an instant of its own."""
    for number in range(RACES):
        sensor, stage = chance.choice(("river-1", "river-2", "river-3")), chance.choice((1.0, 2.3, 4.5))
        post.session.feed(batch(report(sensor, START + number * 10, stage)))
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)


async def _apply(post: Post, of: Basis) -> None:
    """As the daemon does: built on a thread, then journaled and judged."""
    judge_ = post.judging.judge
    judge_.expect(await asyncio.to_thread(Successor.of, judge_.basis, judge_.engine, of))
    handed = await post.intake.apply(Applied(of.bundle, "ana"))
    assert handed.answer is not None
    assert (await handed.answer).done


def _all(post: Post) -> list[Entry]:
    return post.storage.journal.read(0, 10 * RACES)
