"""The state directory of a village after a flood: what was journaled, judged, told, answered."""

from pathlib import Path

from ingest.clock import MINUTE
from ingest.journal import EntryKind
from notifiers.action import Action, Answer, Taken
from notifiers.outbox import Outbox
from notifiers.outcome import Outcome, Sent
from rules.realm import Realm
from tests.tocsin.test_recorded import OLD, flood, journaled
from tests.tocsin.village import START, basis
from tocsin.configuration import configure
from tocsin.judge import Judge
from tocsin.sight import Blind
from tocsin.wiring import router_of


class Lived:
    """A daemon's life told by hand: every entry judged, committed, routed and sent at its own instant.

    With `until` (minutes) it ends there; `blind` from one minute to another.
    """

    def __init__(
        self,
        state: Path,
        until: float = 1_000,
        outcome: Outcome | None = None,
        blind: tuple[int, int] | None = None,
    ) -> None:
        self.state, self.now = state, START
        self.router = router_of(configure(OLD))
        self.outbox = Outbox.open(state / "outbox.db", Realm.LIVE)
        judge = Judge(basis(OLD), lambda _: basis(OLD))
        first, *rest = flood()
        readings = [(at, kind, data) for at, kind, data in rest if kind is EntryKind.MQTT]
        for minute in blind or ():
            assert blind is not None
            seen = Blind(START + blind[0] * MINUTE, ended=minute == blind[1]).data
            readings.append((START + minute * MINUTE, EntryKind.BLIND, seen))
        readings.sort(key=lambda entry: entry[0])
        entries = [entry for entry in [first, *readings] if entry[0] <= START + until * MINUTE]
        for entry in journaled(state, entries):
            self.now = entry.received
            self.outbox.commit(entry.sequence, judge.take(entry).transitions)
            self.turn(outcome)

    def turn(self, outcome: Outcome | None = None) -> None:
        """What the dispatcher does in a round."""
        with self.outbox.transaction():
            self.outbox.expire(self.now)
            while self.outbox.lapse(self.router, self.now):
                pass
            while self.outbox.route(self.router, self.now):
                pass
        for delivery in self.outbox.claim("sms", self.now, 100):
            self.outbox.settle(delivery.key, outcome or Sent("gateway-1"), self.now)

    def act(self, action: Action, user: str = "ana", after: int = MINUTE) -> Answer:
        """Somebody does something `after` ms."""
        self.now += after
        self.outbox.commit(self.outbox.position + 1, [])
        answer = self.outbox.act(self.outbox.position, self.now, Taken(user, f"account:{user}", action))
        self.turn()
        return answer

    def over(self) -> Path:
        """Close it; its state directory."""
        self.outbox.close()
        return self.state
