"""The sensors that the decoder's tests speak for, and how they speak."""

import json
from decimal import Decimal

from mqtt5 import PublishPacket

from ingest.clock import MINUTE
from ingest.decode import Decoder
from ingest.kinds import Form, Kind, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Decoded, Reason
from ingest.registry import Registry, Sensor
from ingest.session.wire import Message

RECEIVED = 1_527_422_400_000
PERIODIC = Reporting(ReportingMode.PERIODIC, 5 * MINUTE)


def metric(name: str, column: int, unit: str, resolution: str, low: str, high: str) -> Metric:
    return Metric(
        name=name,
        column=column,
        unit=unit,
        form=Form.AMOUNT if name == "rain" else Form.INSTANT,
        resolution=Decimal(resolution),
        low=Decimal(low),
        high=Decimal(high),
        molar_mass=Decimal("34.08") if name == "h2s" else None,
    )


METRICS = (
    metric("smoke", 0, "dB/m", "0.001", "0", "20"),
    metric("temperature", 1, "degC", "0.01", "-60", "150"),
    metric("alarm", 2, "", "1", "0", "1"),
    metric("rain", 3, "mm", "0.01", "0", "401"),
    metric("stage", 4, "m", "0.001", "-5", "60"),
    metric("h2s", 5, "mg/m3", "0.01", "0", "1000"),
)
OF_KIND = {"smoke": METRICS[:3], "rain": METRICS[3:4], "stage": METRICS[4:5], "gas": METRICS[5:]}
KINDS = Kinds(
    {
        kind: Kind(
            name=kind,
            title={},
            metrics={m.name: m for m in metrics},
            reporting=PERIODIC,
            heartbeat=5 * MINUTE,
        )
        for kind, metrics in OF_KIND.items()
    },
    METRICS,
    ("smoke", "smoke", "smoke", "rain", "stage", "gas"),
)
SENSORS = [
    ("s-1", "smoke"),
    ("s-2", "smoke"),
    ("s-3", "smoke"),
    ("r-1", "rain"),
    ("l-1", "stage"),
    ("g-1", "gas"),
]
REGISTRY = Registry.of(
    [
        Sensor(
            id=name,
            kind=kind,
            zone="riverside",
            gateway="gw-2" if name == "s-3" else "gw-1",
            lon=None,
            lat=None,
            heartbeat=5 * MINUTE,
            reporting=PERIODIC,
            site={},
        )
        for name, kind in SENSORS
    ],
    {},
)
GATEWAY = "tocsin/v1/riverside/gateway/gw-1/telemetry"


def topic(sensor: str) -> str:
    return f"tocsin/v1/riverside/{dict(SENSORS)[sensor]}/{sensor}/telemetry"


def message(sensor: str, t: int | str = RECEIVED, **members: object) -> PublishPacket:
    return PublishPacket(topic(sensor), json.dumps({"t": t} | members).encode())


def pack(*records: dict[str, object], to: str = GATEWAY) -> PublishPacket:
    return PublishPacket(to, json.dumps(records).encode())


def decode(*packets: Message) -> Decoded:
    return Decoder(KINDS, REGISTRY).decode(1, RECEIVED, packets)


def table(decoded: Decoded) -> list[tuple[int, str, str, int, int, int, int]]:
    """The rows as (message, sensor, metric, value, stamp relative to `RECEIVED` in ms, period, quality)."""
    r = decoded.readings
    return [
        (
            int(r.message[i]),
            REGISTRY.sensors[r.slot[i]].id,
            METRICS[r.column[i]].name,
            int(r.value[i]),
            int(r.observed[i]) - RECEIVED,
            int(r.period[i]),
            int(r.quality[i]),
        )
        for i in range(len(r))
    ]


def refusal(*packets: Message) -> tuple[Reason, str]:
    """Why the only message is refused."""
    decoded = decode(*packets)
    assert len(decoded.readings) == 0
    assert [rejected.message for rejected in decoded.rejected] == [0]
    return decoded.rejected[0].reason, decoded.rejected[0].detail
