"""What is built beforehand changes nothing of what is judged, and a change of the rules loses no reading."""

import asyncio
import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.journal import Entry, EntryKind
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
from tests.tocsin.village import KINDS, SENSORS, START, basis, bundle, report
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
ALL = KNOWN | {ELSEWHERE.bundle: ELSEWHERE}


@settings(max_examples=25, deadline=None)
@given(steps, st.data())
def test_a_judge_that_expected_the_bundle_comes_to_the_same_bytes_as_one_that_did_not(
    given_steps: list[Step], data: st.DataObject
) -> None:
    entries = journal(given_steps, data.draw(st.integers(0, len(given_steps)), label="reload before"))
    other = data.draw(st.sampled_from([STRICTER, ELSEWHERE]), label="other")
    entries = [
        e
        if e.kind is not EntryKind.BUNDLE
        else Entry(e.sequence, e.received, e.kind, 0, other.bundle.encode())
        for e in entries
    ]
    plain, expecting = Judge(OLD, ALL.__getitem__), Judge(OLD, ALL.__getitem__)
    early = data.draw(st.integers(0, len(entries) - 1), label="built after")

    found = []
    for number, entry in enumerate(entries):
        found += lines(expecting.take(entry).transitions)
        if number == early:
            expecting.expect(Successor.of(expecting.basis, other))

    assert found == [each for entry in entries for each in lines(plain.take(entry).transitions)]
    assert _state(expecting) == _state(plain)


def _state(of: Judge) -> dict[str, bytes]:
    """Not of the rings: how many spare rows they have is no part of what they know."""
    _, bundle_, state = of.snapshot()
    found = {name: v if isinstance(v, bytes) else v.tobytes() for name, v in state.items()}
    return found | {"bundle": bundle_.encode()}


def test_what_was_built_for_another_bundle_is_not_used() -> None:
    by = judge()
    by.expect(Successor.of(OLD, ELSEWHERE))

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
    judge_.expect(await asyncio.to_thread(Successor.of, judge_.basis, of))
    handed = await post.intake.apply(Applied(of.bundle, "ana"))
    assert handed.answer is not None
    assert (await handed.answer).done


def _all(post: Post) -> list[Entry]:
    return post.storage.journal.read(0, 10 * RACES)
