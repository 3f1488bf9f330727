"""What people raise and close: journaled actions, judged like all else, whatever happens in between."""

from pathlib import Path

import pytest

from ingest.clock import MINUTE, SystemClock
from ingest.journal import Entry, EntryKind
from ingest.snapshots import Snapshot
from notifiers.action import Acknowledge, Action, Answer, Close, Raise, Taken
from notifiers.bulletin import Act, Bulletin
from notifiers.routing import Announcement, Router
from rules.grade import Grade
from rules.transition import Transition, line, warning_id
from tests.faults.record import Record, replayed
from tests.tocsin.serving import opened, running
from tests.tocsin.village import START, basis, block, bundle, report
from tocsin.by_hand import RULE
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.desk.open_warnings import shown
from tocsin.first_bundle import apply_first
from tocsin.judge import Judge
from tocsin.outages import ENDS_BY_ITSELF
from tocsin.sight import Blind
from tocsin.wiring import router_of

BASIS = basis()
WORDS = {"zh": "山体出现裂缝", "en": "Cracks in the slope"}


def judge() -> Judge:
    return Judge(BASIS, lambda _: BASIS)


def restarted(by: Judge) -> Judge:
    position, of, state = by.snapshot()
    return Judge.resume(Snapshot(position, of, state), lambda _: BASIS)


def action(sequence: int, minute: int, what: Action, user: str = "ana") -> Entry:
    data = Taken(user, f"account:{user}", what).encode()
    return Entry(sequence, START + minute * MINUTE, EntryKind.ACTION, 0, data)


def raising(grade: Grade, hazard: str = "landslide", **text: str) -> Raise:
    return Raise(hazard, "village", grade, text or WORDS)


def told(transitions: list[Transition]) -> list[tuple[int, str, str, str]]:
    """(ordinal, before, after, reason)."""
    return [(t.ordinal, str(t.before), str(t.after), t.reason) for t in transitions]


def test_a_person_raises_a_warning_in_their_own_words() -> None:
    by = judge()
    done = by.take(action(1, 10, raising(Grade.ORANGE)))
    [raised] = done.transitions
    [warning] = by.warnings()

    assert told([raised]) == [(0, "None", "orange", "raised")]
    assert raised.warning == warning_id("by-hand", "village", START + 10 * MINUTE) == warning.id
    assert (raised.rule, raised.subject, raised.at) == ("by-hand", "village", START + 10 * MINUTE)
    assert {key: raised.evidence[key] for key in ("by", "hazard", "words", "text")} == {
        "by": "ana",
        "hazard": "landslide",
        "words": WORDS,
        "text": "山体出现裂缝 / Cracks in the slope",
    }
    assert done.taken == Taken("ana", "account:ana", raising(Grade.ORANGE))
    assert done.answer == Answer(True, f"landslide in village raised as orange: {warning.id}")


def test_raising_it_again_changes_its_grade_in_both_directions_and_close_ends_it() -> None:
    by = judge()
    done = by.take(action(1, 10, raising(Grade.ORANGE))).transitions
    done += by.take(action(2, 11, raising(Grade.RED, en="It moves"), "bo")).transitions
    by = restarted(by)
    done += by.take(action(3, 12, raising(Grade.BLUE))).transitions
    closing = by.take(action(4, 13, Close(done[0].warning, "made safe"), "bo"))
    done += closing.transitions

    assert told(done) == [
        (0, "None", "orange", "raised"),
        (1, "orange", "red", "upgraded"),
        (2, "red", "blue", "downgraded"),
        (3, "blue", "None", "closed"),
    ]
    assert len({t.warning for t in done}) == 1
    assert (done[1].evidence["by"], done[1].evidence["text"]) == ("bo", "It moves")
    assert done[3].evidence == done[2].evidence | {"by": "bo", "why": "made safe", "observed": done[3].at}
    assert closing.answer == Answer(True, f"{done[0].warning} is closed")
    assert by.warnings() == []


