"""Budgets, quiet hours and digests: what is beyond somebody's budget is summed up, and never red."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from notifiers.action import Acknowledge, Release
from notifiers.bulletin import Act
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outbox.proposals import find
from notifiers.outbox.shed import Account, account, digested, summaries
from notifiers.outbox.unreached import Why, unreached
from notifiers.outcome import Rejected, Retry
from notifiers.routes import Budgets, QuietHours
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import ANA as ANA_OF_DUTY
from tests.notifiers.duty import START, act, commit, raised, send, turn
from tests.notifiers.duty import route as duty_route
from tests.notifiers.duty import router as duty_router
from tests.notifiers.town import ANA, BO, NOON, Desk, line, route, router

BLUE, YELLOW, ORANGE, RED = Grade
TWO = Budgets(messages=2, warnings=1_000)
NIGHT = QuietHours(22 * 60, 7 * 60)
EVENING, MORNING = NOON + 11 * HOUR, NOON + 19 * HOUR


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.sqlite", Realm.LIVE)
    yield opened
    opened.close()


@pytest.fixture
def desk(outbox: Outbox) -> Desk:
    return Desk(outbox, router(budgets=TWO))


def acts(deliveries: list[Delivery]) -> list[tuple[Act, Grade | None]]:
    return [(d.bulletin.act, d.grade) for d in deliveries]


def accounted(outbox: Outbox, recipient: str = "ana") -> Account:
    with outbox.transaction() as connection:
        return account(connection, recipient, "sms")


def test_beyond_the_budget_blue_and_yellow_are_summed_up_for_each_town(desk: Desk) -> None:
    told = desk.tell(*(line(f"v{n}", YELLOW if n % 2 else BLUE) for n in range(40)))
    singles = [d for d in told if d.bulletin.act is Act.ALERT]
    digests = [d for d in told if d.bulletin.act is Act.DIGEST]
    assert len(singles) == 2
    assert sorted((d.bulletin.subject, d.bulletin.count) for d in digests) == [("east", 18), ("west", 20)]
    assert accounted(desk.outbox) == Account(single=2, digested=38, noticed=0, waiting=0, untold=0)


def test_beyond_the_budget_orange_is_summed_up_for_each_zone(desk: Desk) -> None:
    told = desk.tell(*(line(f"v{n}", ORANGE, rule=rule) for rule in ("rain", "fire") for n in range(3)))
    digests = {d.bulletin.subject: d.bulletin.count for d in told if d.bulletin.act is Act.DIGEST}
    assert digests == {"v0": 1, "v1": 1, "v2": 2}


def test_red_is_told_by_itself_whatever_was_told_before(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", ORANGE) for n in range(20)))
    told = desk.tell(*(line(f"v{n}", RED, rule="river") for n in range(20)))
    assert acts(told) == [(Act.ALERT, RED)] * 20


def test_a_digest_says_how_many_of_what_and_where_and_what_to_ask_for(desk: Desk) -> None:
    told = desk.tell(
        *(line(f"v{n}", YELLOW) for n in range(10)), *(line(f"v{n}", BLUE, rule="fire") for n in range(3))
    )
    [digest] = [d for d in told if d.bulletin.act is Act.DIGEST]
    assert digest.text["en"] == (
        "DIGEST: East, 2018-06-04 12:00. 11 more warnings: Rain: yellow 8; Fire: blue 3."
        " Places: V2, V3, V4, V5, V6 and more. Ids rain-v2, rain-v3, rain-v4, rain-v5, rain-v6 and more."
        f" Ask the duty room for {digest.incident}"
    )
    assert digest.text["zh"] == (
        "预警汇总：east，6月4日12:00。另有11条预警：rain黄色8；fire蓝色3。地点：v2、v3、v4、v5、v6等。"
        f"编号rain-v2、rain-v3、rain-v4、rain-v5、rain-v6等。全部清单请询值班室：{digest.incident}"
    )
    assert digest.grade is YELLOW


def test_everything_that_was_summed_up_is_listed(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(5)))
    with desk.outbox.transaction() as connection:
        [digest] = summaries(connection)
        shed = digested(connection, digest)
    assert [(s.warning, s.zone, s.grade) for s in shed] == [
        (f"rain-v{n}", f"v{n}", YELLOW) for n in (2, 3, 4)
    ]


def test_a_digest_waits_for_all_that_is_recorded(desk: Desk) -> None:
    """A round routes fifty."""
    told = desk.tell(*(line(f"v{n}", YELLOW, rule=r) for r in ("rain", "river", "fire") for n in range(20)))
    assert [d.bulletin.count for d in told if d.bulletin.act is Act.DIGEST] == [58]


def test_a_digest_waits_five_seconds_at_most(desk: Desk) -> None:
    pending_digest(desk)
    due = NOON + 5 * MINUTE
    desk.outbox.commit(9, [line("v9", YELLOW, at=due)])
    assert desk.outbox.lapse(desk.router, due + 5 * SECOND - 1) == 0
    assert desk.outbox.lapse(desk.router, due + 5 * SECOND) == 1


def test_digests_of_one_place_are_as_far_apart_as_the_routes_say(desk: Desk) -> None:
    for minute in range(12):
        desk.at(NOON + minute * MINUTE)
        desk.tell(line(f"v{minute}", YELLOW, at=desk.now))
    desk.at(NOON + HOUR)
    digests = [d for d in desk.sent if d.bulletin.act is Act.DIGEST]
    assert [(d.created - NOON) // MINUTE for d in digests] == [2, 7, 12]
    assert accounted(desk.outbox).untold == 0


def test_a_budget_is_free_again_once_its_time_is_over(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(5)))
    desk.at(NOON + 11 * MINUTE)
    assert acts(desk.tell(line("v9", YELLOW, at=desk.now))) == [(Act.ALERT, YELLOW)]


def test_each_recipient_has_a_budget_of_their_own(outbox: Outbox) -> None:
    desk = Desk(outbox, router(route([ANA]), route([BO], "fire"), budgets=TWO))
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(5)))
    told = desk.tell(line("v0", YELLOW, rule="fire"))
    assert {d.recipient: d.bulletin.act for d in told} == {"bo": Act.ALERT}


def pending_digest(desk: Desk) -> None:
    """A first digest at noon; what comes in the next five minutes waits for the second one."""
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(3)))
    desk.tell(line("v3", YELLOW))


def test_what_clears_before_its_digest_is_counted_as_over_in_it(desk: Desk) -> None:
    pending_digest(desk)
    assert desk.tell(line("v3", None, YELLOW, ordinal=1)) == []
    [digest] = desk.at(NOON + 5 * MINUTE)
    assert "1 more warnings: Rain: yellow 1. 1 of them over already" in digest.text["en"]
    assert digest.grade is None
    assert desk.at(NOON + HOUR) == []


def test_the_all_clear_goes_to_whoever_read_of_it_in_a_digest(desk: Desk) -> None:
    pending_digest(desk)
    desk.at(NOON + 20 * MINUTE)
    assert acts(desk.tell(line("v3", None, YELLOW, ordinal=1, at=desk.now))) == [(Act.CLEAR, None)]


def test_an_all_clear_beyond_the_budget_is_summed_up_too(desk: Desk) -> None:
    desk.tell(*(line(f"v{n}", YELLOW) for n in range(3)))
    assert desk.tell(line("v0", None, YELLOW, ordinal=1)) == []
    [digest] = desk.at(NOON + 5 * MINUTE)
    assert "1 told earlier are over" in digest.text["en"]
    assert digest.bulletin.count == 0


def test_an_upgrade_to_red_takes_a_warning_out_of_the_digest_it_waits_for(desk: Desk) -> None:
    pending_digest(desk)
    assert [d.grade for d in desk.tell(line("v3", RED, YELLOW, ordinal=1))] == [RED]
    assert desk.at(NOON + HOUR) == []
    assert accounted(desk.outbox) == Account(single=3, digested=1, noticed=0, waiting=0, untold=0)


def test_an_all_clear_does_not_overtake_the_digest_that_told_of_it(desk: Desk) -> None:
    pending_digest(desk)
    desk.now = NOON + 20 * MINUTE
    assert desk.outbox.lapse(desk.router, desk.now) > 0
    [digest] = desk.outbox.claim("sms", desk.now, 9)
    desk.outbox.commit(9, [line("v3", None, YELLOW, ordinal=1)])
    desk.outbox.route(desk.router, desk.now)
    assert desk.outbox.claim("sms", desk.now, 9) == []
    desk.outbox.settle(digest.key, Retry(0, "busy"), desk.now)
    assert acts(desk.at(desk.now + MINUTE)) == [(Act.DIGEST, YELLOW), (Act.CLEAR, None)]


def test_in_quiet_hours_blue_and_yellow_wait_and_outlive_them(outbox: Outbox) -> None:
    desk = Desk(outbox, router(quiet=NIGHT), now=EVENING)
    assert desk.tell(line("v0", BLUE, at=EVENING), line("v1", YELLOW, at=EVENING)) == []
    assert desk.at(MORNING - 1) == []
    assert acts(desk.at(MORNING)) == [(Act.ALERT, YELLOW), (Act.ALERT, BLUE)]
    assert all(d.expires == MORNING + HOUR for d in desk.sent)


def test_in_quiet_hours_an_upgrade_to_orange_is_told_at_once_and_the_yellow_never(outbox: Outbox) -> None:
    desk = Desk(outbox, router(quiet=NIGHT), now=EVENING)
    desk.tell(line("v0", YELLOW, at=EVENING))
    told = desk.tell(line("v0", ORANGE, YELLOW, ordinal=1, at=EVENING))
    assert [d.grade for d in told] == [ORANGE]
    assert desk.at(MORNING) == []


def test_in_quiet_hours_the_end_of_an_orange_warning_is_told_at_once(outbox: Outbox) -> None:
    desk = Desk(outbox, router(quiet=NIGHT), now=EVENING)
    desk.tell(line("v0", ORANGE, at=EVENING))
    assert acts(desk.tell(line("v0", None, ORANGE, ordinal=1, at=EVENING))) == [(Act.CLEAR, None)]


def test_what_quiet_hours_hold_back_is_no_burst_in_the_morning(outbox: Outbox) -> None:
    desk = Desk(outbox, router(budgets=TWO, quiet=NIGHT), now=EVENING)
    for n in range(20):
        desk.at(EVENING + n * 20 * MINUTE)
        desk.tell(line(f"v{n}", YELLOW, at=desk.now))
    assert desk.sent == []
    assert acts(desk.at(MORNING)) == [(Act.ALERT, YELLOW), (Act.ALERT, YELLOW), (Act.DIGEST, YELLOW)]
    assert desk.outbox.counts() == {"sms": {State.ACCEPTED: 3, State.DIGESTED: 18}}


def test_a_horn_and_the_public_get_every_bulletin_whatever_the_budget(outbox: Outbox) -> None:
    lines = [raised(None, YELLOW, warning=f"{n:08x}", rule=f"rule-{n}") for n in range(9)]
    by = duty_router(duty_route(channels=("loudspeaker", "feed")), budgets=TWO)
    commit(outbox, by, *lines)
    assert Counter(d.channel for d in send(outbox)) == {"loudspeaker": 18, "feed": 9}


def unanswered(outbox: Outbox, grade: Grade, count: int = 6) -> list[Delivery]:
    """What Lin and Wei, who answer for Riverside, are sent a quarter of an hour later."""
    outbox.commit(1, [raised(None, grade, warning=f"{n:08x}", rule=f"rule-{n}") for n in range(count)])
    by = duty_router(duty_route(channels=("feed",)), budgets=TWO)
    turn(outbox, by, START)
    send(outbox)
    now = START + 15 * MINUTE
    turn(outbox, by, now)
    return [d for d in send(outbox, now) if d.recipient == "lin"]


def test_requests_beyond_the_budget_are_one_digest_of_how_many_incidents_wait_for_whom(
    outbox: Outbox,
) -> None:
    first, second, digest = unanswered(outbox, YELLOW)
    assert [first.bulletin.act, second.bulletin.act] == [Act.REQUEST] * 2
    assert (digest.bulletin.act, digest.bulletin.count, digest.grade) == (Act.DIGEST, 4, YELLOW)
    assert digest.text["en"].startswith(
        "REQUESTS: 2018-06-03 21:25. 4 incidents wait for lin: 4 to be taken over; the highest yellow. Ids 0"
    )
    assert digest.text["zh"].startswith(
        "待办汇总：6月3日21:25。4起事件等待lin处理：待接手4起；最高黄色。编号"
    )


def test_requests_of_red_are_never_summed_up(outbox: Outbox) -> None:
    assert [d.bulletin.act for d in unanswered(outbox, RED)] == [Act.REQUEST] * 6


def test_a_digest_of_requests_counts_what_still_waits_and_nothing_else(outbox: Outbox) -> None:
    by = duty_router(duty_route(ANA, approval=True), budgets=TWO)
    lines = [raised(None, ORANGE, warning=f"{n:08x}", rule=f"rule-{n}") for n in range(7)]
    commit(outbox, by, *lines[:4])
    turn(outbox, by, START)
    assert [d.bulletin.count for d in send(outbox) if d.bulletin.act is Act.DIGEST] == [2, 2]
    commit(outbox, by, *lines[4:], now=START + SECOND)
    over = raised(ORANGE, None, warning=lines[4].warning, rule="rule-4", ordinal=1, at=START + 2 * SECOND)
    commit(outbox, by, over, now=START + 2 * SECOND)
    [proposal] = find(outbox._connection, "state = 'waiting' AND incident = ?", lines[5].warning)
    act(outbox, Release(proposal.incident, proposal.revision, proposal.hash), at=START + 3 * SECOND)
    now = START + 5 * MINUTE + SECOND
    turn(outbox, by, now)
    [digest] = [d for d in send(outbox, now) if d.recipient == "lin" and "to be released" in d.text["en"]]
    assert "1 to be released" in digest.text["en"]


def test_who_took_it_on_leaves_nobody_to_be_asked_in_the_next_digest(outbox: Outbox) -> None:
    unanswered(outbox, YELLOW)
    now = START + 15 * MINUTE
    late = raised(None, YELLOW, warning="77aa0000", rule="rule-late", at=now)
    by = duty_router(
        duty_route(channels=("feed",)), budgets=Budgets(messages=2, within=HOUR, digest_every=HOUR)
    )
    commit(outbox, by, late, now=now)
    send(outbox, now)
    for n in range(6):
        act(outbox, Acknowledge(f"{n:08x}"), at=now)
    turn(outbox, by, now + 10 * MINUTE)
    act(outbox, Acknowledge("77aa0000"), at=now + 10 * MINUTE)
    turn(outbox, by, now + 2 * HOUR)
    assert send(outbox, now + 2 * HOUR) == []


def lost(outbox: Outbox) -> Delivery:
    """A digest of four that was rejected, and what followed from that."""
    by = duty_router(duty_route(ANA_OF_DUTY), budgets=TWO)
    commit(outbox, by, *(raised(None, ORANGE, warning=f"{n:08x}", rule=f"rule-{n}") for n in range(6)))
    send(outbox)
    turn(outbox, by, START)
    [digest] = outbox.claim("sms", START, 9)
    outbox.settle(digest.key, Rejected("no such number"), START)
    turn(outbox, by, START)
    return digest


def test_what_nobody_read_because_its_digest_was_lost_is_listed_and_somebody_is_asked(
    outbox: Outbox,
) -> None:
    lost(outbox)
    found = [u for u in unreached(outbox._connection, START) if u.why is Why.MISSED]
    assert {(u.who, u.incident) for u in found} == {("ana", f"{n:08x}") for n in (2, 3, 4, 5)}
    asked = [d for d in send(outbox) if d.recipient == "lin" and d.bulletin.act is Act.REQUEST]
    assert all(d.text["en"].startswith("NOT REACHED: ana") for d in asked)
    assert asked


def test_a_late_receipt_of_a_digest_leaves_its_readers_told(outbox: Outbox) -> None:
    digest = lost(outbox)
    outbox.receipt(digest.key, State.DELIVERED, START)
    assert not [u for u in unreached(outbox._connection, START) if u.who == "ana"]
    by = duty_router(duty_route(ANA_OF_DUTY), budgets=Budgets(messages=99))
    commit(outbox, by, raised(ORANGE, None, ordinal=1, warning="00000002", rule="rule-2"))
    assert ("ana", "clear") in [(d.recipient, d.bulletin.act) for d in send(outbox)]


def test_a_digest_that_is_not_taken_goes_the_next_way(outbox: Outbox) -> None:
    by = duty_router(duty_route(ANA_OF_DUTY, otherwise=("email",)), budgets=Budgets(messages=0))
    commit(outbox, by, raised())
    turn(outbox, by, START)
    [digest] = outbox.claim("sms", START, 9)
    outbox.settle(digest.key, Rejected("no"), START)
    turn(outbox, by, START)
    assert [(d.channel, d.bulletin.act) for d in send(outbox)] == [("email", "digest")]


def test_nobody_is_asked_to_take_over_what_waits_for_the_morning(outbox: Outbox) -> None:
    """It is 21:10, quiet from 21 to 22."""
    by = duty_router(duty_route(ANA_OF_DUTY), quiet_hours=QuietHours(21 * 60, 22 * 60))
    commit(outbox, by, raised(None, YELLOW))
    turn(outbox, by, START + 49 * MINUTE)
    assert send(outbox, START + 49 * MINUTE) == []
    turn(outbox, by, START + 50 * MINUTE)
    assert [d.bulletin.act for d in send(outbox, START + 50 * MINUTE)] == [Act.ALERT]
    turn(outbox, by, START + 60 * MINUTE)
    assert {d.bulletin.act for d in send(outbox, START + 60 * MINUTE)} == {Act.REQUEST}


def test_what_is_over_by_the_time_of_a_digest_of_requests_waits_for_nobody(outbox: Outbox) -> None:
    unanswered(outbox, YELLOW)
    now = START + 15 * MINUTE
    by = duty_router(
        duty_route(channels=("feed",)), budgets=Budgets(messages=2, within=HOUR, digest_every=HOUR)
    )
    for n in range(6):
        act(outbox, Acknowledge(f"{n:08x}"), at=now)
    late = raised(None, YELLOW, warning="77aa0000", rule="rule-late", at=now)
    commit(outbox, by, late, now=now)
    turn(outbox, by, now + 10 * MINUTE)
    over = raised(YELLOW, None, warning="77aa0000", rule="rule-late", ordinal=1, at=now + 11 * MINUTE)
    commit(outbox, by, over, now=now + 11 * MINUTE)
    send(outbox, now + 11 * MINUTE)
    turn(outbox, by, now + 2 * HOUR)
    assert send(outbox, now + 2 * HOUR) == []
