"""Real servers for the system tests of this directory, each on a free port of loopback."""

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

Served = Callable[[list[str], str], AbstractContextManager[subprocess.Popen[bytes]]]
START_SECONDS = 60.0


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Runs a command until the block ends; it has answered at a URL when the block begins."""
    log = tmp_path_factory.mktemp("servers") / "log"

    @contextmanager
    def serve(command: list[str], url: str) -> Iterator[subprocess.Popen[bytes]]:
        with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            try:
                await_answer(process, url, log)
                yield process
            finally:
                process.kill()

    return serve


def await_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            # Until it is asked again, or has ended.
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        else:
            return
    pytest.fail(f"{process.args!r} did not answer at {url}:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def victoria_command() -> Callable[[Path, int], list[str]]:
    def command(data: Path, port: int) -> list[str]:
        return [
            "victoria-metrics",
            f"-storageDataPath={data}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",
            "-search.latencyOffset=0s",
            "-memory.allowedBytes=64MB",
        ]

    return command
