"""A town whose daemon is a process of its own, with everything that warnings leave it by."""

import asyncio
import base64
import json
import os
import pwd
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt

from ingest.clock import SystemClock
from notifiers.outbox.audit import Record
from notifiers.outbox.desk import Desk
from notifiers.outbox.reader import Progress
from simulators.gateway import Reply, Request, ScriptedGateway
from simulators.horn import Condition, Horn
from simulators.kannel import PASSWORD, TOKEN, USERNAME, Kannel
from simulators.mosquitto import Mosquitto
from simulators.publisher import Publisher
from simulators.timetable import Timetable
from tests.system.daemon_process import HORN_KEY, LOUDSPEAKER, DaemonProcess
from tocsin.desk import socket_in
from tocsin.desk.client import ask

WITHIN = 30.0  # s for anything that goes through processes
ZONES = ("old-town", "market-street", "riverside", "bridge-end")
DEAD = "horn-old-town-2"
WARDEN, CHEN, GAO = "+8610000000001", "+8610000000002", "+8610000000003"
SECRET = bytes(range(32))
# Only yellow is to be acknowledged in time: no other story is disturbed by reminders.
ROUTES: dict[str, Any] = {
    "routes": [
        {"hazard": "fire", "grades": ["red"], "zones": ["old-town", "riverside"], "to": ["horns", "warden"],
         "channels": ["loudspeaker"], "otherwise": ["kannel"]},
        {"hazard": "fire", "grades": ["red"], "zones": ["market-street", "bridge-end"],
         "to": ["chen"], "channels": ["kannel"]},
        {"hazard": "gas", "grades": ["red"], "to": ["chen"], "channels": ["kannel"]},
        {"hazard": "gas", "grades": ["red"], "to": ["public"], "channels": ["hook", "cap"],
         "approval": True},
        {"hazard": "rain", "grades": ["red"], "to": ["chen"], "channels": ["kannel"]},
        {"hazard": "rain", "grades": ["red"], "to": ["public"], "channels": ["hook", "cap"]},
        {"hazard": "tank", "grades": ["yellow"], "to": ["chen"], "channels": ["kannel"]},
        {"hazard": "workshop", "grades": ["red"], "to": ["public"], "channels": ["hook"]},
    ],
    "levels": [{"zones": ["qingxi"], "to": ["gao"], "channels": ["kannel"]}],
    "deadlines": {
        "red": {"release": "30min", "acknowledge": "none", "arrive": "none", "handle": "none"},
        "yellow": {"acknowledge": "2s"},
    },
}  # fmt: skip


class Ran(NamedTuple):
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    @property
    def found(self) -> Any:
        return json.loads(self.out)


