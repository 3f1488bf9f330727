"""How often a gateway that takes nothing is tried."""

import pytest

from ingest.clock import HOUR, SECOND
from notifiers.breaker import LONGEST, PAUSE, REFUSALS, Breaker
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown

NOW = 1_528_060_200_000


def broken(last: Outcome, now: int = NOW) -> Breaker:
    breaker = Breaker()
    for _ in range(REFUSALS - 1):
        breaker.heard(Retry(0, "down"), now)
    assert breaker.room(8, 0, now) == 8
    breaker.heard(last, now)
    return breaker


@pytest.mark.parametrize("last", [Retry(0, "down"), Unknown("hung")])
def test_after_five_in_a_row_it_is_tried_a_second_later_with_one_at_a_time(last: Outcome) -> None:
    breaker = broken(last)
    assert breaker.room(8, 0, NOW + PAUSE - 1) == 0
    assert breaker.room(8, 0, NOW + PAUSE) == 1
    assert breaker.room(7, 1, NOW + PAUSE) == 0


@pytest.mark.parametrize("answer", [Sent("p"), Rejected("no such number")])
def test_the_first_answer_opens_all_places_again(answer: Outcome) -> None:
    breaker = broken(answer)
    assert not breaker.open
    assert breaker.room(8, 3, NOW) == 8


def test_it_is_left_alone_as_long_as_it_says_but_never_so_long_that_a_red_would_wait() -> None:
    assert broken(Retry(3 * SECOND, "busy")).next == NOW + 3 * SECOND
    assert broken(Retry(HOUR, "quota")).next == NOW + LONGEST
