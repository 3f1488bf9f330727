"""A plan tells beforehand what a change does to what is open; to plan changes nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, LockstepClock, SystemClock
from ingest.finding import ConfigurationError
from ingest.journal import Entry, EntryKind, Journal, Retention, open_read_only
from notifiers.outbox import Outbox
from rules.engine.warming import Warming
from rules.fate import Outcome
from rules.realm import Realm
from rules.transition import Transition, line
from tests.tocsin.program import Tocsin, program
from tests.tocsin.village import (
    CONTACTS,
    ROUTES,
    RULES,
    SENSORS,
    SETTINGS,
    START,
    applied,
    block,
    bundle,
    report,
    write,
)
from tocsin.bundle import Bundle, Bundles
from tocsin.candidate import UnknownCandidate, candidate
from tocsin.change import Wanted, plan_number
from tocsin.configuration import basis_of, configure
from tocsin.judge import Judge
from tocsin.plan.live import live_judge, loaded
from tocsin.plan.planning import plan
from tocsin.plan.structure import Turn, differences, restarts

GAUGES = 500
ROWS = "".join(f"g-{n:03},stage,village,,,,,warning_stage=2 m\n" for n in range(GAUGES))
OLD = bundle(others={"sensors.csv": SENSORS + ROWS})
NOW = START + 10 * MINUTE


def changed(name: str, old: str, new: str, of: Bundle = OLD) -> Bundle:
    text = of.texts[name]
    assert old in text
    return Bundle(of.main, {**of.texts, name: text.replace(old, new)})


HIGHER = changed("rules/all.yaml", "stage >= site.warning_stage", "stage >= 2.4 m")
REDDER = changed(
    "rules/all.yaml",
    "stage >= 3 m, 10min)\n      red: stage >= 4 m",
    "stage >= 2.3 m, 1min)\n      red: stage >= 2.4 m",
)


def inputs() -> Iterator[tuple[int, EntryKind, bytes]]:
    """Every gauge yellow at first, from 2.1 m up to 2.6 m."""
    yield START, EntryKind.BUNDLE, OLD.hash.encode()
    stages = [report(f"g-{n:03}", START + MINUTE, round(2.1 + n * 0.001, 3)) for n in range(GAUGES)]
    yield START + MINUTE, EntryKind.MQTT, block(1, START + MINUTE, stages).data


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """As a daemon left it that was killed before its first snapshot."""
    state, bundles = tmp_path / "state", Bundles(tmp_path / "state" / "bundles")
    bundles.save(OLD)
    with Journal.open(state / "journal", Retention(HOUR, 365 * 24 * HOUR, 2**30)) as journal:
        for received, kind, data in inputs():
            entry = journal.append(received, kind, GAUGES if kind is EntryKind.MQTT else 0, data)
            if kind is EntryKind.BUNDLE:
                bundles.record(entry.sequence, data.decode())
    Outbox.open(state / "outbox.db", Realm.LIVE).close()
    return state


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def files(state: Path) -> dict[str, bytes]:
    """Without what SQLite keeps beside a database for whoever reads it."""
    beside = (".db-shm", ".db-wal")
    return {str(p): p.read_bytes() for p in state.rglob("*") if p.is_file() and not p.name.endswith(beside)}


def test_each_of_five_hundred_open_warnings_has_one_fate(state: Path) -> None:
    found = plan(state, HIGHER, LockstepClock(NOW))

    assert len({fate.warning for fate in found.fates}) == len(found.fates) == GAUGES
    assert Counter(fate.outcome for fate in found.fates) == {Outcome.CARRIED: GAUGES}
    below = [fate.subject for fate in found.fates if fate.warning in found.falling]
    # The margin of the release is 0.1 m.
    assert below == [f"g-{n:03}" for n in range(200)]
    assert found.raised == []


def test_a_lower_red_threshold_regrades_what_stands_above_it(state: Path) -> None:
    red = REDDER

    found = plan(state, red, LockstepClock(NOW))

    regraded = {fate.subject: fate for fate in found.fates if fate.outcome is Outcome.REGRADED}
    assert sorted(regraded) == [f"g-{n:03}" for n in range(300, GAUGES)]
    assert {(str(fate.before), str(fate.after)) for fate in regraded.values()} == {("yellow", "red")}
    assert len(found.fates) == GAUGES


def test_a_rule_or_a_sensor_that_goes_orphans_its_warnings_and_says_which(state: Path) -> None:
    river, rain = RULES.index("  - id: river"), RULES.index("  - id: rain")
    ruleless = Bundle(OLD.main, {**OLD.texts, "rules/all.yaml": RULES[:river] + RULES[rain:]})
    sensorless = changed("sensors.csv", "g-007,stage,village,,,,,warning_stage=2 m\n", "")
    routed = {**ruleless.texts, "routes.yaml": ROUTES}

    without_rule = plan(state, Bundle(OLD.main, routed), LockstepClock(NOW)).fates
    [one] = [f for f in plan(state, sensorless, LockstepClock(NOW)).fates if f.outcome is Outcome.ORPHANED]

    assert {(f.outcome, f.why) for f in without_rule} == {
        (Outcome.ORPHANED, "there is no rule river any more")
    }
    assert (one.subject, one.why) == ("g-007", "there is no g-007 any more")


def test_what_a_lower_threshold_would_raise_at_once_is_listed_and_called_a_flood(state: Path) -> None:
    second = RULES + RULES[RULES.index("  - id: river") : RULES.index("  - id: rain")].replace(
        "id: river", "id: bank"
    )

    found = plan(state, Bundle(OLD.main, {**OLD.texts, "rules/all.yaml": second}), LockstepClock(NOW))

    assert len(found.raised) == GAUGES
    assert [fault.rule for fault in found.flooded] == ["bank"]


def test_a_window_that_nobody_kept_is_said_to_fill_first_and_a_shorter_one_is_warm(state: Path) -> None:
    longer = changed("rules/all.yaml", "rise(stage, 30min)", "rise(stage, 2h)")
    shorter = changed("rules/all.yaml", "rise(stage, 30min)", "rise(stage, 15min)")

    assert plan(state, longer, LockstepClock(NOW)).warming == [Warming("stage", "stage", 2 * HOUR)]
    assert plan(state, shorter, LockstepClock(NOW)).warming == []


def test_the_plan_is_what_the_daemon_then_does(state: Path) -> None:
    """The judge of the daemon itself, on the same entries and at the same instant."""
    red = REDDER
    found = plan(state, red, LockstepClock(NOW))
    bases = {of.hash: basis_of(of) for of in (OLD, red)}

    live = live_judge(state, bases.__getitem__, LockstepClock(NOW))
    again = Judge(bases[OLD.hash], bases.__getitem__)
    entries = [*_entries(state)]
    for entry in entries:
        again.take(entry)

    assert [line(t) for t in _applied(live, red)] == [line(t) for t in _applied(again, red)] != []
    assert found.at == entries[-1].received


def _entries(state: Path) -> list[Entry]:
    with open_read_only(state / "journal") as journal:
        return journal.read(0)


def _applied(by: Judge, of: Bundle) -> list[Transition]:
    return by.take(applied(3, NOW, of)).transitions


def test_to_plan_writes_nothing(state: Path) -> None:
    before = files(state)

    plan(state, HIGHER, LockstepClock(NOW))

    assert files(state) == before
    assert loaded(Bundles(state / "bundles"))(OLD.hash).bundle == OLD.hash


def test_a_plans_number_stands_for_both_ends_of_the_change_and_not_for_the_time(state: Path) -> None:
    numbers = [plan(state, HIGHER, LockstepClock(NOW + later)).number for later in (0, HOUR)]

    assert numbers == [plan_number(OLD.hash, HIGHER.hash)] * 2
    assert plan_number(HIGHER.hash, OLD.hash) not in numbers
    assert Wanted("x", numbers[0]).stale(OLD.hash, HIGHER.hash) == ""
    assert "is stale" in Wanted("x", numbers[0]).stale(HIGHER.hash, HIGHER.hash)
    assert "--on 24h" in Wanted("x", numbers[0], compared=True).stale(OLD.hash, HIGHER.hash)


def test_a_changed_threshold_is_shown_by_rule_and_key_old_and_new() -> None:
    [found] = differences(configure(OLD), configure(HIGHER))

    assert (found.what, found.name, found.turn) == ("rule", "river", Turn.CHANGED)
    assert [(k.name, k.old, k.new) for k in found.keys] == [
        ("grades.yellow", "stage >= site.warning_stage", "stage >= 2.4 m")
    ]


def test_everything_an_operator_owns_is_compared() -> None:
    texts = {
        **OLD.texts,
        "sensors.csv": OLD.texts["sensors.csv"].replace("rain-2,rain", "rain-3,rain"),
        "zones.geojson": OLD.texts["zones.geojson"].replace("Village", "Hamlet"),
        "kinds.yaml": OLD.texts["kinds.yaml"].replace("heartbeat: 1h", "heartbeat: 2h"),
        "contacts.yaml": CONTACTS.replace("+8610000000001", "+8610000000002"),
        "routes.yaml": ROUTES.replace("blue, ", ""),
        "tocsin.yaml": SETTINGS.replace("port: 9120", "port: 9121") + "apply: {plan: required}\n",
    }

    found = differences(configure(OLD), configure(Bundle(OLD.main, texts)))

    assert {(each.what, each.name, str(each.turn)) for each in found} == {
        ("sensor", "rain-2", "removed"),
        ("sensor", "rain-3", "added"),
        ("sensor", "rain-1", "changed"),
        ("zone", "village", "changed"),
        ("kind", "rain", "changed"),
        ("person", "ana", "changed"),
        ("route", "* blue yellow orange red", "removed"),
        ("route", "* yellow orange red", "added"),
        ("setting", "http.port", "changed"),
        ("setting", "apply.plan", "changed"),
    }
    assert restarts(found) == ["http.port"]


def test_neither_secrets_nor_numbers_of_people_are_shown() -> None:
    texts = {
        **OLD.texts,
        "contacts.yaml": CONTACTS.replace("+8610000000001", "+8610000000999"),
        "tocsin.yaml": SETTINGS.replace("127.0.0.1:9/sms", "127.0.0.1:9/s3cret"),
    }

    found = differences(configure(OLD), configure(Bundle(OLD.main, texts)))

    assert [each.name for each in found] == ["ana", "channels.sms.url"]
    assert "s3cret" not in repr(found)
    assert "0000999" not in repr(found)


def test_a_directory_of_rules_takes_the_place_of_those_in_force(state: Path, tmp_path: Path) -> None:
    write(tmp_path / "new", HIGHER)

    assert candidate(str(tmp_path / "new" / "rules"), Bundles(state / "bundles")) == HIGHER
    assert candidate(str(tmp_path / "new"), Bundles(state / "bundles")) == HIGHER
    assert candidate(OLD.hash[:6], Bundles(state / "bundles")) == OLD


def test_a_name_that_stands_for_nothing_says_what_there_is(state: Path) -> None:
    with pytest.raises(UnknownCandidate, match=f"applied here: {OLD.hash}"):
        candidate("nothing", Bundles(state / "bundles"))


def test_findings_in_the_candidate_end_the_plan(state: Path) -> None:
    with pytest.raises(ConfigurationError, match="E205"):
        plan(state, changed("rules/all.yaml", "stage >= 4 m", "stage >= 4 mm/h"), LockstepClock(NOW))


def test_the_command_shows_the_change_the_fates_and_the_number(
    state: Path, tmp_path: Path, tocsin: Tocsin
) -> None:
    settings = write(tmp_path / "new", HIGHER)

    code, out, _ = tocsin("plan", settings, "--state", state)
    told = json.loads(tocsin("plan", settings, "--state", state, "--json").out)

    assert code == 0
    assert "grades.yellow\tstage >= site.warning_stage\tstage >= 2.4 m" in out
    assert f"plan {plan_number(OLD.hash, HIGHER.hash)}: {OLD.hash} -> {HIGHER.hash}" in out
    assert (told["plan"], told["open"]["all"], len(told["fates"])) == (
        plan_number(OLD.hash, HIGHER.hash), GAUGES, GAUGES,
    )  # fmt: skip


def test_a_plan_compares_both_on_the_newest_journal_and_its_number_says_so(
    state: Path, tmp_path: Path, tocsin: Tocsin
) -> None:
    settings = write(tmp_path / "new", HIGHER)

    code, out, _ = tocsin("plan", settings, "--state", state, "--on", "3000d")
    told = json.loads(tocsin("plan", settings, "--state", state, "--on", "3000d", "--json").out)

    assert code == 0
    assert "300 of 500 warnings differ: lost 300" in out
    assert f"plan {plan_number(OLD.hash, HIGHER.hash, compared=True)}: " in out
    assert told["comparison"]["rules"]["river"]["lost"] == 300
    assert told["plan"] == plan_number(OLD.hash, HIGHER.hash, compared=True)
    assert (
        json.loads(tocsin("plan", settings, "--state", state, "--on", "", "--json").out)["comparison"] is None
    )


def test_what_was_received_before_the_period_is_left_out_of_the_comparison(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    """Five gauges rise three hours ago, three others ten minutes ago; all of them below the new threshold."""
    settings, now = write(tmp_path / "new", HIGHER), SystemClock().now()
    state, bundles = tmp_path / "state", Bundles(tmp_path / "state" / "bundles")
    bundles.save(OLD)
    with Journal.open(state / "journal", Retention(HOUR, 365 * 24 * HOUR, 2**30)) as journal:
        first = journal.append(now - 4 * HOUR, EntryKind.BUNDLE, 0, OLD.hash.encode())
        bundles.record(first.sequence, OLD.hash)
        for at, gauges in ((now - 3 * HOUR, range(5)), (now - 10 * MINUTE, range(5, 8))):
            rising = [report(f"g-{n:03}", at, 2.15) for n in gauges]
            journal.append(at, EntryKind.MQTT, len(rising), block(1, at, rising).data)
    Outbox.open(state / "outbox.db", Realm.LIVE).close()

    _, lately, _ = tocsin("plan", settings, "--state", state, "--on", "1h")
    _, longer, _ = tocsin("plan", settings, "--state", state, "--on", "5h")

    assert "3 of 3 warnings differ: lost 3" in lately
    assert "8 of 8 warnings differ: lost 8" in longer


def test_a_period_that_is_none_is_a_usage_error(state: Path, tocsin: Tocsin) -> None:
    code, _, err = tocsin("plan", "--state", state, "--on", "lately")

    assert (code, "--on: " in err) == (2, True)


def test_what_is_in_force_is_no_change(state: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    code, out, _ = tocsin("plan", write(tmp_path / "same", OLD), "--state", state)

    assert (code, out.splitlines()[-1]) == (0, f"nothing is another: {OLD.hash} is in force")


def test_a_directory_that_is_no_state_says_so(tmp_path: Path, tocsin: Tocsin) -> None:
    code, _, err = tocsin("plan", "--state", tmp_path)

    assert (code, "no state directory" in err, [*tmp_path.iterdir()]) == (3, True, [])
