"""The figures of /metrics: the same as counted one by one, at a price that no city feels."""

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace

from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind
from notifiers.action import Raise, Taken
from rules.engine import Engine
from rules.grade import Grade
from tests.bench.test_ratios import calls
from tests.tocsin.test_judging import FLOOD
from tests.tocsin.village import SENSORS, START, basis, block, bundle, report
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.figures import Unheard, online, open_warnings
from tocsin.judge import Judge


class Counting(Engine):
    """Counts how often it is asked for what was never heard."""

    asked = 0

    def unheard(self) -> dict[str, int]:
        self.asked += 1
        return super().unheard()


def flood() -> Iterator[Judge]:
    """A judge after each report of a flood."""
    judge = Judge(basis(), lambda _: basis())
    for number, (minute, sensor, value) in enumerate(FLOOD, start=1):
        at = START + minute * MINUTE
        judge.tick(at)
        judge.take(block(number, at, [report(sensor, at, value)]))
        yield judge


def test_open_warnings_are_those_of_the_judge_by_grade() -> None:
    most = Counter[str]()
    for judge in flood():
        found = open_warnings(judge)
        assert found == Counter(warning.grade for warning in judge.warnings())
        most |= Counter({str(grade): count for grade, count in found.items()})

    assert set(most) == {"blue", "yellow", "orange", "red"}


def test_warnings_by_hand_are_counted_with_the_others() -> None:
    judge = Judge(basis(), lambda _: basis())
    raising = Taken("ana", "account:ana", Raise("landslide", "village", Grade.RED, {"en": "Cracks"}))
    judge.take(Entry(1, START, EntryKind.ACTION, 0, raising.encode()))

    assert open_warnings(judge) == Counter({Grade.RED: 1})


def test_what_was_never_heard_is_counted_when_something_is_heard_for_the_first_time_only() -> None:
    of = basis()
    engine = Counting(of.kinds, of.registry, of.rules)
    judge = Judge(of, lambda _: of)
    judge.engine = engine
    unheard, asked = Unheard(), []
    for number, (minute, sensor, value) in enumerate(FLOOD, start=1):
        at = START + minute * MINUTE
        judge.take(block(number, at, [report(sensor, at, value)]))
        assert unheard.of(engine) == Engine.unheard(engine)
        asked.append(engine.asked)

    # The river speaks first, then the rain.
    assert asked == [1, 1, *[2] * (len(FLOOD) - 2)]


def test_another_engine_is_asked_anew() -> None:
    of = basis()
    one, other = (Counting(of.kinds, of.registry, of.rules) for _ in range(2))
    unheard = Unheard()
    for engine in (one, one, other, one):
        unheard.of(engine)

    assert (one.asked, other.asked) == (2, 1)


def test_who_is_online_costs_as_much_for_a_village_as_for_a_town() -> None:
    rivers = "".join(f"more-{n},stage,village,,,,,warning_stage=2 m\n" for n in range(500))
    village, town = bundle(), Bundle("tocsin.yaml", {**bundle().texts, "sensors.csv": SENSORS + rivers})
    found = []
    for files in (village, town):
        judge = Judge(configure(files).basis, lambda _: basis())
        daemon = SimpleNamespace(
            judging=SimpleNamespace(judge=judge), clock=SimpleNamespace(now=lambda: START)
        )
        found.append(calls(lambda daemon=daemon: online(daemon)))  # type: ignore[misc, arg-type]

    assert found[0] == found[1]
