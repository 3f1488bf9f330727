"""Whether each channel could send: its secrets can be read, and somebody listens at the other end.

Nothing is sent: what a gateway thinks of an account shows with the first message of a drill.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from apprise import Apprise as Service

from tocsin import channel_settings as settings_of
from tocsin.settings import Settings

CONNECT_SECONDS = 5
_DEFAULT_PORTS = {"http": 80, "https": 443}


async def unreachable(settings: Settings) -> dict[str, str]:
    """By channel, why nothing would get out of it; empty for those that can send."""
    tried = {name: asyncio.create_task(_problem(name, of)) for name, of in settings.channels.items()}
    return {name: await task for name, task in tried.items()}


async def _problem(name: str, of: settings_of.Channel) -> str:
    try:
        of.verify(name)
        if isinstance(of, settings_of.Cap):
            return _unwritable(of.directory)
        for host, port in addresses(name, of):
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
            writer.close()
    except (OSError, ValueError) as error:
        return str(error) or f"no answer within {CONNECT_SECONDS} s"
    return ""


def _unwritable(directory: Path) -> str:
    place = next(p for p in (directory, *directory.absolute().parents) if p.exists())
    return "" if os.access(place, os.W_OK) else f"{place} cannot be written by this account"


def addresses(name: str, of: settings_of.Channel) -> Iterator[tuple[str, int]]:
    """Host and port; none for horns, which the broker reaches, and for services without an address."""
    match of:
        case settings_of.Kannel() | settings_of.Webhook():
            yield _of_url(of.url)
        case settings_of.TemplateSms():
            usual = {field.name: field.default for field in fields(settings_of.PROVIDERS[of.provider])}
            yield _of_url(of.endpoint or str(usual["endpoint"]))
        case settings_of.Apprise():
            url = of.secret("url", name).get_secret_value()
            service = Service.instantiate(url.replace("{recipient}", "+8610000000000").replace("{key}", "0"))
            if service is not None and "host" in service.template_tokens:
                port = service.port or (443 if service.secure else 80)
                yield getattr(service, "smtp_host", "") or service.host, port
            # Of the others Apprise keeps a token under the name of host: no name server may be asked for it.
            elif called := getattr(service, "notify_url", ""):
                yield _of_url(called)


def _of_url(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)
