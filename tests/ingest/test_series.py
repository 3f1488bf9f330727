"""One suite for every store: what is written can be read back, the same from each."""

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest

from ingest.clock import DAY, MINUTE, SystemClock
from ingest.kinds import Form, Kind, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Quality, Readings
from ingest.registry import Registry, Sensor
from ingest.series import Block, Point, Store
from ingest.series.embedded import EmbeddedStore
from ingest.series.influx import InfluxStore
from ingest.series.lines import LineProtocol
from simulators.free_port import free_port

AT = 1_527_422_400_123
PERIODIC = Reporting(ReportingMode.PERIODIC, 5 * MINUTE)
RESOLUTIONS = {
    "rain": {"rain": "0.1", "rain_total": "0.25"},
    "electrical": {"temperature": "0.1", "cable_temperature": "0.1", "power": "0.00001"},
}
Row = tuple[str, str, int, int] | tuple[str, str, int, int, Quality]


def kinds() -> Kinds:
    names = [(kind, name) for kind, metrics in RESOLUTIONS.items() for name in metrics]
    metrics = tuple(
        Metric(
            name=name,
            column=column,
            unit="",
            form=Form.INSTANT,
            resolution=Decimal(RESOLUTIONS[kind][name]),
            low=Decimal(-1000),
            high=Decimal(1000),
        )
        for column, (kind, name) in enumerate(names)
    )
    of = {
        kind: Kind(
            name=kind,
            title={},
            metrics={m.name: m for m in metrics if m.name in RESOLUTIONS[kind]},
            reporting=PERIODIC,
            heartbeat=MINUTE,
        )
        for kind in RESOLUTIONS
    }
    return Kinds(of, metrics, tuple(kind for kind, _ in names))


def sensor(name: str, kind: str = "rain", zone: str = "north") -> Sensor:
    return Sensor(
        id=name,
        kind=kind,
        zone=zone,
        gateway="",
        lon=None,
        lat=None,
        heartbeat=MINUTE,
        reporting=PERIODIC,
        site={},
    )


KINDS = kinds()
R1, R2, E1 = sensor("r1"), sensor("r2", zone="south"), sensor("e1", "electrical")
REGISTRY = Registry.of([R1, R2, E1], {})


def block(*rows: Row, registry: Registry = REGISTRY) -> Block:
    """Rows are (sensor, metric, count of resolutions, stamp[, quality])."""
    columns = {metric.name: metric.column for metric in KINDS.columns}
    stamps = np.array([row[3] for row in rows], np.int64)
    readings = Readings(
        sequence=1,
        received=AT + DAY,
        message=np.arange(len(rows), dtype=np.int32),
        slot=np.array([registry.slots[row[0]] for row in rows], np.int32),
        column=np.array([columns[row[1]] for row in rows], np.int16),
        value=np.array([row[2] for row in rows], np.int64),
        observed=stamps.copy(),
        stamp=stamps,
        period=np.zeros(len(rows), np.int64),
        quality=np.array([row[4] if len(row) == 5 else 0 for row in rows], np.uint8),
    )
    return Block(KINDS, registry, readings)


@dataclass(frozen=True, slots=True)
class Subject:
    """A store under test; what `write` took can be read when it returns."""

    store: Store
    write: Callable[[list[Block]], None]

    def take(self, *rows: Row, registry: Registry = REGISTRY) -> None:
        self.write([block(*rows, registry=registry)])

    def values(self, sensor: str, metric: str) -> list[tuple[int, float]]:
        return [(p.observed, p.value) for p in self.store.read(sensor, metric, 0, 4_000_000_000_000)]


Served = Callable[[list[str], str], AbstractContextManager[Popen[bytes]]]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Subject]:
    store = EmbeddedStore(tmp_path / "series.db")
    yield Subject(store, store.write)
    store.close()


@pytest.fixture(scope="module")
def victoria(
    tmp_path_factory: pytest.TempPathFactory,
    served: Served,
    victoria_command: Callable[[Path, int], list[str]],
) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with served(victoria_command(tmp_path_factory.mktemp("victoria"), port), f"{url}/health"):
        yield url


def post(url: str, body: bytes = b"") -> None:
    with urllib.request.urlopen(url, data=body) as answer:
        assert b"error" not in answer.read()


@pytest.fixture
def victoriametrics(victoria: str) -> Iterator[Subject]:
    post(f"{victoria}/api/v1/admin/tsdb/delete_series?match[]={{sensor!=%22%22}}")
    store = InfluxStore("victoriametrics", victoria, "", "tocsin", "")

    def write(blocks: list[Block]) -> None:
        store.write(blocks)
        post(f"{victoria}/internal/force_flush")

    yield Subject(store, write)
    store.close()


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory, served: Served) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("influxd"), free_port()
    configuration = home / "influxdb.conf"
    configuration.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
        f'[meta]\ndir = "{home}/meta"\n[data]\ndir = "{home}/data"\nwal-dir = "{home}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\n[monitor]\nstore-enabled = false\n'
    )
    url = f"http://127.0.0.1:{port}"
    with served(["influxd", "-config", str(configuration)], f"{url}/ping"):
        yield url


