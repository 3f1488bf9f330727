"""Which broker the daemon listens to, as whom, and what it is told about the link."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum

import mqtt5

from ingest.clock import DAY, SECOND

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files: the CA that signed the broker, and the client's own certificate if it needs one."""

    ca: str
    certificate: str | None = None
    key: str | None = None

    def context(self) -> ssl.SSLContext:
        """Read the files anew, so that renewed certificates serve the next connection; raises OSError."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise OSError(f"{self} cannot be used: {error}") from error
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker and one persistent session on it.

    Durations in ms, sizes in bytes. A batch closes `linger` after its first message, or at `batch_bytes`;
    with `linger` 0 each read is a batch. Reading pauses while more than `max_backlog` waits to be handed
    out. `reconnect_min` and `reconnect_max` bound the pause before the next attempt;
    `close_within` is how long a broker may take to read the last acknowledgements.
    """

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    receive_max: int = 20_000
    session_expiry: int = DAY
    keep_alive: int = 15 * SECOND
    linger: int = 20
    batch_bytes: int = 512 * KIB
    max_packet_size: int = 256 * KIB
    max_backlog: int = 8 * MIB
    reconnect_min: int = 100
    reconnect_max: int = 5 * SECOND
    close_within: int = 2 * SECOND

    def __post_init__(self) -> None:
        if not self.client_id or not self.topics:
            raise ValueError(f"broker {self.host}: a client id and at least one topic are needed")
        # The codec leaves 65535 out of CONNECT, and Mosquitto then falls back to a window of its own.
        if not 1 <= self.receive_max <= 65_534:
            raise ValueError(f"broker {self.host}: receive_max {self.receive_max} is not in 1..65534")

    def connect_packet(self) -> bytes:
        """CONNECT to the session that may be there already; MQTT counts in seconds, rounded up."""
        return mqtt5.ConnectPacket(
            self.client_id,
            username=self.username,
            password=None if self.password is None else self.password.encode(),
            clean_start=False,
            keep_alive=-(-self.keep_alive // SECOND),
            session_expiry_interval=-(-self.session_expiry // SECOND),
            receive_max=self.receive_max,
            max_packet_size=self.max_packet_size,
        ).write()

    def subscribe_packet(self) -> bytes:
        """SUBSCRIBE at QoS 1; what is retained comes once, with a new subscription, and is marked."""
        filters = [
            mqtt5.TopicFilter(
                pattern,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_as_published=False,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for pattern in self.topics
        ]
        return mqtt5.SubscribePacket(1, filters).write()


class Change(StrEnum):
    """What became of the link."""

    CONNECTED = "connected"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """One change of the link at the instant `at`; a refusal that repeats itself unchanged is told once.

    `refused` means that an attempt failed: no route, no certificate, no permission. `session_present` is of
    use with `connected`: False where the broker held no session; after an earlier `connected` it lost ours.
    """

    at: int
    what: Change
    session_present: bool
    reason: str
