"""Ten thousand warnings at once, one of them red: the red goes first, and each of the others is told of once.

How long it takes is for `python -m bench storm` to say.
"""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.storm_town import HORN, RED, SMS, START, WARNINGS, Shape, router, storm
from ingest.clock import HOUR, LockstepClock
from notifiers.bulletin import Act
from notifiers.delivery import Delivery
from notifiers.dispatcher import Dispatcher
from notifiers.outbox import Outbox
from notifiers.outbox.shed import Account, account
from notifiers.recorder import Recorder
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Transition

FEW = 1_000


async def weathered(
    path: Path, shape: Shape, lines: list[Transition]
) -> tuple[dict[str, list[Delivery]], Account]:
    """What each channel was given within an hour, and the account of the duty room."""
    clock, channels = LockstepClock(START), [Recorder(Realm.DRILL, name) for name in (SMS, HORN)]
    with ThreadPoolExecutor(1) as worker:
        outbox = worker.submit(Outbox.open, path, Realm.DRILL).result()
        worker.submit(outbox.commit, 1, lines).result()
        dispatcher = Dispatcher(outbox, router(shape), channels, clock, worker, bound=64)
        clock.hop("dispatcher", dispatcher.idle)
        running = asyncio.create_task(dispatcher.run())
        await clock.run(START + HOUR)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        told = worker.submit(accounted, outbox).result()
        worker.submit(outbox.close).result()
    return {channel.name: channel.sent for channel in channels}, told


def accounted(outbox: Outbox) -> Account:
    with outbox.transaction() as connection:
        return account(connection, "officer-0", SMS)


def of_duty_room(sent: Iterable[Delivery]) -> list[Delivery]:
    return [delivery for delivery in sent if delivery.recipient == "officer-0"]


def warnings_in(sent: list[Delivery]) -> int:
    """As the messages themselves say; of the notice of a flood only its last word counts."""
    notices = {d.incident: d.bulletin.count for d in sent if d.bulletin.hazard == "system"}
    others = [d for d in sent if d.bulletin.hazard != "system" and d.bulletin.act is not Act.CLEAR]
    return sum(d.bulletin.count for d in others) + sum(notices.values())


async def test_of_many_rules_each_warning_is_told_alone_or_in_one_digest(tmp_path: Path) -> None:
    lines = storm(Shape.MANY_RULES, seed=1)

    sent, told = await weathered(tmp_path / "outbox.sqlite", Shape.MANY_RULES, lines)

    mine = of_duty_room(sent[SMS])
    assert warnings_in(mine) == WARNINGS
    assert told.untold == told.noticed == 0
    assert told.single + told.digested == WARNINGS
    assert all(channel[0].grade is Grade.RED for channel in sent.values())
    assert len({d.key for d in mine}) == len(mine)


async def test_of_one_rule_the_notice_tells_of_all_but_the_red(tmp_path: Path) -> None:
    lines = storm(Shape.ONE_RULE, seed=2)

    sent, told = await weathered(tmp_path / "outbox.sqlite", Shape.ONE_RULE, lines)

    mine = of_duty_room(sent[SMS])
    # The red and the notice; nobody lets out what is collapsed.
    assert [d.bulletin.rule for d in mine[:2]] == [RED, "rule-0"]
    assert mine[1].bulletin.count == WARNINGS - 1
    assert [d.grade for d in sent[HORN] if d.created < START + HOUR // 6] == [Grade.RED]
    assert told == Account(
        single=told.single, digested=0, noticed=WARNINGS - told.single, waiting=0, untold=0
    )


@pytest.mark.parametrize("shape", [Shape.ONE_ZONE, Shape.ALL_HAZARDS])
async def test_of_every_other_shape_nothing_is_untold(tmp_path: Path, shape: Shape) -> None:
    sent, told = await weathered(tmp_path / "outbox.sqlite", shape, storm(shape, seed=3, warnings=FEW))

    assert told.single + told.digested + told.noticed == FEW
    assert sent[SMS][0].grade is Grade.RED


@pytest.mark.parametrize("shape", list(Shape))
def test_the_first_round_routes_and_claims_the_red_and_nothing_else(tmp_path: Path, shape: Shape) -> None:
    outbox = Outbox.open(tmp_path / "outbox.sqlite", Realm.DRILL)
    outbox.commit(1, storm(shape, seed=4, warnings=FEW))

    assert outbox.route(router(shape), START, 200) == 1
    claimed = [d for name in (SMS, HORN) for d in outbox.claim(name, START, 8, red=True)]

    assert {d.bulletin.rule for d in claimed} == {RED}
    assert len(claimed) == 3
    assert outbox.claim(SMS, START, 8) == []
    outbox.close()
