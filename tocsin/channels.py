"""From the settings of a channel to the channel: one maker for each kind."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from starlette.routing import Route

from ingest.clock import SECOND, Clock
from ingest.registry import Registry
from notifiers.apprise import AppriseChannel
from notifiers.cap.channel import CapChannel, Folder
from notifiers.cap.terms import Hazard, Issuer
from notifiers.delivery import Channel, Receipt, Reply
from notifiers.kannel import KannelChannel
from notifiers.loudspeaker import HornBroker, LoudspeakerChannel
from notifiers.routes import Reach
from notifiers.template_sms import TemplateSmsChannel
from notifiers.webhook import WebhookChannel
from tocsin import channel_settings as settings_of
from tocsin.settings import Settings
from tocsin.wiring import mqtt_broker


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a channel is given beside its own settings: where it hears from people, and what it may write to.

    `directory` is the state directory.
    """

    settings: Settings
    registry: Registry
    directory: Path
    clock: Clock
    on_receipt: Callable[[Receipt], None]
    on_reply: Callable[[Reply], None]


def channels_of(around: Surroundings) -> list[Channel]:
    """The channels the settings configure.

    Raises ValueError for a URL or key that cannot be used, OSError for a secret that cannot be read.
    """
    return [MAKERS[type(of)](name, of, around) for name, of in around.settings.channels.items()]


def horns_of(registry: Registry) -> list[str]:
    """Every horn of every zone."""
    return [horn for zone in registry.zones.values() for horn in zone.horns]


def callbacks_of(channels: Iterable[Channel]) -> list[Route]:
    """What gateways call on the daemon's own HTTP server."""
    return [route for c in channels if isinstance(c, KannelChannel) for route in c.callbacks()]


async def close(channels: Iterable[Channel]) -> None:
    """Let go of threads, connections and registers; nothing is sent any more."""
    for channel in channels:
        match channel:
            case AppriseChannel() | CapChannel():
                channel.close()
            case KannelChannel() | WebhookChannel() | TemplateSmsChannel():
                await channel.close()


def _apprise(name: str, of: settings_of.Apprise, around: Surroundings) -> Channel:
    return AppriseChannel(
        name,
        of.realm,
        of.secret("url", name).get_secret_value(),
        room=of.reach is Reach.PUBLIC,
        titled=of.reach is not Reach.PHONE,
        honours_keys=of.honours_keys,
        signature=of.signature,
        rate=of.rate,
    )


def _kannel(name: str, of: settings_of.Kannel, around: Surroundings) -> Channel:
    return KannelChannel(
        name,
        of.realm,
        around.clock,
        url=of.url,
        username=of.username,
        password=of.secret("password", name).get_secret_value(),
        token=of.secret("token", name).get_secret_value(),
        callbacks_at=of.callbacks_at or f"http://127.0.0.1:{around.settings.http.port}",
        on_receipt=around.on_receipt,
        on_reply=around.on_reply,
        sender=of.sender,
        signature=of.signature,
        country=of.country,
        rate=of.rate,
        timeout=of.timeout / SECOND,
        receipt_within=of.receipt_within,
    )


def _template(name: str, of: settings_of.TemplateSms, around: Surroundings) -> Channel:
    return TemplateSmsChannel(
        name,
        of.realm,
        of.account(name),
        of.worded(),
        around.clock,
        zone_of_time=around.settings.zone_info,
        language=of.language,
        rate=of.rate,
        timeout=of.timeout / SECOND,
    )


def _loudspeaker(name: str, of: settings_of.Loudspeaker, around: Surroundings) -> Channel:
    broker = mqtt_broker(around.settings)
    return LoudspeakerChannel(
        name,
        of.realm,
        HornBroker(
            host=broker.host,
            port=broker.port,
            client_id=f"{broker.client_id}-{name}",
            username=broker.username,
            password=broker.password,
            tls=broker.tls,
        ),
        around.clock,
        of.key(name),
        on_receipt=around.on_receipt,
        on_reply=around.on_reply,
        horns=horns_of(around.registry),
        receipt_within=of.receipt_within,
        repeat=of.repeat,
        poll_every=of.poll_every,
        silent_after=of.silent_after,
    )


def _webhook(name: str, of: settings_of.Webhook, around: Surroundings) -> Channel:
    return WebhookChannel(
        name,
        of.realm,
        of.url,
        of.secret("secret", name).get_secret_value(),
        around.clock,
        source=of.source,
        rate=of.rate,
        timeout=of.timeout / SECOND,
    )


def _cap(name: str, of: settings_of.Cap, around: Surroundings) -> Channel:
    issuer = Issuer(
        sender=of.sender,
        office=of.office,
        name={str(language): text for language, text in of.name.items()},
        exercise=of.exercise,
        hazards={hazard: _hazard(entry) for hazard, entry in of.hazards.items()},
        certainty=of.certainty,
    )
    folder = Folder(of.directory, of.url, around.directory / f"cap-{name}.db")
    return CapChannel(name, of.realm, folder, issuer, clock=around.clock, largest=of.largest_area)


def _hazard(of: settings_of.CapHazard) -> Hazard:
    return Hazard(of.categories, {str(language): text for language, text in of.event.items()}, of.code)


MAKERS: Mapping[type, Callable[[str, Any, Surroundings], Channel]] = MappingProxyType(
    {
        settings_of.Apprise: _apprise,
        settings_of.Kannel: _kannel,
        settings_of.TemplateSms: _template,
        settings_of.Loudspeaker: _loudspeaker,
        settings_of.Webhook: _webhook,
        settings_of.Cap: _cap,
    }
)
