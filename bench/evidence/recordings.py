"""Sensors of a record, registered as if they were Tocsin's own."""

from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from bench.shipped import shipped_kinds
from ingest.kinds import Kinds
from ingest.kinds.reporting import parse_reporting
from ingest.registry import Sensor


def recording(identity: str, kind: str, every: str, at: tuple[float, float] | None = None) -> Sensor:
    """A sensor that reports `every` so often; `at` is (longitude, latitude)."""
    return Sensor(
        id=identity,
        kind=kind,
        zone="record",
        gateway="",
        lon=at[0] if at else None,
        lat=at[1] if at else None,
        heartbeat=shipped_kinds()[kind].heartbeat,
        reporting=parse_reporting(f"periodic {every}"),
        site={},
    )


def with_site(sensor: Sensor, **parameters: tuple[str, str]) -> Sensor:
    """The sensor with site parameters: (number, canonical unit)."""
    return structs.replace(
        sensor, site={name: (Decimal(number), unit) for name, (number, unit) in parameters.items()}
    )


def kinds_with(kind: str, every: str) -> Kinds:
    """The shipped kinds, one of which reports `every` so often; its rules may have windows that fit."""
    kinds = shipped_kinds()
    faster = replace(kinds[kind], reporting=parse_reporting(f"periodic {every}"))
    return replace(kinds, kinds=kinds.kinds | {kind: faster})
