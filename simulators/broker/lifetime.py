"""How long the broker keeps a session, and when it publishes a will."""

import asyncio

from ingest.clock import SECOND, Clock
from simulators.broker.exchange import Exchange
from simulators.broker.session import NEVER, Session


class Lifetimes:
    """Opens sessions, keeps those whose client left for as long as it asked, and ends them."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock

    def resume(self, client_id: str, clean_start: bool) -> tuple[Session, bool]:
        """The session for a client that connects, and whether it was there before."""
        session = self._exchange.sessions.get(client_id)
        if session is not None and clean_start:
            self.end(session)
            session = None
        if session is None:
            return self._exchange.open(client_id), False
        self.rest(session)
        return session, True

    def leave(self, session: Session) -> None:
        """The client's connection is over; a will that is left is due, now or after its delay."""
        session.stream = None
        if session.expiry == 0:
            self.end(session)
            return
        if session.will is not None and session.will.will_delay_interval == 0:
            self._exchange.publish_will(session)
        if session.will is not None or session.expiry != NEVER:
            session.afterlife = asyncio.get_running_loop().create_task(self._outlive(session))

    def end(self, session: Session) -> None:
        """The session is over; so is the delay of its will."""
        self.rest(session)
        self._exchange.publish_will(session)
        self._exchange.remove(session)

    def rest(self, session: Session) -> None:
        """Nothing happens to the session by itself any more."""
        if session.afterlife is not None:
            session.afterlife.cancel()
            session.afterlife = None

    async def _outlive(self, session: Session) -> None:
        left = self._clock.now()
        if session.will is not None and session.will.will_delay_interval < session.expiry:
            await self._clock.sleep_until(left + session.will.will_delay_interval * SECOND)
            self._exchange.publish_will(session)
            self._exchange.settle()
        if session.expiry != NEVER:
            await self._clock.sleep_until(left + session.expiry * SECOND)
            session.afterlife = None
            self.end(session)
            self._exchange.settle()
