"""What a restart finds: a snapshot that is never more than a few seconds of judging behind."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from ingest.journal import Entry
from ingest.session.wire import Message
from ingest.snapshots import Array, Snapshots
from tests.tocsin.test_judging import FLOOD, opened
from tests.tocsin.village import START, basis
from tocsin.judge import Judge, Judged
from tocsin.judging import REPLAY_SECONDS, REST, SNAPSHOT_SECONDS
from tocsin.startup import LAST, Phases
from tocsin.storage import Storage

# Seconds that the slow judge takes for an entry, and how many entries are due for a snapshot then.
SLOW = 0.5
DUE = round(REPLAY_SECONDS / SLOW)
# Seconds that the slow disk takes for a snapshot, and how many entries it may rest for then.
WRITING = 2.0
RESTING = round(REST * WRITING / SLOW)


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose time leaps by as much as it is told."""

    leapt = 0.0

    def time(self) -> float:
        return super().time() + self.leapt


class SlowJudge(Judge):
    """Takes its time, without anybody having to wait."""

    def take(self, entry: Entry, packets: Sequence[Message] | None = None) -> Judged:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Leaping)
        loop.leapt += SLOW
        return super().take(entry, packets)


class SlowSnapshots(Snapshots):
    """On a disk that takes its time, too."""

    def __init__(self, directory: Path, loop: Leaping) -> None:
        super().__init__(directory)
        self.written = 0
        self._loop = loop

    def write(self, position: int, bundle: str, state: Mapping[str, Array | bytes]) -> Path:
        self._loop.leapt += WRITING
        self.written += 1
        return super().write(position, bundle, state)


def slow(_: Storage) -> Judge:
    return SlowJudge(basis(), lambda _: basis())


def leaping(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=Leaping) as runner:
        runner.run(story())


def kept(storage: Storage) -> int:
    """The position of the newest snapshot."""
    newest = storage.snapshots.newest()
    assert newest is not None
    return newest.position


def test_a_snapshot_comes_when_as_much_was_judged_as_a_restart_may_repeat(tmp_path: Path) -> None:
    assert DUE * SLOW < SNAPSHOT_SECONDS

    async def story() -> None:
        async with opened(tmp_path, judge_of=slow) as post:
            # The bundle came first, and a snapshot after it.
            await post.play(FLOOD[: DUE - 1], until=20)
            before = kept(post.storage)
            await post.play([(21, "river-1", 1.0)], until=22)
            async with asyncio.timeout(5):
                while kept(post.storage) == before:
                    await asyncio.sleep(0.005)
            assert (before, kept(post.storage)) == (1, 1 + DUE)

    leaping(story)


def test_a_slow_disk_rests_four_times_as_long_as_it_wrote(tmp_path: Path) -> None:
    assert DUE < RESTING < (SNAPSHOT_SECONDS - WRITING) / SLOW

    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Leaping)
        disk = SlowSnapshots(tmp_path / "snapshots", loop)
        async with opened(
            tmp_path, around=lambda storage: replace(storage, snapshots=disk), judge_of=slow
        ) as post:
            await post.play(FLOOD[: RESTING - 2], until=65)
            assert disk.written == 1
            await post.play([(66, "river-1", 1.0), (67, "river-1", 1.0), (68, "river-1", 1.0)], until=69)
            async with asyncio.timeout(5):
                while disk.written == 1:
                    await asyncio.sleep(0.005)

    leaping(story)


async def test_a_quick_judge_has_no_more_snapshots_than_time_demands(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        await post.play(FLOOD, until=130)
        assert kept(post.storage) == 1


async def test_a_restart_does_not_wait_for_a_snapshot_of_what_it_repeated(tmp_path: Path) -> None:
    async with opened(tmp_path) as post:
        await post.play(FLOOD[:8], until=31)

    async with opened(tmp_path, START + 3_600_000) as post:
        assert post.judging.judge.position == post.storage.journal.last == 9
        assert kept(post.storage) == 1


def test_the_log_has_every_phase_of_a_start_once_it_is_over() -> None:
    phases = Phases()
    with capture_logs() as log:
        phases.over("files")
        assert log == []
        phases.over(LAST)

    assert [line["event"] for line in log] == ["started"]
    assert list(log[0]["seconds"]) == ["program", "files", LAST]
    # The process of the tests has run for a while, and nothing has happened since.
    assert phases.seconds["program"] > phases.seconds["files"] >= 0
