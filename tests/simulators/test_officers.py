"""The people of the demo: who answers, who goes, who decides, and that the same seed gives the same."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ingest.clock import HOUR, MINUTE, SECOND, LockstepClock
from simulators.horn import Played
from simulators.officers import (
    ABSENT,
    CALLS,
    FIRST_CALL,
    FOUND_OUT,
    ORDINARY,
    FalseCall,
    Officer,
    Officers,
    Profile,
)
from simulators.phone import TextMessage

START = 1_528_060_200_000
LIN = Officer("+8610000000001", "lin")
SUN = Officer("+8610000000008")
WU = Officer("+8610000000004", "wu", approves=True)
NUMBER = "5f2a9c0e11111111"
YELLOW = f"黄色预警（Ⅲ级）：河道洪水预警，滨河村。编号{NUMBER}"
RED = f"Upgraded to RED warning (level I): River flood, Riverside. Id {NUMBER}"
CALL = FalseCall("fire", "market-street", 3, {"en": "A warehouse burns"})


class County:
    """What the officers said, with the ms since the start; the desk has one proposal and does everything."""

    def __init__(
        self,
        *officers: Officer,
        seed: int = 1,
        call: FalseCall | None = None,
        bystanders: Profile = ORDINARY,
    ) -> None:
        self.clock = LockstepClock(START)
        self.inbox: list[TextMessage] = []
        self.played: list[Played] = []
        self.answers: list[tuple[str, str]] = []
        self.pressed: list[str] = []
        self.acts: list[tuple[int, str, Mapping[str, Any]]] = []
        self.busy: list[tuple[int, bool]] = []
        self.does, self.turns = True, 1
        self.officers = Officers(
            officers,
            self.clock,
            self.desk,
            inbox=self.inbox,
            played=self.played,
            answer=lambda number, text: self.answers.append((number, text)),
            press=self.pressed.append,
            seed=seed,
            call=call,
            bystanders=bystanders,
        )
        self.clock.hop("officers", self.officers.idle)

    async def desk(self, account: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.busy.append((self.clock.now(), self.officers.idle()))
        for _ in range(self.turns):
            await asyncio.sleep(0)
        self.busy.append((self.clock.now(), self.officers.idle()))
        if "ask" in request:
            return {"found": [{"incident": request["about"], "revision": 2, "hash": "abc"}]}
        self.acts.append((self.clock.now() - START, account, request["act"]))
        return {"done": self.does, "said": f"fire in market-street raised as orange: {NUMBER}"}

    def text(self, text: str, *to: Officer) -> None:
        for officer in to:
            self.inbox.append(TextMessage(self.clock.now(), officer.number, text, f"key {len(self.inbox)}"))

    async def pass_time(self, *stretches: tuple[int, Callable[[], None]]) -> None:
        """For each (ms, what is done before they pass)."""
        running = asyncio.create_task(self.officers.run())
        for duration, before in stretches:
            before()
            await self.clock.run(self.clock.now() + duration)
        running.cancel()
        await asyncio.wait([running])

    def kinds(self) -> list[tuple[str, str]]:
        return [(account, str(act["type"])) for _, account, act in self.acts]


async def test_each_answers_as_their_profile_says() -> None:
    always = Profile(takes=10, answer=(5, 5), way=(60, 60), work=(7, 7))
    keen = Officer("+8610000000011", "keen", profile=always)
    deaf = Officer("+8610000000012", "deaf", profile=ABSENT)
    for seed in range(10):
        county = await answered(YELLOW, to=(keen, deaf), seed=seed)

        assert county.answers == [(keen.number, "收到 5f2a9c0e")]
        # Nobody reads before they look.
        assert [(at - 10 * SECOND) // SECOND for at, _, _ in county.acts] == [65, 72]


async def test_whoever_ignores_everything_answers_and_decides_nothing() -> None:
    lin, wu = replace(LIN, profile=ABSENT), replace(WU, profile=ABSENT)
    for seed in range(10):
        county = await answered(YELLOW, RED, WANTED, to=(lin, wu), seed=seed)

        assert (county.answers, county.acts) == ([], [])


async def test_bystanders_of_a_horn_have_a_profile_of_their_own() -> None:
    for presses in (0, 10):
        county = County(LIN, bystanders=Profile(presses=presses))
        county.played.append(Played(START, "horn-1", "key", "red", {"en": RED}))
        await county.pass_time((10 * MINUTE, lambda: None))

        assert county.pressed == ["horn-1"] * (presses // 10)


async def answered(*texts: str, to: tuple[Officer, ...] = (LIN,), seed: int = 1) -> County:
    county = County(*to, seed=seed)
    await county.pass_time(*[(20 * MINUTE, lambda text=text: county.text(text, *to)) for text in texts])
    return county


async def test_whoever_takes_it_on_answers_by_sms_goes_and_reports_at_the_desk() -> None:
    counties = [await answered(YELLOW, seed=seed) for seed in range(10)]
    county = next(county for county in counties if county.answers)

    assert county.answers == [(LIN.number, "收到 5f2a9c0e")]
    assert county.kinds() == [("lin", "arrive"), ("lin", "handle")]
    assert {act["incident"] for _, _, act in county.acts} == {NUMBER}
    [arrived, handled] = [at for at, _, _ in county.acts]
    assert 45 * SECOND < arrived < handled < 10 * MINUTE
    assert 0 < sum(bool(county.answers) for county in counties) < 10


async def test_an_incident_is_taken_on_once_however_many_were_told() -> None:
    for seed in range(10):
        county = await answered(YELLOW, to=(LIN, SUN, Officer("+8610000000006", "wang")), seed=seed)
        assert len(county.answers) <= 1
        assert len(county.acts) == 2 * len(county.answers)


async def test_a_higher_grade_is_taken_on_anew_and_the_same_again_is_not() -> None:
    everybody = tuple(Officer(f"+86100000001{n:02}", f"officer-{n}") for n in range(9))

    county = await answered(YELLOW, YELLOW, RED, RED, to=everybody)

    assert len(county.answers) == 2


async def test_a_reminder_after_a_fall_is_no_new_job() -> None:
    everybody = tuple(Officer(f"+86100000001{n:02}", f"officer-{n}") for n in range(9))

    county = await answered(RED, f"降级为{YELLOW}", f"请接手，尚未处置：{YELLOW}", to=everybody)

    assert len(county.answers) == 1


async def test_what_falls_ends_or_was_wrong_is_answered_by_nobody() -> None:
    everybody = tuple(Officer(f"+86100000001{n:02}", f"officer-{n}") for n in range(9))
    for text in (
        f"预警解除：河道洪水预警，滨河村。此前为黄色预警（Ⅲ级）。编号{NUMBER}",
        f"CANCELLED: River flood. The RED warning was wrong. Reason: a test. Id {NUMBER}",
        f"降级为黄色预警（Ⅲ级）：河道洪水预警，滨河村。编号{NUMBER}",
        f"两条黄色预警。编号{NUMBER}，编号5f2a9c0e22222222",
        "演练 drill",
    ):
        county = await answered(text, to=everybody)
        assert (county.answers, county.acts) == ([], [])


async def test_for_whoever_has_no_account_the_desk_reports() -> None:
    counties = [await answered(YELLOW, to=(SUN, LIN), seed=seed) for seed in range(30)]
    county = next(c for c in counties if c.answers and c.answers[0][0] == SUN.number)

    assert county.kinds() == [("lin", "arrive"), ("lin", "handle")]


async def test_somebody_presses_the_button_of_the_horn_they_hear() -> None:
    pressed = []
    for seed in range(20):
        county = County(LIN, seed=seed)
        county.played.append(Played(START, "horn-1", "key", "red", {"en": RED}))
        await county.pass_time((10 * MINUTE, lambda: None))
        pressed.append(county.pressed)

    assert ["horn-1"] in pressed
    assert [] in pressed


WANTED = f"待审批第2版，经您批准后才会发布（tocsin release {NUMBER} 2）：{YELLOW}"


async def test_an_approver_releases_what_the_desk_shows_by_its_hash_or_refuses_it() -> None:
    decided = []
    for seed in range(40):
        county = await answered(WANTED, to=(LIN, WU), seed=seed)
        decided += [(account, act) for _, account, act in county.acts]
        assert county.answers == []

    released = {"type": "release", "hash": "abc", "incident": NUMBER, "revision": 2}
    refused = {"type": "refuse", "reason": "not confirmed on the spot", "incident": NUMBER, "revision": 2}
    assert len(decided) == 40
    assert ("wu", released) in decided
    assert ("wu", refused) in decided
    assert all(each in (("wu", released), ("wu", refused)) for each in decided)


async def test_a_false_call_is_raised_by_hand_cancelled_by_an_approver_and_closed() -> None:
    county = County(LIN, WU, call=CALL)

    await county.pass_time((FIRST_CALL + FOUND_OUT + CALLS + MINUTE, lambda: None))

    assert county.kinds() == [("lin", "raise"), ("wu", "cancel"), ("lin", "close"), ("lin", "raise")]
    _, _, raised = county.acts[0]
    assert raised == {
        "type": "raise",
        "hazard": "fire",
        "zone": "market-street",
        "grade": 3,
        "text": {"en": "A warehouse burns"},
    }
    assert [at for at, _, _ in county.acts] == [
        FIRST_CALL,
        FIRST_CALL + FOUND_OUT,
        FIRST_CALL + FOUND_OUT,
        FIRST_CALL + FOUND_OUT + CALLS,
    ]


async def test_what_the_desk_does_not_do_is_counted_and_nobody_goes_on_with_it() -> None:
    county = County(LIN, WU, call=CALL)
    county.does = False

    await county.pass_time((FIRST_CALL + HOUR, lambda: None))

    assert county.kinds() == [("lin", "raise")]
    assert county.officers.refused == 1


async def test_the_same_seed_gives_the_same_and_another_seed_another() -> None:
    def acts(county: County) -> list[object]:
        return [county.answers, county.acts]

    texts, to = (YELLOW, RED, WANTED), (LIN, SUN, WU)
    first = [acts(await answered(*texts, to=to, seed=seed)) for seed in range(5)]
    again = [acts(await answered(*texts, to=to, seed=seed)) for seed in range(5)]

    assert first == again
    assert any(other != first[0] for other in first[1:])


async def test_time_waits_while_somebody_speaks_with_the_desk() -> None:
    county = County(LIN, WU, call=CALL)
    county.turns = 50

    await county.pass_time((FIRST_CALL + MINUTE, lambda: None))

    assert county.busy == [(START + FIRST_CALL, False)] * 2
    assert county.officers.idle()
