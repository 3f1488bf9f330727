"""Every sensor's next PUBLISH packet, kept as bytes: to speak is to write a stamp and some digits into place.

A gateway's packets lie one behind the other in the order of its turns, so a burst of it is one slice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.city.plan import KINDS, City, Longs, sensor_id, town
from simulators.city.speech import FIRST_SEQUENCE, SEQUENCE, SPEECHES, STAMP, WIDTH, Speech, text
from simulators.device import telemetry_topic

# MQTT 5.0, 3.3: PUBLISH with QoS 1, without properties.
HEADER = 0x32
LAST_PACKET_ID = 65_535
DIGITS = {length: 10 ** np.arange(length - 1, -1, -1, dtype=np.int64) for length in (SEQUENCE, STAMP)}
ASCII_ZERO = 48
# On a quiet day: texts from one round of a sensor to the next, and from one sensor to the next in a round.
STEP, APART = 7, 13

Bytes = npt.NDArray[np.uint8]


class _Form:
    """The packets of one kind: their bytes, and where in them what changes has its place."""

    def __init__(self, speech: Speech, kind: str, interval: int, namespace: str) -> None:
        payload, places = speech.payload(interval)
        sensor = sensor_id(kind, 0)
        where = telemetry_topic(namespace, town(0), kind, sensor).encode()
        rest = len(where).to_bytes(2, "big") + where + b"\x00\x00\x00" + payload.encode()
        self.packet = bytes((HEADER, len(rest) & 0x7F | 0x80, len(rest) >> 7)) + rest
        self.town = self.packet.index(town(0).encode())
        self.sensor = self.packet.index(sensor.encode())
        self.packet_id = 3 + 2 + len(where)
        body = self.packet_id + 3
        self.stamp = body + payload.index(f"{0:0{STAMP}}")
        self.sequence = body + payload.index(str(FIRST_SEQUENCE))
        self.metrics = {metric: body + place for metric, place in places.items()}
        self.payload = len(payload)


class _Texts:
    """All texts that varying metrics take, as rows of WIDTH bytes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], int] = {}
        self.table: Bytes = np.empty((0, WIDTH), np.uint8)

    def row(self, *written: str) -> int:
        """Where some texts stand, one behind the other."""
        if written not in self._known:
            self._known[written] = self._add(list(written))
        return self._known[written]

    def values(self, low: int, high: int, decimals: int) -> int:
        """Where the values from `low` to `high`, in steps of the last decimal, begin."""
        return self._add([text(value / 10**decimals, decimals) for value in range(low, high + 1)])

    def _add(self, texts: list[str]) -> int:
        first = len(self.table)
        rows = np.frombuffer("".join(texts).encode(), np.uint8).reshape(-1, WIDTH)
        self.table = np.concatenate((self.table, rows))
        return first


@dataclass(frozen=True, slots=True)
class Learned:
    """Of a course: (metric, its first text) of each, and how many there are."""

    rows: tuple[tuple[str, int], ...]
    rounds: int