def test_each_hazard_has_its_own_though_both_come_in_one_millisecond() -> None:
    by = judge()
    first = by.take(action(1, 10, raising(Grade.RED))).transitions
    second = by.take(action(2, 10, raising(Grade.RED, "fire"))).transitions

    assert first[0].warning != second[0].warning
    assert [warning.since for warning in by.warnings()] == [START + 10 * MINUTE] * 2


def test_a_name_that_was_given_is_not_given_again_after_a_restart() -> None:
    """The second of one millisecond is named by the next one, in which a third may come."""
    by = judge()
    by.take(action(1, 10, raising(Grade.RED)))
    by.take(action(2, 10, raising(Grade.RED, "fire")))
    by = restarted(by)
    data = Taken("ana", "account:ana", raising(Grade.RED, "flood")).encode()
    by.take(Entry(3, START + 10 * MINUTE + 1, EntryKind.ACTION, 0, data))

    assert len({warning.id for warning in by.warnings()}) == 3


def test_the_strongest_is_shown_first_with_its_words() -> None:
    by = judge()
    by.take(action(1, 10, raising(Grade.BLUE)))
    by.take(action(2, 11, raising(Grade.RED, "fire")))

    assert [(w["grade"], w["place"], w["title"]) for w in shown(by)] == [
        (grade, {"zh": "村", "en": "Village"}, {"zh": "人工发布", "en": "Raised by hand"})
        for grade in ("red", "blue")
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Raise("landslide", "atlantis", Grade.RED, WORDS), "no zone atlantis"),
        (Raise("landslide", "village", Grade.RED, {"en": " "}), "say of what hazard, and in words, what is"),
        (Raise("", "village", Grade.RED, WORDS), "say of what hazard, and in words, what is"),
        (raising(Grade.ORANGE), "is orange already: give another grade, or close it"),
        (Close("0123", "why not"), "0123 is not open"),
        (Close("0123", " "), "0123 stays open: say why it is closed"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(wrong: Action, said: str) -> None:
    by = judge()
    by.take(action(1, 10, raising(Grade.ORANGE)))
    before = by.warnings()
    done = by.take(action(2, 11, wrong))

    assert done.answer is not None
    assert (done.answer.done, said in done.answer.said) == (False, True)
    assert done.transitions == []
    assert by.warnings() == before


@pytest.mark.parametrize("data", [b"", b"{broken", b'{"user": "ana"}', raising(Grade.RED).zone.encode()])
def test_an_entry_that_is_no_action_stops_nothing_and_is_answered_with_the_reason(data: bytes) -> None:
    by = judge()
    done = by.take(Entry(1, START, EntryKind.ACTION, 0, data))

    assert done.answer is not None
    assert (done.taken, done.answer.done) == (None, False)
    assert done.answer.said.startswith("journal entry 1 is no action that is known here: ")


def test_a_grade_that_is_none_is_no_action() -> None:
    data = Taken("ana", "account:ana", raising(Grade.RED)).encode().replace(b'"grade":4', b'"grade":9')

    assert judge().take(Entry(1, START, EntryKind.ACTION, 0, data)).taken is None


def test_every_other_action_passes_through_without_an_answer() -> None:
    done = judge().take(action(1, 10, Acknowledge("0123")))

    assert (done.taken, done.answer) == (Taken("ana", "account:ana", Acknowledge("0123")), None)


def test_what_was_due_before_an_action_is_told_with_it() -> None:
    by = judge()
    by.take(block(1, START, [report("river-1", START, 3.5)]))
    done = by.take(action(2, 30, raising(Grade.RED)))

    assert [(t.rule, str(t.after)) for t in done.transitions] == [("river", "orange"), ("by-hand", "red")]


def test_a_blind_warning_is_closed_the_same_in_one_life_and_after_a_restart() -> None:
    entries = [
        block(1, START, [report("river-1", START, 2.2)]),
        block(2, START + 40 * MINUTE, [report("river-2", START + 40 * MINUTE, 1)]),
    ]
    first = judge()
    [raised] = first.take(entries[0]).transitions
    entries += [action(3, 41, Close(raised.warning, "gauge washed away, water is low"))]
    entries += [block(4, START + 50 * MINUTE, [report("river-1", START + 50 * MINUTE, 2.2)])]

    whole = [line(t) for entry in entries[1:] for t in first.take(entry).transitions]
    second = judge()
    second.take(entries[0])
    cut = []
    for entry in entries[1:]:
        second = restarted(second)
        done = second.take(entry)
        cut += [line(t) for t in done.transitions]
        if entry.kind is EntryKind.ACTION:
            assert done.answer == Answer(True, f"{raised.warning} is closed")

    assert whole == cut
    assert [b'"reason":"closed"' in each for each in whole] == [True, False]


def test_a_warning_that_is_still_judged_is_not_closed() -> None:
    by = judge()
    [raised] = by.take(block(1, START, [report("river-1", START, 2.2)])).transitions
    answer = by.take(action(2, 1, Close(raised.warning, "do not believe it"))).answer

    assert answer == Answer(False, f"{raised.warning} is still judged: cancel it if it is wrong")


def test_that_tocsin_is_blind_is_not_closed_and_ends_with_the_next_message() -> None:
    by = judge()
    note = Entry(1, START, EntryKind.BLIND, 0, Blind(START, ended=False).data)
    [blind] = by.take(note).transitions
    done = by.take(action(2, 1, Close(blind.warning, "tired of it")))

    assert done.answer == Answer(False, f"{blind.warning} {ENDS_BY_ITSELF}")
    assert [warning.id for warning in by.warnings()] == [blind.warning]
    [cleared] = by.take(block(3, START + 2 * MINUTE, [report("river-1", START, 1)])).transitions
    assert (cleared.warning, cleared.after) == (blind.warning, None)


def test_a_snapshot_from_before_there_was_a_hand_still_serves() -> None:
    by = judge()
    by.take(block(1, START, [report("river-1", START, 2.2)]))
    position, of, state = by.snapshot()
    old = {name: value for name, value in state.items() if not name.startswith("by_hand.")}
    resumed = Judge.resume(Snapshot(position, of, old), lambda _: BASIS)

    assert resumed.warnings() == by.warnings()


def bulletin_of(raised: Transition) -> Bulletin:
    router: Router = router_of(configure(bundle()))
    announcement = Announcement(
        incident=raised.warning,
        revision=0,
        act=Act.ALERT,
        hazard=router.hazard(raised),
        zone=router.zone(raised),
        grade=raised.after,
        before=None,
        sent=raised.at,
        expires=raised.at + MINUTE,
        count=1,
        references=(),
    )
    return router.bulletin(raised, announcement)


def test_people_read_the_hazard_and_the_words_of_whoever_raised_it() -> None:
    [raised] = judge().take(action(1, 10, raising(Grade.RED))).transitions
    found = bulletin_of(raised)

    assert (found.hazard, found.title) == ("landslide", RULE.title)
    assert found.evidence == WORDS
    assert "人工发布，村" in found.text["zh"]
    assert "山体出现裂缝。" in found.text["zh"]
    assert "Raised by hand, Village, " in found.text["en"]
    assert "Cracks in the slope. " in found.text["en"]


def test_the_journal_of_a_life_with_actions_is_judged_again_by_the_checker(tmp_path: Path) -> None:
    entries = [
        Entry(1, START, EntryKind.BUNDLE, 0, BASIS.bundle.encode()),
        action(2, 1, raising(Grade.RED)),
        Entry(3, START + MINUTE, EntryKind.ACTION, 0, b"junk"),
        block(4, START + 2 * MINUTE, [report("river-1", START, 2.2)]),
    ]
    found = list(replayed(Record(tmp_path, entries=entries), lambda _: BASIS))

    assert [(each.entry, each.ordinal) for each in found] == [(2, 0), (4, 0)]


async def test_a_journal_with_an_action_that_cannot_be_read_is_recovered(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        for data in (b"junk", Taken("ana", "account:ana", raising(Grade.RED)).encode()):
            append, now = storage.journal.append, SystemClock().now()
            storage.journal_thread.submit(append, now, EntryKind.ACTION, 0, data).result()
        async with running(Daemon(configure(files), storage, SystemClock())) as daemon:
            found = daemon.judging.judge.warnings()

    assert [(w.rule, w.subject, w.grade) for w in found] == [("by-hand", "village", Grade.RED)]
