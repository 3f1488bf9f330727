"""Warnings and events are paired as the docstring of `pairing` says; a slow reference tries every instant."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.tocsin.village import basis
from tocsin.verification.pairing import Contingency, pair
from tocsin.verification.places import relation

LAST = 12


@dataclass(frozen=True)
class Span:
    """An alarm or an event."""

    begin: int
    end: int
    place: str = "river-1"


def same(one: str, other: str) -> bool:
    return one == other


def spans() -> st.SearchStrategy[list[Span]]:
    instants = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted)
    of_one = st.builds(lambda at, place: Span(*at, place), instants, st.sampled_from(["a", "b"]))
    return st.lists(of_one, max_size=5)


def told_by(alarms: Sequence[Span], event: Span, lead: int) -> list[int]:
    """The alarms that tell of an event, found by looking at one instant after another."""
    lasting = range(event.begin, event.end + 1)
    found = []
    for number, alarm in enumerate(alarms):
        stands = any(instant in range(alarm.begin, alarm.end) for instant in lasting)
        begins = alarm.begin in range(event.begin - lead, event.end + 1)
        if alarm.place == event.place and (stands or begins):
            found.append(number)
    return found


@given(spans(), spans(), st.integers(0, 5))
def test_pairing_agrees_with_a_reference_that_tries_every_instant(
    alarms: list[Span], events: list[Span], lead: int
) -> None:
    expected = [told_by(alarms, event, lead) for event in events]
    telling = {number for of in expected for number in of}

    found = pair(alarms, events, lead, same)

    assert [sorted(of) for of in found.told] == expected
    assert found.false == tuple(number for number in range(len(alarms)) if number not in telling)
    first = [min(alarms[number].begin for number in of) if of else None for of in expected]
    leads = [event.begin - begin for event, begin in zip(events, first, strict=True) if begin is not None]
    assert list(found.leads) == leads


@given(spans(), spans(), st.integers(0, 5))
def test_every_event_is_a_hit_or_a_miss_and_no_alarm_is_false_and_tells_of_one(
    alarms: list[Span], events: list[Span], lead: int
) -> None:
    found = pair(alarms, events, lead, same)
    counts = found.contingency

    assert counts.hits + counts.misses == len(events)
    assert counts.alarms == len(alarms)
    assert not {number for of in found.told for number in of} & set(found.false)


@given(spans(), spans(), st.integers(0, 5))
def test_a_longer_lead_never_misses_more(alarms: list[Span], events: list[Span], lead: int) -> None:
    shorter, longer = (pair(alarms, events, of, same).contingency for of in (lead, lead + 1))

    assert longer.misses <= shorter.misses
    assert longer.false_alarms <= shorter.false_alarms


def test_two_alarms_of_one_event_are_one_hit_and_its_lead_is_that_of_the_first() -> None:
    found = pair([Span(14, 16), Span(5, 9)], [Span(10, 20)], 5, same)

    assert found.told == ((1, 0),)
    assert found.contingency == Contingency(hits=1, misses=0, false_alarms=0, alarms=2)
    assert found.leads == (5,)


def test_an_alarm_that_ends_as_the_event_begins_does_not_stand_in_it() -> None:
    [over], [at_the_end] = [Span(0, 10)], [Span(20, 30)]

    assert pair([over], [Span(10, 20)], 9, same).contingency.hits == 0
    assert pair([over], [Span(10, 20)], 10, same).contingency.hits == 1
    assert pair([at_the_end], [Span(10, 20)], 0, same).leads == (-10,)


def test_scores_are_shares_and_unknown_where_there_is_nothing_to_divide_by() -> None:
    counts = Contingency(hits=3, misses=1, false_alarms=2, alarms=8)

    assert (counts.hit_rate, counts.false_alarm_ratio, counts.success_index) == (0.75, 0.25, 0.5)
    nothing = Contingency(0, 0, 0, 0)
    assert (nothing.hit_rate, nothing.false_alarm_ratio, nothing.success_index) == (None, None, None)


def test_a_sensor_belongs_to_its_zone_and_not_to_its_neighbour() -> None:
    related = relation(basis().registry)

    assert related("river-1", "river-1")
    assert related("river-1", "village")
    assert related("village", "river-1")
    assert not related("river-1", "river-2")