class Voices:
    """Says what the sensors of a city say, a burst of a gateway at a time.

    `namespace` is the first level of all topics.

    turn   by gateway: messages said so far; which sensor comes next, its sequence number, the packet id and
           what is measured follow from it and the plan's seed
    """

    def __init__(self, city: City, namespace: str = "tocsin") -> None:
        self.city = city
        self.turn: Longs = np.zeros(city.plan.gateways, np.int64)
        self._forms = [_Form(SPEECHES[kind], kind, city.plan.interval, namespace) for kind in KINDS]
        self._texts = _Texts()
        self._size = city.size
        length = np.array([len(form.packet) for form in self._forms])[city.kind]
        self._at: Longs = np.concatenate(([0], np.cumsum(length)))
        packets = self._packets()
        self._view = memoryview(packets)
        self._bytes: Bytes = np.frombuffer(packets, np.uint8)
        self._stamp, self._sequence, self._packet_id = (
            self._at[:-1] + np.array([getattr(form, name) for form in self._forms])[city.kind]
            for name in ("stamp", "sequence", "packet_id")
        )
        # By (one of the two that move, position): where it stands, its first text, and how many it has.
        self._place, self._base, self._span = self._varying()
        # By position: how many texts further each round is, and at which one the first is.
        self._step: Longs = np.full(city.plan.sensors, STEP, np.int64)
        self._begin: Longs = city.number * APART
        self._moving = (self._place, self._base, self._span, self._step, self._begin)
        self._quiet = tuple(array.copy() for array in self._moving)

    def lengths(self) -> Mapping[str, tuple[int, int]]:
        """Bytes of (packet, payload) by kind."""
        found = zip(KINDS, self._forms, strict=True)
        return {kind: (len(form.packet), form.payload) for kind, form in found}

    def room(self, gateways: Longs) -> Longs:
        """Messages left until all sensors of a gateway have had their turn: no burst goes further."""
        size = self._size[gateways]
        return size - self.turn[gateways] % size

    def say(self, gateways: Longs, counts: Longs, stamp: int) -> list[memoryview]:
        """The next messages of some gateways, all measured at `stamp` (ms), which each of them has only once.

        `counts` within `room`. The bytes stand until the same sensors speak again.
        """
        size, turn = self._size[gateways], self.turn[gateways]
        place = turn % size
        first = self.city.first[gateways] + place
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        position = np.repeat(first, counts) + within
        round_ = np.repeat(turn // size, counts)
        self._write(self._stamp[position], np.frombuffer(b"%013d" % stamp, np.uint8))
        self._write(self._sequence[position], _digits(FIRST_SEQUENCE + round_, SEQUENCE))
        packet_id = (np.repeat(turn, counts) + within) % LAST_PACKET_ID + 1
        self._write(self._packet_id[position], packet_id.astype(">u2").view(np.uint8).reshape(-1, 2))
        measured = round_ * self._step[position] + self._begin[position]
        for place_, base, span in zip(self._place, self._base, self._span, strict=True):
            row = base[position] + measured % span[position]
            self._write(place_[position], self._texts.table[row])
        self.turn[gateways] += counts
        return [
            self._view[begin:end]
            for begin, end in zip(self._at[first].tolist(), self._at[first + counts].tolist(), strict=True)
        ]

    def again(self, gateway: int, count: int) -> bytes:
        """The packets of a gateway's last `count` messages, at most one of each sensor, as they were said."""
        first, size, turn = (int(a[gateway]) for a in (self.city.first, self._size, self.turn))
        begin, end = first + (turn - count) % size, first + turn % size
        parts = [(begin, end)] if begin < end else [(begin, first + size), (first, end)]
        return b"".join(self._view[self._at[b] : self._at[e]] for b, e in parts) if count else b""

    def set(self, position: int, texts: Mapping[str, str]) -> None:
        """From its next report on a sensor says these texts of its metrics, always the same."""
        form = self._forms[self.city.kind[position]]
        begin = int(self._at[position])
        for metric, written in texts.items():
            place = begin + form.metrics[metric]
            self._bytes[place : place + WIDTH] = np.frombuffer(written.encode(), np.uint8)
            for one in np.flatnonzero(self._place[:, position] == place):
                self._base[one, position], self._span[one, position] = self._texts.row(written), 1

    def calm(self, position: int) -> None:
        """From its next report on a sensor says again what it says on a quiet day."""
        form, begin = self._forms[self.city.kind[position]], int(self._at[position])
        speech = SPEECHES[KINDS[self.city.kind[position]]]
        for metric, value, decimals in speech.metrics:
            place = begin + form.metrics[metric]
            self._bytes[place : place + WIDTH] = np.frombuffer(text(value, decimals).encode(), np.uint8)
        for array, quiet in zip(self._moving, self._quiet, strict=True):
            array[..., position] = quiet[..., position]

    def learn(self, texts: Mapping[str, tuple[str, ...]]) -> Learned:
        """What one or two metrics are to say in one round after the other; as many texts of both."""
        rows = tuple((metric, self._texts.row(*of_one)) for metric, of_one in texts.items())
        return Learned(rows, max(map(len, texts.values())))

    def follow(self, position: int, learned: Learned, round_: int) -> None:
        """From that round on a sensor says what was learned, and then all over again; `calm` ends it."""
        form, begin = self._forms[self.city.kind[position]], int(self._at[position])
        # A single metric has both places of those that move.
        for one, (metric, row) in enumerate((*learned.rows, *learned.rows)[:2]):
            self._place[one, position] = begin + form.metrics[metric]
            self._base[one, position] = row
            self._span[one, position] = learned.rounds
        self._step[position], self._begin[position] = 1, -round_

    def freeze(self, position: int) -> None:
        """From now on a sensor repeats one value."""
        _, _, quiet_span, *_ = self._quiet
        self._span[:, position] = quiet_span[:, position] = 1

    def _write(self, places: Longs, written: Bytes) -> None:
        """The rows of `written` (or the one it is) to begin at `places`."""
        self._bytes[places[:, None] + np.arange(written.shape[-1])] = written

    def _packets(self) -> bytearray:
        packets = bytearray()
        forms = [form.packet for form in self._forms]
        for gateway, (begin, end) in enumerate(zip(self.city.first[:-1], self.city.first[1:], strict=True)):
            for kind, number in zip(self.city.kind[begin:end], self.city.number[begin:end], strict=True):
                form = self._forms[kind]
                packet = bytearray(forms[kind])
                packet[form.town : form.town + 9] = town(gateway).encode()
                where = form.sensor + len(KINDS[kind]) + 1
                packet[where : where + 7] = b"%07d" % number
                packets += packet
        return packets

    def _varying(self) -> tuple[Longs, Longs, Longs]:
        place, base, span = (np.empty((2, self.city.plan.sensors), np.int64) for _ in range(3))
        draw = np.random.default_rng(self.city.plan.seed)
        for kind, name in enumerate(KINDS):
            speech, of_kind = SPEECHES[name], np.flatnonzero(self.city.kind == kind)
            for one, (metric, varying) in enumerate(speech.varying):
                low = self._texts.values(varying.low, varying.high, speech.decimals(metric))
                free = varying.high - varying.low + 2 - varying.span
                place[one, of_kind] = self._at[of_kind] + self._forms[kind].metrics[metric]
                base[one, of_kind] = low + draw.integers(0, free, len(of_kind))
                span[one, of_kind] = varying.span
        return place, base, span


def _digits(numbers: Longs, length: int) -> Bytes:
    """Each number as so many decimal digits."""
    return (numbers[:, None] // DIGITS[length] % 10 + ASCII_ZERO).astype(np.uint8)
