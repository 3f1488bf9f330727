"""Transitions through an outbox of their own: what is sent, and at which instant."""

from ingest.clock import HOUR, MINUTE
from notifiers.bulletin import Act
from notifiers.routes import QuietHours
from rules.grade import Grade
from rules.realm import Realm
from tests.notifiers.duty import raised as of_river
from tests.notifiers.duty import route as by
from tests.notifiers.duty import router as with_levels
from tests.notifiers.town import ANA, BO, NOON, line, route, router
from tocsin.rehearsal import Message, rehearse


def told(messages: list[Message], start: int = NOON) -> list[tuple[int, str, Act, Grade | None]]:
    """(minutes after the start, recipient, act, grade) of each."""
    return [((m.at - start) // MINUTE, m.recipient, m.act, m.grade) for m in messages]


def test_a_warning_is_told_when_it_rises_and_those_who_heard_of_it_when_it_is_over() -> None:
    story = [
        line("v1", Grade.RED),
        line("v1", None, Grade.RED, ordinal=1, at=NOON + HOUR),
    ]

    messages = rehearse(
        story, router(route([ANA]), route([BO], grades=[Grade.BLUE])), NOON + HOUR, Realm.DRILL
    )

    assert (0, "ana", Act.ALERT, Grade.RED) in told(messages)
    assert told(messages)[-1] == (60, "ana", Act.CLEAR, None)
    assert {message.recipient for message in messages} == {"ana"}
    assert {message.zone for message in messages} == {"v1"}


def test_what_falls_due_between_transitions_goes_out_at_its_own_instant() -> None:
    """Lin and Wei are asked when nobody acknowledges within a minute, the mayor after another."""
    start = 1_528_060_200_000

    messages = rehearse([of_river()], with_levels(by(ANA)), start + 2 * MINUTE, Realm.DRILL)

    assert told(messages, start)[0] == (0, "ana", Act.ALERT, Grade.ORANGE)
    asked = {(minute, who) for minute, who, act, _ in told(messages, start) if act is Act.REQUEST}
    assert {(1, "lin"), (1, "wei"), (2, "mayor")} <= asked
    assert not {(0, "lin"), (1, "mayor")} & asked


def test_nothing_after_the_end_is_told_and_what_is_due_just_then_is() -> None:
    start = 1_528_060_200_000

    early = rehearse([of_river()], with_levels(by(ANA)), start + MINUTE - 1, Realm.DRILL)
    just = rehearse([of_river()], with_levels(by(ANA)), start + MINUTE, Realm.DRILL)

    assert [message.recipient for message in early] == ["ana"]
    assert {message.recipient for message in just} == {"ana", "lin", "wei"}


def test_yellow_waits_for_the_end_of_the_quiet_hours() -> None:
    quiet = QuietHours(11 * 60, 13 * 60)

    messages = rehearse([line("v1", Grade.YELLOW)], router(quiet=quiet), NOON + 2 * HOUR, Realm.DRILL)

    assert told(messages)[0] == (60, "ana", Act.ALERT, Grade.YELLOW)


def test_a_storm_is_a_digest() -> None:
    storm = [line(f"v{n}", Grade.YELLOW, at=NOON + n * 1000) for n in range(15)]

    messages = rehearse(storm, router(), NOON + 9 * MINUTE, Realm.DRILL)

    assert [m.act for m in messages].count(Act.ALERT) == 10
    assert Act.DIGEST in {message.act for message in messages}


def test_no_transition_tells_nobody() -> None:
    assert rehearse([], router(), NOON, Realm.DRILL) == []
