"""`tocsin simulate` publishes like the real devices; `tocsin reconcile` says what became of it."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ingest.clock import SECOND, SystemClock
from ingest.namespace import Namespace
from rules.transition import iso
from simulators.city.plan import Plan
from simulators.city.run import ALARMS_A_DAY, FAULTY
from simulators.fleet import Fleet
from simulators.sent_log import Bursts, SentLog, SentLogError
from tocsin.commands import ENVIRONMENT, FINDINGS, STATE, USAGE, Json, State, fail
from tocsin.commands.journal import reading
from tocsin.commands.progress import advancing
from tocsin.commands.sheet import tell
from tocsin.reconciliation import Account, account
from tocsin.simulating.account import Address, Outcome, progress
from tocsin.simulating.city import Order, publish_city, write_files
from tocsin.simulating.record import play
from tocsin.simulating.registry import TICK, publish

app = typer.Typer()

SENSORS = Path("configs/sensors.csv")
# The national figure: one report of each point in so many seconds.
INTERVAL = 47.5
A_GATEWAY = 200
THOUSAND = 1_000

PANEL = "A generated fleet"


def _option(what: str, *names: str, least: float | None = None, most: float | None = None) -> Any:
    """Of a generated fleet."""
    return typer.Option(*names, min=least, max=most, help=what, rich_help_panel=PANEL)


def _count(what: str) -> Any:
    return typer.Option(min=0, metavar="N", show_default=False, help=what, rich_help_panel=PANEL)


Registry = Annotated[
    Path | None, typer.Option(help="The fleet's sensors, CSV; configs/sensors.csv if not given.")
]
Recorded = Annotated[list[Path] | None, typer.Option("--from", help="Play recorded readings (CSV).")]
Gateways = Annotated[int, _count("Gateways, a connection each; one for 200 sensors if not given.")]
Interval = Annotated[float, _option("Seconds between two reports of a sensor, without --rate.", least=0.001)]
Alarms = Annotated[float, _option("Of 1,000 sensors, those with an alarm in a day.", least=0, most=500)]
Faulty = Annotated[float, _option("Of 1,000: stuck, or absurd or garbled now and then.", least=0, most=500)]
Storm = Annotated[bool, _option("A storm from 40 to 60 % of --for, or of a day.", "--storm")]
Files = Annotated[Path | None, _option("Publish nothing: write sensors.csv and zones.geojson there.")]
Log = Annotated[Path | None, typer.Option(help="Write down what is sent, for `tocsin reconcile`.")]
Scale = Annotated[float, typer.Option(min=0.01, help="Recorded seconds in a real one.")]
Rate = Annotated[float, typer.Option(min=0, help="Messages a second; 0 is by interval.")]
Seconds = Annotated[
    float | None, typer.Option("--for", min=0.1, help="End the fleet after this many seconds.")
]
OfDrill = Annotated[bool, typer.Option("--drill", help="Publish where a drill listens.")]


@app.command()
def simulate(
    sensors: Registry = None,
    source: Recorded = None,
    smoke: Annotated[int, _count("Smoke detectors.")] = 0,
    electrical: Annotated[int, _count("Electrical fire monitors.")] = 0,
    gas: Annotated[int, _count("Gas detectors.")] = 0,
    tank: Annotated[int, _count("Tanks.")] = 0,
    rain: Annotated[int, _count("Rain gauges.")] = 0,
    stage: Annotated[int, _count("River gauges.")] = 0,
    gateways: Gateways = 0,
    interval: Interval = INTERVAL,
    alarms: Alarms = ALARMS_A_DAY * THOUSAND,
    faulty: Faulty = FAULTY * THOUSAND,
    storm: Storm = False,
    files: Files = None,
    log: Log = None,
    host: str = "127.0.0.1",
    port: int = 1883,
    scale: Scale = 1.0,
    rate: Rate = 0.0,
    for_: Seconds = None,
    seed: int = 1,
    drill: OfDrill = False,
) -> None:
    """Publish like the real devices: the fleet of a registry, a generated one, or recorded data."""
    counts = {
        "smoke": smoke, "electrical": electrical, "gas": gas, "tank": tank, "rain": rain, "stage": stage,
    }  # fmt: skip
    generated, address = any(counts.values()), (host, port)
    namespace = Namespace.DRILL if drill else Namespace.LIVE
    _refuse_mixtures(generated, bool(source or sensors), bool(files or storm or gateways))
    if generated:
        each = sum(counts.values()) / rate if rate else interval
        order = Order(
            plan=_plan(counts, gateways, each, seed), seconds=for_, storm=storm,
            faulty=faulty / THOUSAND, alarms=alarms / THOUSAND, namespace=namespace,
        )  # fmt: skip
        _generated(order, files, address, log)
    elif source:
        published = asyncio.run(_play(source, sensors or SENSORS, address, scale, log, namespace))
        typer.echo(f"published {published} messages", err=True)
    else:
        _registered(_Fleet(sensors or SENSORS, seed, rate or None, namespace), address, for_, log)


def _refuse_mixtures(generated: bool, given: bool, shaped: bool) -> None:
    """`given` is a registry or a record, `shaped` what only a generated fleet has."""
    if generated and given:
        fail(
            "a fleet is generated, or it is that of --sensors, or a record is played: give one of them", USAGE
        )
    if shaped and not generated:
        fail("--files, --storm and --gateways are of a generated fleet: say of how many --smoke it is", USAGE)


def _plan(counts: Mapping[str, int], gateways: int, interval: float, seed: int) -> Plan:
    """`interval` in s."""
    gateways = gateways or -(-sum(counts.values()) // A_GATEWAY)
    try:
        return Plan(counts=counts, gateways=gateways, interval=max(round(interval * SECOND), 1), seed=seed)
    except ValueError as error:
        fail(str(error), USAGE)


def _generated(order: Order, files: Path | None, address: Address, log: Path | None) -> None:
    if files is not None:
        written = " and ".join(map(str, write_files(order.plan, files)))
        typer.echo(f"{order.plan.sensors:,} sensors behind {order.plan.gateways:,} gateways: {written}")
        return
    with progress(order.seconds) as tell_:
        outcome = publish_city(order, address, log, tell_)
    _end(outcome)


async def _play(
    sources: list[Path],
    sensors: Path,
    address: Address,
    scale: float,
    log: Path | None,
    namespace: Namespace,
) -> int:
    with _kept(log) as kept, Console(stderr=True).status("publishing; Ctrl-C ends it"):
        return await play(sources, sensors, address, scale, kept, namespace)


@dataclass(frozen=True, slots=True)
class _Fleet:
    """Of a registry; `rate` in messages/s, None is by heartbeat."""

    sensors: Path
    seed: int
    rate: float | None
    namespace: Namespace


def _registered(of: _Fleet, address: Address, seconds: float | None, log: Path | None) -> None:
    with _kept(log) as kept:
        try:
            fleet = Fleet(
                of.sensors, of.seed, SystemClock(), *address,
                tick=TICK, rate=of.rate, namespace=of.namespace, log=kept,
            )  # fmt: skip
        except ValueError as error:
            fail(str(error), FINDINGS)
        with progress(seconds) as tell_:
            outcome = asyncio.run(publish(fleet, seconds, kept, tell_))
    _end(outcome)


@contextmanager
def _kept(path: Path | None) -> Iterator[SentLog | None]:
    with ExitStack() as stack:
        yield None if path is None else stack.enter_context(SentLog(path))


def _end(outcome: Outcome) -> None:
    """What was published; an exit code if the broker did not take all of it."""
    typer.echo(str(outcome), err=True)
    if left := outcome.published - outcome.acked:
        fail(f"the broker has not acknowledged {left:,} of them: it may be away, or too slow", ENVIRONMENT)


@app.command("reconcile")
def reconcile_command(
    log: Annotated[Path, typer.Argument(help="The sent-log of `tocsin simulate --log`.")],
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """What a fleet sent against what a daemon journaled, message by message; exit code 1 if any is lost."""
    try:
        bursts = Bursts.read(log)
    except SentLogError as error:
        fail(str(error), FINDINGS)
    with reading(state) as journal, advancing("journal", 0, journal.last) as advance:
        found = account(bursts, journal, advance)
    counts = {"sent": found.sent, **asdict(found.messages)}
    if as_json:
        tell(counts | {"lost_between": found.lost_between and [iso(each) for each in found.lost_between]})
    else:
        typer.echo(", ".join(f"{what} {count:,}" for what, count in counts.items()))
        for line in _notes(bursts, found):
            typer.echo(line)
    if found.messages.lost:
        raise SystemExit(FINDINGS)


def _notes(bursts: Bursts, found: Account) -> Iterator[str]:
    if found.lost_between is not None:
        first, last = map(iso, found.lost_between)
        yield f"the first of those lost left at {first}, the last at {last}"
    if bursts.end is None:
        yield "the log has no end: its fleet was killed, and what it sent last may count as foreign"
    elif left := bursts.end.published - bursts.end.acked:
        yield f"the broker never acknowledged {left:,} of those sent: they may be among the lost"
