"""Columns of a CSV into what the decoder makes of the messages that they stand for.

Messages of registered sensors with plausible values of their kinds need no decoder: all of them are done at
once. Of any other the message is written out as a device would have written it, and decoded.
"""

from collections.abc import Iterator
from itertools import pairwise

import mqtt5
import msgspec
import numpy as np
import numpy.typing as npt

from ingest.decode import Decoder
from ingest.decode.rows import UNNUMBERED, observed_at, select
from ingest.decode.scale import Scales
from ingest.journal import Entry, EntryKind
from ingest.reading import Decoded, Quality, Readings
from simulators.playback import NOWHERE, Place, message
from simulators.readings_columns import Columns
from tocsin.judge import Basis

# No message of so many values, each of so many characters, is larger than what the decoder reads.
MOST_VALUES, LONGEST_VALUE = 64, 32

Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]


class CsvBlocks:
    """The instants of a CSV under one basis, each as the journal entry that it would have become."""

    def __init__(self, columns: Columns, basis: Basis) -> None:
        self._columns = columns
        self._decoder = Decoder(basis.kinds, basis.registry, basis.namespace)
        self._namespace = basis.namespace
        self._places = {s.id: Place(s.zone, s.kind) for s in basis.registry.sensors}
        self._begins = _begins(columns)
        self._plain, self._readings = self._settled(basis)

    def __iter__(self) -> Iterator[tuple[Entry, Decoded]]:
        columns, message = self._columns, np.cumsum(self._begins)
        starts = np.flatnonzero(np.diff(columns.received, prepend=columns.received[:1] - 1))
        bounds = [*starts.tolist(), len(columns)]
        first = message[starts] - 1
        places = np.concatenate([[0], np.cumsum(self._plain)])[bounds].tolist()
        self._readings.message[:] = (message - np.repeat(message[starts], np.diff(bounds)))[self._plain]
        counts = np.diff(first, append=message[-1:]).tolist()
        rows = zip(pairwise(bounds), pairwise(places), counts, strict=True)
        for sequence, ((begin, end), (low, high), count) in enumerate(rows, start=1):
            received = int(columns.received[begin])
            readings = _part(self._readings, sequence, received, slice(low, high))
            decoded = Decoded(readings, [], count, UNNUMBERED)
            if high - low < end - begin:
                decoded = self._with_odd(decoded, begin, end)
            yield Entry(sequence, received, EntryKind.MQTT, count, b""), decoded

    def _settled(self, basis: Basis) -> tuple[Flags, Readings]:
        """Which values are of plain messages, and these."""
        columns, scales = self._columns, Scales(basis.kinds)
        slots = [basis.registry.slots.get(name, -1) for name in columns.sensors]
        slot = np.array(slots, np.int32)[columns.sensor]
        scale = _scales(columns, basis, slots)
        known = (slot >= 0) & (scale >= 0)
        known &= np.fromiter(map(len, columns.written), np.int64, len(columns)) <= LONGEST_VALUE
        value, plausible = scales.counts(np.maximum(scale, 0), columns.number)
        plain = _whole(known & plausible, self._begins)
        scale, received, stamp = scale[plain], columns.received[plain], columns.observed[plain]
        observed, clock = observed_at(stamp, scales.amounts(scale), received)
        return plain, Readings(
            sequence=0,
            received=0,
            message=np.zeros(len(scale), np.int32),
            slot=slot[plain],
            column=scales.columns(scale),
            value=value[plain],
            stamp=stamp,
            observed=observed,
            period=np.zeros(len(scale), np.int64),
            quality=np.where(clock, np.uint8(Quality.CLOCK), np.uint8(Quality.OK)),
        )

    def _with_odd(self, plain: Decoded, begin: int, end: int) -> Decoded:
        """An instant with the messages in it that are not plain."""
        rows = begin + np.flatnonzero(~self._plain[begin:end])
        numbers = np.cumsum(self._begins[begin:end])[rows - begin] - 1
        odd, starts = np.unique(numbers, return_index=True)
        packets = [self._packet(part) for part in np.split(rows, starts[1:])]
        found = self._decoder.decode(plain.readings.sequence, plain.readings.received, packets)
        rejected = [msgspec.structs.replace(r, message=int(odd[r.message])) for r in found.rejected]
        readings = _together(plain.readings, found.readings, odd[found.readings.message])
        return Decoded(readings, rejected, plain.messages, UNNUMBERED)

    def _packet(self, rows: Indices) -> mqtt5.PublishPacket:
        told = list(self._columns.rows(rows.tolist()))
        values = {row.metric: row.value for row in told}
        place = self._places.get(told[0].sensor, NOWHERE)
        return mqtt5.PublishPacket(*message(told[0].sensor, told[0].observed, values, place, self._namespace))


