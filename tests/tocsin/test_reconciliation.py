"""A fleet's sent-log against a journal: what is lost, what came again, and what nobody sent."""

from pathlib import Path

import mqtt5
import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE
from ingest.journal import EntryKind, Journal, Retention, open_read_only
from rules.transition import iso
from simulators.sent_log import Bursts, SentLog
from tests.tocsin.program import Tocsin, program
from tocsin.reconciliation import Account, Reconciled, account, reconcile

START = 1_795_298_400_000
Said = tuple[str, bytes]


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def message(sensor: str, stamp: int) -> Said:
    return f"tocsin/v1/town/smoke/{sensor}/telemetry", b'{"t":%d,"v":{"smoke":0.02}}' % stamp


SENT = [message(sensor, START + second * 1000) for second in range(4) for sensor in ("a", "b")]


def kept(
    directory: Path, sent: list[Said], journaled: list[Said], received: int = START
) -> tuple[Path, Path]:
    """(The sent-log, the state directory); all was received at one instant."""
    log, state = directory / "sent.log", directory / "state"
    directory.mkdir(exist_ok=True)
    with SentLog(log) as writing:
        for number, (topic, payload) in enumerate(sent):
            writing.note(topic, payload, START + number * 1000)
        writing.end(len(sent))
    block = b"".join(
        mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()
        for topic, payload in journaled
    )
    with Journal.open(state / "journal", Retention(HOUR, 24 * HOUR, 10**9)) as journal:
        journal.append(START - HOUR, EntryKind.BUNDLE, 0, b"a bundle")
        journal.append(received, EntryKind.MQTT, len(journaled), block)
    return log, state


def found(log: Path, state: Path) -> Account:
    with open_read_only(state / "journal") as journal:
        return account(Bursts.read(log), journal, lambda _: None)


def test_what_is_whole_lacks_nothing(tmp_path: Path) -> None:
    assert found(*kept(tmp_path, SENT, SENT)) == Account(8, Reconciled(8, 0, 0, 0), None)


def test_what_is_lost_is_counted_and_dated_by_when_it_left(tmp_path: Path) -> None:
    lacking = [each for number, each in enumerate(SENT) if number not in (2, 5)]

    assert found(*kept(tmp_path, SENT, lacking)) == Account(
        8, Reconciled(6, lost=2, duplicates=0, foreign=0), (START + 2000, START + 5000)
    )


def test_what_came_again_and_what_nobody_sent_are_told_apart(tmp_path: Path) -> None:
    more = [*SENT, SENT[3], message("a", START + 500), message("stranger", START)]

    assert found(*kept(tmp_path, SENT, more)).messages == Reconciled(11, lost=0, duplicates=1, foreign=2)


def test_what_is_sent_twice_is_to_be_journaled_twice(tmp_path: Path) -> None:
    twice = [*SENT, SENT[0]]

    assert found(*kept(tmp_path / "both", twice, twice)).messages == Reconciled(9, 0, 0, 0)
    assert found(*kept(tmp_path / "one", twice, SENT)).messages == Reconciled(8, 1, 0, 0)


def test_what_was_journaled_long_before_the_fleet_began_is_not_of_this_log(tmp_path: Path) -> None:
    before = found(*kept(tmp_path, SENT, SENT, received=START - 2 * MINUTE))

    assert before.messages == Reconciled(0, lost=8, duplicates=0, foreign=0)


def test_the_sums_close_whatever_is_sent_and_journaled() -> None:
    chance = np.random.default_rng(1)
    for _ in range(200):
        sent, journaled = (chance.integers(0, 8, chance.integers(0, 12)) for _ in range(2))
        result = reconcile(sent, journaled)

        assert len(sent) - result.lost == result.journaled - result.duplicates - result.foreign
        assert min(result.lost, result.duplicates, result.foreign) >= 0


def test_the_command_ends_with_0_if_nothing_is_lost(tmp_path: Path, tocsin: Tocsin) -> None:
    log, state = kept(tmp_path, SENT, [*SENT, message("c", START)])

    assert tocsin("reconcile", log, "--state", state) == (
        0, "sent 8, journaled 9, lost 0, duplicates 0, foreign 1\n", "",
    )  # fmt: skip


def test_the_command_ends_with_1_and_says_when_the_lost_left(tmp_path: Path, tocsin: Tocsin) -> None:
    log, state = kept(tmp_path, SENT, SENT[:-1])
    code, out, _ = tocsin("reconcile", log, "--state", state)

    assert code == 1
    assert out.splitlines() == [
        "sent 8, journaled 7, lost 1, duplicates 0, foreign 0",
        f"the first of those lost left at {iso(START + 7000)}, the last at {iso(START + 7000)}",
    ]


def test_a_fleet_that_was_killed_is_told(tmp_path: Path, tocsin: Tocsin) -> None:
    log, state = kept(tmp_path, SENT, SENT)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    code, out, _ = tocsin("reconcile", log, "--state", state)

    assert code == 0
    assert "the log has no end: its fleet was killed" in out


def test_a_file_that_is_no_sent_log_and_a_directory_without_a_journal_are_named(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    log, state = kept(tmp_path, SENT, SENT)
    other = tmp_path / "other.csv"
    other.write_text("time,sensor\n")

    assert tocsin("reconcile", other, "--state", state).code == 1
    ended = tocsin("reconcile", log, "--state", tmp_path / "nowhere")
    assert ended.code == 3
    assert "nowhere" in ended.err
