"""From settings to the concrete parts they name."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ingest.clock import Clock
from ingest.journal import Retention
from ingest.series import Block, Store, StoreUnavailable
from ingest.series.embedded import EmbeddedStore
from ingest.series.influx import InfluxStore
from ingest.session import Broker, Tls
from notifiers.routing import Router
from tocsin import by_hand, outages
from tocsin.configuration import Configuration
from tocsin.settings import JournalSettings, SeriesSettings, Settings
from tocsin.storage import Storage
from tocsin.watchdog import Heartbeat, Timing, Watchdog


def retention(settings: JournalSettings) -> Retention:
    return Retention(settings.period, settings.keep, int(settings.max_size))


def mqtt_broker(settings: Settings) -> Broker:
    """OSError if the password file cannot be read."""
    mqtt = settings.mqtt
    password, tls = mqtt.password(), mqtt.tls
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.client_id,
        topics=mqtt.topics or (settings.realm.namespace.reports,),
        username=mqtt.username,
        password=None if password is None else password.get_secret_value(),
        tls=None if tls is None else Tls(str(tls.ca), _path(tls.certificate), _path(tls.key)),
        linger=mqtt.linger,
    )


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)


class SparingStore(EmbeddedStore):
    """The embedded store; without `room` on their common disk it leaves what is left to warnings."""

    def __init__(self, path: Path, room: Callable[[], bool]) -> None:
        super().__init__(path)
        self._room = room

    def write(self, blocks: Sequence[Block]) -> None:
        if not self._room():
            raise StoreUnavailable("embedded store", "the disk is full")
        super().write(blocks)


def store_of(series: SeriesSettings, state: Path, room: Callable[[], bool] = lambda: True) -> Store:
    """The time-series store the settings name; OSError if its token file cannot be read."""
    if series.store == "embedded":
        return SparingStore(state / "series.db", room)
    token = series.token_file.read_text(encoding="utf-8").strip() if series.token_file else ""
    return InfluxStore(series.store, str(series.url), series.org, series.bucket, token)


def watchdog_of(
    settings: Settings, storage: Storage, clock: Clock, dispatched: Callable[[], Awaitable[None]]
) -> Watchdog | None:
    """None where the settings have none; OSError if a file they name cannot be read."""
    if (found := settings.watchdog) is None:
        return None
    heartbeat = None if (url := found.url()) is None else Heartbeat(url)
    timing = Timing(found.every, found.within)
    return Watchdog(
        mqtt_broker(settings),
        storage,
        clock,
        timing,
        namespace=settings.realm.namespace,
        dispatched=dispatched,
        heartbeat=heartbeat,
    )


def verify(configuration: Configuration, state: Path) -> None:
    """Make what the settings name, and let go of it: a bundle that nothing can start with is not applied.

    Raises OSError (a password, token, key or certificate that cannot be read), ValueError.
    """
    broker = mqtt_broker(configuration.settings)
    if broker.tls is not None:
        broker.tls.context()
    if configuration.settings.watchdog is not None:
        configuration.settings.watchdog.url()
    store_of(configuration.settings.series, state).close()
    for name, channel in configuration.settings.channels.items():
        channel.verify(name)


def router_of(configuration: Configuration) -> Router:
    basis, settings = configuration.basis, configuration.settings
    rules = (*basis.rules, outages.RULE, by_hand.RULE)
    return Router(configuration.routes, basis.registry, rules, settings.zone_info, settings.reach)