def _scales(columns: Columns, basis: Basis, slots: list[int]) -> Indices:
    """The column of each value's metric; -1 where its sensor's kind has none of that name."""
    known = {name: kind.metrics for name, kind in basis.kinds.kinds.items()}
    table = np.full((len(known) + 1, max(len(columns.metrics), 1)), -1, np.intp)
    for row, metrics in enumerate(known.values()):
        for place, name in enumerate(columns.metrics):
            if name in metrics:
                table[row, place] = metrics[name].column
    rows = {name: row for row, name in enumerate(known)}
    kind = [rows[basis.registry.sensors[slot].kind] if slot >= 0 else len(known) for slot in slots]
    scales: Indices = table[np.array(kind, np.intp)[columns.sensor], columns.metric]
    return scales


def _begins(columns: Columns) -> Flags:
    """Where a message begins, as `simulators.playback` makes them: one a (sensor, observed) of an instant."""
    begins = np.ones(len(columns), np.bool_)
    begins[1:] = (
        (columns.received[1:] != columns.received[:-1])
        | (columns.sensor[1:] != columns.sensor[:-1])
        | (columns.observed[1:] != columns.observed[:-1])
    )
    starts = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    told = np.sort(group * max(len(columns.metrics), 1) + columns.metric)
    again = np.unique(told[1:][told[1:] == told[:-1]] // max(len(columns.metrics), 1))
    ends = np.append(starts[1:], len(columns))
    for number in again.tolist():
        _told_once(columns.metric, slice(starts[number], ends[number]), begins)
    return begins


def _told_once(metric: npt.NDArray[np.int32], rows: slice, begins: Flags) -> None:
    """A metric that comes again begins another message."""
    told: set[int] = set()
    for row, name in enumerate(metric[rows].tolist(), start=rows.start):
        if name in told:
            begins[row] = True
            told = set()
        told.add(name)


def _whole(fine: Flags, begins: Flags) -> Flags:
    """The values of messages that are not too long and of which every value is fine."""
    starts = np.flatnonzero(begins)
    sizes = np.diff(starts, append=len(begins))
    of_message = np.logical_and.reduceat(fine, starts) if len(starts) else fine
    return np.repeat(of_message & (sizes <= MOST_VALUES), sizes)


def _part(readings: Readings, sequence: int, received: int, rows: slice) -> Readings:
    return Readings(
        sequence,
        received,
        readings.message[rows],
        readings.slot[rows],
        readings.column[rows],
        readings.value[rows],
        readings.stamp[rows],
        readings.observed[rows],
        readings.period[rows],
        readings.quality[rows],
    )


def _together(plain: Readings, odd: Readings, message: npt.NDArray[np.intp]) -> Readings:
    """Both in the order of their messages, of which each is in one of them alone."""
    joined = Readings(
        plain.sequence,
        plain.received,
        np.concatenate([plain.message, message.astype(np.int32)]),
        *(
            np.concatenate([getattr(plain, name), getattr(odd, name)])
            for name in ("slot", "column", "value", "stamp", "observed", "period", "quality")
        ),
    )
    return select(joined, np.argsort(joined.message, kind="stable"))
