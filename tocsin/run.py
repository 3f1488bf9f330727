"""The daemon as a process: signals, the health server, the state directory."""

import asyncio
import gc
import signal
import socket
from pathlib import Path

import structlog

from ingest.clock import SystemClock
from ingest.finding import ConfigurationError
from tocsin import reserve
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import Configuration, basis_of, configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.figures import Unheard, figures
from tocsin.first_bundle import apply_first
from tocsin.health import HealthServer, application, door
from tocsin.notices import notices
from tocsin.startup import Over, Phases, cpu, untimed
from tocsin.storage import Storage, snapshots_in
from tocsin.wiring import retention, verify

log = structlog.get_logger()

UNREADABLE = (
    "the configuration in force is of a format that this version does not read: the files take its place"
)


async def serve(config: Path, state: Path) -> None:
    """Until SIGTERM or SIGINT; a second one ends the drain.

    ConfigurationError at a very first start, or at the first of a version with other formats, OSError for a
    secret that cannot be read then; nothing has been changed.
    """
    phases, clock = Phases(), SystemClock()
    snapshots = snapshots_in(state)
    # Half a gigabyte in a large city: read while Python is at the configuration.
    snapshots.begin()
    configuration, fresh = to_start_with(Bundles(state / "bundles"), config, phases.over)
    settings = configuration.settings
    if fresh is not None:
        # Before the state directory becomes one of this version.
        verify(configuration, state)
    storage = Storage.open(state, settings.realm, retention(settings.journal), reserve.SIZE, snapshots)
    phases.over("state")
    try:
        # Before anything is applied: what is in force must be something that can start.
        with door(settings.http.port) as listening:
            if fresh is not None:
                apply_first(fresh, storage, clock)
            daemon = Daemon(configuration, storage, clock, phases.over)
            await _serve(daemon, config, listening, phases)
    finally:
        storage.close()


def to_start_with(
    bundles: Bundles, config: Path, over: Over = untimed
) -> tuple[Configuration, Bundle | None]:
    """What is in force, or else the files on disk, with their bundle: that one is still to be applied.

    Raises ConfigurationError for files, or for a bundle in force, that cannot be used. `over` hears of
    `files`, `sensors` and `rules`.
    """
    applied = bundles.applied()
    bundle = bundles.load(applied[-1][1]) if applied else read_bundle(config)
    over("files")
    try:
        return configure(bundle, over), None if applied else bundle
    except ConfigurationError as error:
        if not applied:
            raise
        # What was journaled under it must be judged as it was; where it cannot be, nothing is applied.
        basis_of(bundle)
        # Places alone: a line of the settings may hold a secret.
        places = [f"{finding.file}:{finding.line}: {finding.code}" for finding in error.findings]
        log.warning(UNREADABLE, bundle=bundle.hash, findings=places, files=str(config))
        fresh = read_bundle(config)
        return configure(fresh, over), fresh


async def _serve(daemon: Daemon, config: Path, listening: socket.socket, phases: Phases) -> None:
    unheard = Unheard()
    shown = application(
        lambda: figures(daemon, unheard), daemon.problems, lambda: notices(daemon), daemon.callbacks()
    )
    health = HealthServer(shown, listening)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(daemon.reload(config))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    _keep_for_good()
    # No pass over the garbage of before, which would halt everything: what is replaced goes by itself.
    daemon.built = gc.freeze
    phases.over("garbage")
    serving = asyncio.create_task(health.run())
    running = asyncio.create_task(daemon.run(stop))

    def end() -> None:
        if stop.is_set():
            running.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, reload)
    address, bundle = f"http://127.0.0.1:{health.port}", daemon.configuration.basis.bundle
    log.info("serving", health=address, bundle=bundle, seconds=phases.seconds, cpu=cpu())
    try:
        await running
    finally:
        await health.stop()
        await serving
        log.info("stopped", position=daemon.judging.judge.position)


def _keep_for_good() -> None:
    """Sensors and rules live as long as the process: looking through them for garbage would halt it."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