@pytest.fixture
def influxdb(influxd: str) -> Iterator[Subject]:
    """InfluxDB 1.6 reads as 2.x does; it has only the older way to write, which takes the same lines."""
    for statement in ("DROP", "CREATE"):
        post(f"{influxd}/query?q={statement}%20DATABASE%20tocsin")
    store = InfluxStore("influxdb", influxd, "", "tocsin", "")

    def write(blocks: list[Block]) -> None:
        lines = b"".join(LineProtocol(b.kinds, b.registry).encode(b) for b in blocks)
        post(f"{influxd}/write?db=tocsin&precision=ms", lines)

    yield Subject(store, write)
    store.close()


REAL = [pytest.param(name, marks=pytest.mark.system) for name in ("victoriametrics", "influxdb")]


@pytest.fixture(params=["embedded", *REAL])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def test_points_come_back_in_order_of_time(subject: Subject) -> None:
    subject.take(("r1", "rain", 14, AT + 2), ("r1", "rain", 3, AT), ("r1", "rain", 0, AT + 1))

    assert subject.values("r1", "rain") == [(AT, 0.3), (AT + 1, 0.0), (AT + 2, 1.4)]


def test_a_range_has_its_start_and_not_its_end(subject: Subject) -> None:
    subject.take(*[("r1", "rain", n, AT + n) for n in range(5)])

    assert subject.store.read("r1", "rain", AT + 1, AT + 3) == [
        Point(AT + 1, 0.1, 0),
        Point(AT + 2, 0.2, 0),
    ]


def test_what_was_never_written_reads_as_nothing(subject: Subject) -> None:
    subject.take(("r1", "rain", 1, AT))

    assert subject.values("nobody", "rain") == []
    assert subject.values("r1", "rain_total") == []
    assert subject.values("r2", "rain") == []


def test_a_block_that_is_written_twice_is_stored_once(subject: Subject) -> None:
    rows: list[Row] = [("r1", "rain", 1, AT), ("r2", "rain", 2, AT), ("r1", "rain", 3, AT + 1)]
    subject.take(*rows)
    subject.take(*rows)

    assert subject.values("r1", "rain") == [(AT, 0.1), (AT + 1, 0.3)]
    assert subject.store.count() == 3


def test_of_two_values_of_one_instant_one_stands(subject: Subject) -> None:
    subject.take(("r1", "rain", 2, AT))
    subject.take(("r1", "rain", 3, AT))

    assert subject.values("r1", "rain") in ([(AT, 0.2)], [(AT, 0.3)])
    assert subject.store.count() == 1


@pytest.mark.parametrize("name", ["embedded", pytest.param("influxdb", marks=pytest.mark.system)])
def test_the_last_value_of_an_instant_stands(name: str, request: pytest.FixtureRequest) -> None:
    """Also where both come in one block."""
    subject: Subject = request.getfixturevalue(name)
    subject.take(("r1", "rain", 9, AT), ("r1", "rain", 5, AT))

    assert subject.values("r1", "rain") == [(AT, 0.5)]

    subject.take(("r1", "rain", 3, AT))

    assert subject.values("r1", "rain") == [(AT, 0.3)]


def test_metrics_of_one_instant_stand_beside_each_other(subject: Subject) -> None:
    """However they came: in one message, in two of one block, or in another block."""
    subject.take(("e1", "temperature", 1, AT), ("r1", "rain", 7, AT), ("e1", "cable_temperature", 2, AT))
    subject.take(("e1", "power", 300_000, AT))

    assert subject.values("e1", "temperature") == [(AT, 0.1)]
    assert subject.values("e1", "cable_temperature") == [(AT, 0.2)]
    assert subject.values("e1", "power") == [(AT, 3.0)]
    assert subject.store.count() == 2


def test_a_metric_is_not_taken_for_one_whose_name_ends_alike(subject: Subject) -> None:
    subject.take(("e1", "cable_temperature", 2, AT))

    assert subject.values("e1", "temperature") == []


def test_quality_is_kept(subject: Subject) -> None:
    both = Quality.STALE | Quality.SUSPECT
    subject.take(("r1", "rain", 1, AT, both), ("r1", "rain", 1, AT + 1))

    assert [p.quality for p in subject.store.read("r1", "rain", AT, AT + 2)] == [int(both), 0]


