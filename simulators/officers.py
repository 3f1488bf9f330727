"""People with telephones: they read what reaches them, answer by SMS, and go; approvers decide at the desk.

Beside some horns stand people, too, and press the button.

The desk is spoken to in its own JSON, one request a reply; answers by SMS go to whoever reads the gateway's.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ingest.clock import HOUR, MINUTE, SECOND, Clock
from simulators.horn import Played
from simulators.phone import TextMessage

Desk: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""What the desk replies to a request of an account."""

LOOK = 10 * SECOND
# A call that is believed, and how long it takes until it turns out to be wrong.
FIRST_CALL, CALLS, FOUND_OUT = 20 * MINUTE, 2 * HOUR, 6 * MINUTE

_NUMBER = re.compile(r"(?:编号|Id )([0-9a-f]{16})")
_RELEASE = re.compile(r"tocsin release ([0-9a-f]{16}) ([0-9]+)")
_GRADE = re.compile("(蓝色|BLUE)|(黄色|YELLOW)|(橙色|ORANGE)|(红色|RED)")
_NOTHING_TO_DO = re.compile("预警解除|预警取消|降级为|ALL CLEAR|CANCELLED|Downgraded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How somebody answers.

    Of ten each: texts that are taken on (`takes`), announcements acknowledged at the horn (`presses`),
    proposals decided at all (`decides`), and of these those refused (`refuses`). How long it takes in
    seconds, from and to: to read and `answer`, to be there (`way`), to have it done (`work`), to decide
    (`thought`).
    """

    takes: int = 6
    presses: int = 2
    decides: int = 10
    refuses: int = 1
    answer: tuple[int, int] = (10, 50)
    way: tuple[int, int] = (45, 170)
    work: tuple[int, int] = (60, 180)
    thought: tuple[int, int] = (120, 420)


ORDINARY = Profile()
ABSENT = Profile(takes=0, presses=0, decides=0)
"""Of whoever ignores everything, or is not there."""


@dataclass(frozen=True, slots=True)
class Officer:
    """`number` is the telephone, `account` what the desk knows them by, '' for whoever has none."""

    number: str
    account: str = ""
    approves: bool = False
    profile: Profile = ORDINARY


@dataclass(frozen=True, slots=True)
class FalseCall:
    """What somebody reports by telephone and is raised by hand: the desk's `raise`, without its type."""

    hazard: str
    zone: str
    grade: int
    text: Mapping[str, str]


class Officers:
    """Everybody whose telephone is in `officers`; the same seed, the same answers.

    `inbox` is what the telephones show, `played` what the horns played; `answer` takes (number, text) and
    `press` a horn. The first officer with an account who does not approve keeps the desk: raises `call` by
    hand now and then, and reports for those without an account. Who stands beside the horns is `bystanders`.
    `refused` counts what the desk did not do.
    """

    def __init__(
        self,
        officers: Iterable[Officer],
        clock: Clock,
        desk: Desk,
        *,
        inbox: Sequence[TextMessage],
        played: Sequence[Played],
        answer: Callable[[str, str], None],
        press: Callable[[str], None],
        seed: int,
        call: FalseCall | None = None,
        bystanders: Profile = ORDINARY,
    ) -> None:
        self.refused = 0
        self._officers = {officer.number: officer for officer in officers}
        self._inbox = inbox
        self._played = played
        self._clock = clock
        self._desk = desk
        self._answer = answer
        self._press = press
        self._seed = seed
        self._call = call
        self._bystanders = bystanders
        self._read = self._heard = self._speaking = 0
        # The grade of each incident as it was told last, and how often it rose.
        self._grades: dict[str, int] = {}
        self._rises: dict[str, int] = {}
        # Of each incident each time it rises, and of each proposal, one of them sees to it.
        self._taken: set[tuple[str, str]] = set()

    def idle(self) -> bool:
        """Whether nobody is speaking with the desk."""
        return not self._speaking

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._call is not None:
                group.create_task(self._calls(self._call))
            while True:
                await self._clock.sleep_until(self._clock.now() + LOOK)
                new, self._read = self._inbox[self._read :], len(self._inbox)
                # What comes at one instant comes in any order.
                for message in sorted(new, key=lambda m: (m.at, m.to, m.key)):
                    if (officer := self._officers.get(message.to)) is not None:
                        group.create_task(self._read_text(officer, message.text))
                played, self._heard = self._played[self._heard :], len(self._played)
                for one in sorted(played, key=lambda p: (p.at, p.horn)):
                    group.create_task(self._hear(one.horn, " ".join(one.text.values())))

    async def _read_text(self, officer: Officer, text: str) -> None:
        chance, profile = random.Random(f"{self._seed} {officer.number} {text}"), officer.profile
        if asked := _RELEASE.search(text):
            if officer.approves:
                await self._decide(officer, asked[1], int(asked[2]), chance)
            return
        number, rise = self._to_do(text)
        if number and chance.randrange(10) < profile.takes:
            await self._pause(chance, profile.answer)
            if self._first((number, rise)):
                self._answer(officer.number, f"收到 {number[:8]}")
                await self._see_to(officer.account, (number, rise), chance, profile)

    async def _hear(self, horn: str, text: str) -> None:
        chance, profile = random.Random(f"{self._seed} {horn} {text}"), self._bystanders
        number, rise = self._to_do(text)
        if number and chance.randrange(10) < profile.presses:
            await self._pause(chance, profile.answer)
            if self._first((number, rise)):
                self._press(horn)
                await self._see_to("", (number, rise), chance, profile)

    def _to_do(self, text: str) -> tuple[str, str]:
        """The one incident that a text wants to be seen to, '' for none, and which of its rises it is."""
        numbers, grade = set(_NUMBER.findall(text)), _GRADE.search(text)
        if len(numbers) != 1 or grade is None:
            return "", ""
        [number] = numbers
        rank = grade.lastindex or 0
        if rank > self._grades.get(number, 0):
            self._rises[number] = self._rises.get(number, 0) + 1
        self._grades[number] = rank
        return ("" if _NOTHING_TO_DO.search(text) else number), f"rise {self._rises[number]}"

    async def _see_to(
        self, account: str, job: tuple[str, str], chance: random.Random, profile: Profile
    ) -> None:
        """Of an incident that rises meanwhile, whoever takes that on sees to it from then on."""
        account, (number, rise) = account or self._keeper(), job
        await self._pause(chance, profile.way)
        if self._is_at(number, rise):
            await self._act(account, type="arrive", incident=number)
        await self._pause(chance, profile.work)
        if self._is_at(number, rise):
            await self._act(account, type="handle", incident=number, note="seen to")

    def _is_at(self, number: str, rise: str) -> bool:
        return f"rise {self._rises[number]}" == rise

    async def _decide(self, officer: Officer, number: str, revision: int, chance: random.Random) -> None:
        if chance.randrange(10) >= officer.profile.decides:
            return
        await self._pause(chance, officer.profile.thought)
        if not self._first((number, str(revision))):
            return
        found = await self._say(officer.account, {"ask": "proposals", "about": number})
        for proposal in found.get("found", ()):
            known = {"incident": proposal["incident"], "revision": proposal["revision"]}
            if chance.randrange(10) < officer.profile.refuses:
                await self._act(officer.account, type="refuse", reason="not confirmed on the spot", **known)
            else:
                await self._act(officer.account, type="release", hash=proposal["hash"], **known)

    async def _calls(self, call: FalseCall) -> None:
        """Somebody rings up; it is raised, turns out to be wrong, is cancelled by an approver and closed."""
        keeper = self._keeper()
        approver = next(officer.account for officer in self._officers.values() if officer.approves)
        said = {"hazard": call.hazard, "zone": call.zone, "grade": call.grade, "text": call.text}
        await self._clock.sleep_until(self._clock.now() + FIRST_CALL)
        while True:
            raised = await self._act(keeper, type="raise", **said)
            await self._clock.sleep_until(self._clock.now() + FOUND_OUT)
            if number := re.search("[0-9a-f]{16}", raised):
                await self._act(approver, type="cancel", incident=number[0], reason="a false alarm")
                await self._act(keeper, type="close", warning=number[0], reason="a false alarm")
            await self._clock.sleep_until(self._clock.now() + CALLS)

    def _keeper(self) -> str:
        """The account that keeps the desk; of those who are there, if anybody is."""
        able = [o for o in self._officers.values() if o.account and not o.approves]
        return next((o for o in able if o.profile is not ABSENT), able[0]).account

    def _first(self, job: tuple[str, str]) -> bool:
        """Whether nobody else has taken it."""
        free = job not in self._taken
        self._taken.add(job)
        return free

    async def _pause(self, chance: random.Random, seconds: tuple[int, int]) -> None:
        await self._clock.sleep_until(self._clock.now() + chance.randint(*seconds) * SECOND)

    async def _act(self, account: str, **action: Any) -> str:
        """What the desk says to it, '' if it was not done: it may be over, or somebody was quicker."""
        reply = await self._say(account, {"act": action})
        if not reply.get("done"):
            self.refused += 1
            return ""
        return str(reply["said"])

    async def _say(self, account: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._speaking += 1
        try:
            return await self._desk(account, request)
        finally:
            self._speaking -= 1
