"""A message that breaks a rule: the rule goes, the daemon stays, and comes up again as it was (F16)."""

import asyncio
from dataclasses import replace
from pathlib import Path

from ingest.clock import SECOND, SystemClock
from ingest.journal import Entry
from ingest.snapshots import Snapshot, Snapshots
from rules.transition import Transition, line
from simulators.publisher import Publisher
from tests.rules.broken import POISON, breaking
from tests.tocsin.serving import opened, running
from tests.tocsin.village import START, basis, block, payload, report, topic
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.judge import Basis, Judge

MESSAGES = 1_000
SOUND = basis()
# The river's rule breaks where a grade turns true at an instant with 13 ms; that of the rain is as it was.
BROKEN = replace(SOUND, rules=tuple(breaking(r) if r.id == "river" else r for r in SOUND.rules))


def load(of: Basis) -> Judge:
    return Judge(of, lambda _: of)


def entries() -> list[Entry]:
    """A message a second, ten to an entry; one in the middle breaks the river's rule."""
    found: list[Entry] = []
    for first in range(0, MESSAGES, 10):
        packets = []
        for number in range(first, first + 10):
            at = START + number * SECOND + (POISON if number == MESSAGES // 2 else 0)
            sensor = "river-2" if number == MESSAGES // 2 else ("river-1", "rain-1")[number % 2]
            packets.append(report(sensor, at, 2.6 if sensor.startswith("river") else 12.0))
        found.append(block(len(found) + 1, START + (first + 10) * SECOND, packets))
    return found


def by_rule(transitions: list[Transition], rule: str) -> list[bytes]:
    return [line(t) for t in transitions if t.rule.startswith(rule)]


def test_one_message_in_a_thousand_costs_one_rule_and_nothing_else() -> None:
    broken, sound = load(BROKEN), load(SOUND)
    told = [t for entry in entries() for t in broken.take(entry).transitions]
    expected = [t for entry in entries() for t in sound.take(entry).transitions]

    assert broken.screen.accepted == sound.screen.accepted == MESSAGES
    assert by_rule(told, "rain") == by_rule(expected, "rain") != []
    assert by_rule(told, "river")
    assert by_rule(told, "river") == by_rule(expected, "river")[: len(by_rule(told, "river"))]
    assert [fault.rule for fault in broken.engine.switched_off.values()] == ["river"]
    assert sound.engine.switched_off == {}


def test_a_restart_right_before_or_after_it_comes_to_the_same(tmp_path: Path) -> None:
    whole, journal = load(BROKEN), entries()[:60]
    expected = [line(t) for entry in journal for t in whole.take(entry).transitions]

    for number, at in enumerate((50, 51)):
        judge, told = load(BROKEN), []
        for entry in journal:
            told += [line(t) for t in judge.take(entry).transitions]
            if entry.sequence == at:
                kept = Snapshots(tmp_path / str(number))
                kept.write(*judge.snapshot())
                found = kept.newest()
                assert isinstance(found, Snapshot)
                judge = Judge.resume(found, lambda _: BROKEN)
        assert told == expected
        assert judge.engine.faults() == whole.engine.faults()
        assert judge.engine.warnings() == whole.engine.warnings()


async def test_the_daemon_goes_on_says_so_and_comes_up_again_without_a_loop(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        configuration = configure(files)
        mended = tuple(breaking(r) if r.id == "river" else r for r in configuration.basis.rules)
        broken = replace(configuration, basis=replace(configuration.basis, rules=mended))
        apply_first(files, storage, SystemClock())
        async with running(Daemon(broken, storage, SystemClock())) as daemon:
            publisher = Publisher("127.0.0.1", configuration_port(files.texts[files.main]), "devices")
            await publisher.connect()
            now = daemon.clock.now() // SECOND * SECOND
            for stamp in (now - 987, now - 986, now):
                publisher.publish(topic("river-1"), payload("river-1", stamp, 2.6))
            await publisher.flush()
            async with asyncio.timeout(10):
                while daemon.judging.judge.screen.accepted < 3:
                    await asyncio.sleep(0.01)
            await publisher.close()
            assert daemon.problems() == {"rules": "switched off, as the log says why: river"}
            faults = daemon.judging.judge.engine.faults()
        again = Daemon(broken, storage, SystemClock())
        async with running(again):
            assert again.judging.judge.screen.accepted == 3
            assert again.judging.judge.engine.faults() == faults
            assert again.problems() == {"rules": "switched off, as the log says why: river"}


def configuration_port(settings: str) -> int:
    return int(settings.partition("port: ")[2].partition(",")[0])