@dataclass
class Town:
    """`commands` has the topic of each command to a horn; our account is Lin's at first."""

    daemon: DaemonProcess
    kannel: Kannel
    horns: Horn
    hook: ScriptedGateway
    publisher: Publisher
    cap: Path
    commands: list[str] = field(default_factory=list)

    async def burn(self, zone: str) -> None:
        """Smoke and heat at the detector of a zone: red; it is with the broker."""
        reading = {"t": SystemClock().now(), "v": {"smoke": 0.3, "temperature": 60}}
        self.publisher.publish(f"tocsin/v1/{zone}/smoke/smoke-{zone}/telemetry", json.dumps(reading).encode())
        await self.publisher.flush()

    async def raises(self, hazard: str, zone: str, grade: str) -> str:
        """By hand, by our account; the incident it is told as."""
        what = ("--hazard", hazard, "--zone", zone, "--grade", grade)
        ran = await self.tocsin("raise", *what, "--zh", "险情，请撤离", "--en", "Danger, leave")
        assert ran.code == 0, ran
        return await self.incident(hazard, zone)

    async def incident(self, hazard: str, zone: str) -> str:
        """The open one, once there is one."""

        def found() -> list[str]:
            with self.desk() as desk:
                return [i.id for i in desk.incidents() if (i.hazard, i.zone) == (hazard, zone)]

        await until(lambda: bool(found()))
        return found()[0]

    def desk(self) -> closing[Desk]:
        return closing(Desk.reading(self.daemon.state / "outbox.db"))

    def deliveries(self, incident: str, channel: str) -> list[Progress]:
        """Those of an incident over a channel, oldest first."""
        with self.desk() as desk:
            return [p for p in desk.story(incident) if p.delivery.channel == channel]

    def states(self, incident: str, channel: str) -> list[str]:
        return [str(progress.state) for progress in self.deliveries(incident, channel)]

    def records(self, what: str, incident: str) -> list[Record]:
        with self.desk() as desk:
            return [r for r in desk.audit(0) if r.what == what and r.facts.get("incident") == incident]

    async def tocsin(self, *arguments: str, state: Path | None = None) -> Ran:
        """The program as our account runs it, in a process of its own."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin", *arguments, "--state", str(state or self.daemon.state),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def says(self, number: str, text: str) -> None:
        """An SMS from a telephone."""
        written = "".join(f"%{byte:02X}" for byte in text.encode("utf-16-be"))
        await self.kannel.disconnect()
        await self.kannel.connect(f"{number.removeprefix('+')} 10690 ucs2 {written}")

    def texts(self, number: str) -> list[str]:
        """What a telephone was sent so far in UCS-2, the parts of a long text put together."""
        found: list[bytes] = []
        for part in self.kannel.arrived():
            if part.receiver == number and part.kind != "text":
                # The last byte of what heads a part is its number.
                found += [b""] if part.udh[-1:] in (b"", b"\x01") else []
                found[-1] += part.data
        return [text.decode("utf-16-be") for text in found]

    def receipts(self, key: str) -> list[str]:
        """The types of Kannel's receipts that the daemon's own server was called with for a delivery."""
        log = (self.kannel.directory / "smsbox.log").read_text(encoding="utf-8")
        return re.findall(
            rf"Parsing URL `http://127\.0\.0\.1:{self.daemon.port}/\S*key={key}\S*&type=(\d+)", log
        )

    def posted(self, incident: str) -> list[Request]:
        """What the webhook was sent of an incident."""
        return [r for r in self.hook.requests if json.loads(r.body)["subject"] == incident]

    async def reload(self, account_of: str, routes: Mapping[str, Any]) -> None:
        """From now on our account is that of this person."""
        write(self.daemon, account_of, routes)
        await self.daemon.signal(signal.SIGHUP)
        desk = socket_in(self.daemon.state)
        async with asyncio.timeout(WITHIN):
            while (await asyncio.to_thread(ask, desk, "whoami"))["id"] != account_of:
                await asyncio.sleep(0.05)

    async def _listen(self, port: int) -> None:
        async with aiomqtt.Client(
            "127.0.0.1", port, identifier="eaves", protocol=aiomqtt.ProtocolVersion.V5
        ) as client:
            await client.subscribe("tocsin/horns/+/command", qos=1)
            async for message in client.messages:
                self.commands.append(str(message.topic))


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not met():
            await asyncio.sleep(0.02)


def write(daemon: DaemonProcess, account_of: str, routes: Mapping[str, Any]) -> None:
    """People, of whom one has our account, and routes."""
    people: dict[str, dict[str, Any]] = {
        "warden": {"phone": WARDEN},
        "chen": {"phone": CHEN},
        "gao": {"phone": GAO, "account": "nobody-s-3", "roles": ["approver"]},
        "lin": {"account": "nobody-s-1", "roles": ["operator", "approver"]},
        "wu": {"account": "nobody-s-2", "roles": ["operator", "approver"]},
    }
    people[account_of]["account"] = pwd.getpwuid(os.geteuid()).pw_name
    known = {name: {"name": {"zh": name}, "languages": ["zh"], **of} for name, of in people.items()}
    (daemon.configs / "contacts.yaml").write_text(json.dumps({"people": known}))
    (daemon.configs / "routes.yaml").write_text(json.dumps(routes))


def settings(mqtt: int, kannel: str, hook: int, cap: Path) -> dict[str, object]:
    live = {"realm": "live"}
    return {
        "mqtt": {"host": "127.0.0.1", "port": mqtt},
        "channels": {
            "loudspeaker": {**LOUDSPEAKER, "receipt_within": "2s"},
            "kannel": {**live, "via": "kannel", "url": kannel, "username": USERNAME, "sender": "10690",
                       "password_env": "TOCSIN_SMS_PASSWORD", "token_env": "TOCSIN_SMS_TOKEN"},
            "hook": {**live, "via": "webhook", "url": f"http://127.0.0.1:{hook}/in",
                     "secret_env": "TOCSIN_HOOK"},
            "cap": {**live, "via": "cap", "directory": str(cap), "url": "https://cap.example/",
                    "sender": "cap.example", "office": "36119900000000", "name": {"zh": "应急局"},
                    "largest_area": 500},
        },
    }  # fmt: skip


@asynccontextmanager
async def town(directory: Path) -> AsyncIterator[Town]:
    """Everything runs, the daemon is ready, and the horns hear."""
    hook, mosquitto = ScriptedGateway(Reply()), Mosquitto(directory)
    async with AsyncExitStack() as left:
        mqtt, port = await mosquitto.start(), await hook.start()
        left.push_async_callback(mosquitto.stop)
        left.push_async_callback(hook.stop)
        rows = ["id,kind,zone", *(f"smoke-{zone},smoke,{zone}" for zone in ZONES)]
        kannel_at, cap = directory / "kannel", directory / "cap"
        kannel_at.mkdir()
        daemon = DaemonProcess(directory, {}, rows)
        kannel = Kannel(kannel_at, daemon.port)
        daemon.configure(settings(mqtt, kannel.sendsms, port, cap))
        write(daemon, "lin", ROUTES)
        daemon.environment = {
            "TOCSIN_SMS_PASSWORD": PASSWORD,
            "TOCSIN_SMS_TOKEN": TOKEN,
            "TOCSIN_HOOK": f"whsec_{base64.b64encode(SECRET).decode()}",
        }
        ids = [f"horn-{zone}-{number}" for zone in ZONES for number in (1, 2)]
        key = bytes.fromhex(HORN_KEY["TOCSIN_HORN_KEY"])
        conditions = {DEAD: Timetable(Condition(dead=True))}
        horns = Horn(ids, "127.0.0.1", mqtt, SystemClock(), key, play_ms=100, conditions=conditions)
        publisher = Publisher("127.0.0.1", mqtt, "gateway")
        await publisher.connect()
        left.push_async_callback(publisher.close)
        at = Town(daemon, kannel, horns, hook, publisher, cap)
        for running in (horns.run(), at._listen(mqtt)):
            left.push_async_callback(_cancelled, asyncio.create_task(running))
        await daemon.start()
        left.push_async_callback(daemon.end)
        await daemon.ready()
        left.push_async_callback(kannel.stop)
        await kannel.start()
        await until(lambda: horns.connected)
        yield at


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
