"""The arithmetic of a drill beside live service: what grew, and what counts as gone astray."""

import pytest

from bench.beside import Beside, strays
from simulators.phone import TextMessage

LIVE, EXERCISE = (
    "RED warning (level I): River, Place 0001",
    "EXERCISE RED warning (level I): River, Place 0001",
)


def text(words: str) -> TextMessage:
    return TextMessage(0, "+8610000000001", words, "k")


def figure(found: Beside, name: str) -> float:
    [value] = [each.value for each in found.figures() if each.name == name]
    return value


def test_the_growth_is_that_of_the_medians() -> None:
    found = Beside(alone=[30, 10, 20], beside=[25, 30, 22])

    assert figure(found, "growth of the median") == 1.25
    assert (figure(found, "live red, alone: median"), figure(found, "live reds")) == (20, 6)


@pytest.mark.parametrize(("slower", "holds"), [(22.0, True), (23.0, False)])
def test_a_tenth_is_the_most_that_it_may_grow(slower: float, holds: bool) -> None:
    found = Beside(alone=[20], beside=[slower])

    assert all(each.holds for each in found.figures()) is holds


@pytest.mark.parametrize(
    ("live", "drill", "astray"),
    [
        ([LIVE, LIVE], [EXERCISE], 0),
        ([LIVE, EXERCISE], [EXERCISE], 1),
        ([LIVE, LIVE], [EXERCISE, LIVE], 1),
        ([LIVE], [], 1),
        ([LIVE, LIVE, LIVE], [], 1),
    ],
)
def test_every_text_must_be_where_it_belongs_and_say_what_it_is(
    live: list[str], drill: list[str], astray: int
) -> None:
    assert strays([*map(text, live)], [*map(text, drill)], reds=2) == astray


def test_one_that_went_astray_misses_the_limit() -> None:
    assert not all(each.holds for each in Beside(alone=[1], beside=[1], astray=1).figures())
