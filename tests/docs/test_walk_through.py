"""The walk-through of docs/rules.md, command by command, against a daemon: it shows what is printed."""

import asyncio
import os
import pwd
import re
import shlex
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulators.broker import LoopbackBroker
from simulators.free_port import free_port
from simulators.http_get import http_get
from tests.docs.rules_page import FENCE, ROOT, section
from tests.tocsin.test_daemon_process import until
from tocsin.desk import socket_in
from tocsin.desk.client import ask

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name
BORDER = re.compile(r"^[━┏┡└─][━┏┳┓┡╇┩└┴┘─]*$")
# What is another at each walk: instants, what is left of the release, how many tests are shipped.
VARYING = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d+min(?:\d+s)?$|^\d+ passed, 0 failed|[0-9a-f]{32}|[0-9a-f]{16}"
)


@dataclass(frozen=True)
class Step:
    """What is typed and what the page shows of its output."""

    command: str
    shown: str


def steps() -> Iterator[Step]:
    for info, body in FENCE.findall(section("Change a threshold safely").text):
        if info == "walk":
            for typed in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                yield Step(*typed.split("\n", 1))


def rows(text: str) -> list[str]:
    """Lines with the cells of tables between tabs, whether they are shown with lines or printed with tabs."""
    kept = [line.rstrip(" ") for line in text.splitlines() if not BORDER.match(line)]
    return [
        "\t".join(cell.strip() for cell in re.split("[│┃\t]", line.strip("│┃")))
        if re.search("[│┃\t]", line)
        else line
        for line in kept
    ]


@dataclass
class Walk:
    """A reader in a directory with `configs/`; `ids` are theirs, by those that the page shows."""

    directory: Path
    broker: int
    health: int
    ids: dict[str, str] = field(default_factory=dict)
    daemon: Process | None = None

    @property
    def state(self) -> Path:
        return self.directory / "state"

    def lay_out(self) -> None:
        shutil.copytree(ROOT / "configs", self.directory / "configs")
        settings = self.directory / "configs" / "tocsin.yaml"
        text = settings.read_text("utf-8")
        # Nothing listens at the first one: nobody is told.
        for shipped, port in {":8025": free_port(), " 9120": self.health, " 1883": self.broker}.items():
            assert shipped in text
            text = text.replace(shipped, f"{shipped[0]}{port}")
        settings.write_text(text, "utf-8")

    async def typed(self, step: Step) -> int:
        """Its exit code, once it has had its effect; the ids and the broker are the reader's own."""
        command = step.command.replace(".venv/bin/tocsin", f"{shlex.quote(sys.executable)} -m tocsin")
        for shown, theirs in self.ids.items():
            command = command.replace(shown, theirs)
        if " simulate " in command:
            command += f" --port {self.broker}"
        if command.endswith(" &"):
            self.daemon = await self.begun(f"exec {command.removesuffix(' &')}")
            await until(self.serves, within=60)
            return 0
        process = await self.begun(command)
        async with asyncio.timeout(120):
            out, _ = await process.communicate()
        self.compare(step, out.decode())
        if " simulate " in command:
            await until(self.has_warnings)
        assert process.returncode is not None
        return process.returncode

    async def begun(self, command: str) -> Process:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "COLUMNS": "160",
        }
        for name in ("STATE_DIRECTORY", "LC_ALL", "LANGUAGE"):
            environment.pop(name, None)
        return await asyncio.create_subprocess_shell(
            command, cwd=self.directory, env=environment, stdout=PIPE, stderr=STDOUT
        )

    async def serves(self) -> bool:
        assert self.daemon is not None
        if self.daemon.returncode is not None:
            raise AssertionError((self.directory / "daemon.log").read_text("utf-8"))
        return socket_in(self.state).is_socket() and b"200 OK" in await http_get(self.health, "/readyz")

    async def has_warnings(self) -> bool:
        """Both rules of the river have judged the reading."""
        return len(await asyncio.to_thread(ask, socket_in(self.state), "warnings")) == 2

    def compare(self, step: Step, printed: str) -> None:
        shown = rows(step.shown.replace("account tuner", f"account {ACCOUNT}"))
        found = re.fullmatch("".join(map(self.pattern, shown)), "".join(f"{row}\n" for row in rows(printed)))
        assert found, f"$ {step.command}\nprinted:\n{printed}\nand not what the page shows:\n{step.shown}"
        self.ids |= {name.removeprefix("id_"): value for name, value in found.groupdict().items()}

    def pattern(self, row: str) -> str:
        """Of one shown line; an id may be any the first time, and must be the same from then on."""
        if row == "[...]":
            return r"(?:.*\n)*?"
        return ".*".join(self._literal(part) for part in row.split("[...]")) + r"\n"

    def _literal(self, text: str) -> str:
        pattern, end = "", 0
        for varying in VARYING.finditer(text):
            pattern += re.escape(text[end : varying.start()]) + self._any(varying[0])
            end = varying.end()
        return pattern + re.escape(text[end:])

    def _any(self, shown: str) -> str:
        if not re.fullmatch("[0-9a-f]{16,32}", shown):
            return re.sub(r"\d+", r"\\d+", shown) if "min" not in shown else r"\d+min(?:\d+s)?"
        if shown in self.ids:
            return self.ids[shown]
        return f"(?P<id_{shown}>[0-9a-f]{{{len(shown)}}})"


async def test_the_walk_through_comes_out_as_the_page_shows_it(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    walk = Walk(tmp_path, await broker.start(), free_port())
    walk.lay_out()
    try:
        codes = [(step.command, await walk.typed(step)) for step in steps()]
    finally:
        if walk.daemon is not None and walk.daemon.returncode is None:
            walk.daemon.kill()
            await walk.daemon.wait()
        await broker.stop()

    assert [command.split()[1] for command, _ in codes if command.startswith(".venv/bin/tocsin ")] == [
        "run", "whoami", "simulate", "warnings", "check", "test", "test", "diff", "plan", "apply", "applied",
        "rollback", "explain",
    ]  # fmt: skip
    assert [(command, code) for command, code in codes if code] == [
        (".venv/bin/tocsin test mine/rules/river.yaml --config mine/tocsin.yaml", 1)
    ]
