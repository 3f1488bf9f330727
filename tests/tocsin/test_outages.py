"""What Tocsin says of itself: that it is blind, what the broker lost, which numbers never came."""

import asyncio
from pathlib import Path

from mqtt5 import PublishPacket, QoS

from ingest.clock import HOUR, MINUTE, SECOND, SystemClock
from ingest.gaps import Gap, Missing
from ingest.journal import Entry, EntryKind
from ingest.snapshots import Snapshot
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Transition
from tests.tocsin.serving import opened, running
from tests.tocsin.village import START, basis, block, bundle, report, topic
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.judge import Judge
from tocsin.notices import listed, notices
from tocsin.outages import RULE, SUBJECT, UNNOTICED, Loss
from tocsin.sight import Blind
from tocsin.wiring import router_of

BASIS = basis()


def judge() -> Judge:
    return Judge(BASIS, lambda _: BASIS)


def restarted(by: Judge) -> Judge:
    position, of, state = by.snapshot()
    return Judge.resume(Snapshot(position, of, state), lambda _: BASIS)


def noted(sequence: int, minute: int, blind: Blind) -> Entry:
    return Entry(sequence, START + minute * MINUTE, EntryKind.BLIND, 0, blind.data)


def numbered(sequence: int, minute: int, *numbers: int) -> Entry:
    at = START + minute * MINUTE
    payloads = [b'{"t":%d,"seq":%d,"v":{"stage":1}}' % (at, number) for number in numbers]
    packets = [PublishPacket(topic("river-1"), p, qos=QoS.AT_LEAST_ONCE, packet_id=1) for p in payloads]
    return block(sequence, at, packets)


def summary(transitions: list[Transition]) -> list[tuple[int, Grade | None, Grade | None, int]]:
    """(minute, before, after, ordinal), of one warning of Tocsin itself."""
    assert {(t.rule, t.subject) for t in transitions} <= {(RULE.id, SUBJECT)}
    assert len({t.warning for t in transitions}) <= 1
    return [((t.at - START) // MINUTE, t.before, t.after, t.ordinal) for t in transitions]


def test_blind_time_raises_one_warning_and_its_end_clears_it() -> None:
    by = judge()
    told = by.take(noted(1, 10, Blind(START, ended=False))).transitions
    [warning] = by.warnings()
    told += by.take(noted(2, 11, Blind(START, ended=False))).transitions
    told += restarted(by).take(noted(3, 12, Blind(START, ended=True))).transitions

    assert summary(told) == [(10, None, Grade.ORANGE, 0), (12, Grade.ORANGE, None, 1)]
    assert (warning.id, warning.rule, warning.since) == (told[0].warning, RULE.id, START + 10 * MINUTE)
    assert told[0].evidence["text"].startswith("nothing received since 2024-06-10T")


def test_a_message_clears_it_as_well() -> None:
    by = judge()
    by.take(noted(1, 10, Blind(START, ended=False)))
    [cleared] = by.take(block(2, START + 11 * MINUTE, [report("river-1", START, 1)])).transitions

    assert (cleared.rule, cleared.after) == (RULE.id, None)
    assert by.warnings() == []


def test_it_is_told_to_whom_every_hazard_is_told() -> None:
    by = judge()
    [raised] = by.take(noted(1, 10, Blind(START, ended=False))).transitions
    router: Router = router_of(configure(bundle()))

    told = router.who(router.zone(raised), router.hazard(raised), Grade.ORANGE, 0)
    assert [addressee.recipient for addressee in told] == ["ana"]


def test_a_lost_session_is_shown_for_an_hour_over_restarts_with_what_is_missing_since() -> None:
    by = judge()
    by.take(numbered(1, 0, 1, 3))
    told = by.take(noted(2, 30, Blind(START + 20 * MINUTE, ended=True, lost=True))).transitions
    by = restarted(by)
    by.take(numbered(3, 31, 9))

    assert told == []
    assert by.outages.losses == 1
    assert by.outages.loss == Loss(START + 20 * MINUTE - UNNOTICED, START + 30 * MINUTE)
    assert by.outages.shown(START + 30 * MINUTE + HOUR - SECOND) == by.outages.loss
    assert by.outages.shown(START + 30 * MINUTE + HOUR) is None
    assert by.gaps.since_mark().worst == (Gap("river-1", 5),)
    assert by.gaps.all().worst == (Gap("river-1", 6),)


def test_a_snapshot_from_before_gaps_were_counted_still_serves() -> None:
    by = judge()
    by.take(numbered(1, 0, 1, 3))
    position, of, state = by.snapshot()
    old = {name: value for name, value in state.items() if not name.startswith(("gaps.", "outages."))}
    resumed = Judge.resume(Snapshot(position, of, old), lambda _: BASIS)

    assert (resumed.screen.accepted, resumed.gaps.all().sensors) == (by.screen.accepted, 0)


def test_a_listing_names_the_worst_and_counts_the_others() -> None:
    two = (Gap("a", 7), Gap("b", 2))

    assert listed(Missing(0, 0, ())) == "none so far"
    assert listed(Missing(9, 2, two)) == "9 of 2 sensors: a 7, b 2"
    assert listed(Missing(12, 5, two)) == "12 of 5 sensors: a 7, b 2 and 3 more sensors"


async def test_a_daemon_whose_broker_forgot_the_session_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        now = SystemClock().now()
        entry = numbered(1, 0, 1, 4)
        storage.journal_thread.submit(
            storage.journal.append, now, EntryKind.MQTT, entry.count, entry.data
        ).result()
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon, asyncio.timeout(5):
            while not daemon.judging.judge.outages.losses:
                await asyncio.sleep(0.002)
            found = notices(daemon)

    assert found["session"].startswith("the broker lost its session: messages between ")
    assert found["session"].endswith("missing since then: none so far")
    assert found["sequence"] == "sequence numbers that never came: 2 of 1 sensors: river-1 2"
