"""Journaled packets -> readings as columns, and what is refused. A block decodes the same at any time."""

from collections.abc import Sequence

from mqtt5 import PublishPacket
from msgspec import UNSET

from ingest.decode.native import LARGEST_PAYLOAD, Report, instant, period, read_native
from ingest.decode.refusal import Fault, Refusal, quoted, summary
from ingest.decode.rows import Rows, Shapes, numbered, settle
from ingest.decode.scale import Scales
from ingest.decode.senml import UNITS, Measurement, read_pack, split_name
from ingest.decode.topic import Topics
from ingest.kinds import Kinds
from ingest.namespace import Namespace
from ingest.reading import Decoded, Reason, Rejected
from ingest.registry import Registry
from ingest.session.wire import Message, Undecodable


class Decoder:
    """Decodes blocks under one set of kinds and one registry, of what comes in one namespace.

    A payload that starts with `[` is a SenML pack, any other is native JSON. One bad value refuses its whole
    message; in a gateway's pack it refuses what its sensor says and spares the others.
    """

    def __init__(self, kinds: Kinds, registry: Registry, namespace: Namespace = Namespace.LIVE) -> None:
        self._topics = Topics(registry, namespace)
        self._scales = Scales(kinds)
        self._shapes = Shapes()
        columns = {
            name: {metric: found.column for metric, found in kind.metrics.items()}
            for name, kind in kinds.kinds.items()
        }
        self._columns = [columns[sensor.kind] for sensor in registry.sensors]
        # By slot, the shapes of plain messages by the names of their values: one dict a kind.
        self._plain_of: dict[str, dict[tuple[str, ...], int]] = {name: {} for name in kinds.kinds}
        self._plain = [self._plain_of[sensor.kind] for sensor in registry.sensors]

    def decode(self, sequence: int, received: int, packets: Sequence[Message]) -> Decoded:
        """The readings of one block and its refused messages; never raises for what a device sent.

        `received` in ms. `messages` counts every packet once: it has readings, or is refused, and a pack with
        both appears in `rejected` beside its readings. `rejected` has at most one entry a message, by index.
        """
        if self._scales.full or self._shapes.full:
            self._forget()
        rows = Rows(received)
        refused = self._take_in(packets, rows)
        readings, implausible = settle(rows, self._shapes, self._scales, sequence)
        for message, found in implausible:
            refused.setdefault(message, []).append(found)
        rejected = [
            self._rejected(message, refused[message], packets[message]) for message in sorted(refused)
        ]
        return Decoded(readings, rejected, len(packets), numbered(rows))

    def _rejected(self, message: int, faults: list[Fault], packet: Message) -> Rejected:
        reason, detail, claimed = faults[0]
        if len(faults) > 1:
            detail = summary(faults)
            claimed = next((fault.claimed for fault in faults if fault.claimed is not None), None)
        if isinstance(packet, Undecodable):
            topic, payload = _topic(packet.raw).decode(errors="replace"), packet.raw
        else:
            topic, payload = packet.topic, packet.payload
        return Rejected(message, reason, detail, topic, payload, self._topics.sender(topic), claimed)

    def _forget(self) -> None:
        self._scales.forget()
        self._shapes.forget()
        for shapes in self._plain_of.values():
            shapes.clear()

    def _take_in(self, packets: Sequence[Message], rows: Rows) -> dict[int, list[Fault]]:
        """Plain reports of known sensors first, for nearly all are; every other message is read with care."""
        known, plain = self._topics.known, self._plain
        refused: dict[int, list[Fault]] = {}
        for message, packet in enumerate(packets):
            report = None
            if type(packet) is PublishPacket and not packet.retain:
                slot, payload = known.get(packet.topic, -1), packet.payload
                if slot >= 0 and payload[:1] == b"{" and len(payload) <= LARGEST_PAYLOAD:
                    report = read_native(payload)
            if (
                type(report) is Report
                and type(report.t) is int
                and report.u is report.period is UNSET
                and (shape := plain[slot].get(tuple(report.v))) is not None
            ):
                if report.seq is not UNSET:
                    rows.numbered += (slot, report.seq, 0 if report.boot is UNSET else report.boot)
                rows.add(message, slot, report.t, shape)
                rows.number += report.v.values()
            elif type(report) is Fault:
                refused[message] = [report]
            elif faults := self._read(message, packet, report, rows):
                refused[message] = faults
        return refused

    def _read(self, message: int, packet: Message, report: Report | Fault | None, rows: Rows) -> list[Fault]:
        """Add what a message says, and tell what is wrong with it; `report` if it has been read already."""
        try:
            return self._with_care(message, packet, report, rows)
        except Refusal as refusal:
            return [refusal.fault]

    def _with_care(
        self, message: int, packet: Message, report: Report | Fault | None, rows: Rows
    ) -> list[Fault]:
        if isinstance(packet, Undecodable):
            raise _undecodable(packet)
        topic, payload = packet.topic, packet.payload
        address = self._topics.known.get(topic)
        if address is None:
            address = self._topics.resolve(topic)
        if packet.retain:
            raise Refusal(
                Reason.RETAINED, "a retained message is state, not an event: publish without retain"
            )
        if len(payload) > LARGEST_PAYLOAD:
            raise Refusal(Reason.OVERSIZED, f"{len(payload)} bytes, at most {LARGEST_PAYLOAD} are read")
        if payload[:1] != b"{" and payload.lstrip()[:1] == b"[":
            return self._pack(message, address, read_pack(payload, rows.received), rows)
        if address < 0:
            raise Refusal(Reason.MALFORMED, "a gateway sends SenML packs, which start with [")
        found = read_native(payload) if report is None else report
        if isinstance(found, Fault):
            return [found]
        self._native(message, address, found, rows)
        return []

    def _native(self, message: int, slot: int, report: Report, rows: Rows) -> None:
        columns, values = self._columns[slot], report.v
        if report.seq is not UNSET:
            # It has arrived, whatever becomes of its values.
            rows.numbered += (slot, report.seq, 0 if report.boot is UNSET else report.boot)
        observed = report.t if isinstance(report.t, int) else instant(report.t)
        covered = 0 if report.period is UNSET else period(report.period)
        try:
            scales = [columns[metric] for metric in values]
        except KeyError as unknown:
            raise _unknown_metric(str(unknown.args[0]), columns) from unknown
        if report.u is UNSET:
            self._plain[slot][tuple(values)] = self._shapes.of(tuple(scales))
        else:
            scales = self._in_units(columns, values, report.u)
        if covered:
            rows.period[len(rows.shape)] = covered
        rows.add(message, slot, observed, self._shapes.of(tuple(scales)))
        rows.number += values.values()

    def _in_units(
        self, columns: dict[str, int], values: dict[str, float], units: dict[str, str]
    ) -> list[int]:
        """The scales of `values` in the units the message names; a metric without one is in its own."""
        for metric in units:
            if metric not in values:
                raise Refusal(Reason.WRONG_UNIT, f"a unit for {quoted(metric)}, which has no value")
        return [
            self._scales.learn(columns[metric], units[metric]) if metric in units else columns[metric]
            for metric in values
        ]

    def _pack(self, message: int, address: int, measurements: list[Measurement], rows: Rows) -> list[Fault]:
        """Adds the measurements of the pack's sound sensors; a record written twice counts once."""
        faults: list[Fault] = []
        unsound: set[int] = set()
        taken: dict[tuple[int, int, float, int], None] = {}
        for measurement in measurements:
            device, metric = split_name(measurement.name)
            slot = max(address, -1)
            try:
                slot = self._topics.member(address, device)
                scale, number = self._measured(slot, metric, measurement)
                taken[slot, scale, number, measurement.stamp] = None
            except Refusal as refusal:
                faults.append(refusal.fault)
                unsound.add(slot)
        for slot, scale, number, observed in taken:
            if slot not in unsound:
                rows.add(message, slot, observed, self._shapes.of((scale,)))
                rows.number.append(number)
        return faults

    def _measured(self, slot: int, metric: str, measurement: Measurement) -> tuple[int, float]:
        columns = self._columns[slot]
        column = columns.get(metric)
        if column is None:
            raise _unknown_metric(metric, columns)
        value, unit = measurement.value, measurement.unit
        if value is None:
            raise Refusal(Reason.MALFORMED, f"{quoted(measurement.name)} is text or data, not a number")
        if isinstance(value, bool) and self._scales[column].metric.unit:
            raise Refusal(Reason.WRONG_UNIT, f"{quoted(measurement.name)} is a boolean, not a quantity")
        if unit is None:
            return column, float(value)
        return self._scales.learn(column, UNITS.get(unit, unit)), float(value)


def _unknown_metric(metric: str, columns: dict[str, int]) -> Refusal:
    return Refusal(Reason.UNKNOWN_METRIC, f"{quoted(metric)} is none of {', '.join(columns)}")


def _undecodable(packet: Undecodable) -> Refusal:
    """Non-UTF-8 text is the one thing the codec refuses in a packet whose framing is whole."""
    try:
        _topic(packet.raw).decode()
    except UnicodeDecodeError as error:
        return Refusal(Reason.NOT_UTF8, f"topic byte {error.start} is not UTF-8", "")
    return Refusal(Reason.MALFORMED, f"not an MQTT 5 PUBLISH: {packet.reason}", "")


def _topic(raw: bytes) -> bytes:
    """The topic of a framed PUBLISH, as far as it is there (MQTT 5.0, section 3.3.2.1)."""
    start = 2 + sum(byte >= 0x80 for byte in raw[1:4])
    return raw[start + 2 : start + 2 + int.from_bytes(raw[start : start + 2], "big")]
