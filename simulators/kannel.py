"""A real Kannel on loopback: bearerbox, smsbox, and the fake SMS centre of Debian's kannel-extras."""

import asyncio
import os
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from simulators.free_port import free_port
from simulators.http_get import http_get

READY_WITHIN = 20.0  # s from the start of a process to its first answer
# s; smsbox first waits for the callbacks that it is about to repeat.
ENDED_WITHIN = 10.0
# Debian puts the servers where only root looks, and the fake SMS centre among the tests.
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/lib/kannel/test"))
# Sent by a phone once the SMS centre is connected; the next would follow in 1000 s, which keeps it there.
NOTHING = "100 200 text nop"

USERNAME = "tocsin"
PASSWORD = "change-me-sendsms"
TOKEN = "change-me-callback-token"
# The same text as in docs/channels/kannel.md.
CONF = """\
group = core
admin-port = 13000
admin-interface = 127.0.0.1
admin-password = change-me-admin
smsbox-port = 13001
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = 127.0.0.1
store-type = spool
store-location = /var/spool/kannel/store
dlr-storage = spool
dlr-spool = /var/spool/kannel/dlr
log-file = /var/log/kannel/bearerbox.log
log-level = 1

group = smsc
smsc = fake
smsc-id = carrier
our-host = 127.0.0.1
port = 10000
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = 13013
sendsms-interface = 127.0.0.1
http-timeout = 10
http-request-retry = 360
http-queue-delay = 5
log-file = /var/log/kannel/smsbox.log
log-level = 1

group = sendsms-user
username = tocsin
password = change-me-sendsms
user-deny-ip = "*.*.*.*"
user-allow-ip = 127.0.0.1
max-messages = 255
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:9120/channels/kannel/message?token=change-me-callback-token&from=%p&charset=%C&text=%b"
"""
_ADMIN, _SMSBOX, _SENDSMS, _CENTRE, _DAEMON = "13000", "13001", "13013", "10000", "9120"
_GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (?:udh (\S+) )?(text|ucs-2|data) (.*)>$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One SMS as the SMS centre got it: `text` in UTF-8, `ucs-2`, or `data`, a part behind its `udh`."""

    sender: str
    receiver: str
    kind: str
    udh: bytes
    data: bytes


class Kannel:
    """Kannel with the configuration `conf` on free ports; paths below /var are in `directory`.

    Callbacks go to port `daemon` instead of 9120. `phone` is what a phone sends once, in the words of
    fakesmsc: `<from> <to> text <text>`, or `ucs2 <hex of each byte behind a %>`.
    """

    def __init__(self, directory: Path, daemon: int, *, conf: str = CONF, phone: str = NOTHING) -> None:
        self.directory = directory
        self._ports = {name: free_port() for name in (_ADMIN, _SMSBOX, _SENDSMS, _CENTRE)}
        self._ports[_DAEMON] = daemon
        self._conf = self._moved(conf)
        self._phone = phone
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def sendsms(self) -> str:
        return f"http://127.0.0.1:{self._ports[_SENDSMS]}/cgi-bin/sendsms"

    async def start(self) -> None:
        """Return once the SMS centre is connected. FileNotFoundError: not installed. TimeoutError: no answer.

        RuntimeError: it ended at its start.
        """
        (self.directory / "kannel.conf").write_text(self._conf)
        for folder in ("spool/kannel/store", "spool/kannel/dlr", "log/kannel"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        await self._run("bearerbox", "kannel.conf")
        await self._until(self._ports[_ADMIN], "/status.txt", b"Kannel bearerbox")
        await self._run("smsbox", "kannel.conf")
        await self._until(self._ports[_SENDSMS], "/", b"Unknown request")
        await self.connect(self._phone)

    async def connect(self, phone: str = NOTHING) -> None:
        """Run the SMS centre, which `phone` sends one text to; at `start` it runs already."""
        port = str(self._ports[_CENTRE])
        await self._run("fakesmsc", "-H", "127.0.0.1", "-r", port, "-m", "5", "-i", "1000", phone)
        await self._until(self._ports[_ADMIN], "/status.txt", b"(online ")

    async def disconnect(self) -> None:
        """The SMS centre is gone; what is sent now, Kannel keeps."""
        await _end(self._processes.pop())
        await self._until(self._ports[_ADMIN], "/status.txt", b"(re-connecting")

    async def stop(self) -> None:
        """End what runs in order, the last first; `start` finds what was queued."""
        while self._processes:
            await _end(self._processes.pop())

    async def kill(self) -> None:
        """End it as a power cut does."""
        for process in self._processes:
            process.kill()
            await process.wait()
        self._processes.clear()

    def arrived(self) -> list[ShortMessage]:
        """What the SMS centre has got so far, in order."""
        log = (self.directory / "fakesmsc.log").read_text(encoding="utf-8")
        return [_message(*found) for found in _GOT.findall(log)]

    def _moved(self, conf: str) -> str:
        ports = re.compile(rf"\b({'|'.join(self._ports)})\b")
        moved = ports.sub(lambda found: str(self._ports[found[0]]), conf)
        return moved.replace("/var/", f"{self.directory}/")

    async def _run(self, program: str, *arguments: str) -> None:
        binary = shutil.which(program, path=SEARCHED)
        if binary is None:
            raise FileNotFoundError(
                f"no {program} on this machine: install Debian's packages `kannel` and `kannel-extras`"
            )
        with (self.directory / f"{program}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                binary, *arguments, cwd=self.directory, stdout=log, stderr=log
            )
        self._processes.append(process)

    async def _until(self, port: int, path: str, said: bytes) -> None:
        """Until `path` is answered with `said`."""
        async with asyncio.timeout(READY_WITHIN):
            while said not in await http_get(port, path):
                if self._processes[-1].returncode is not None:
                    raise RuntimeError(f"Kannel ended at its start; its logs: {self._logs()}")
                await asyncio.sleep(0.02)

    def _logs(self) -> str:
        return "\n".join(log.read_text(errors="replace") for log in sorted(self.directory.glob("*.log")))


def _message(sender: str, receiver: str, udh: str, kind: str, said: str) -> ShortMessage:
    data = said.encode() if kind == "text" else _unquoted(said)
    return ShortMessage(sender, receiver, kind, _unquoted(udh), data)


def _unquoted(said: str) -> bytes:
    return unquote_to_bytes(said.replace("+", " "))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(ENDED_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
