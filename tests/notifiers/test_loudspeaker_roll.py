"""Who is there: signs of life, and what only looks like one."""

from ingest.clock import MINUTE, SECOND
from notifiers.loudspeaker.roll import Heard, Roll
from notifiers.loudspeaker.wire import Present

AT = 1_528_060_200_000


def roll(*horns: str) -> Roll:
    made = Roll(MINUTE)
    made.know(horns, AT)
    return made


def answer(nonce: str, volume: int = 80, battery: int | None = None) -> Present:
    return Present(nonce=nonce, at=0, volume=volume, battery=battery)


def test_a_horn_that_was_never_heard_has_a_minute() -> None:
    called = roll("h-1")

    assert called.silent(AT + MINUTE - 1) == []
    assert called.silent(AT + MINUTE) == ["h-1"]


def test_an_answer_counts_from_when_it_was_asked_for() -> None:
    """It shows that the horn was there then, however long it was under way."""
    called = roll("h-1")
    nonce = called.ask(AT + 30 * SECOND)

    assert called.answered("h-1", answer(nonce, 70, 97))
    assert called.heard("h-1") == Heard(AT + 30 * SECOND, 70, 97)
    assert called.silent(AT + 90 * SECOND - 1) == []
    assert called.silent(AT + 90 * SECOND) == ["h-1"]


def test_an_answer_to_the_poll_before_is_still_one_and_takes_nothing_back() -> None:
    called = roll("h-1")
    before, now = called.ask(AT), called.ask(AT + 30 * SECOND)

    assert called.answered("h-1", answer(now))
    assert called.answered("h-1", answer(before))
    assert called.heard("h-1") == Heard(AT + 30 * SECOND, 80)


def test_an_old_answer_sent_again_keeps_no_dead_horn_alive() -> None:
    called = roll("h-1")
    old = called.ask(AT)
    assert called.answered("h-1", answer(old))
    called.ask(AT + MINUTE)

    assert not called.answered("h-1", answer(old))
    assert called.silent(AT + MINUTE) == ["h-1"]


def test_a_receipt_sent_again_keeps_no_dead_horn_alive() -> None:
    called = roll("h-1")
    called.told("h-1", "k", AT + 10 * MINUTE)
    called.receipted("h-1", "k", AT + SECOND)
    called.receipted("h-1", "k", AT + MINUTE)

    assert called.heard("h-1") == Heard(AT + SECOND)


def test_a_receipt_of_what_another_horn_was_told_is_no_sign_of_life() -> None:
    called = roll("h-1", "h-2")
    called.told("h-1", "k", AT + 10 * MINUTE)
    called.receipted("h-2", "k", AT + SECOND)

    assert called.heard("h-2") is None


def test_a_receipt_keeps_volume_and_battery_as_last_said() -> None:
    called = roll("h-1")
    called.answered("h-1", answer(called.ask(AT), 70, 97))
    called.told("h-1", "k", AT + 10 * MINUTE)
    called.receipted("h-1", "k", AT + SECOND)

    assert called.heard("h-1") == Heard(AT + SECOND, 70, 97)


def test_what_expired_without_a_receipt_is_forgotten_at_the_next_poll() -> None:
    called = roll("h-1")
    called.told("h-1", "k", AT + MINUTE)
    called.ask(AT + MINUTE)
    called.receipted("h-1", "k", AT + MINUTE + SECOND)

    assert called.heard("h-1") is None


def test_horns_that_are_not_known_are_not_kept() -> None:
    called = roll("h-1")
    called.answered("h-1", answer(called.ask(AT)))
    called.know(["h-2"], AT + SECOND)
    called.told("h-1", "k", AT + 10 * MINUTE)
    called.receipted("h-1", "k", AT + 2 * SECOND)

    assert not called.answered("h-1", answer(called.ask(AT + SECOND)))
    assert called.heard("h-1") is None
    assert called.silent(AT + 10 * MINUTE) == ["h-2"]


def test_a_reload_gives_no_new_minute_to_a_horn_that_was_known() -> None:
    called = roll("h-1")
    called.know(["h-1"], AT + 30 * SECOND)

    assert called.silent(AT + MINUTE) == ["h-1"]


def test_a_horn_that_stays_known_keeps_what_was_heard() -> None:
    called = roll("h-1")
    called.answered("h-1", answer(called.ask(AT + SECOND)))
    called.know(["h-2", "h-1"], AT + 30 * SECOND)

    assert called.heard("h-1") == Heard(AT + SECOND, 80)
    assert called.silent(AT + SECOND + MINUTE) == ["h-1"]