def test_a_point_is_stored_at_its_stamp_unless_the_clock_is_unusable(subject: Subject) -> None:
    shifted = block(("r1", "rain", 1, AT + 100), ("r1", "rain", 2, AT + DAY, Quality.CLOCK))
    corrected = np.array([AT + 50, AT + 60], np.int64)
    subject.write([replace(shifted, readings=replace(shifted.readings, observed=corrected))])

    assert subject.values("r1", "rain") == [(AT + 60, 0.2), (AT + 100, 0.1)]


@pytest.mark.parametrize(
    ("metric", "count", "value"),
    [
        ("rain", 3, 0.3),
        ("rain", 1_234_567_891, 123456789.1),
        ("rain", -1, -0.1),
        ("rain_total", 401, 100.25),
        ("power", 1, 0.00001),
        ("power", -15_000, -0.15),
        ("power", 123_456_789_012_345, 1234567890.12345),
        ("power", 0, 0.0),
    ],
)
def test_values_are_the_exact_decimals(subject: Subject, metric: str, count: int, value: float) -> None:
    name = "e1" if metric == "power" else "r1"
    subject.take((name, metric, count, AT))

    assert subject.values(name, metric) == [(AT, value)]


@pytest.mark.parametrize(
    "name",
    ["a b", "a,b", "a=b", 'a"b', "a'b", r"a\b", r"a\,b", "a\\", r"\\", "雨量站-7", "a{b}", "(.+)", "50%5C"],
)
def test_any_id_is_read_by_its_own_name(subject: Subject, name: str) -> None:
    registry = Registry.of([sensor(name, zone="上=游 村,一"), sensor("b")], {})
    subject.take((name, "rain", 1, AT), ("b", "rain", 2, AT), registry=registry)

    assert subject.values(name, "rain") == [(AT, 0.1)]
    assert subject.values("b", "rain") == [(AT, 0.2)]
    assert subject.store.count() == 2


def test_a_sensor_without_a_zone_is_stored(subject: Subject) -> None:
    registry = Registry.of([sensor("r1", zone="")], {})
    subject.take(("r1", "rain", 1, AT), registry=registry)

    assert subject.values("r1", "rain") == [(AT, 0.1)]


def test_a_sensor_that_moved_is_read_over_both_zones(subject: Subject) -> None:
    """What was written under both for one instant is one reading."""
    moved = Registry.of([sensor("r1", zone="south")], {})
    subject.take(("r1", "rain", 1, AT), ("r1", "rain", 2, AT + 1))
    subject.take(("r1", "rain", 2, AT + 1), ("r1", "rain", 3, AT + 2), registry=moved)

    assert subject.values("r1", "rain") == [(AT, 0.1), (AT + 1, 0.2), (AT + 2, 0.3)]
    assert subject.store.count() == 3


def test_each_block_is_read_under_its_own_registry(subject: Subject) -> None:
    """A new sensor moves the slots of all that follow it; both blocks go in one write."""
    later = Registry.of([sensor("r0"), R1, R2], {})
    subject.write([block(("r1", "rain", 1, AT)), block(("r0", "rain", 2, AT), registry=later)])
    subject.take(("r1", "rain", 3, AT + 1), registry=later)

    assert subject.values("r1", "rain") == [(AT, 0.1), (AT + 1, 0.3)]
    assert subject.values("r0", "rain") == [(AT, 0.2)]


def test_years_ago_and_now_are_stored_alike(subject: Subject) -> None:
    now = SystemClock().now()
    subject.take(("r1", "rain", 1, AT), ("r1", "rain", 2, now), ("r1", "rain", 3, now + 4 * MINUTE))

    assert subject.values("r1", "rain") == [(AT, 0.1), (now, 0.2), (now + 4 * MINUTE, 0.3)]


def test_readings_are_counted_by_sensor_and_instant(subject: Subject) -> None:
    assert subject.store.count() == 0

    subject.take(
        ("r1", "rain", 1, AT), ("r1", "rain_total", 1, AT), ("r2", "rain", 1, AT), ("e1", "power", 1, AT)
    )

    assert subject.store.count() == 3


def test_a_block_without_readings_is_nothing(subject: Subject) -> None:
    subject.store.write([block()])
    subject.store.write([])

    assert subject.store.count() == 0


def test_many_sensors_and_instants_lose_nothing(subject: Subject) -> None:
    registry = Registry.of([sensor(f"s{n}") for n in range(60)], {})
    rows: list[Row] = [(f"s{n % 60}", "rain", n, AT + n // 60 * 1000) for n in range(12_000)]
    subject.take(*rows, registry=registry)

    assert subject.store.count() == 12_000
    assert len(subject.values("s7", "rain")) == 200


def test_a_store_that_runs_answers(subject: Subject) -> None:
    assert subject.store.ping()
    assert subject.store.incarnation() == subject.store.incarnation()
