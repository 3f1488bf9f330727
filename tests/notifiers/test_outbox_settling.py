"""What becomes of a delivery: outcomes, receipts, and time running out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.registry import Registry
from notifiers.contacts import Person
from notifiers.delivery import State
from notifiers.outbox import Outbox
from notifiers.outbox.settling import RANK, backoff
from notifiers.outcome import Retry, Sent, Unknown
from notifiers.routes import Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

START = 1_528_060_200_000
ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("en",))
ROUTE = Route(
    hazard="*",
    grades=frozenset(Grade),
    zones=frozenset(),
    people=(ANA,),
    horns=False,
    channels=("sms",),
    file="routes.yaml",
    line=1,
)
RAISED = Transition(
    at=START,
    rule="rainstorm",
    subject="z",
    warning="w1",
    ordinal=0,
    before=None,
    after=Grade.ORANGE,
    disposition=Disposition.AUTO,
    reason="raised",
    evidence={},
)


@contextmanager
def one_queued(folder: Path) -> Iterator[Outbox]:
    """An outbox with a single delivery, queued at `START`."""
    outbox = Outbox.open(folder / "outbox.sqlite", Realm.LIVE)
    outbox.commit(1, [RAISED])
    # Without deadlines: what falls due is of the delivery alone.
    outbox.route(Router(Routes(routes=(ROUTE,), deadlines={}), Registry.of([], {}), [], UTC), START)
    yield outbox
    outbox.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with one_queued(tmp_path) as opened:
        yield opened


def test_a_retry_waits_as_long_as_the_gateway_asks_and_then_comes_back_with_the_same_key(
    outbox: Outbox,
) -> None:
    [first] = outbox.claim("sms", START, 9)
    outbox.settle(first.key, Retry(5 * MINUTE, "busy"), START)
    assert outbox.due(START) == START + 5 * MINUTE
    assert outbox.claim("sms", START + 5 * MINUTE - 1, 9) == []
    [again] = outbox.claim("sms", START + 5 * MINUTE, 9)
    assert (again.key, again.attempt) == (first.key, 2)


def test_retries_end_when_the_delivery_expires(outbox: Outbox) -> None:
    now, tries = START, 0
    while outbox.pending(now):
        with outbox.transaction():
            for delivery in outbox.claim("sms", now, 9):
                tries += 1
                outbox.settle(delivery.key, Retry(0, "down"), now)
            outbox.expire(now)
        now = outbox.due(now) or now
    assert now == START + HOUR
    assert 40 < tries < 140
    assert outbox.counts() == {"sms": {State.EXPIRED: 1}}


@given(st.text(min_size=1), st.integers(1, 500))
def test_backoff_doubles_to_a_minute_and_spreads_by_half(key: str, attempt: int) -> None:
    middle = min(SECOND * 2 ** min(attempt - 1, 10), MINUTE)
    assert middle // 2 <= backoff(key, attempt) <= middle * 3 // 2
    assert backoff(key, attempt) == backoff(key, attempt)


@pytest.mark.parametrize(
    ("honours_keys", "state", "again"), [(True, State.UNKNOWN, 1), (False, State.UNKNOWN, 0)]
)
def test_an_unknown_outcome_is_tried_again_only_where_keys_are_honoured(
    outbox: Outbox, honours_keys: bool, state: State, again: int
) -> None:
    [delivery] = outbox.claim("sms", START, 9)
    outbox.settle(delivery.key, Unknown("hung"), START, honours_keys=honours_keys)
    assert outbox.counts() == {"sms": {state: 1}}
    assert [d.key for d in outbox.claim("sms", START + 2 * MINUTE, 9)] == [delivery.key] * again


def test_without_a_receipt_in_time_an_accepted_delivery_has_failed(outbox: Outbox) -> None:
    [delivery] = outbox.claim("sms", START, 9)
    outbox.settle(delivery.key, Sent("p"), START, receipt_within=MINUTE)
    assert outbox.due(START) == START + MINUTE
    assert outbox.expire(START + MINUTE - 1) == 0
    assert outbox.expire(START + MINUTE) == 1
    assert [(p.state, p.detail) for p in outbox.recent()] == [(State.FAILED, "no receipt")]
    assert outbox.receipt(delivery.key, State.PLAYED, START + 2 * MINUTE)
    assert outbox.recent()[0].state is State.PLAYED


RECEIPTS = [State.FAILED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*RECEIPTS, "settled"]), min_size=1, max_size=8))
def test_receipts_in_any_order_and_number_never_take_a_delivery_back(
    tmp_path_factory: pytest.TempPathFactory, events: list[State | str]
) -> None:
    with one_queued(tmp_path_factory.mktemp("outbox")) as outbox, outbox.transaction():
        ranks = ranks_after(events, outbox)
    assert ranks == sorted(ranks)
    received = [RANK[e] for e in events if isinstance(e, State)]
    assert not received or ranks[-1] == max(received)


def ranks_after(events: list[State | str], outbox: Outbox) -> list[int]:
    [delivery] = outbox.claim("sms", START, 9)
    ranks = [RANK[State.CLAIMED]]
    for event in events:
        if isinstance(event, State):
            assert outbox.receipt(delivery.key, event, START)
        else:
            outbox.settle(delivery.key, Sent("p"), START)
        ranks.append(RANK[outbox.recent()[0].state])
    return ranks


def test_a_receipt_from_another_address_or_for_an_unknown_key_is_told_apart(outbox: Outbox) -> None:
    [delivery] = outbox.claim("sms", START, 9)
    assert not outbox.receipt(delivery.key, State.PLAYED, START, address="horn-elsewhere")
    assert not outbox.receipt("0" * 24, State.PLAYED, START)
    assert outbox.receipt(delivery.key, State.PLAYED, START, address=delivery.address)


def test_a_state_that_is_no_receipt_is_refused(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match="queued is no receipt"):
        outbox.receipt("k", State.QUEUED, START)
