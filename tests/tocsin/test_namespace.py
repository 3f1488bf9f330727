"""What devices of an exercise report is judged by the exercise alone, at once and whenever it is replayed."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from mqtt5 import PublishPacket

from ingest.namespace import Namespace
from ingest.reading import Reason
from rules.engine import Engine
from rules.grade import Grade
from rules.realm import Realm
from tests.tocsin.village import RULES, SETTINGS, START, block, bundle, report
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import basis_of, configure
from tocsin.decoding import JournalDecoder, Recent
from tocsin.drill.realm import Ends, sealed
from tocsin.journal_columns import decoded_by
from tocsin.judge import Basis, Judge
from tocsin.replay import applied
from tocsin.sensing import Sensing
from tocsin.successor import Successor

LIVE = bundle()
DRILL = sealed(LIVE, Ends(1, 2, Path("/key")))
RED = report("river-1", START, 4.5)
SAID = {
    Namespace.LIVE: RED,
    Namespace.DRILL: PublishPacket(RED.topic.replace("tocsin/", "tocsin-drill/"), RED.payload),
}
OTHER = {Namespace.LIVE: Namespace.DRILL, Namespace.DRILL: Namespace.LIVE}


def judged(basis: Basis, packet: PublishPacket) -> tuple[list[Grade | None], list[Reason]]:
    done = Judge(basis, lambda _: basis).take(block(1, START, [packet]))
    return [line.after for line in done.transitions], [one.reason for one in done.rejected]


@pytest.mark.parametrize("of", [LIVE, DRILL], ids=["live", "drill"])
@pytest.mark.parametrize("read", [basis_of, lambda of: configure(of).basis], ids=["later", "at once"])
def test_readings_are_judged_in_their_own_realm_and_refused_in_the_other(
    of: Bundle, read: Callable[[Bundle], Basis]
) -> None:
    basis = read(of)

    assert judged(basis, SAID[basis.namespace]) == ([Grade.RED], [])
    assert judged(basis, SAID[OTHER[basis.namespace]]) == ([], [Reason.OTHER_REALM])


@pytest.mark.parametrize("of", [LIVE, DRILL], ids=["live", "drill"])
def test_of_ten_thousand_messages_of_the_other_realm_none_is_judged(of: Bundle) -> None:
    """Whatever subscription or bridge brought them: values that would raise red, of every sensor."""
    basis, chance = basis_of(of), random.Random(7)
    judge, other = Judge(basis, lambda _: basis), OTHER[basis.namespace]

    for number in range(1, 101):
        said = [
            report(chance.choice(basis.registry.sensors).id, START + number, chance.uniform(30, 40))
            for _ in range(100)
        ]
        strays = [PublishPacket(p.topic.replace("tocsin", other, 1), p.payload) for p in said]
        done = judge.take(block(number, START + number, strays))
        assert done.transitions == []
        assert [one.reason for one in done.rejected] == [Reason.OTHER_REALM] * 100

    assert (judge.screen.accepted, judge.screen.quarantined) == (0, 10_000)


@pytest.mark.parametrize("realm", Realm)
def test_all_but_a_drill_judge_what_live_devices_say(realm: Realm) -> None:
    """Shadow and replay read the journal of live service."""
    text = SETTINGS.replace("realm: live", f"realm: {realm}")

    namespace = basis_of(bundle(text)).namespace

    assert (namespace is Namespace.DRILL) is (realm is Realm.DRILL)


def test_the_journal_of_a_drill_is_judged_again_by_the_bundle_in_its_state(tmp_path: Path) -> None:
    """As by `tocsin replay`, with the rules that were in force and with others, and by the history."""
    bundles = Bundles(tmp_path / "bundles")
    bundles.record(1, bundles.save(DRILL))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text(RULES, encoding="utf-8")

    for rules in (None, tmp_path / "rules"):
        assert judged(applied(bundles, rules)(DRILL.hash), SAID[Namespace.DRILL]) == ([Grade.RED], [])
    history = JournalDecoder(bundles, applied(bundles, None), Recent())
    kept = history(block(2, START, [SAID[Namespace.DRILL], SAID[Namespace.LIVE]]))
    assert kept is not None
    assert len(kept.readings) == 1


def test_what_is_shown_of_the_journal_of_a_drill_is_its_own() -> None:
    basis = basis_of(DRILL)

    found = Sensing(basis, lambda _: basis, 0).take(block(1, START, [*SAID.values()]))

    assert found is not None
    assert (len(found.readings), [one.reason for one in found.rejected]) == (1, [Reason.OTHER_REALM])


def test_after_a_change_a_drill_still_hears_its_own_namespace_alone() -> None:
    basis = basis_of(DRILL)

    before = basis_of(sealed(bundle(rules=RULES + "\n"), Ends(1, 2, Path("/key"))))
    decoder = Successor.of(before, Engine(before.kinds, before.registry, before.rules), basis).decoder

    assert [one.message for one in decoder.decode(1, START, [*SAID.values()]).rejected] == [0]


def test_decoded_columns_that_are_kept_of_one_are_not_taken_for_the_other() -> None:
    assert decoded_by(basis_of(LIVE)) != decoded_by(basis_of(DRILL))
