"""Whether channels could send, found out without sending."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from rules.realm import Realm
from tests.tocsin.village import bundle
from tocsin.channel_settings import Channel
from tocsin.configuration import configure
from tocsin.gateways import addresses, unreachable
from tocsin.settings import Settings

CHANNEL: TypeAdapter[Any] = TypeAdapter(Channel)
ACTS = ("alert", "update", "clear", "cancel", "digest", "request")
WORDED = {act: {"id": act, "wording": "{grade}"} for act in ACTS}


class Listener:
    """Counts who comes, and hears nothing."""

    port: int
    visits = 0
    said = b""

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self.said += await reader.read()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    async with await asyncio.start_server(found.visit, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


def channels(directory: Path, port: int) -> dict[str, Channel]:
    """One of each kind at a port of this machine."""
    for name, secret in (("token", "t" * 16), ("hook", f"whsec_{'YWJj' * 12}"), ("horns", "0f" * 32)):
        (directory / name).write_text(secret)
    at, token = f"127.0.0.1:{port}", directory / "token"
    described: dict[str, dict[str, object]] = {
        "sms": {"via": "apprise", "reach": "phone", "url": f"json://{at}/sms?:to={{recipient}}"},
        "mail": {"via": "apprise", "reach": "email", "url": f"mailto://{at}?from=tocsin@example.org&to={{recipient}}"},
        "kannel": {
            "via": "kannel", "url": f"http://{at}/sendsms", "username": "u",
            "password_file": token, "token_file": token,
        },
        "cloud": {
            "via": "template", "provider": "aliyun", "signature": "s", "key_file": token,
            "secret_file": token, "endpoint": f"http://{at}", "templates": WORDED,
        },
        "hook": {"via": "webhook", "url": f"http://{at}/x", "secret_file": directory / "hook"},
        "horns": {"via": "loudspeaker", "key_file": directory / "horns"},
        "cap": {
            "via": "cap", "directory": directory / "cap", "url": "https://w.example/cap/", "sender": "w",
            "name": {"zh": "局"}, "office": "36119941500000", "largest_area": 5000,
        },
    }  # fmt: skip
    return {name: CHANNEL.validate_python({"realm": Realm.LIVE, **of}) for name, of in described.items()}


def settings(of: dict[str, Channel]) -> Settings:
    return configure(bundle()).settings.model_copy(update={"channels": of})


async def test_every_kind_of_channel_is_tried_and_nothing_is_said(listener: Listener, tmp_path: Path) -> None:
    found = await unreachable(settings(channels(tmp_path, listener.port)))

    assert found == dict.fromkeys(found, "")
    assert set(found) == {"sms", "mail", "kannel", "cloud", "hook", "horns", "cap"}
    # Horns are reached over the broker, a feed is a directory.
    assert (listener.visits, listener.said) == (5, b"")


async def test_a_gateway_that_is_not_there_is_told_of_by_name(tmp_path: Path) -> None:
    gone = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = gone.sockets[0].getsockname()[1]
    gone.close()
    await gone.wait_closed()

    found = await unreachable(settings(channels(tmp_path, port)))

    assert {name for name, problem in found.items() if problem} == {"sms", "mail", "kannel", "cloud", "hook"}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("wecombot://canary-secret", ("qyapi.weixin.qq.com", 443)),
        ("dingtalk://canary@0123456789abc", ("oapi.dingtalk.com", 443)),
        ("feishu://canary-secret", ("open.feishu.cn", 443)),
        ("mailtos://user:canary@example.org?smtp=mail.example.org&from=a@example.org&to={recipient}",
         ("mail.example.org", 587)),
    ],
)  # fmt: skip
def test_a_service_is_asked_for_at_its_own_name_never_by_its_token(
    url: str, address: tuple[str, int], tmp_path: Path
) -> None:
    """The name servers would read it."""
    (tmp_path / "url").write_text(url)
    described = {"via": "apprise", "realm": "live", "reach": "public", "url_file": tmp_path / "url"}

    assert list(addresses("room", CHANNEL.validate_python(described))) == [address]


async def test_a_secret_that_cannot_be_read_is_told_of_with_its_key(
    listener: Listener, tmp_path: Path
) -> None:
    of = channels(tmp_path, listener.port)
    for name in ("token", "horns"):
        (tmp_path / name).unlink()

    found = await unreachable(settings(of))

    assert "channels.kannel.password_file" in found["kannel"]
    assert "channels.horns.key_file" in found["horns"]
    assert found["sms"] == ""
