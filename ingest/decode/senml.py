"""SenML packs in JSON (RFC 8428), resolved: base values applied, times absolute.

Source: RFC 8428 sections 4.1 to 4.6 and 12.3.1. Numbers (`v`) and booleans (`vb`) become measurements; text
and data (`vs`, `vd`) are handed on as None for the decoder to refuse. Sums (`s`, `bs`) and `ut` are not used.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from ingest.clock import SECOND
from ingest.decode.json import UNREADABLE, examine, fault, is_plain
from ingest.decode.refusal import Refusal, quoted
from ingest.reading import Reason

NEWEST_VERSION = 10
# Times below are relative to the present, others count from the epoch; both in s.
ABSOLUTE = 2**28
FARTHEST = 1e15
# RFC 8428 section 12.1 and RFC 8798 where their names differ from the project's.
UNITS = {"Cel": "degC", "%RH": "%", "%EL": "%", "count": "", "l": "L", "l/s": "L/s"}


class Measurement(NamedTuple):
    """One resolved record; `stamp` in ms since the epoch, `unit` None if the pack gives none."""

    name: str
    unit: str | None
    value: float | bool | None
    stamp: int


class Entry(msgspec.Struct, gc=False):
    """One record as it was written."""

    bn: str | UnsetType = UNSET
    bt: float | UnsetType = UNSET
    bu: str | UnsetType = UNSET
    bv: float | UnsetType = UNSET
    bs: float | UnsetType = UNSET
    bver: int | UnsetType = UNSET
    n: str | UnsetType = UNSET
    u: str | UnsetType = UNSET
    v: float | UnsetType = UNSET
    vs: str | UnsetType = UNSET
    vb: bool | UnsetType = UNSET
    vd: str | UnsetType = UNSET
    s: float | UnsetType = UNSET
    t: float | UnsetType = UNSET
    ut: float | UnsetType = UNSET


_decode = msgspec.json.Decoder(list[Entry]).decode


def read_pack(payload: bytes, received: int) -> list[Measurement]:
    """The resolved records in their order; relative times count from `received` (ms). Raises Refusal."""
    try:
        entries = _decode(payload)
    except UNREADABLE as error:
        raise Refusal(*fault(payload, error)) from error
    if not entries:
        raise Refusal(Reason.MALFORMED, "an empty pack")
    if not is_plain(payload, entries):
        _refuse_unknown(examine(payload))
    _check_version(entries)
    return _resolved(entries, received)


def split_name(name: str) -> tuple[str, str]:
    """Device and metric of a resolved name: the metric follows the last `/`, or without one the last `:`.

    `smoke-7/temperature` and `urn:dev:ow:10e2073a01080063:temperature` name both; `temperature` names the
    metric and no device.
    """
    device, _, metric = name.rpartition("/" if "/" in name else ":")
    return device, metric


def _refuse_unknown(read: object) -> None:
    """Labels that end in `_` must be understood; this reader knows none of them."""
    labels = sorted(label for label in _labels(read) if label.endswith("_"))
    if labels:
        raise Refusal(Reason.MALFORMED, f"label {quoted(labels[0])} must be understood and is not")


def _labels(read: object) -> Iterator[str]:
    """The member names of every object in it."""
    if isinstance(read, dict):
        yield from read
    if isinstance(read, dict | list):
        for part in read.values() if isinstance(read, dict) else read:
            yield from _labels(part)


def _check_version(entries: list[Entry]) -> None:
    versions = {entry.bver for entry in entries if entry.bver is not UNSET}
    if entries[0].bver is UNSET:
        versions.add(NEWEST_VERSION)
    if len(versions) > 1 or max(versions) > NEWEST_VERSION:
        found = ", ".join(map(str, sorted(versions)))
        raise Refusal(Reason.MALFORMED, f"bver {found}: one version, at most {NEWEST_VERSION}, is understood")


def _resolved(entries: list[Entry], received: int) -> list[Measurement]:
    base_name, base_time, base_unit, base_value = "", 0.0, None, 0.0
    measurements = []
    for entry in entries:
        base_name = base_name if entry.bn is UNSET else entry.bn
        base_time = base_time if entry.bt is UNSET else entry.bt
        base_unit = base_unit if entry.bu is UNSET else entry.bu
        base_value = base_value if entry.bv is UNSET else entry.bv
        name = base_name if entry.n is UNSET else base_name + entry.n
        seconds = base_time if entry.t is UNSET else base_time + entry.t
        unit = base_unit if entry.u is UNSET else entry.u
        measurements.append(
            Measurement(name, unit, _value(name, entry, base_value), _stamp(seconds, received))
        )
    return measurements


def _value(name: str, entry: Entry, base: float) -> float | bool | None:
    given = (
        (entry.v is not UNSET) + (entry.vb is not UNSET) + (entry.vs is not UNSET) + (entry.vd is not UNSET)
    )
    if given != 1:
        raise Refusal(Reason.MALFORMED, f"{quoted(name)} has {given} values, not one")
    if entry.v is not UNSET:
        return _sum(base, entry.v) if base else entry.v
    return None if entry.vb is UNSET else entry.vb


def _sum(base: float, own: float) -> float:
    """Added as the decimals they were written as; raises Refusal where that is no float."""
    total = float(Decimal(repr(base)) + Decimal(repr(own)))
    if not math.isfinite(total):
        raise Refusal(Reason.NOT_FINITE, f"bv + v = {base!r} + {own!r} is beyond every float")
    return total


def _stamp(seconds: float, received: int) -> int:
    """Ms since the epoch; what is farther off than any calendar is cut."""
    milliseconds = round(min(max(seconds, -FARTHEST), FARTHEST) * SECOND)
    return received + milliseconds if abs(seconds) < ABSOLUTE else milliseconds
